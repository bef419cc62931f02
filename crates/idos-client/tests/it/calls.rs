//! Asking views, and everything that can be wrong with an answer.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use idos_client::actions::{
    GetAccessGrantsGranted, GetAccessGrantsGrantedCount, GetUser, GetUserAsInserter, HasProfile,
    PasswordStore,
};
use idos_client::{Class, Client, ClientConfig, ConfigError, Error, LoginError, Viewer};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use crate::support::server::{Server, Step, account, chain_info, health};
use crate::support::vectors::{KWIL, issuer, text, vector};

/// The result of a call in a vector that has a trace.
fn captured_answer(id: &str) -> Step {
    let trace = vector(id)["rpc_trace"].as_array().unwrap();
    let step = trace.iter().rfind(|step| step["request"]["method"] == "user.call").unwrap();
    Step::json(200, &step["response"])
}

async fn answer_to_has_profile(step: Step) -> Result<Option<bool>, Error> {
    let server = Server::playing(vec![("user.health", health("open")), ("user.call", step)]).await;
    let answer = server.client().await.call_one(Viewer::Anonymous, &HasProfile { address: "0xabcdef" }).await;
    assert_eq!(server.methods(), ["user.health", "user.call"], "one question, one request");
    answer
}

#[tokio::test]
async fn an_anonymous_call_is_the_captured_one() {
    let id = "has_profile/anonymous";
    let steps = vec![("user.health", health("open")), ("user.call", captured_answer(id))];
    let server = Server::playing(steps).await;

    let address = text(&vector(id)["inputs"], "address");
    let answer = server.client().await.call_one(Viewer::Anonymous, &HasProfile { address }).await.unwrap();

    assert_eq!(answer, Some(true));
    let request = server.requests().pop().unwrap();
    assert_eq!(*request.params(), vector(id)["call_params"]);
    assert_eq!(request.body["jsonrpc"], "2.0");
    assert_ne!(request.body["id"], 0);
    assert_eq!(request.content_type.as_deref(), Some("application/json"));
    assert_eq!(request.cookie, None);
}

#[tokio::test]
async fn a_row_is_read_by_its_columns() {
    let id = "get_user_as_inserter/with-KGW-login";
    let steps = vec![("user.health", health("open")), ("user.call", captured_answer(id))];
    let server = Server::playing(steps).await;
    let user = Uuid::parse_str(text(&vector(id)["inputs"], "id")).unwrap();

    let row =
        server.client().await.call_one(&issuer(), &GetUserAsInserter { id: user }).await.unwrap().unwrap();

    assert_eq!(row.id, user);
    assert_eq!(row.inserter, "Example");
    assert_eq!(row.encryption_password_store, PasswordStore::User);
    assert_eq!(row.recipient_encryption_public_key, text(&KWIL["keys"], "user_box_public_base64"));
    assert!(!format!("{row:?}").contains(&row.recipient_encryption_public_key), "only ids are shown");
}

#[tokio::test]
async fn no_rows_come_as_nulls_or_as_empty_lists() {
    let empty = json!({"query_result": {"column_names": [], "column_types": [], "values": []}, "logs": "", "error": null});
    for answer in [captured_answer("get_user/no-rows-null-columns"), Step::result(&empty)] {
        let server = Server::playing(vec![("user.health", health("open")), ("user.call", answer)]).await;
        assert_eq!(server.client().await.call_one(&issuer(), &GetUser {}).await.unwrap(), None);
    }
}

