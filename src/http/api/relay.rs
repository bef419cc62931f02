//! What consumers of upstream's relay call: they are registered, and ask how a credential stands. Paths and members are upstream's own.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json as JsonBody};
use identity_vendors::Alpha2;
use idos_credential::RecipientKey;
use idos_credential::strict_json::Json;
use serde::Serialize;
use uuid::Uuid;

use super::common::{CALLER, ENCRYPTION_KEY, caller};
use crate::flow::relay::{self, NewConsumer, RelayError};
use crate::flow::verification::OpeningError;
use crate::http::kit::consumer::ConsumerId;
use crate::http::kit::json::{Faults, Object, uuid};
use crate::http::kit::problem::{Code, Location, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::relay::{ConsumerKey, TokenFault};
use crate::model::submitter::Submitter;

pub(super) const NEW_CONSUMER: &[&str] =
    &["name", "email", "publicKey", "consumerWallet", "consumerEncPubKey", "blockedCountries"];
pub(super) const SHARE: &[&str] = &["credentialId", "forClientId", "skipCheck"];

/// The longest name of a consumer, in bytes.
const LONGEST_NAME: usize = 128;

/// The longest e-mail address (RFC 5321, section 4.5.3.1), in bytes.
const LONGEST_EMAIL: usize = 320;

/// More codes than there are countries.
const MOST_COUNTRIES: usize = 300;

const NAME: &str = "must be a text without control characters, and without marks that turn its direction";
const KEY: &str = "must be a public key of the curve P-521 (ES512), as PEM (SubjectPublicKeyInfo) or JWK, without its private half";
const COUNTRY: &str = "must be the code of a country, of two or three letters (ISO 3166-1)";

#[derive(Serialize)]
struct Registered {
    id: Uuid,
}

/// Registers a consumer. Its e-mail address is taken, since upstream's consumers send one, and not kept.
pub(in crate::http) async fn register(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let new = new_consumer(&json::parse(&body.bytes)?);
    // Where there is none, nobody has to know what it would want.
    if !api.app.relay.enabled {
        return Err(Problem::new(Code::NotFound));
    }
    let consumer = relay::register(&api.app, &caller, new?).await?;
    Ok((StatusCode::CREATED, JsonBody(Registered { id: consumer.id })).into_response())
}

/// Strikes a consumer off.
pub(in crate::http) async fn remove(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = uuid(&id).ok_or_else(|| Problem::new(Code::NotFound))?;
    relay::remove(&api.app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn new_consumer(json: &Json) -> Result<NewConsumer, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_CONSUMER, &mut faults).and_then(|object| {
        let name = object.text("name", LONGEST_NAME, &mut faults);
        if name.as_deref().is_some_and(|name| name.trim().is_empty() || name.chars().any(misleads)) {
            faults.add("/name", NAME);
        }
        object.optional_text("email", LONGEST_EMAIL, &mut faults);
        let key = object.required("publicKey", &mut faults).and_then(|json| {
            let key = match json {
                Json::Text(text) => ConsumerKey::from_text(text),
                jwk => ConsumerKey::from_jwk(jwk),
            };
            key.map_err(|_| faults.add("/publicKey", KEY)).ok()
        });
        let grantee = object.parsed("consumerWallet", &mut faults, CALLER, caller);
        let encryption_key = object.parsed("consumerEncPubKey", &mut faults, ENCRYPTION_KEY, |text| {
            RecipientKey::from_base64(text).ok()
        });
        let blocked = match object.get("blockedCountries") {
            Some(json) => countries(json, &mut faults),
            None => Vec::new(),
        };
        Some(NewConsumer {
            name: name?,
            key: key?,
            grantee: grantee?,
            encryption_key: encryption_key?,
            blocked,
        })
    });
    faults.into_result(new)
}

/// Whether a character could make a name look like something else than it is.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Countries in one spelling each, in order.
fn countries(json: &Json, faults: &mut Faults) -> Vec<String> {
    const AT: &str = "/blockedCountries";
    let Json::List(all) = json else {
        faults.add(AT, "must be a list of codes of countries");
        return Vec::new();
    };
    if all.len() > MOST_COUNTRIES {
        faults.add(AT, "has more entries than there are countries");
        return Vec::new();
    }
    let mut read = Vec::new();
    for (at, one) in all.iter().enumerate() {
        match one.as_text().and_then(Alpha2::of_code) {
            Some(country) => read.push(country.as_str().to_owned()),
            None => faults.add(format!("{AT}/{at}"), COUNTRY),
        }
    }
    read.sort_unstable();
    read.dedup();
    read
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusView {
    id: Uuid,
    kyc_status: &'static str,
    /// A vendor's token for sharing a check. There is none here.
    token: Option<String>,
    for_client_id: Uuid,
}

/// How a credential of the consumer's stands.
pub(in crate::http) async fn status(
    State(api): State<Api>,
    Extension(ConsumerId(consumer)): Extension<ConsumerId>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = uuid(&id).ok_or_else(|| Problem::new(Code::NotFound))?;
    let status = relay::status(&api.app, consumer, id).await?;
    let view = StatusView { id, kyc_status: status.as_str(), token: None, for_client_id: consumer };
    Ok(JsonBody(view).into_response())
}

/// Hands nothing on: that takes a token of the vendor's, by which it would give what it knows of a person to a third party.
pub(in crate::http) async fn share(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let mut faults = Faults::default();
    let object = Object::of(&json::parse(&body.bytes)?, "", SHARE, &mut faults).map(|_| ());
    faults.into_result(object)?;
    Err(Problem::new(Code::NotOffered).because(
        "No check is handed on to another consumer here: have the person share the credential by an access grant of idOS.",
    ))
}

impl From<RelayError> for Problem {
    fn from(error: RelayError) -> Self {
        match error {
            RelayError::Unknown => Self::new(Code::NotFound),
            RelayError::NotYours => {
                Self::new(Code::Forbidden).because("The relay is another client's: relay.client names whose.")
            }
            RelayError::Token(fault) => {
                let code = if fault == TokenFault::Expired { Code::LinkExpired } else { Code::TokenRefused };
                Self::new(code).at(Location::Pointer("/token".to_owned()), fault.to_string())
            }
            RelayError::Claim(error) => error.into(),
            RelayError::Opening(error) => {
                // The person can do nothing about it: it is all said by the configuration.
                match error {
                    OpeningError::Store(error) => error.into(),
                    error => Self::fault(&error),
                }
            }
            RelayError::Store(error) => error.into(),
        }
    }
}
