//! The methods of the gateway.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Origin, Outcome, Reply, RpcError, read_params};
use crate::gateway::Client;
use crate::node::Shared;

pub(super) async fn authn_param(node: &Shared, origin: &Origin) -> Outcome {
    let mut chain = node.chain.lock().await;
    let offer = node.gateway.offer(&mut chain.db, node.config.clock.now(), &origin.base_url).await?;
    Ok(json!(offer).into())
}

/// The result must be truthy for the JavaScript client; the session is in the cookie.
pub(super) async fn authn(node: &Shared, params: Value) -> Outcome {
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
    let mut chain = node.chain.lock().await;
    let now = node.config.clock.now();
    let cookie = node.gateway.log_in(&mut chain.db, now, &nonce, client, &bytes).await?;
    Ok(Reply { result: json!({}), set_cookie: Some(cookie) })
}

/// The account that clients send along may be empty; the session in the cookie is what ends.
pub(super) async fn logout(node: &Shared, origin: &Origin, params: Value) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        #[serde(default, rename = "account")]
        _account: Option<String>,
    }
    let _params: Params = read_params(params)?;
    let mut chain = node.chain.lock().await;
    let cookie = node.gateway.log_out(&mut chain.db, origin.session.as_deref()).await?;
    Ok(Reply { result: json!({}), set_cookie: Some(cookie) })
}
