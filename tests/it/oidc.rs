//! Signing in at an OpenID provider: what is taken from it, and what is not. This provider does as it is told, also what no honest one
//! does; an honest one of somebody else's is in `tests/web`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use idos_issuer::config::Oidc;
use idos_issuer::model::staff::Role;
use idos_issuer::model::time::Timestamp;
use idos_issuer::oidc::{Begun, Identity, OidcError, OidcProvider, Returned, TokenFault};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// 30 November 2026, 12:00:00 UTC.
const NOW: i64 = 1_796_040_000;

/// A provider that does as it is told.
#[derive(Clone)]
pub(crate) struct Told(Arc<Mutex<What>>);

pub(crate) struct What {
    pub(crate) base: String,
    key: SigningKey,
    key_id: &'static str,
    /// Claims that are put over the honest ones; null takes one away.
    pub(crate) claims: Map<String, Value>,
    header: Map<String, Value>,
    pub(crate) sign: Sign,
    /// What the token endpoint answers in place of a token.
    refusal: Option<(u16, Value)>,
    metadata: Map<String, Value>,
    /// The keys that it publishes; null has it publish the one by which it signs.
    published: Value,
    nonce: String,
    challenge: String,
    codes: Vec<String>,
    fetched: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Sign {
    WithKey,
    WithAnother,
    WithSecret,
    Not,
    NoToken,
}

impl Told {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let told = Self(Arc::new(Mutex::new(What {
            base: format!("http://{}", listener.local_addr().unwrap()),
            key: SigningKey::from_bytes(&[7; 32]),
            key_id: "one",
            claims: Map::new(),
            header: Map::new(),
            sign: Sign::WithKey,
            refusal: None,
            metadata: Map::new(),
            published: Value::Null,
            nonce: String::new(),
            challenge: String::new(),
            codes: Vec::new(),
            fetched: 0,
        })));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(told.clone());
        tokio::spawn(async { axum::serve(listener, routes).await });
        told
    }

    pub(crate) fn tell<T>(&self, change: impl FnOnce(&mut What) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    fn settings(&self) -> Oidc {
        Oidc {
            issuer: self.0.lock().unwrap().base.parse().unwrap(),
            client_id: "console".to_owned(),
            client_secret: None,
            scopes: vec!["profile".to_owned()],
            name_claim: "preferred_username".to_owned(),
            role_claim: "groups".to_owned(),
            viewers: vec!["look".to_owned()],
            compliance: vec!["decide".to_owned()],
            admins: vec!["ops".to_owned()],
            timeout: 5,
        }
    }

    fn provider(&self) -> OidcProvider {
        wire(&self.settings())
    }

    /// Where it is.
    pub(crate) fn base(&self) -> String {
        self.0.lock().unwrap().base.clone()
    }

    /// Has its discovery document say this.
    pub(crate) fn says_of_itself(&self, name: &str, value: Value) {
        self.tell(|what| what.metadata.insert(name.to_owned(), value));
    }

    /// Takes note of a sign-in that it was asked for by a browser. Gives what it sends back.
    pub(crate) fn asked(&self, query: &HashMap<String, String>) -> String {
        self.tell(|what| {
            what.nonce.clone_from(&query["nonce"]);
            what.challenge.clone_from(&query["code_challenge"]);
            what.codes.push("the-code".to_owned());
        });
        format!("code=the-code&state={}", query["state"])
    }

    /// What an honest browser brings back.
    fn comes_back(&self, url: &url::Url, begun: &Begun) -> Returned {
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(query["state"], begun.state);
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["redirect_uri"], "https://issuer.example.com/console/sign-in/return");
        self.asked(&query);
        Returned {
            code: Some("the-code".to_owned()),
            state: Some(begun.state.clone()),
            ..Returned::default()
        }
    }

    async fn sign_in(&self, provider: &OidcProvider) -> Result<Identity, OidcError> {
        let (url, begun) = provider.begin(false).await?;
        let returned = self.comes_back(&url, &begun);
        provider.finish(begun, returned, now()).await
    }
}

fn wire(settings: &Oidc) -> OidcProvider {
    OidcProvider::wire(settings, &"https://issuer.example.com/console/sign-in/return".parse().unwrap())
        .unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_unix_millis(NOW * 1000).unwrap()
}

