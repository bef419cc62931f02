//! The blob gateway: encrypted contents are uploaded to it and fetched from it, under the session of the node's gateway.
//!
//! `POST {base}/blob/v1/requests/{request_id}/upload` with the parts `original` and `copy`, and
//! `GET {base}/blob/v1/ipfs/{identifier}`, as the official client has them. What comes back is compared with what the
//! identifier says; nothing that the gateway tells is believed.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use idos_content_id::{Hasher, MAX_CONTENT};
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use uuid::Uuid;

use super::Client;
use super::config::Node;
use super::rpc::Failure;
use super::transport::{Answer, NoAnswer};
use crate::Error;
use crate::blob::Blob;
use crate::error::LoginError;
use crate::message::NodeMessage;
use crate::signer::Signer;

/// The slowest connection that is waited for, in bytes a second.
const SLOWEST: u64 = 64 * 1024;

/// The error of a gateway that wants a session, where it says so in JSON.
const NOT_AUTHORISED: i64 = -901;

/// The error of a node that has no such method, and so no gateway before it.
const NO_SUCH_METHOD: i64 = -32601;

/// The bytes of a content, from their beginning, whenever they are asked for.
type Open = dyn Fn() -> BoxStream<'static, io::Result<Bytes>> + Send + Sync;

/// A content that is to be uploaded. It is read piece by piece, and again where the upload has to be repeated.
#[derive(Clone)]
pub struct ToUpload {
    blob: Blob,
    open: Arc<Open>,
}

impl ToUpload {
    /// The content of this identifier and size, which `open` reads from its beginning.
    pub fn new(
        blob: Blob,
        open: impl Fn() -> BoxStream<'static, io::Result<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        Self { blob, open: Arc::new(open) }
    }

    fn part(&self, name: &'static str) -> Part {
        Part::stream_with_length(reqwest::Body::wrap_stream((self.open)()), self.blob.size).file_name(name)
    }
}

impl fmt::Debug for ToUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.blob.fmt(f)
    }
}

/// What a request uploads: the user's content, the grantee's, or both.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The request, as the transaction that announced the contents has named it.
    pub request_id: Uuid,
    /// The user's content.
    pub original: Option<ToUpload>,
    /// The grantee's.
    pub copy: Option<ToUpload>,
}

/// Why a content is not uploaded, or not read. The texts never repeat what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The gateway cannot be asked, or the login has failed.
    #[error(transparent)]
    Client(#[from] Error),
    /// The gateway says no.
    #[error("the blob gateway answered with the HTTP status {status}: {message}")]
    Gateway {
        /// The HTTP status.
        status: u16,
        /// The gateway's words.
        message: NodeMessage,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The gateway took something, and calls it otherwise than what was sent.
    #[error("the blob gateway names another content than was uploaded")]
    OtherContent,
    /// There is no such content at the gateway, or not yet.
    #[error("the blob gateway has no such content")]
    NotThere,
    /// It is longer than a gateway keeps.
    #[error("the content has more than 20 MiB")]
    TooLong,
    /// What the gateway gives is not the content of this identifier.
    #[error("what the blob gateway gives is not what the identifier says")]
    Altered,
}

impl BlobError {
    /// Whether the same would meet the same again: the gateway has understood what it was asked, and says no.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::OtherContent | Self::TooLong => true,
            // A request that is not known may be, at another time: the row that announces it comes through a block.
            Self::Gateway { status, .. } => {
                (400..500).contains(status)
                    && !matches!(status, 401 | 404 | 408 | 409 | 421 | 423 | 425 | 429)
            }
            Self::Client(_) | Self::NotThere | Self::Altered => false,
        }
    }

    /// How long the gateway wants to be left alone, if it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Gateway { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// What the gateway says about an upload. All of it may be left out; what is not has to be right.
#[derive(Deserialize)]
struct Uploaded {
    #[serde(default)]
    request_id: Option<Uuid>,
    #[serde(default)]
    original_cid: Option<String>,
    #[serde(default)]
    copy_cid: Option<String>,
}

impl Uploaded {
    fn is_of(&self, upload: &Upload) -> bool {
        let named = |name: &Option<String>, part: &Option<ToUpload>| match (name, part) {
            (Some(name), Some(part)) => name.parse() == Ok(part.blob.id),
            _ => true,
        };
        self.request_id.is_none_or(|id| id == upload.request_id)
            && named(&self.original_cid, &upload.original)
            && named(&self.copy_cid, &upload.copy)
    }
}