#[tokio::test]
async fn integers_arrive_as_texts() {
    let count =
        json!({"query_result": {"column_names": ["count"], "values": [["12"]]}, "logs": "", "error": null});
    let grants = json!({"query_result": {
        "column_names": ["id", "ag_owner_user_id", "ag_grantee_wallet_identifier", "data_id", "locked_until",
            "content_hash", "inserter_type", "inserter_id"],
        "values": [[
            "cc2347da-15ae-5bd4-b04b-cfb460406e35", "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11", "me",
            "00000000-0000-4000-8000-000000000004", "1767323045", null, "user", "somebody",
        ]],
    }, "logs": "", "error": null});
    let steps = vec![
        ("user.health", health("open")),
        ("user.call", Step::result(&count)),
        ("user.call", Step::result(&grants)),
    ];
    let server = Server::playing(steps).await;
    let client = server.client().await;

    let count = client.call_one(&issuer(), &GetAccessGrantsGrantedCount { user_id: None }).await.unwrap();
    let grants =
        client.call(&issuer(), &GetAccessGrantsGranted { user_id: None, page: 1, size: 20 }).await.unwrap();

    assert_eq!(count, Some(12));
    assert_eq!(grants[0].locked_until, 1_767_323_045);
    assert_eq!(grants[0].content_hash, None);
    for (request, id) in server.requests()[1..]
        .iter()
        .zip(["get_access_grants_granted_count/int-as-string", "get_access_grants_granted/page-size"])
    {
        assert_eq!(*request.params(), vector(id)["call_params"], "{id}");
    }
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_successful_answer_is_an_error() {
    let mut answer = KWIL["errors"]["call-result-error-field"]["response"].clone();
    answer["jsonrpc"] = json!("2.0");
    let error = answer_to_has_profile(Step::json(200, &answer)).await.unwrap_err();
    assert_eq!(error.class(), Class::Refused);
    assert_eq!(error.node_message(), Some("Unauthorized inserter"));
    assert_eq!(error.to_string(), "the view has_profile failed: Unauthorized inserter");
}

#[tokio::test]
async fn an_engine_error_is_final() {
    let answer = &KWIL["errors"]["call-engine-error"]["response"];
    let error = answer_to_has_profile(Step::json(200, answer)).await.unwrap_err();
    assert_eq!(error.class(), Class::Refused);
    assert!(matches!(error, Error::Node { code: -300, status: 200, .. }), "{error:?}");
}

#[tokio::test]
async fn what_was_asked_is_not_repeated_in_errors() {
    let error = answer_to_has_profile(Step::error(-300, "bad value 0xabcdef")).await.unwrap_err();
    assert_eq!(error.to_string(), "the idOS node answered with the error -300: bad value …");
}

#[tokio::test]
async fn errors_of_nodes_are_final_or_pass() {
    let with = |status, code: i64| {
        Step::json(status, &json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "m"}}))
    };
    for (status, code, class) in [
        (500, -32603, Class::Retry),
        (200, -32001, Class::Retry),
        (200, -400, Class::Retry),
        (200, -700, Class::Retry),
        (200, -900, Class::Retry),
        (200, -905, Class::Retry),
        (429, -905, Class::Retry),
        (503, -300, Class::Retry),
        (404, -32601, Class::Retry),
        (200, -301, Class::Retry),
        (200, -903, Class::Retry),
        (403, -32000, Class::Retry),
        (400, -32602, Class::Refused),
        (400, -32600, Class::Refused),
    ] {
        let error = answer_to_has_profile(with(status, code)).await.unwrap_err();
        assert_eq!(error.class(), class, "{status} {code}");
    }
}