async fn metadata(State(told): State<Told>) -> Json<Value> {
    let mut what = told.0.lock().unwrap();
    what.fetched += 1;
    let base = &what.base;
    let mut document = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "RS256"],
    });
    document.as_object_mut().unwrap().extend(what.metadata.clone());
    Json(document)
}

async fn keys(State(told): State<Told>) -> Json<Value> {
    let what = told.0.lock().unwrap();
    if !what.published.is_null() {
        return Json(json!({ "keys": what.published }));
    }
    let x = BASE64URL.encode(what.key.verifying_key().as_bytes());
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": what.key_id, "x": x }] }))
}

async fn token(State(told): State<Told>, body: String) -> Response {
    let form: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut what = told.0.lock().unwrap();
    if let Some((status, body)) = what.refusal.clone() {
        return (axum::http::StatusCode::from_u16(status).unwrap(), Json(body)).into_response();
    }
    let challenge = BASE64URL.encode(Sha256::digest(&form["code_verifier"]));
    let is_known =
        what.codes.iter().position(|code| *code == form["code"]).map(|place| what.codes.remove(place));
    if is_known.is_none() || challenge != what.challenge {
        let refusal = json!({ "error": "invalid_grant" });
        return (axum::http::StatusCode::BAD_REQUEST, Json(refusal)).into_response();
    }
    let mut answer = json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 60 });
    if let Some(token) = id_token(&what) {
        answer["id_token"] = token.into();
    }
    Json(answer).into_response()
}

