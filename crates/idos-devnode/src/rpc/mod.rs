//! The JSON-RPC surface: what a request must look like, the table of methods, and what becomes of an answer.

mod broadcast;
mod call;
mod challenge;
mod dev;
mod error;
mod http;
mod info;
mod login;
mod query;
mod server;

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use challenge::Challenges;
pub(crate) use error::RpcError;
pub(crate) use http::router;
pub(crate) use server::serve;

use crate::faults::{Ending, Plan, Refuse};
use crate::gateway;
use crate::node::Shared;

/// What goes back to a client.
pub(crate) enum Answer {
    /// A JSON body, and a cookie to set.
    Json(StatusCode, Value, Option<String>),
    /// Nothing: the connection is closed.
    HangUp,
    /// Nothing, and the connection stays open.
    Silence,
}

/// A method's success: its result, and a cookie to set.
struct Reply {
    result: Value,
    set_cookie: Option<String>,
}

/// What a method may need of the HTTP request.
struct Origin {
    /// The session token in the cookie.
    session: Option<String>,
    /// How the client addresses this node: scheme, host and port.
    base_url: String,
}

/// A request, as far as it is right.
struct Request {
    id: Value,
    method: String,
    params: Value,
}

type Outcome = Result<Reply, RpcError>;

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

    let Request { id, method, params } = request;
    let outcome = match &plan.refuse {
        Some(refuse) => Err(refused(&method, refuse)),
        None => run(node, &Origin::read(node, headers), &method, params, &plan).await,
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
        "user.call" => call::call(node, origin, params).await,
        "user.query" => query::query(node, params),
        "user.authenticated_query" => query::authenticated_query(),
        "user.challenge" => challenge::challenge(node),
        "kgw.authn_param" if !node.config.private_mode => login::authn_param(node, origin).await,
        "kgw.authn" if !node.config.private_mode => login::authn(node, params).await,
        "kgw.logout" if !node.config.private_mode => login::logout(node, origin, params).await,
        "" => Err(RpcError::new(error::UNKNOWN_METHOD, "no route was supplied")),
        _ => Err(RpcError::new(error::UNKNOWN_METHOD, "unknown method")),
    }
}

/// The request object. Errors come with the id to answer, which is -1 where none could be read.
fn read(body: &[u8]) -> Result<Request, (Value, RpcError)> {
    let unreadable = || (json!(-1), RpcError::new(error::PARSE, "invalid request"));
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else { return Err(unreadable()) };
    let mut take = |name: &str| members.remove(name).unwrap_or(Value::Null);
    let (version, id, method, params) = (take("jsonrpc"), take("id"), take("method"), take("params"));
    let method = match method {
        Value::String(method) => method,
        Value::Null => String::new(),
        _ => return Err(unreadable()),
    };
    if version != json!("2.0") || is_zero(&id) {
        let error = RpcError::new(error::INVALID_REQUEST, "invalid json-rpc request object");
        return Err((id, error));
    }
    Ok(Request { id, method, params })
}

/// An id must be something: not null, 0, false or the empty text.
fn is_zero(id: &Value) -> bool {
    match id {
        Value::Null => true,
        Value::Bool(id) => !id,
        Value::Number(id) => id.as_f64() == Some(0.0),
        Value::String(id) => id.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// The params of a method. Params are named; nothing and null are no params.
fn read_params<T: DeserializeOwned>(params: Value) -> Result<T, RpcError> {
    let params = match params {
        Value::Null => json!({}),
        Value::Object(_) => params,
        _ => return Err(RpcError::invalid_params()),
    };
    serde_json::from_value(params).map_err(|_| RpcError::invalid_params())
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

impl Origin {
    fn read(node: &Shared, headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let session = cookies.into_iter().find_map(gateway::session_in).map(str::to_owned);
        Self { session, base_url: base_url(headers).unwrap_or_else(|| node.url.clone()) }
    }
}

/// The URL by which the client addresses this node, from its Host header: clients refuse to sign a login for any
/// other, and `localhost` is not `127.0.0.1` to them.
fn base_url(headers: &HeaderMap) -> Option<String> {
    const LONGEST: usize = 255;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    if host.is_empty() || host.len() > LONGEST || !host.bytes().all(is_plain) {
        return None;
    }
    let is_https = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    Some(format!("{}://{host}", if is_https { "https" } else { "http" }))
}

impl From<Value> for Reply {
    fn from(result: Value) -> Self {
        Self { result, set_cookie: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_version_and_id() {
        let code = |body: &str| read(body.as_bytes()).map_or_else(|(_, error)| error.code, |_| 0);
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"user.ping","params":{}}"#), 0);
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":"a","method":"user.ping"}"#), 0);
        for body in ["", "x", "[]", "1", "null", r#"{"jsonrpc":"2.0","id":1,"method":1}"#, "{", "\u{1}"] {
            assert_eq!(code(body), error::PARSE, "{body}");
        }
        for body in [
            "{}",
            r#"{"jsonrpc":"2.0","method":"user.ping"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"user.ping"}"#,
            r#"{"jsonrpc":"2.0","id":0,"method":"user.ping"}"#,
            r#"{"jsonrpc":"2.0","id":"","method":"user.ping"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"user.ping"}"#,
        ] {
            assert_eq!(code(body), error::INVALID_REQUEST, "{body}");
        }
    }

    #[test]
    fn the_base_url_is_the_clients() {
        let of =
            |host: &'static str| base_url(&HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]));
        assert_eq!(of("localhost:8484").as_deref(), Some("http://localhost:8484"));
        assert_eq!(of("[::1]:1").as_deref(), Some("http://[::1]:1"));
        for host in ["", "a b", "a\tb", "a/b"] {
            assert_eq!(of(host), None, "{host}");
        }
    }
}