/// What a gateway is asked.
enum Question<'a> {
    Upload(&'a Upload),
    /// A content, which is compared, and kept if somebody wants it.
    Get(Blob, Keep),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    All,
}

/// What one gateway has done.
enum Asked {
    /// It, and this is the content, if one was to be kept.
    Done(Vec<u8>),
    /// It wants a session, or another one.
    NotAuthorised,
}

impl Client {
    /// Uploads contents that a transaction has announced. The same again is no harm: a gateway finds by the request's id what
    /// it has.
    pub async fn upload(&self, signer: &Signer, upload: &Upload) -> Result<(), BlobError> {
        self.at_gateway(signer, &Question::Upload(upload)).await.map(|_| ())
    }

    /// Reads a content, which is compared with its identifier and its size.
    pub async fn fetch(&self, signer: &Signer, blob: Blob) -> Result<Vec<u8>, BlobError> {
        self.at_gateway(signer, &Question::Get(blob, Keep::All)).await
    }

    /// Whether the gateway gives a content: compared as in [`fetch`](Self::fetch), and kept nowhere.
    pub async fn check_blob(&self, signer: &Signer, blob: Blob) -> Result<(), BlobError> {
        self.at_gateway(signer, &Question::Get(blob, Keep::Nothing)).await.map(|_| ())
    }

    /// Asks the gateways one after the other as long as none answers, each with a session; logs in again once where it has
    /// ended.
    async fn at_gateway(&self, signer: &Signer, question: &Question<'_>) -> Result<Vec<u8>, BlobError> {
        let mut last = None;
        for (index, node) in self.rpc.nodes_to_ask(None) {
            if let Err(failure) = self.rpc.admit(index).await {
                last = Some(failure.into_error([]).into());
                continue;
            }
            match self.in_session(index, node, signer, question).await {
                Err(error) if lets_another_try(&error) => last = Some(error),
                answered => return answered,
            }
        }
        Err(last.unwrap_or_else(|| Failure::Malformed("no node").into_error([]).into()))
    }

    async fn in_session(
        &self,
        index: usize,
        node: &Node,
        signer: &Signer,
        question: &Question<'_>,
    ) -> Result<Vec<u8>, BlobError> {
        let session = self.sessions.of(index, &signer.sender());
        let cookie = match session.cookie().await {
            Some(cookie) => Some(cookie),
            // Megabytes are not sent to be told that a session is wanted.
            None => self.login_where_there_is_a_gateway(index, node, signer, None).await?,
        };
        if let Asked::Done(done) = self.ask_gateway(node, cookie.as_deref(), question).await? {
            return Ok(done);
        }
        let anew = self.login_where_there_is_a_gateway(index, node, signer, cookie.as_deref()).await?;
        let Some(cookie) = anew else { return Err(Error::from(LoginError::SessionNotAccepted).into()) };
        match self.ask_gateway(node, Some(&cookie), question).await? {
            Asked::Done(done) => Ok(done),
            Asked::NotAuthorised => {
                session.forget(&cookie).await;
                Err(Error::from(LoginError::SessionNotAccepted).into())
            }
        }
    }

    async fn ask_gateway(
        &self,
        node: &Node,
        cookie: Option<&str>,
        question: &Question<'_>,
    ) -> Result<Asked, BlobError> {
        match question {
            Question::Upload(upload) => self.put(node, cookie, upload).await,
            Question::Get(blob, keep) => self.get(node, cookie, *blob, *keep).await,
        }
    }

    async fn put(&self, node: &Node, cookie: Option<&str>, upload: &Upload) -> Result<Asked, BlobError> {
        let transport = &self.rpc.transport;
        let (mut form, mut size) = (Form::new(), 0);
        for (name, file, part) in
            [("original", "original.blob", &upload.original), ("copy", "copy.blob", &upload.copy)]
        {
            if let Some(part) = part {
                form = form.part(name, part.part(file));
                size += part.blob.size;
            }
        }
        let url = under(node, &format!("requests/{}/upload", upload.request_id))?;
        let sent = transport.post_form(url, form, transport.timeout_of(size), cookie).await;
        let answer = sent.map_err(no_answer)?;
        if answer.status == 401 || says_not_authorised(&answer.body) {
            return Ok(Asked::NotAuthorised);
        }
        if !(200..300).contains(&answer.status) {
            return Err(refusal(&answer));
        }
        let told: Uploaded =
            serde_json::from_slice(&answer.body).map_err(|_| Error::Malformed("the answer to an upload"))?;
        if told.is_of(upload) { Ok(Asked::Done(Vec::new())) } else { Err(BlobError::OtherContent) }
    }

