//! Questions to a node that `idos-client` has no words for.

use std::time::Duration;

use axum::http::{Method, Request, Response, StatusCode, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// A node does not say what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RpcFailure {
    /// There is no connection.
    #[error("the node cannot be reached")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    /// The answer did not come, or not to the end.
    #[error("the node did not answer")]
    NoAnswer(#[source] hyper_util::client::legacy::Error),
    /// The answer broke off.
    #[error("the node's answer broke off")]
    BrokenOff,
    /// No answer came in time.
    #[error("the node did not answer within {} seconds", .0.as_secs())]
    TooLate(Duration),
    /// The answer is something else than what it should be.
    #[error("the node's answer is malformed")]
    Malformed,
    /// The node refuses.
    #[error("the node answered with the error {code}: {message}")]
    Refused {
        /// The JSON-RPC code.
        code: i64,
        /// The node's words.
        message: String,
    },
}

/// The largest answer that is read, in bytes: a block of 6 MiB in base64, and more.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A server that speaks HTTP on loopback.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    url: String,
    /// What it wants to see from whoever asks.
    authorization: Option<String>,
    patience: Duration,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Server {
    /// The server at this port. `patience` is how long an answer may take.
    pub(crate) fn at(port: u16, patience: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Self { url: format!("http://127.0.0.1:{port}"), authorization: None, patience, http }
    }

    /// The same for a server that asks for a password.
    pub(crate) fn with_password(mut self, user: &str, password: &str) -> Self {
        self.authorization = Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        self
    }

    /// The base URL, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Passes a request on, and gives back the whole answer.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, RpcFailure> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() =
            format!("{}{path}", self.url).parse::<Uri>().map_err(|_| RpcFailure::Malformed)?;
        let answer = async {
            let response = self.http.request(request).await.map_err(|error| {
                if error.is_connect() { RpcFailure::Unreachable(error) } else { RpcFailure::NoAnswer(error) }
            })?;
            let (head, body) = response.into_parts();
            let body = http_body_util::Limited::new(body, MAX_ANSWER).collect().await;
            Ok(Response::from_parts(head, body.map_err(|_| RpcFailure::BrokenOff)?.to_bytes()))
        };
        tokio::time::timeout(self.patience, answer).await.unwrap_or(Err(RpcFailure::TooLate(self.patience)))
    }

    /// Calls a JSON-RPC method.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value, RpcFailure> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/rpc/v1")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(body.into()).map_err(|_| RpcFailure::Malformed)?;
        let mut answer = json_of(&self.send(request).await?)?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let code = error.get("code").and_then(Value::as_i64).ok_or(RpcFailure::Malformed)?;
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(RpcFailure::Refused { code, message });
        }
        answer.get_mut("result").map(Value::take).ok_or(RpcFailure::Malformed)
    }

    /// Reads a page of JSON, whatever its status.
    pub(crate) async fn get(&self, path: &str) -> Result<(StatusCode, Value), RpcFailure> {
        let request =
            Request::builder().uri(path).body(Full::default()).map_err(|_| RpcFailure::Malformed)?;
        let answer = self.send(request).await?;
        Ok((answer.status(), json_of(&answer)?))
    }
}

fn json_of(answer: &Response<Bytes>) -> Result<Value, RpcFailure> {
    serde_json::from_slice(answer.body()).map_err(|_| RpcFailure::Malformed)
}