fn id_token(what: &What) -> Option<String> {
    let mut header = json!({ "alg": "EdDSA", "kid": what.key_id, "typ": "JWT" });
    let mut claims = json!({
        "iss": what.base,
        "aud": "console",
        "sub": "subject-1",
        "iat": NOW,
        "exp": NOW + 300,
        "nonce": what.nonce,
        "auth_time": NOW - 5,
        "preferred_username": "ada",
        "groups": ["everybody", "decide"],
    });
    match what.sign {
        Sign::WithSecret => header = json!({ "alg": "HS256" }),
        Sign::Not => header = json!({ "alg": "none" }),
        _ => {}
    }
    header.as_object_mut().unwrap().extend(what.header.clone());
    claims.as_object_mut().unwrap().extend(what.claims.clone());
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let signature = match what.sign {
        Sign::WithKey => what.key.sign(signed.as_bytes()).to_vec(),
        Sign::WithAnother => SigningKey::from_bytes(&[8; 32]).sign(signed.as_bytes()).to_vec(),
        // The secret that everybody knows: the public key.
        Sign::WithSecret => {
            let mut mac = Hmac::<Sha256>::new_from_slice(what.key.verifying_key().as_bytes()).unwrap();
            mac.update(signed.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        Sign::Not => Vec::new(),
        Sign::NoToken => return None,
    };
    Some(format!("{signed}.{}", BASE64URL.encode(signature)))
}

#[tokio::test]
async fn who_signs_in_is_told_with_the_role_that_their_groups_give() {
    let told = Told::start().await;
    let provider = told.provider();
    provider.check().await.unwrap();
    let identity = told.sign_in(&provider).await.unwrap();
    let expected = Identity {
        issuer: told.0.lock().unwrap().base.clone(),
        subject: "subject-1".to_owned(),
        name: "ada".to_owned(),
        role: Role::Compliance,
        authenticated_at: Timestamp::from_unix_millis((NOW - 5) * 1000).ok(),
    };
    assert_eq!(identity, expected);
}

#[tokio::test]
async fn roles_are_found_where_the_provider_says_them() {
    let told = Told::start().await;
    let mut settings = told.settings();
    for (claim, claims, expected) in [
        ("groups", json!({ "groups": "ops" }), Ok(Role::Admin)),
        ("groups", json!({ "groups": ["look", "ops", "decide"] }), Ok(Role::Admin)),
        ("groups", json!({ "groups": ["look", 7, null] }), Ok(Role::Viewer)),
        ("realm_access.roles", json!({ "realm_access": { "roles": ["decide"] } }), Ok(Role::Compliance)),
        ("https://example.com/roles", json!({ "https://example.com/roles": ["look"] }), Ok(Role::Viewer)),
        ("groups", json!({ "groups": ["OPS", "op", "ops "] }), Err(OidcError::NoRole)),
        ("groups", json!({ "groups": { "ops": true } }), Err(OidcError::NoRole)),
        ("groups", json!({ "groups": [] }), Err(OidcError::NoRole)),
        ("groups", json!({ "groups": null }), Err(OidcError::NoRole)),
    ] {
        settings.role_claim = claim.to_owned();
        told.tell(|what| what.claims = claims.as_object().unwrap().clone());
        let signed_in = told.sign_in(&wire(&settings)).await;
        assert_eq!(signed_in.map(|identity| identity.role), expected, "{claims}");
    }
}

#[tokio::test]
async fn names_that_cannot_be_shown_are_not() {
    let told = Told::start().await;
    for (name, shown) in [
        (json!("Ada Lovelace"), "Ada Lovelace".to_owned()),
        (json!("a\u{0}b"), "subject-1".to_owned()),
        (json!(" "), "subject-1".to_owned()),
        (json!(null), "subject-1".to_owned()),
        (json!("x".repeat(5000)), "x".repeat(100)),
    ] {
        told.tell(|what| what.claims = [("preferred_username".to_owned(), name)].into_iter().collect());
        assert_eq!(told.sign_in(&told.provider()).await.unwrap().name, shown);
    }
}

#[tokio::test]
async fn tokens_that_do_not_hold_are_refused_by_what_is_wrong() {
    let told = Told::start().await;
    let provider = told.provider();
    let fault = |fault| OidcError::Token(fault);
    for (sign, claims, expected) in [
        (Sign::WithAnother, json!({}), fault(TokenFault::Signature)),
        (Sign::WithSecret, json!({}), fault(TokenFault::Signature)),
        (Sign::Not, json!({}), fault(TokenFault::Signature)),
        (Sign::NoToken, json!({}), fault(TokenFault::Missing)),
        (Sign::WithKey, json!({ "iss": "https://other.example.com" }), fault(TokenFault::Issuer)),
        (Sign::WithKey, json!({ "aud": "another" }), fault(TokenFault::Audience)),
        (
            Sign::WithKey,
            json!({ "aud": ["console", "another"], "azp": "another" }),
            fault(TokenFault::Audience),
        ),
        (Sign::WithKey, json!({ "exp": NOW }), fault(TokenFault::Expired)),
        (Sign::WithKey, json!({ "exp": NOW - 3600 }), fault(TokenFault::Expired)),
        (Sign::WithKey, json!({ "nonce": "another" }), fault(TokenFault::Nonce)),
        (Sign::WithKey, json!({ "nonce": null }), fault(TokenFault::Nonce)),
    ] {
        told.tell(|what| {
            what.sign = sign;
            what.claims = claims.as_object().unwrap().clone();
        });
        assert_eq!(told.sign_in(&provider).await.unwrap_err(), expected, "{claims}");
    }
    // Without a subject, or with times that are none, it is no ID token at all.
    for claims in [json!({ "sub": null }), json!({ "exp": "soon" }), json!({ "iss": 7 })] {
        told.tell(|what| {
            what.sign = Sign::WithKey;
            what.claims = claims.as_object().unwrap().clone();
        });
        assert!(told.sign_in(&provider).await.is_err(), "{claims}");
    }
}

#[tokio::test]
async fn an_answer_to_another_browser_is_not_taken() {
    let told = Told::start().await;
    let provider = told.provider();
    let (url, begun) = provider.begin(false).await.unwrap();
    let (_, other) = provider.begin(false).await.unwrap();
    let honest = told.comes_back(&url, &begun);
    let finish = |begun: &Begun, returned: Returned| {
        let (begun, provider) = (begun.clone(), &provider);
        async move { provider.finish(begun, returned, now()).await.map(|identity| identity.subject) }
    };
    // Another's state, none, and another provider's name: nobody is asked.
    assert_eq!(finish(&other, honest.clone()).await, Err(OidcError::NotBegunHere));
    assert_eq!(
        finish(&begun, Returned { state: None, ..honest.clone() }).await,
        Err(OidcError::NotBegunHere)
    );
    let iss = Some("https://other.example.com".to_owned());
    assert_eq!(finish(&begun, Returned { iss, ..honest.clone() }).await, Err(OidcError::NotBegunHere));
    // A stolen code under one's own state: the verifier is another one.
    let stolen = Returned { state: Some(other.state.clone()), ..honest.clone() };
    assert_eq!(finish(&other, stolen).await, Err(OidcError::Code));
    // Its own answer is taken once.
    told.tell(|what| what.codes.push("the-code".to_owned()));
    let iss = Some(told.0.lock().unwrap().base.clone());
    assert_eq!(finish(&begun, Returned { iss, ..honest.clone() }).await, Ok("subject-1".to_owned()));
    told.tell(|what| what.codes.clear());
    assert_eq!(finish(&begun, honest).await, Err(OidcError::Code));
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_apart() {
    let told = Told::start().await;
    let provider = told.provider();
    for (error, expected) in [
        ("access_denied", OidcError::Declined),
        ("login_required", OidcError::Declined),
        ("<script>", OidcError::Declined),
        ("unauthorized_client", OidcError::Client),
        ("temporarily_unavailable", OidcError::Unreachable),
    ] {
        let (_, begun) = provider.begin(false).await.unwrap();
        let state = Some(begun.state.clone());
        let returned = Returned { state, error: Some(error.to_owned()), ..Returned::default() };
        assert_eq!(provider.finish(begun, returned, now()).await.unwrap_err(), expected, "{error}");
    }
    for (status, body, expected) in [
        (400, json!({ "error": "invalid_grant" }), OidcError::Code),
        (401, json!({ "error": "invalid_client" }), OidcError::Client),
        (500, json!("<html>"), OidcError::Unreachable),
        (200, json!({ "token_type": "Bearer" }), OidcError::Unreachable),
        // Redirects are not followed: they would carry the code and the secret elsewhere.
        (302, json!({}), OidcError::Unreachable),
    ] {
        told.tell(|what| what.refusal = Some((status, body.clone())));
        assert_eq!(told.sign_in(&provider).await.unwrap_err(), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_or_another_one_is_told() {
    let told = Told::start().await;
    told.tell(|what| {
        what.metadata = [("issuer".to_owned(), json!("https://other.example.com"))].into_iter().collect();
    });
    assert_eq!(told.provider().check().await, Err(OidcError::OtherIssuer));
    told.tell(|what| what.metadata = [("jwks_uri".to_owned(), json!(7))].into_iter().collect());
    assert_eq!(told.provider().check().await, Err(OidcError::Unreachable));
    let mut settings = told.settings();
    settings.issuer = "http://127.0.0.1:1".parse().unwrap();
    assert_eq!(wire(&settings).check().await, Err(OidcError::Unreachable));
    assert_eq!(wire(&settings).begin(false).await.map(drop).unwrap_err(), OidcError::Unreachable);
}

#[tokio::test]
async fn a_provider_by_whose_keys_nobody_could_sign_in_is_told() {
    let told = Told::start().await;
    let secret = json!({ "kty": "oct", "k": "AAAA", "alg": "HS256" });
    let for_encryption =
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "enc", "x": BASE64URL.encode([7; 32]) });
    for published in [json!([]), json!([secret]), json!([for_encryption])] {
        told.tell(|what| what.published = published.clone());
        assert_eq!(told.provider().check().await, Err(OidcError::NoKeys), "{published}");
    }
    told.tell(|what| {
        what.published = Value::Null;
        what.metadata =
            [("id_token_signing_alg_values_supported".to_owned(), json!(["HS256"]))].into_iter().collect();
    });
    assert_eq!(told.provider().check().await, Err(OidcError::NoKeys));
    told.tell(|what| what.metadata = Map::new());
    let provider = told.provider();
    assert_eq!(provider.check().await, Ok(()));
    // Looking often does not ask often.
    let fetched = told.0.lock().unwrap().fetched;
    for _ in 0..5 {
        provider.check().await.unwrap();
    }
    assert_eq!(told.0.lock().unwrap().fetched, fetched);
}

#[tokio::test]
async fn what_the_provider_says_of_itself_is_asked_once() {
    let told = Told::start().await;
    let provider = told.provider();
    told.sign_in(&provider).await.unwrap();
    told.sign_in(&provider).await.unwrap();
    assert_eq!(told.0.lock().unwrap().fetched, 1);
    // Signatures that are made up do not have it asked again and again.
    told.tell(|what| what.sign = Sign::WithAnother);
    for _ in 0..5 {
        told.sign_in(&provider).await.unwrap_err();
    }
    assert_eq!(told.0.lock().unwrap().fetched, 1);
}

#[tokio::test]
async fn before_what_is_irreversible_the_provider_asks_again() {
    let told = Told::start().await;
    let (url, _) = told.provider().begin(true).await.unwrap();
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!((query["prompt"].as_str(), query["max_age"].as_str()), ("login", "0"));
    assert_eq!(query["scope"], "openid profile");
}
