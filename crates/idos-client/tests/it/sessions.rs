//! Logging in at a gateway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_client::actions::{GetUser, GetUserAsInserter, HasProfile};
use idos_client::{Class, Error, Login, LoginError, SignatureType, Signer, Viewer, WalletType};
use idos_wallet::{EvmKey, SignedElsewhere, WalletKey, signed_elsewhere, verify_transaction_signature};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::support::server::{Request, Server, Step, chain_info, health};
use crate::support::vectors::{KWIL, issuer, text, vector};

const LOGIN: [&str; 4] = ["user.call", "kgw.authn_param", "kgw.authn", "user.call"];

fn not_authorised() -> Step {
    Step::error(-901, "authentication required")
}

/// The captured parameters; the domain is left out, since it is the captured server's.
fn parameters() -> Step {
    let mut parameters = KWIL["auth"]["kgw"]["param_response"].clone();
    parameters["domain"] = json!("");
    Step::result(&parameters)
}

fn welcome() -> Step {
    Step::result(&json!({})).with_header("set-cookie", text(&KWIL["auth"]["kgw"], "set_cookie"))
}

fn no_rows() -> Step {
    Step::result(&json!({"query_result": null, "logs": "", "error": null}))
}

#[tokio::test]
async fn a_gateway_that_wants_a_session_gets_a_login() {
    let user = vector("get_user_as_inserter/with-KGW-login");
    let answer = user["rpc_trace"].as_array().unwrap().last().unwrap()["response"].clone();
    let steps = vec![
        ("user.health", health("open")),
        ("user.call", not_authorised()),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", welcome()),
        ("user.call", Step::json(200, &answer)),
        ("user.call", Step::json(200, &answer)),
    ];
    let server = Server::playing(steps).await;
    let client = server.client().await;
    let view = GetUserAsInserter { id: Uuid::parse_str(text(&user["inputs"], "id")).unwrap() };

    assert_eq!(client.call(&issuer(), &view).await.unwrap().len(), 1);
    assert_eq!(client.call(&issuer(), &view).await.unwrap().len(), 1);

    let requests = server.requests();
    let methods: Vec<_> = requests[1..].iter().map(Request::method).collect();
    assert_eq!(methods, [&LOGIN[..], &["user.call"]].concat());
    for call in [1, 4, 5] {
        assert_eq!(*requests[call].params(), user["call_params"]);
    }
    let cookies: Vec<_> = requests[1..].iter().map(|request| request.cookie.as_deref()).collect();
    let session = Some("kgw_session=c2Vzc2lvbg");
    assert_eq!(cookies, [None, None, None, session, session], "and no attributes");
    assert_eq!(*requests[2].params(), json!({}));
    check_login(&issuer(), requests[3].params(), server.url.as_str());
}

