//! `user.call`: a view, run for whom the client says it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use idos_client::encoding::{ActionCall, ActionExecution, DecodeError, Place, Reason};
use idos_wallet::{SignatureType, caller_of};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Origin, Outcome, Request, RpcError, challenge, error, read_params};
use crate::actions::columns;
use crate::chain::ViewCall;
use crate::faults::Plan;
use crate::gateway::Client;
use crate::shared::Shared;
use crate::state::credentials::Seen;

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    body: Body,
    #[serde(default)]
    auth_type: Option<String>,
    #[serde(default)]
    sender: Option<String>,
    #[serde(default)]
    signature: Option<String>,
}

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    payload: Option<String>,
    #[serde(default)]
    challenge: Option<String>,
}

pub(super) async fn call(node: &Shared, origin: &Origin, params: Value, plan: &Plan) -> Outcome {
    let Params { body, auth_type, sender, signature } = read_params(params)?;
    let sender = hex::decode(sender.unwrap_or_default()).map_err(|_| RpcError::invalid_params())?;
    let [payload, challenge, signature] = [body.payload, body.challenge, signature].map(decode_base64);
    let (payload, challenge, signature) = (payload?, challenge?, signature?);
    let client = Client { sender: &sender, signature_type: &auth_type.unwrap_or_default() };

    if node.config.require_sessions && !node.config.private_mode {
        let mut chain = node.chain.lock().await;
        let now = node.config.clock.now();
        node.gateway.admit(&mut chain.db, now, origin.session.as_deref(), client).await?;
    }
    let call = ActionCall::decode(&payload).map_err(|why| {
        // Lengths and versions are read first, then the arguments.
        let what = match why {
            DecodeError {
                place: Place::Argument { .. },
                reason:
                    Reason::UnknownType
                    | Reason::ElementCount
                    | Reason::NullMark
                    | Reason::BadElement
                    | Reason::NotUtf8
                    | Reason::Numeric(_),
            } => "decode argument",
            _ => "convert action call",
        };
        RpcError::new(error::INVALID_PARAMS, format!("failed to {what}: {why}"))
    })?;
    if node.config.private_mode {
        let signed =
            challenge::SignedCall { payload: &payload, challenge: &challenge, signature: &signature };
        challenge::verify(node, client, &call, &signed)?;
    }
    let caller = caller(client)?;

    let now = node.config.clock.now().timestamp();
    let view = ViewCall {
        caller: &caller,
        namespace: call.namespace,
        action: call.action,
        arguments: call.arguments,
        seen: if plan.shows_preliminary { Seen::All } else { Seen::Uploaded },
    };
    let outcome = node.chain.lock().await.call(now, view).await;
    match outcome {
        Ok((action, rows)) => {
            let (names, types) = columns(action);
            let result = if rows.is_empty() {
                nothing()
            } else {
                json!({ "column_names": names, "column_types": types, "values": rows })
            };
            Ok(json!({ "query_result": result, "logs": "", "error": null }).into())
        }
        Err(failure) => match failure.as_view_error() {
            Some(message) => {
                tracing::warn!(
                    action = call.action,
                    "The view failed: \"{message}\". The answer is a success with that in its member `error`, which \
                     the JavaScript client swallows: it shows no rows and no error"
                );
                Ok(json!({ "query_result": nothing(), "logs": "", "error": message }).into())
            }
            None => Err(failure.into()),
        },
    }
}

/// The name of the action that a request calls, for fault switches. `None` if it calls none, or none that could
/// be read.
pub(super) fn action_name(request: &Request) -> Option<String> {
    let member = |names: &[&str]| {
        let payload = names.iter().try_fold(&request.params, |value, name| value.get(name))?;
        STANDARD.decode(payload.as_str()?).ok()
    };
    match request.method.as_str() {
        "user.call" => {
            let payload = member(&["body", "payload"])?;
            Some(ActionCall::decode(&payload).ok()?.action.to_lowercase())
        }
        "user.broadcast" => {
            let payload = member(&["tx", "body", "payload"])?;
            Some(ActionExecution::decode(&payload).ok()?.action.to_lowercase())
        }
        _ => None,
    }
}

/// A result without rows: its three members are null.
fn nothing() -> Value {
    json!({ "column_names": null, "column_types": null, "values": null })
}

/// `@caller`; empty without sender, and, as on a real node, without auth type.
fn caller(client: Client<'_>) -> Result<String, RpcError> {
    if client.sender.is_empty() || client.signature_type.is_empty() {
        return Ok(String::new());
    }
    let fail = |why: String| RpcError::new(error::NO_CALLER, format!("failed to get caller: {why}"));
    let auth_type: SignatureType =
        client.signature_type.parse().map_err(|_| fail("unknown auth type".into()))?;
    caller_of(auth_type, client.sender).map(Into::into).map_err(|why| fail(why.to_string()))
}

fn decode_base64(text: Option<String>) -> Result<Vec<u8>, RpcError> {
    STANDARD.decode(text.unwrap_or_default()).map_err(|_| RpcError::invalid_params())
}
