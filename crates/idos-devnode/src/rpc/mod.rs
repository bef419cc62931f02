//! The JSON-RPC surface: the table of methods, and what becomes of an answer.

mod blob;
mod broadcast;
mod call;
mod challenge;
mod dev;
mod http;
mod info;
mod query;
mod respond;
mod server;

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

pub(crate) use http::router;
pub(crate) use server::serve;

use crate::faults::{Ending, Plan, Refuse};
use crate::jsonrpc::{Origin, Outcome, Reply, Request, RpcError, error, login, read, read_params};
use crate::shared::Shared;

/// What goes back to a client.
pub(crate) enum Answer {
    /// A JSON body, and a cookie to set.
    Json(StatusCode, Value, Option<String>),
    /// A body as it is.
    Raw(StatusCode, String),
    /// Status 429, and in how many seconds to come again.
    TooMany(u32),
    /// Nothing: the connection is closed.
    HangUp,
    /// Nothing, and the connection stays open.
    Silence,
}

/// Answers the body of a `POST /rpc/v1`.
pub(crate) async fn answer(node: &Arc<Shared>, headers: &HeaderMap, body: &[u8]) -> Answer {
    let request = match read(body) {
        Ok(request) => request,
        Err((id, error)) => {
            // A request without a readable method is met by those faults only that meet all requests.
            let plan = node.faults.plan("", None);
            return if plan.down { Answer::HangUp } else { failure(&id, &error) };
        }
    };
    let action = if node.faults.look_at_actions() { call::action_name(&request) } else { None };
    let plan = node.faults.plan(&request.method, action.as_deref());
    if plan.down {
        return Answer::HangUp;
    }
    if let Some(delay) = plan.delay {
        wait(node, delay).await;
    }

    if let Some(answer) = plan.instead() {
        return answer;
    }

    let Request { id, method, params, .. } = request;
    let outcome = match &plan.refuse {
        Some(refuse) => Err(refused(&method, refuse)),
        None => run(node, &Origin::read(headers, &node.url), &method, params, &plan).await,
    };
    match plan.ending {
        Ending::Answer => {}
        Ending::HangUp => return Answer::HangUp,
        Ending::Silence => return Answer::Silence,
    }
    match outcome {
        Ok(Reply { result, set_cookie }) => {
            let body = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            Answer::Json(StatusCode::OK, body, set_cookie)
        }
        Err(error) => {
            tracing::debug!(method, code = error.code, "A request failed");
            failure(&id, &error)
        }
    }
}

impl Plan {
    /// What a fault answers in the node's place.
    fn instead(&self) -> Option<Answer> {
        if let Some((status, body)) = &self.answer {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            return Some(Answer::Raw(status, body.clone()));
        }
        self.too_many.map(Answer::TooMany)
    }
}

/// Every method. Those of the gateway are not there in private mode, which is a node without gateway.
async fn run(node: &Arc<Shared>, origin: &Origin, method: &str, params: Value, plan: &Plan) -> Outcome {
    match method {
        "user.chain_info" => info::chain_info(node).await,
        "user.health" => info::health(node).await.map(Reply::from),
        "user.version" => Ok(info::version()),
        "user.ping" => Ok(info::ping()),
        "user.account" => info::account(node, params, plan.wrong_nonce).await,
        "user.num_accounts" => info::num_accounts(node).await,
        "user.estimate_price" => info::estimate_price(params),
        "user.tx_query" => info::tx_query(node, params).await,
        "user.broadcast" => broadcast::broadcast(node, params, plan).await,
        "user.call" => call::call(node, origin, params, plan).await,
        "user.query" => query::query(node, params),
        "user.authenticated_query" => query::authenticated_query(),
        "user.challenge" => challenge::challenge(node),
        "kgw.authn_param" if !node.config.private_mode => {
            let mut chain = node.chain.lock().await;
            login::authn_param(&node.gateway, &mut chain.db, node.config.clock.now(), origin).await
        }
        "kgw.authn" if !node.config.private_mode => {
            let mut chain = node.chain.lock().await;
            login::authn(&node.gateway, &mut chain.db, node.config.clock.now(), params).await
        }
        "kgw.logout" if !node.config.private_mode => {
            let mut chain = node.chain.lock().await;
            login::logout(&node.gateway, &mut chain.db, origin, params).await
        }
        "" => Err(RpcError::new(error::UNKNOWN_METHOD, "no route was supplied")),
        _ => Err(RpcError::new(error::UNKNOWN_METHOD, "unknown method")),
    }
}

fn failure(id: &Value, error: &RpcError) -> Answer {
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() });
    Answer::Json(error.status(), body, None)
}

fn refused(method: &str, refuse: &Refuse) -> RpcError {
    let is_broadcast = method == "user.broadcast";
    if is_broadcast && refuse.code.is_none_or(|code| code == error::BROADCAST_REJECTED) {
        let code = refuse.transaction_code.unwrap_or(11);
        let message = refuse.message.clone().unwrap_or_else(|| match code {
            11 => "mempool is full".to_owned(),
            _ => "refused by a fault switch".to_owned(),
        });
        let data = json!({ "code": code, "message": message });
        let message = "broadcast error".to_owned();
        return RpcError { code: error::BROADCAST_REJECTED, message, data: Some(data) };
    }
    let message = refuse.message.clone().unwrap_or_else(|| "refused by a fault switch".to_owned());
    RpcError::new(refuse.code.unwrap_or(error::NODE_INTERNAL), message)
}

/// Waits, but not for longer than the node runs.
async fn wait(node: &Shared, delay: std::time::Duration) {
    tokio::select! {
        () = tokio::time::sleep(delay) => {}
        () = node.stopped() => {}
    }
}