/// The signature of a login is over the text for this server.
fn check_login(signer: &Signer, login: &Json, url: &str) {
    let domain = url.trim_end_matches('/');
    let captured = text(&KWIL["auth"]["kgw"], "message");
    let message = captured.replacen("http://127.0.0.1:18484 wants", &format!("{domain} wants"), 1);
    assert_eq!(login["nonce"], "f00dbabe");
    assert_eq!(login["sender"], hex::encode(signer.sender()));
    let signature_type: SignatureType = login["signature"]["type"].as_str().unwrap().parse().unwrap();
    let signature = STANDARD.decode(login["signature"]["sig"].as_str().unwrap()).unwrap();
    verify_transaction_signature(signature_type, &signer.sender(), message.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn the_error_counts_whatever_the_http_status() {
    let refused = Step::json(401, &KWIL["errors"]["call-minus-901-with-http-401"]["response"]);
    let steps = vec![
        ("user.health", health("open")),
        ("user.call", refused),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", welcome()),
        ("user.call", no_rows()),
    ];
    let server = Server::playing(steps).await;
    assert_eq!(server.client().await.call_one(&issuer(), &GetUser {}).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_that_is_not_accepted_is_an_error_and_is_forgotten() {
    let steps = vec![
        ("user.health", health("open")),
        ("user.call", not_authorised()),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", welcome()),
        ("user.call", not_authorised()),
        ("user.call", not_authorised()),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", welcome()),
        ("user.call", no_rows()),
    ];
    let server = Server::playing(steps).await;
    let client = server.client().await;

    let error = client.call(&issuer(), &GetUser {}).await.unwrap_err();
    assert!(matches!(error, Error::Login(LoginError::SessionNotAccepted)), "{error:?}");
    assert_eq!(error.class(), Class::Retry);

    client.call(&issuer(), &GetUser {}).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[5].cookie, None, "the refused cookie is not sent again");
    assert_eq!(server.methods()[1..], [LOGIN, LOGIN].concat());
}

#[tokio::test]
async fn an_expired_session_is_renewed() {
    let renewed = Step::result(&json!({})).with_header("set-cookie", "kgw_session=second; Path=/");
    let steps = vec![
        ("user.health", health("open")),
        ("user.call", not_authorised()),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", welcome()),
        ("user.call", no_rows()),
        ("user.call", not_authorised()),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", renewed),
        ("user.call", no_rows()),
    ];
    let server = Server::playing(steps).await;
    let client = server.client().await;
    client.call(&issuer(), &GetUser {}).await.unwrap();
    client.call(&issuer(), &GetUser {}).await.unwrap();
    let cookies: Vec<_> = server.requests()[5..].iter().map(|request| request.cookie.clone()).collect();
    assert_eq!(
        cookies,
        [Some("kgw_session=c2Vzc2lvbg".to_owned()), None, None, Some("kgw_session=second".to_owned())]
    );
}

#[tokio::test]
async fn many_calls_at_once_need_one_login() {
    let mut logins = 0;
    let server = Server::answering(move |request| match request.method() {
        "user.chain_info" => chain_info(),
        "user.health" => health("open"),
        "kgw.authn_param" => parameters(),
        "kgw.authn" => {
            logins += 1;
            assert_eq!(logins, 1);
            welcome()
        }
        _ if request.cookie.is_none() => not_authorised(),
        _ => no_rows(),
    })
    .await;
    let client = server.client().await;
    let signer = issuer();
    let ask = || async { client.call_one(&signer, &GetUser {}).await.unwrap() };

    tokio::join!(ask(), ask(), ask(), ask(), ask());

    assert_eq!(server.methods().iter().filter(|method| *method == "kgw.authn").count(), 1);
}

#[tokio::test]
async fn every_signer_has_a_session_of_its_own() {
    let mut given = 0;
    let server = Server::answering(move |request| match request.method() {
        "user.chain_info" => chain_info(),
        "user.health" => health("open"),
        "kgw.authn_param" => parameters(),
        "kgw.authn" => {
            given += 1;
            Step::result(&json!({})).with_header("set-cookie", &format!("kgw_session=number{given}"))
        }
        _ if request.cookie.is_none() => not_authorised(),
        _ => no_rows(),
    })
    .await;
    let client = server.client().await;
    let wallet = Signer::Wallet(WalletKey::Evm(EvmKey::from_seed([7; 32])));
    for signer in [&issuer(), &wallet, &issuer(), &wallet] {
        client.call_one(signer, &GetUser {}).await.unwrap();
    }

    let calls: Vec<_> =
        server.requests().into_iter().filter(|request| request.method() == "user.call").collect();
    let cookies: Vec<_> = calls.iter().map(|request| request.cookie.as_deref()).collect();
    let (first, second) = (Some("kgw_session=number1"), Some("kgw_session=number2"));
    assert_eq!(cookies, [None, first, None, second, first, second]);
    let login =
        server.requests().into_iter().filter(|request| request.method() == "kgw.authn").nth(1).unwrap();
    check_login(&wallet, login.params(), server.url.as_str());
    assert_eq!(login.params()["signature"]["type"], "secp256k1_ep");
}

#[tokio::test]
async fn nothing_is_signed_for_another_gateway() {
    for (member, value) in [("domain", "https://elsewhere.example"), ("version", "2"), ("chain_id", "other")]
    {
        let mut wanted = KWIL["auth"]["kgw"]["param_response"].clone();
        wanted["domain"] = json!("");
        wanted[member] = json!(value);
        let steps = vec![
            ("user.health", health("open")),
            ("user.call", not_authorised()),
            ("kgw.authn_param", Step::result(&wanted)),
        ];
        let server = Server::playing(steps).await;
        let error = server.client().await.call(&issuer(), &GetUser {}).await.unwrap_err();
        assert!(matches!(error, Error::Login(LoginError::Mismatch(named)) if named == member), "{error:?}");
        assert_eq!(error.class(), Class::Retry);
        assert_eq!(server.methods().last().unwrap(), "kgw.authn_param");
    }
}

#[tokio::test]
async fn a_login_can_be_refused_or_bring_nothing() {
    let with_authn = |step| {
        vec![
            ("user.health", health("open")),
            ("user.call", not_authorised()),
            ("kgw.authn_param", parameters()),
            ("kgw.authn", step),
        ]
    };
    let server = Server::playing(with_authn(Step::result(&json!({})))).await;
    let error = server.client().await.call(&issuer(), &GetUser {}).await.unwrap_err();
    assert!(matches!(error, Error::Login(LoginError::NoCookie)), "{error:?}");

    let server = Server::playing(with_authn(Step::error(-902, "invalid payload"))).await;
    let error = server.client().await.call(&issuer(), &GetUser {}).await.unwrap_err();
    assert_eq!((error.class(), error.node_message()), (Class::Retry, Some("invalid payload")));

    let server = Server::playing(with_authn(Step::error(-905, "too many requests"))).await;
    let error = server.client().await.call(&issuer(), &GetUser {}).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
}

#[tokio::test]
async fn nobody_cannot_log_in() {
    let server =
        Server::playing(vec![("user.health", health("open")), ("user.call", not_authorised())]).await;
    let view = HasProfile { address: "0x" };
    let error = server.client().await.call(Viewer::Anonymous, &view).await.unwrap_err();
    assert!(matches!(error, Error::Login(LoginError::SignerNeeded)), "{error:?}");
    assert_eq!(error.class(), Class::Refused);
}

#[tokio::test]
async fn after_a_logout_there_is_no_session() {
    let goodbye = Step::result(&json!({})).with_header("set-cookie", "kgw_session=; Path=/; Max-Age=0");
    let steps = vec![
        ("user.health", health("open")),
        ("user.call", not_authorised()),
        ("kgw.authn_param", parameters()),
        ("kgw.authn", welcome()),
        ("user.call", no_rows()),
        ("kgw.logout", goodbye),
        ("user.call", no_rows()),
    ];
    let server = Server::playing(steps).await;
    let client = server.client().await;
    client.call(&issuer(), &GetUser {}).await.unwrap();

    client.logout(&issuer()).await.unwrap();
    client.logout(&issuer()).await.unwrap();
    client.call(&issuer(), &GetUser {}).await.unwrap();

    let requests = server.requests();
    assert_eq!(requests[5].method(), "kgw.logout");
    assert_eq!(requests[5].cookie.as_deref(), Some("kgw_session=c2Vzc2lvbg"));
    assert_eq!(requests[5].params()["account"], hex::encode(issuer().sender()));
    assert_eq!(requests[6].cookie, None);
    assert!(!format!("{client:?}").contains("c2Vzc2lvbg"));
}

/// What a wallet has signed whose key is elsewhere, as its proofs are written.
fn elsewhere(wallet: &WalletKey, login: &Login) -> SignedElsewhere {
    let signature = match wallet {
        WalletKey::Stellar(key) => key.sign_message_sep53(&login.message),
        wallet => wallet.sign_message(&login.message, [3; 32]),
    };
    let key = wallet.public_key();
    let (address, key) = (wallet.address(), key.as_deref());
    signed_elsewhere(wallet.wallet_type(), &address, key, &login.message, &signature).unwrap()
}

#[tokio::test]
async fn a_wallet_elsewhere_asks_one_question_and_its_session_ends() {
    for wallet_type in WalletType::ALL {
        let wallet = WalletKey::from_seed(wallet_type, [7; 32]);
        let steps = vec![
            ("kgw.authn_param", parameters()),
            ("kgw.authn", welcome()),
            ("user.call", no_rows()),
            ("kgw.logout", Step::result(&json!({}))),
        ];
        let server = Server::playing(steps).await;
        let client = server.client().await;
        let login = client.offer_login().await.unwrap();
        assert!(login.message.starts_with(&format!("{} wants you to sign in", login.gateway)));
        let signed = elsewhere(&wallet, &login);
        assert_eq!(format!("{signed:?}"), "SignedElsewhere(..)");
        assert_eq!(client.call_one_by_login(&login, &signed, &GetUser {}).await.unwrap(), None);

        let requests = server.requests();
        check_login(&Signer::from(wallet.clone()), requests[1].params(), server.url.as_str());
        let sender = hex::encode(wallet.sender());
        let call = requests[2].params();
        assert_eq!(
            (&call["sender"], &call["auth_type"]),
            (&json!(sender), &json!(wallet.signature_type().as_str()))
        );
        assert_eq!(requests[3].params()["account"], sender);
        let cookies: Vec<_> = requests.iter().map(|request| request.cookie.as_deref()).collect();
        let session = Some("kgw_session=c2Vzc2lvbg");
        assert_eq!(cookies, [None, None, session, session]);
    }
}

#[tokio::test]
async fn a_login_that_is_not_taken_is_told_from_a_gateway_that_is_away() {
    let wallet = WalletKey::from_seed(WalletType::Evm, [7; 32]);
    let ask = async |steps| {
        let server = Server::playing(steps).await;
        let client = server.client().await;
        let login = client.offer_login().await.unwrap();
        let signed = elsewhere(&wallet, &login);
        client.call_one_by_login(&login, &signed, &GetUser {}).await.unwrap_err()
    };
    for code in [-901, -902, -903, -32000, -32602] {
        let refused = vec![("kgw.authn_param", parameters()), ("kgw.authn", Step::error(code, "no"))];
        assert!(matches!(ask(refused).await, Error::Login(LoginError::NotAccepted)), "{code}");
    }
    for code in [-900, -905, -32601, -32603] {
        let away = vec![("kgw.authn_param", parameters()), ("kgw.authn", Step::error(code, "no"))];
        assert!(!matches!(ask(away).await, Error::Login(_)), "{code}");
    }
    let no_cookie = vec![("kgw.authn_param", parameters()), ("kgw.authn", Step::result(&json!({})))];
    assert!(matches!(ask(no_cookie).await, Error::Login(LoginError::NoCookie)));
}

#[tokio::test]
async fn nothing_is_offered_that_is_for_another_place_and_no_login_goes_to_another_gateway() {
    for (member, value) in
        [("domain", "https://other.example"), ("chain_id", "other"), ("nonce", "1\nIssue At: never")]
    {
        let mut wrong = KWIL["auth"]["kgw"]["param_response"].clone();
        wrong["domain"] = json!("");
        wrong[member] = json!(value);
        let server = Server::playing(vec![("kgw.authn_param", Step::result(&wrong))]).await;
        let error = server.client().await.offer_login().await.unwrap_err();
        let is_named = matches!(error, Error::Login(LoginError::Mismatch(name) | LoginError::Malformed(name)) if name == member);
        assert!(is_named, "{error:?}");
    }
    let server = Server::playing(Vec::new()).await;
    let client = server.client().await;
    let (gateway, nonce, message) = ("https://other.example".to_owned(), "1".to_owned(), "a".to_owned());
    let login = Login { gateway, nonce, message };
    let signed = elsewhere(&WalletKey::from_seed(WalletType::Evm, [7; 32]), &login);
    let error = client.call_one_by_login(&login, &signed, &GetUser {}).await.unwrap_err();
    assert!(matches!(error, Error::Login(LoginError::OtherGateway)));
}

/// Nodes find a Stellar wallet by signatures of `SEP-53` alone: a plain one would log in as somebody whom nobody knows.
#[test]
fn what_a_wallet_elsewhere_has_signed_is_checked_before_it_goes_anywhere() {
    let WalletKey::Stellar(stellar) = WalletKey::from_seed(WalletType::Stellar, [7; 32]) else { panic!() };
    let (address, key) = (stellar.address(), stellar.public_key());
    let signed = |text: &str, signature: &str| {
        signed_elsewhere(WalletType::Stellar, &address, Some(&key), text, signature)
    };
    assert!(signed("a", &stellar.sign_message_sep53("a")).is_ok());
    assert!(signed("a", &stellar.sign_message("a")).is_err());
    assert!(signed("a", &stellar.sign_message_sep53("b")).is_err());
    assert!(signed("a", "").is_err());
    let other = WalletKey::from_seed(WalletType::Evm, [8; 32]);
    let wallet = WalletKey::from_seed(WalletType::Evm, [7; 32]);
    let signature = other.sign_message("a", [0; 32]);
    assert!(signed_elsewhere(WalletType::Evm, &wallet.address(), None, "a", &signature).is_err());
}