#[tokio::test]
async fn answers_of_others_pass() {
    for status in [500, 502, 429, 408, 401, 403, 404, 413, 204] {
        for body in ["<html>", "", r#"{"jsonrpc":"2.0","id":1,"result":{"query_result":null}}"#] {
            let error = answer_to_has_profile(Step::raw(status, body)).await.unwrap_err();
            assert_eq!(error.class(), Class::Retry, "{status} {body}");
            assert!(matches!(error, Error::HttpStatus(shown) if shown == status), "{error:?}");
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Step::raw(307, "").with_header("location", "http://127.0.0.1:1/rpc/v1");
    let error = answer_to_has_profile(elsewhere).await.unwrap_err();
    assert!(matches!(error, Error::HttpStatus(307)), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_understood_passes() {
    for garbage in ["<html>", "", "{", r#"{"jsonrpc":"2.0","result":"#, "\u{0}"] {
        let error = answer_to_has_profile(Step::raw(200, garbage)).await.unwrap_err();
        assert!(matches!(error, Error::NotJson), "{garbage:?}: {error:?}");
        assert_eq!(error.class(), Class::Retry);
    }
    for wrong in [
        "[]",
        "7",
        "{}",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","result":null}"#,
        r#"{"jsonrpc":"1.0","result":{}}"#,
        r#"{"result":{}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":"x"}}"#,
        r#"{"jsonrpc":"2.0","result":7}"#,
        r#"{"jsonrpc":"2.0","result":{"query_result":{"column_names":["has_profile"],"values":[[true,true]]}}}"#,
        r#"{"jsonrpc":"2.0","result":{"query_result":{"column_names":["has_profile"],"values":[["yes"]]}}}"#,
        r#"{"jsonrpc":"2.0","result":{"query_result":{"column_names":["has_profile"],"values":[[null]]}}}"#,
        r#"{"jsonrpc":"2.0","result":{"query_result":{"column_names":["has_profile"],"values":[[true],[true]]}}}"#,
        r#"{"jsonrpc":"2.0","result":{"query_result":{"values":[[true]]}}}"#,
    ] {
        let error = answer_to_has_profile(Step::raw(200, wrong)).await.unwrap_err();
        assert!(matches!(error, Error::Malformed(_) | Error::MalformedRow { .. }), "{wrong}: {error:?}");
        assert_eq!(error.class(), Class::Retry);
    }
    let deep = format!(r#"{{"jsonrpc":"2.0","result":{{"query_result":{{"values":{}"#, "[".repeat(50_000));
    answer_to_has_profile(Step::raw(200, &deep)).await.unwrap_err();
    let deep = format!(
        r#"{{"jsonrpc":"2.0","result":{{"query_result":{{"values":{}{}}}}}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    answer_to_has_profile(Step::raw(200, &deep)).await.unwrap_err();
}

#[tokio::test]
async fn an_answer_has_a_largest_size() {
    for step in
        [Step::raw(200, &" ".repeat(64 * 1024 + 1)), Step::Endless(64 * 1024 + 1), Step::Endless(3_000_000)]
    {
        let error = answer_to_has_profile(step).await.unwrap_err();
        assert!(matches!(error, Error::AnswerTooLarge { limit: 65536 }), "{error:?}");
        assert_eq!(error.class(), Class::Retry);
    }
}

#[tokio::test]
async fn a_question_without_an_answer_may_be_asked_again() {
    for step in [Step::HangUp, Step::HalfAnswer] {
        let error = answer_to_has_profile(step).await.unwrap_err();
        assert!(matches!(error, Error::NoAnswer(_)), "{error:?}");
        assert_eq!(error.class(), Class::Retry);
        assert!(!error.is_timeout());
    }
    let error = answer_to_has_profile(Step::Silence).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_node_that_is_away_may_be_asked_again() {
    let error = Client::connect(ClientConfig::new(nobody().await)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert_eq!(error.class(), Class::Retry);
}

#[tokio::test]
async fn the_next_node_is_asked_when_one_is_away_or_silent() {
    let away = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -900, "message": "away"}});
    let away = Step::json(502, &away);
    for first in [Step::HangUp, Step::HalfAnswer, Step::Silence, Step::raw(503, "away"), away] {
        let mut first = Some(first);
        let failing = Server::answering(move |request| match request.method() {
            "user.chain_info" => chain_info(),
            "user.health" => health("open"),
            _ => first.take().expect("asked only once"),
        })
        .await;
        let working = Server::playing(vec![("user.call", captured_answer("has_profile/anonymous"))]).await;
        let config = ClientConfig {
            urls: vec![nobody().await, failing.url.clone(), working.url.clone()],
            timeout: Duration::from_secs(2),
            ..failing.config()
        };
        let client = Client::connect(config).await.unwrap();

        let answer = client.call_one(Viewer::Anonymous, &HasProfile { address: "0x" }).await.unwrap();

        assert_eq!(answer, Some(true));
        assert_eq!(failing.methods(), ["user.health", "user.call"]);
        assert_eq!(working.methods(), ["user.call"]);
    }
}

#[tokio::test]
async fn a_final_answer_is_not_asked_for_elsewhere() {
    let failing =
        Server::playing(vec![("user.health", health("open")), ("user.call", Step::error(-300, "no"))]).await;
    let other = Server::playing_without_connect(Vec::new()).await;
    let config = ClientConfig { urls: vec![failing.url.clone(), other.url.clone()], ..failing.config() };
    let client = Client::connect(config).await.unwrap();

    client.call(Viewer::Anonymous, &HasProfile { address: "0x" }).await.unwrap_err();

    assert_eq!(other.methods(), [""; 0]);
}

#[tokio::test]
async fn a_node_of_another_network_is_passed_over() {
    let other = json!({"chain_id": "another-network", "block_height": 1, "block_hash": "ab", "gas": false});
    let stranger = Server::answering(move |_| Step::result(&other)).await;
    let first = Server::playing(vec![("user.health", health("open")), ("user.call", Step::HangUp)]).await;
    let third = Server::playing(vec![("user.call", captured_answer("has_profile/anonymous"))]).await;
    let config = ClientConfig {
        urls: vec![first.url.clone(), stranger.url.clone(), third.url.clone()],
        ..first.config()
    };
    let client = Client::connect(config).await.unwrap();
    let view = HasProfile { address: "0x" };
    assert_eq!(client.call_one(Viewer::Anonymous, &view).await.unwrap(), Some(true));
    assert_eq!(stranger.methods(), [""; 0], "it was asked for its network and for nothing else");

    let first = Server::playing(vec![("user.health", health("open")), ("user.call", Step::HangUp)]).await;
    let config = ClientConfig { urls: vec![first.url.clone(), stranger.url.clone()], ..first.config() };
    let client = Client::connect(config);
    let error = client.await.unwrap().call(Viewer::Anonymous, &view).await.unwrap_err();
    assert!(matches!(error, Error::Config(ConfigError::OtherNetwork)), "{error:?}");
    assert_eq!(stranger.methods(), [""; 0]);
}

#[tokio::test]
async fn one_turns_away_from_a_node_once() {
    let (first, second) = (Server::playing(Vec::new()).await, Server::playing(Vec::new()).await);
    let config = ClientConfig { urls: vec![first.url.clone(), second.url.clone()], ..first.config() };
    let client = Client::connect(config).await.unwrap();
    assert_eq!(client.preferred_node(), 0);
    assert!(client.turn_away_from(0));
    assert!(client.turn_away_from(0), "somebody else did already, which is as good");
    assert_eq!(client.preferred_node(), 1);
    assert!(client.turn_away_from(1));
    assert_eq!(client.preferred_node(), 0);

    let server = Server::playing(Vec::new()).await;
    assert!(!server.client().await.turn_away_from(0));
}

#[tokio::test]
async fn private_calls_are_signed_as_the_official_client_signs_them() {
    let id = "private-mode/has_profile";
    let challenge = Step::result(&json!({"challenge": "11".repeat(32)}));
    let steps = vec![
        ("user.health", health("private")),
        ("user.challenge", challenge),
        ("user.call", captured_answer(id)),
    ];
    let server = Server::playing(steps).await;
    let client = server.client().await;
    let view = HasProfile { address: text(&vector(id)["inputs"], "address") };

    assert_eq!(client.call_one(&issuer(), &view).await.unwrap(), Some(true));

    assert_eq!(*server.requests()[2].params(), vector(id)["call_params"]);
    let error = client.call_one(Viewer::Anonymous, &view).await.unwrap_err();
    assert!(matches!(error, Error::Login(LoginError::SignerNeeded)), "{error:?}");
}

#[tokio::test]
async fn a_challenge_that_is_none_is_not_signed() {
    for challenge in ["", "zz", &"11".repeat(33), "11\nNonce: 7"] {
        let steps = vec![
            ("user.health", health("private")),
            ("user.challenge", Step::result(&json!({"challenge": challenge}))),
        ];
        let server = Server::playing(steps).await;
        let error = server.client().await.call(&issuer(), &GetUser {}).await.unwrap_err();
        assert!(matches!(error, Error::Malformed(_)), "{error:?}");
    }
}

#[tokio::test]
async fn an_unknown_mode_is_an_error() {
    let server = Server::playing(vec![("user.health", health("closed"))]).await;
    let error = server.client().await.call(&issuer(), &GetUser {}).await.unwrap_err();
    assert!(matches!(error, Error::Malformed(_)), "{error:?}");
}

#[tokio::test]
async fn a_client_is_for_one_network() {
    let named =
        |chain_id: &str| Step::result(&json!({"chain_id": chain_id, "block_height": 1, "gas": false}));
    for bad in ["", "idos\nNonce: 7", &"x".repeat(200)] {
        let step = named(bad);
        let mut step = Some(step);
        let server = Server::answering(move |_| step.take().unwrap_or(Step::HangUp)).await;
        assert!(matches!(server.refused().await, Error::Malformed(_)), "{bad:?}");
    }

    let server = Server::playing(Vec::new()).await;
    let config = ClientConfig { chain_id: Some("idos-mainnet".to_owned()), ..server.config() };
    let error = Client::connect(config).await.unwrap_err();
    assert!(matches!(error, Error::Config(ConfigError::OtherNetwork)), "{error:?}");
    assert_eq!(error.class(), Class::Refused);

    let error = Client::connect(ClientConfig { urls: Vec::new(), ..server.config() }).await.unwrap_err();
    assert!(matches!(error, Error::Config(ConfigError::NoUrl)), "{error:?}");
}

#[tokio::test]
async fn health_says_whether_the_network_is_still_the_same() {
    let other = json!({"chain_id": "other", "healthy": true, "mode": "open"});
    let steps = vec![("user.health", health("open")), ("user.health", Step::result(&other))];
    let server = Server::playing(steps).await;
    let client = server.client().await;
    let health = client.health().await.unwrap();
    assert!(health.healthy);
    assert_eq!(health.block_height, 1234);
    assert!(matches!(client.health().await, Err(Error::Config(ConfigError::OtherNetwork))));
}

/// Nothing is said in plain to a node with TLS: the first byte begins a handshake (`RFC 8446` 5.1).
#[tokio::test]
async fn a_node_with_tls_is_spoken_to_with_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let connecting = Client::connect(ClientConfig::new(url));
    let listening = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).await.unwrap();
        first
    };
    tokio::select! {
        first = listening => assert_eq!(first, [0x16]),
        connected = connecting => match connected.unwrap_err() {
            Error::Config(ConfigError::Tls(_)) => {} // this machine trusts nobody
            error => panic!("{error:?}"),
        },
    }
}

/// An address where nobody listens.
async fn nobody() -> url::Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
}

/// Under load something is always under way to a node from which one turns away.
#[tokio::test]
async fn an_answer_that_was_under_way_does_not_turn_back() {
    let turning: Arc<OnceLock<Client>> = Arc::default();
    let client = Arc::clone(&turning);
    let first = Server::answering(move |request| match request.method() {
        "user.account" => {
            assert!(client.get().unwrap().turn_away_from(0));
            account(6)
        }
        _ => chain_info(),
    })
    .await;
    let second = Server::playing(vec![("user.account", account(7))]).await;
    let config = ClientConfig { urls: vec![first.url.clone(), second.url.clone()], ..first.config() };
    turning.set(Client::connect(config).await.unwrap()).unwrap();
    let client = turning.get().unwrap();

    assert_eq!(client.account(&issuer()).await.unwrap().nonce, 6);
    assert_eq!(client.preferred_node(), 1);
    assert_eq!(client.account(&issuer()).await.unwrap().nonce, 7);
}