    async fn get(
        &self,
        node: &Node,
        cookie: Option<&str>,
        blob: Blob,
        keep: Keep,
    ) -> Result<Asked, BlobError> {
        if blob.size > MAX_CONTENT {
            return Err(BlobError::TooLong);
        }
        let transport = &self.rpc.transport;
        let url = under(node, &format!("ipfs/{}", blob.id))?;
        let asked = transport.get(url, transport.timeout_of(blob.size), cookie).await;
        let response = asked.map_err(no_answer)?;
        // A gateway may want a session in a body of JSON, with any status; of another size than the content.
        let is_content = response.status() == 200 && response.content_length().is_none_or(|n| n == blob.size);
        if is_content {
            return Ok(Asked::Done(read(response, blob, keep).await?));
        }
        let status = response.status();
        let answer = match transport.read(response).await {
            // Too much to be a refusal, and no content of this size.
            Err(NoAnswer::TooLarge { .. }) if status == 200 => return Err(BlobError::Altered),
            answer => answer.map_err(no_answer)?,
        };
        match answer.status {
            401 => Ok(Asked::NotAuthorised),
            _ if says_not_authorised(&answer.body) => Ok(Asked::NotAuthorised),
            404 => Err(BlobError::NotThere),
            200 => Err(BlobError::Altered),
            _ => Err(refusal(&answer)),
        }
    }

    /// The cookie of a session; `None` where nobody asks for one.
    async fn login_where_there_is_a_gateway(
        &self,
        index: usize,
        node: &Node,
        signer: &Signer,
        stale: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let session = self.sessions.of(index, &signer.sender());
        match self.login(node, signer, &session, stale).await {
            Ok(cookie) => Ok(Some(cookie)),
            Err(Error::Node { code: NO_SUCH_METHOD, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Reads an answer as long as it can be the content, and compares it. What is not kept takes the same few bytes of memory,
/// whatever its size.
async fn read(mut response: reqwest::Response, blob: Blob, keep: Keep) -> Result<Vec<u8>, BlobError> {
    let room = if keep == Keep::All { usize::try_from(blob.size).unwrap_or_default() } else { 0 };
    let (mut hasher, mut size, mut kept) = (Hasher::new(), 0, Vec::with_capacity(room));
    while let Some(part) = response.chunk().await.map_err(|error| Error::NoAnswer(error.into()))? {
        size += part.len() as u64;
        if size > blob.size {
            return Err(BlobError::Altered);
        }
        hasher.update(&part);
        if keep == Keep::All {
            kept.extend_from_slice(&part);
        }
    }
    match hasher.finish() {
        Ok((id, length)) if (Blob { id, size: length }) == blob => Ok(kept),
        _ => Err(BlobError::Altered),
    }
}

fn under(node: &Node, path: &str) -> Result<url::Url, Error> {
    node.blobs.join(path).map_err(|_| Error::Malformed("the blob gateway's URL"))
}

fn no_answer(failure: NoAnswer) -> Error {
    Failure::NoAnswer(failure).into_error([])
}

fn refusal(answer: &Answer) -> BlobError {
    BlobError::Gateway {
        status: answer.status,
        message: NodeMessage::new(&String::from_utf8_lossy(&answer.body), []),
        retry_after: answer.retry_after.map(Duration::from_secs),
    }
}

/// Whether a body is a JSON-RPC error, or holds one, that asks for a session.
fn says_not_authorised(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Code {
        #[serde(default)]
        code: Option<i64>,
    }
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        code: Option<i64>,
        #[serde(default)]
        error: Option<Code>,
    }
    let body: Option<Body> = serde_json::from_slice(body).ok();
    body.is_some_and(|body| {
        body.code == Some(NOT_AUTHORISED)
            || body.error.is_some_and(|error| error.code == Some(NOT_AUTHORISED))
    })
}

/// Whether it is no word of a gateway, so that another one may do it.
fn lets_another_try(error: &BlobError) -> bool {
    match error {
        BlobError::Client(error) => matches!(
            error,
            Error::Unreachable(_)
                | Error::NoAnswer(_)
                | Error::HttpStatus(_)
                | Error::NotJson
                | Error::Malformed(_)
        ),
        BlobError::Gateway { status, .. } => *status >= 500,
        BlobError::NotThere | BlobError::Altered => true,
        BlobError::OtherContent | BlobError::TooLong => false,
    }
}

impl super::transport::Transport {
    /// How long so many bytes may take.
    fn timeout_of(&self, bytes: u64) -> Duration {
        self.timeout() + Duration::from_secs(bytes / SLOWEST)
    }
}
