//! JSON-RPC errors, with Kwil's codes.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::actions::Failure;
use crate::chain::Rejection;
use crate::gateway;

/// A JSON-RPC error.
#[derive(Clone, PartialEq, Debug)]
pub struct RpcError {
    /// Kwil's code.
    pub code: i64,
    /// What is wrong, for the client.
    pub message: String,
    /// What else there is to say.
    pub data: Option<Value>,
}

pub(crate) const PARSE: i64 = -32700;
/// It is no JSON-RPC request.
pub const INVALID_REQUEST: i64 = -32600;
pub(crate) const UNKNOWN_METHOD: i64 = -32601;
pub(crate) const INVALID_PARAMS: i64 = -32602;
pub(crate) const INTERNAL: i64 = -32603;
pub(crate) const BROADCAST_REJECTED: i64 = -201;
pub(crate) const TX_NOT_FOUND: i64 = -202;
pub(crate) const ENGINE: i64 = -300;
pub(crate) const ACCOUNT: i64 = -500;
pub(crate) const NO_CALLER: i64 = -601;
pub(crate) const NODE_INTERNAL: i64 = -700;
/// The gateway itself failed, or what stands behind it.
pub const GATEWAY_INTERNAL: i64 = -900;
pub(crate) const NO_CHALLENGE: i64 = -1001;
pub(crate) const CHALLENGE_LENGTH: i64 = -1002;
pub(crate) const CHALLENGE_EXPIRED: i64 = -1003;
pub(crate) const CALL_SIGNATURE: i64 = -1004;
pub(crate) const CHALLENGE_RATE: i64 = -1006;
pub(crate) const NO_QUERY_IN_PRIVATE: i64 = -1007;
pub(crate) const NO_AUTHENTICATED_QUERY: i64 = -1008;

impl RpcError {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// What is wrong is not said in detail: it would repeat what the client sent.
    #[must_use]
    pub fn invalid_params() -> Self {
        Self::new(INVALID_PARAMS, "invalid params for this method")
    }

    /// The HTTP status: 200 for all errors but five, as Kwil has it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code {
            UNKNOWN_METHOD => StatusCode::NOT_FOUND,
            PARSE | INVALID_REQUEST | INVALID_PARAMS => StatusCode::BAD_REQUEST,
            INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::OK,
        }
    }

    /// The member `error` of an answer.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = json!({ "code": self.code, "message": self.message });
        if let (Some(data), Some(members)) = (&self.data, json.as_object_mut()) {
            members.insert("data".to_owned(), data.clone());
        }
        json
    }
}

/// Zero and empty members of the data are left out.
impl From<Rejection> for RpcError {
    fn from(rejection: Rejection) -> Self {
        let Rejection { code, hash, message } = rejection;
        let mut data = serde_json::Map::new();
        if code != 0 {
            data.insert("code".to_owned(), json!(code));
        }
        if !hash.is_empty() {
            data.insert("hash".to_owned(), json!(hash));
        }
        if !message.is_empty() {
            data.insert("message".to_owned(), json!(message));
        }
        Self { code: BROADCAST_REJECTED, message: "broadcast error".to_owned(), data: Some(data.into()) }
    }
}

impl From<sqlx::Error> for RpcError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "The node's database failed");
        Self::new(NODE_INTERNAL, "node internal error")
    }
}

impl From<gateway::Error> for RpcError {
    fn from(error: gateway::Error) -> Self {
        match error {
            gateway::Error::Refused(refusal) => Self::new(refusal.code(), refusal.to_string()),
            gateway::Error::Database(error) => {
                tracing::error!(%error, "The gateway's database failed");
                Self::new(GATEWAY_INTERNAL, "gateway internal error")
            }
        }
    }
}

/// For failures that are no answer of the view: see `Failure::as_view_error`.
impl From<Failure> for RpcError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Node(error) => error.into(),
            Failure::Raised(message) => Self::new(ENGINE, message),
            Failure::Data(message) | Failure::Engine(message) => Self::new(ENGINE, message),
        }
    }
}
