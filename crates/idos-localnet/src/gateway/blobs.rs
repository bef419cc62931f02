//! The blob gateway of a network with the next schema: the development node's own, before the rows of a validator.
//!
//! It has no fault switches, and rows are seen before their contents have come: what hides them on the development node is
//! no part of the schema.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use idos_devnode::blobs::{self, ContentId, Named, Refusal, Upload};
use idos_devnode::jsonrpc::{Origin, json_response};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Shared;

/// How many machines say that they have what was uploaded, as on the development node.
const QUORUM: u32 = 3;

/// The contents of a network, which all its gateways share.
#[derive(Clone, Debug)]
pub(crate) struct Contents(Arc<Mutex<SqliteConnection>>);

/// The contents, and the rows of the validator behind one gateway.
#[derive(Debug)]
pub(crate) struct BlobGateway {
    pub(crate) contents: Contents,
    pub(crate) rows: PgConnectOptions,
}

impl Contents {
    /// None yet, in memory.
    pub(crate) async fn new() -> Result<Self, sqlx::Error> {
        let mut db = SqliteConnection::connect("sqlite::memory:").await?;
        blobs::prepare(&mut db).await?;
        Ok(Self(Arc::new(Mutex::new(db))))
    }

    /// Forgets all.
    pub(crate) async fn clear(&self) -> Result<(), sqlx::Error> {
        blobs::clear(&mut *self.0.lock().await).await
    }
}

/// Why a request gets no content, or is not taken.
enum Failure {
    Refused(Refusal),
    Database,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "The blob gateway's database failed");
        Self::Database
    }
}

/// `POST /blob/v1/requests/{request_id}/upload`.
pub(super) async fn upload(
    State(gateway): State<Arc<Shared>>,
    Path(request_id): Path<String>,
    request: Request<Body>,
) -> Response {
    let (head, mut body) = request.into_parts();
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let origin = Origin::read(&head.headers, gateway.url());
    let taken = gateway.take(&origin, &request_id, content_type, &mut body).await;
    // A client that is refused early would see a broken connection, not the answer.
    let mut rest = body.into_data_stream();
    while let Some(Ok(_)) = rest.next().await {}
    match taken {
        Ok(answer) => json_response(StatusCode::OK, &answer),
        Err(failure) => failure.response(),
    }
}

/// `GET /blob/v1/ipfs/{cid}`.
pub(super) async fn fetch(
    State(gateway): State<Arc<Shared>>,
    Path(cid): Path<String>,
    request: Request<Body>,
) -> Response {
    let origin = Origin::read(request.headers(), gateway.url());
    match gateway.give(&origin, &cid).await {
        Ok(content) => ([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response(),
        Err(failure) => failure.response(),
    }
}

impl Shared {
    /// There in a network of the next schema.
    fn blobs(&self) -> Result<&BlobGateway, Failure> {
        self.blobs.as_ref().ok_or(Failure::Refused(Refusal::UnknownContent))
    }

    async fn take(
        &self,
        origin: &Origin,
        request_id: &str,
        content_type: Option<&str>,
        body: &mut Body,
    ) -> Result<Value, Failure> {
        let blobs = self.blobs()?;
        self.has_session(origin).await?;
        let id = request_id.parse::<Uuid>().map_err(|_| Refusal::MalformedRequest)?.to_string();
        let request = blobs.request(&id).await?;
        let request = request.filter(|request| !request.is_empty()).ok_or(Refusal::UnknownRequest)?;
        let upload = Upload::read(content_type, std::mem::take(body)).await?;
        upload.compare(&request)?;
        upload.keep(&mut *blobs.contents.0.lock().await).await?;
        Ok(upload.answer(&id, Some(QUORUM)).into())
    }

    async fn give(&self, origin: &Origin, cid: &str) -> Result<Vec<u8>, Failure> {
        let blobs = self.blobs()?;
        self.has_session(origin).await?;
        let id: ContentId = cid.parse().map_err(|_| Refusal::MalformedIdentifier)?;
        let is_named = blobs.is_named(id).await?;
        let content =
            if is_named { blobs::content(&mut *blobs.contents.0.lock().await, id).await? } else { None };
        Ok(content.ok_or(Refusal::UnknownContent)?)
    }

    async fn has_session(&self, origin: &Origin) -> Result<(), Failure> {
        if !self.require_sessions {
            return Ok(());
        }
        let mut db = self.db.lock().await;
        match self.sessions.has_session(&mut db, self.clock.now(), origin.session.as_deref()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::NoSession.into()),
            Err(error) => {
                tracing::error!(%error, "The gateway's database failed");
                Err(Failure::Database)
            }
        }
    }
}

impl BlobGateway {
    async fn request(&self, id: &str) -> Result<Option<blobs::Request>, sqlx::Error> {
        type Row = (Option<String>, Option<i64>, Option<String>, Option<i64>);
        let row: Option<Row> = sqlx::query_as(
            "SELECT o.content_uri, o.content_size, c.content_uri, c.content_size
             FROM main.preliminary_requests AS r LEFT JOIN main.credentials AS o ON r.original_id = o.id
                LEFT JOIN main.credentials AS c ON r.copy_id = c.id
             WHERE r.id = $1::uuid",
        )
        .bind(id)
        .fetch_optional(&mut self.rows.connect().await?)
        .await?;
        Ok(row.map(|(original, original_size, copy, copy_size)| blobs::Request {
            original: Named::read(original.as_deref(), original_size),
            copy: Named::read(copy.as_deref(), copy_size),
        }))
    }

    async fn is_named(&self, id: ContentId) -> Result<bool, sqlx::Error> {
        let found = sqlx::query("SELECT 1 FROM main.credentials WHERE content_uri = $1")
            .bind(id.uri())
            .fetch_optional(&mut self.rows.connect().await?)
            .await?;
        Ok(found.is_some())
    }
}

impl Failure {
    fn response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.response(),
            Self::Database => {
                let body = json!({ "error": { "code": -900, "message": "gateway internal error" } });
                json_response(StatusCode::INTERNAL_SERVER_ERROR, &body)
            }
        }
    }
}
