//! The session gateway before a node: logins are answered here, views with a sender need a session of that sender, and
//! everything else passes to the node and back as it is; with the next schema, contents are taken and given, too.

mod blobs;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use idos_devnode::Clock;
use idos_devnode::gateway::{Client, Gateway as Sessions, Settings};
use idos_devnode::jsonrpc::{
    self, GATEWAY_INTERNAL, INVALID_REQUEST, MAX_REQUEST, Origin, Outcome, Reply, RpcError, login, respond,
    with_cors,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

pub(crate) use blobs::{BlobGateway, Contents};

use crate::config::LocalnetConfig;
use crate::rpc::{RpcFailure, Server};

/// How long a node may take for an answer: longer than the 20 s after which it gives up itself.
const PATIENCE: Duration = Duration::from_secs(25);

/// A gateway that serves requests. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Gateway {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

/// What all requests share.
#[derive(Debug)]
struct Shared {
    url: String,
    node: Server,
    require_sessions: bool,
    sessions: Sessions,
    db: Mutex<SqliteConnection>,
    clock: Clock,
    /// There with the next schema.
    blobs: Option<BlobGateway>,
}

impl Gateway {
    /// A gateway before the node at this port, which need not run yet.
    pub(crate) async fn start(
        listener: TcpListener,
        node_port: u16,
        config: &LocalnetConfig,
        blobs: Option<BlobGateway>,
    ) -> Result<Self, sqlx::Error> {
        let mut db = SqliteConnection::connect("sqlite::memory:").await?;
        Sessions::prepare(&mut db).await?;
        let address = listener.local_addr()?;
        let settings = Settings {
            chain_id: config.chain_id.clone(),
            login_life: config.login_life,
            session_life: config.session_life,
        };
        let shared = Arc::new(Shared {
            url: format!("http://{address}"),
            node: Server::at(node_port, PATIENCE),
            require_sessions: config.require_sessions,
            sessions: Sessions::new(settings),
            db: Mutex::new(db),
            clock: Clock::system(),
            blobs,
        });
        let mut router = Router::new();
        if shared.blobs.is_some() {
            router = router
                .route("/blob/v1/requests/{request_id}/upload", post(blobs::upload))
                .route("/blob/v1/ipfs/{cid}", get(blobs::fetch));
        }
        let router = router.fallback(serve).with_state(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let until = async {
                let _told_or_forgotten = stopped.await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
                tracing::error!(%error, "A gateway has ended");
            }
        });
        Ok(Self { address, shared, stop: Some(stop), server })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients reach it, without trailing slash.
    pub(crate) fn url(&self) -> &str {
        &self.shared.url
    }

    /// Where the node behind it listens, without trailing slash.
    pub(crate) fn node_url(&self) -> &str {
        self.shared.node.url()
    }

    /// How many sessions there are, ended ones perhaps included.
    pub(crate) async fn sessions(&self) -> Result<i64, sqlx::Error> {
        let mut db = self.shared.db.lock().await;
        sqlx::query_scalar("SELECT COUNT(*) FROM kgw_sessions").fetch_one(&mut *db).await
    }

    /// Stops it. Requests under way get a moment to end.
    pub(crate) async fn stop(mut self) {
        const GRACE: Duration = Duration::from_secs(2);
        drop(self.stop.take());
        let _late_or_panicked = tokio::time::timeout(GRACE, &mut self.server).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(gateway): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let origin = head.headers.get(header::ORIGIN).cloned();
    let Ok(body) = to_bytes(body, MAX_REQUEST).await else {
        let refusal = (StatusCode::BAD_REQUEST, "error reading request body\n").into_response();
        return with_cors(refusal, origin);
    };
    let is_call = head.method == Method::POST && head.uri.path() == "/rpc/v1";
    let ours = if is_call { gateway.answer(&head.headers, &body).await } else { None };
    match ours {
        Some(response) => with_cors(response, origin),
        None => gateway.pass_on(head, body).await,
    }
}

impl Shared {
    fn url(&self) -> &str {
        &self.url
    }

    /// The answer to a request that is not the node's to answer; `None` if it is.
    async fn answer(&self, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
        // The node says itself what is wrong with what cannot be read.
        let request = jsonrpc::read(body).ok()?;
        if request.has_others {
            // The node is lenient about the letter case of names, so a call could come disguised as something else.
            return Some(response(&request.id, Err(RpcError::new(INVALID_REQUEST, "unknown members"))));
        }
        let origin = Origin::read(headers, &self.url);
        let now = self.clock.now();
        let outcome = match request.method.as_str() {
            "kgw.authn_param" => {
                let mut db = self.db.lock().await;
                login::authn_param(&self.sessions, &mut db, now, &origin).await
            }
            "kgw.authn" => {
                let mut db = self.db.lock().await;
                login::authn(&self.sessions, &mut db, now, request.params).await
            }
            "kgw.logout" => {
                let mut db = self.db.lock().await;
                login::logout(&self.sessions, &mut db, &origin, request.params).await
            }
            "user.call" if self.require_sessions => match self.admit(&origin, request.params).await {
                Ok(()) => return None,
                Err(error) => Err(error),
            },
            _ => return None,
        };
        Some(response(&request.id, outcome))
    }

    async fn admit(&self, origin: &Origin, params: Value) -> Result<(), RpcError> {
        /// All members are named, because the node takes `Sender` for `sender`.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Params {
            #[serde(default, rename = "body")]
            _body: IgnoredAny,
            #[serde(default)]
            auth_type: Option<String>,
            #[serde(default)]
            sender: Option<String>,
            #[serde(default, rename = "signature")]
            _signature: IgnoredAny,
        }
        let Params { auth_type, sender, .. } = jsonrpc::read_params(params)?;
        let sender = hex::decode(sender.unwrap_or_default()).map_err(|_| RpcError::invalid_params())?;
        let client = Client { sender: &sender, signature_type: &auth_type.unwrap_or_default() };
        let mut db = self.db.lock().await;
        Ok(self.sessions.admit(&mut db, self.clock.now(), origin.session.as_deref(), client).await?)
    }

    /// Passes a request to the node, and its answer back.
    async fn pass_on(&self, head: Parts, body: Bytes) -> Response {
        let origin = head.headers.get(header::ORIGIN).cloned();
        let mut request = Request::from_parts(head, body.clone().into());
        remove_hop_by_hop(request.headers_mut());
        request.headers_mut().remove(header::HOST); // the node's own goes there
        match self.node.send(request).await {
            Ok(mut answer) => {
                remove_hop_by_hop(answer.headers_mut());
                answer.map(Body::from)
            }
            Err(failure) => {
                tracing::warn!(cause = std::error::Error::source(&failure), "{failure}");
                let status = match failure {
                    RpcFailure::TooLate(_) => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                let id = jsonrpc::read(&body).map_or_else(|(id, _)| id, |request| request.id);
                let error = RpcError::new(GATEWAY_INTERNAL, failure.to_string());
                let body = json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() });
                with_cors(respond(status, &body, None), origin)
            }
        }
    }
}

fn response(id: &Value, outcome: Outcome) -> Response {
    match outcome {
        Ok(Reply { result, set_cookie }) => {
            let body = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            respond(StatusCode::OK, &body, set_cookie)
        }
        Err(error) => {
            let body = json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() });
            respond(error.status(), &body, None)
        }
    }
}

/// Takes away what is between two neighbours (RFC 9110 7.6.1), and the length, which is written anew.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    const NAMES: [HeaderName; 5] =
        [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TE, header::CONTENT_LENGTH];
    for name in NAMES {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}
