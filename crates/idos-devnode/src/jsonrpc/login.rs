//! The methods by which clients log in and out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::{Origin, Outcome, Reply, RpcError, read_params};
use crate::gateway::{Client, Gateway};

/// `kgw.authn_param`: the text for a login.
pub async fn authn_param(
    gateway: &Gateway,
    db: &mut SqliteConnection,
    now: DateTime<Utc>,
    origin: &Origin,
) -> Outcome {
    let offer = gateway.offer(db, now, &origin.base_url).await?;
    Ok(json!(offer).into())
}

/// `kgw.authn`: a signed login. The result must be truthy for the JavaScript client; the session is in the cookie.
pub async fn authn(
    gateway: &Gateway,
    db: &mut SqliteConnection,
    now: DateTime<Utc>,
    params: Value,
) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        nonce: String,
        sender: String,
        signature: Signature,
    }
    #[derive(Deserialize)]
    struct Signature {
        sig: String,
        #[serde(rename = "type")]
        signature_type: String,
    }

    let Params { nonce, sender, signature } = read_params(params)?;
    let sender = hex::decode(sender).map_err(|_| RpcError::invalid_params())?;
    let bytes = STANDARD.decode(signature.sig).map_err(|_| RpcError::invalid_params())?;
    let client = Client { sender: &sender, signature_type: &signature.signature_type };
    let cookie = gateway.log_in(db, now, &nonce, client, &bytes).await?;
    Ok(Reply { result: json!({}), set_cookie: Some(cookie) })
}

/// `kgw.logout`. The account that clients send along may be empty; the session in the cookie is what ends.
pub async fn logout(gateway: &Gateway, db: &mut SqliteConnection, origin: &Origin, params: Value) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        #[serde(default, rename = "account")]
        _account: Option<String>,
    }
    let _params: Params = read_params(params)?;
    let cookie = gateway.log_out(db, origin.session.as_deref()).await?;
    Ok(Reply { result: json!({}), set_cookie: Some(cookie) })
}
