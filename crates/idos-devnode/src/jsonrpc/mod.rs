//! What stands before a node: how a JSON-RPC request is read and answered over HTTP, and the methods by which a
//! client logs in.
//!
//! It knows nothing of actions, blocks, or of which node it is, so a gateway before real node software uses it, too.

pub(crate) mod error;
pub(crate) mod http;
pub mod login;

use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use error::{GATEWAY_INTERNAL, INVALID_REQUEST, RpcError};
pub use http::{MAX_REQUEST, json_response, respond, with_cors};

use crate::gateway;

/// A method's success.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// The result.
    pub result: Value,
    /// The value of `Set-Cookie`, if a cookie is to be set.
    pub set_cookie: Option<String>,
}

/// What a method may need of the HTTP request.
#[derive(Clone)]
pub struct Origin {
    /// The session token in the cookie.
    pub session: Option<String>,
    /// How the client addresses this node: scheme, host and port.
    pub base_url: String,
}

/// A request, as far as it is right.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// What the answer must carry.
    pub id: Value,
    /// The method; empty if there was none.
    pub method: String,
    /// The params, read by [`read_params`].
    pub params: Value,
    /// Whether it has members that JSON-RPC does not know. This node passes over them; one in Go takes `Method` for
    /// `method`.
    pub has_others: bool,
}

/// What a method comes to.
pub type Outcome = Result<Reply, RpcError>;

/// The request object. Errors come with the id to answer, which is -1 where none could be read.
pub fn read(body: &[u8]) -> Result<Request, (Value, RpcError)> {
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
    Ok(Request { id, method, params, has_others: !members.is_empty() })
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

/// The params of a method. Params are named; nothing and null are no params. The error does not say what is wrong.
pub fn read_params<T: DeserializeOwned>(params: Value) -> Result<T, RpcError> {
    let params = match params {
        Value::Null => json!({}),
        Value::Object(_) => params,
        _ => return Err(RpcError::invalid_params()),
    };
    serde_json::from_value(params).map_err(|_| RpcError::invalid_params())
}

impl Origin {
    /// What the headers of a request say. `fallback_url` is for clients that send no usable `Host`.
    #[must_use]
    pub fn read(headers: &HeaderMap, fallback_url: &str) -> Self {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let session = cookies.into_iter().find_map(gateway::session_in).map(str::to_owned);
        Self { session, base_url: base_url(headers).unwrap_or_else(|| fallback_url.to_owned()) }
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
