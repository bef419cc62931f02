//! Asking views.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::config::Node;
use super::network::Mode;
use super::rpc::Failure;
use super::{Client, NoParams};
use crate::actions::{FromRow, Row, View};
use crate::encoding::{ActionCall, Value};
use crate::error::LoginError;
use crate::gateway::private_call_message;
use crate::message::NodeMessage;
use crate::signer::Signer;
use crate::transaction::payload_digest;
use crate::{Error, SignatureType};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Viewer<'a> {
    /// Nobody in particular. A gateway lets some views be asked like this, e.g. `has_profile`.
    Anonymous,
    /// This signer. A gateway wants a login for that, which the client makes when it is needed.
    As(&'a Signer),
}

impl<'a> From<&'a Signer> for Viewer<'a> {
    fn from(signer: &'a Signer) -> Self {
        Self::As(signer)
    }
}

impl Client {
    /// Asks a view for all its rows.
    pub async fn call<'a, V: View>(
        &self,
        viewer: impl Into<Viewer<'a>>,
        view: &V,
    ) -> Result<Vec<V::Row>, Error> {
        self.call_from(viewer.into(), view, None).await
    }

    /// Asks a view that has one row, or none, of one node, whatever the others know: several that say the same are believed
    /// more than one.
    pub async fn call_one_at<'a, V: View>(
        &self,
        node: usize,
        viewer: impl Into<Viewer<'a>>,
        view: &V,
    ) -> Result<Option<V::Row>, Error> {
        only_one(self.call_from(viewer.into(), view, Some(node)).await?)
    }

    async fn call_from<V: View>(
        &self,
        viewer: Viewer<'_>,
        view: &V,
        only: Option<usize>,
    ) -> Result<Vec<V::Row>, Error> {
        self.query(viewer, V::NAME, view.arguments(), only).await?.rows::<V>()
    }

    /// Asks for an action by name, whatever it answers.
    pub(super) async fn ask_action(
        &self,
        viewer: Viewer<'_>,
        name: &'static str,
        arguments: Vec<Value<'_>>,
    ) -> Result<(), Error> {
        self.query(viewer, name, arguments, None).await.map(|_| ())
    }

    /// Asks a view that has one row, or none.
    pub async fn call_one<'a, V: View>(
        &self,
        viewer: impl Into<Viewer<'a>>,
        view: &V,
    ) -> Result<Option<V::Row>, Error> {
        only_one(self.call(viewer, view).await?)
    }

    async fn query(
        &self,
        viewer: Viewer<'_>,
        view: &'static str,
        arguments: Vec<Value<'_>>,
        only: Option<usize>,
    ) -> Result<Table, Error> {
        let call = ActionCall::new(view, arguments);
        let payload = call.encode()?;
        let texts = || call.arguments.iter().filter_map(Value::as_text);

        let answer = match self.mode().await? {
            Mode::Open => self.query_open(viewer, &payload, texts, only).await?,
            Mode::Private => self.query_private(viewer, (view, &payload), texts, only).await?,
        };
        answer.into_table(view, texts())
    }

    async fn query_open<'a, I: Iterator<Item = &'a str>>(
        &self,
        viewer: Viewer<'_>,
        payload: &[u8],
        texts: impl Fn() -> I,
        only: Option<usize>,
    ) -> Result<CallAnswer, Error> {
        let params = CallParams::new(viewer, payload);
        let (first, mut last) = (self.rpc.preferred(), None);
        for (index, node) in self.rpc.nodes_to_ask(only) {
            if let Err(failure) = self.rpc.admit(index).await {
                last = Some(failure);
                continue;
            }
            let asked = match viewer {
                Viewer::Anonymous => self.rpc.ask(node, CALL, &params, None).await.map(|reply| reply.result),
                // Logging in asks questions of its own, and whoever answers has seen the arguments.
                Viewer::As(signer) => {
                    let asked = self.query_in_session(index, node, signer, &params).await;
                    asked.map_err(|error| error.without(texts().collect::<Vec<_>>()))?
                }
            };
            match asked {
                Ok(answer) => {
                    if only.is_none() {
                        self.rpc.prefer(index, first);
                    }
                    return Ok(answer);
                }
                Err(failure) if failure.lets_another_node_try() => last = Some(failure),
                Err(failure) if failure.is_not_authorised() => return Err(LoginError::SignerNeeded.into()),
                Err(failure) => return Err(failure.into_error(texts())),
            }
        }
        Err(last.unwrap_or(Failure::Malformed("no node")).into_error(texts()))
    }

    /// Asks one gateway, logging in if it wants that. Does so once: a gateway that does not accept its own session
    /// will not accept the next one either.
    async fn query_in_session(
        &self,
        index: usize,
        node: &Node,
        signer: &Signer,
        params: &CallParams,
    ) -> Result<Result<CallAnswer, Failure>, Error> {
        let session = self.sessions.of(index, &signer.sender());
        let cookie = session.cookie().await;
        match self.rpc.ask(node, CALL, params, cookie.as_deref()).await {
            Err(failure) if failure.is_not_authorised() => {}
            asked => return Ok(asked.map(|reply| reply.result)),
        }

        let cookie = self.login(node, signer, &session, cookie.as_deref()).await?;
        match self.rpc.ask(node, CALL, params, Some(&cookie)).await {
            Err(failure) if failure.is_not_authorised() => {
                session.forget(&cookie).await;
                Err(LoginError::SessionNotAccepted.into())
            }
            asked => Ok(asked.map(|reply| reply.result)),
        }
    }

    /// In private mode a call is signed over a challenge that is good for one call at one node.
    async fn query_private<'a, I: Iterator<Item = &'a str>>(
        &self,
        viewer: Viewer<'_>,
        (view, payload): (&str, &[u8]),
        texts: impl Fn() -> I,
        only: Option<usize>,
    ) -> Result<CallAnswer, Error> {
        let Viewer::As(signer) = viewer else { return Err(LoginError::SignerNeeded.into()) };
        let (first, mut last) = (self.rpc.preferred(), None);
        for (index, node) in self.rpc.nodes_to_ask(only) {
            if let Err(failure) = self.rpc.admit(index).await {
                last = Some(failure);
                continue;
            }
            match self.query_challenged(node, signer, view, payload).await {
                Ok(answer) => {
                    if only.is_none() {
                        self.rpc.prefer(index, first);
                    }
                    return Ok(answer);
                }
                Err(failure) if failure.lets_another_node_try() => last = Some(failure),
                Err(failure) => return Err(failure.into_error(texts())),
            }
        }
        Err(last.unwrap_or(Failure::Malformed("no node")).into_error(texts()))
    }

    async fn query_challenged(
        &self,
        node: &Node,
        signer: &Signer,
        view: &str,
        payload: &[u8],
    ) -> Result<CallAnswer, Failure> {
        let Challenge { challenge } = self.rpc.ask(node, "user.challenge", &NoParams {}, None).await?.result;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&challenge, &mut bytes).map_err(|_| Failure::Malformed("the challenge"))?;

        let message = private_call_message(view, &payload_digest(payload), &hex::encode(bytes));
        let mut params = CallParams::new(Viewer::As(signer), payload);
        params.body.challenge = Some(STANDARD.encode(bytes));
        params.signature = STANDARD.encode(signer.sign(&message).await.map_err(Failure::Sign)?);
        Ok(self.rpc.ask(node, CALL, &params, None).await?.result)
    }
}

pub(super) fn only_one<T>(mut rows: Vec<T>) -> Result<Option<T>, Error> {
    let row = rows.pop();
    if rows.is_empty() { Ok(row) } else { Err(Error::Malformed("there is more than one row")) }
}

pub(super) const CALL: &str = "user.call";

#[derive(Serialize)]
pub(super) struct CallParams {
    body: CallBody,
    auth_type: &'static str,
    sender: String,
    signature: String,
}

#[derive(Serialize)]
struct CallBody {
    payload: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

impl CallParams {
    fn new(viewer: Viewer<'_>, payload: &[u8]) -> Self {
        let (auth_type, sender) = match viewer {
            // What the official client sends when it has no signer.
            Viewer::Anonymous => (SignatureType::Secp256k1Ep, String::new()),
            Viewer::As(signer) => (signer.signature_type(), hex::encode(signer.sender())),
        };
        Self::of(auth_type, sender, payload)
    }

    /// Of a sender that is known by its bytes in hexadecimal.
    pub(super) fn of(auth_type: SignatureType, sender: String, payload: &[u8]) -> Self {
        Self {
            body: CallBody { payload: STANDARD.encode(payload), challenge: None },
            auth_type: auth_type.as_str(),
            sender,
            signature: String::new(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct CallAnswer {
    #[serde(default)]
    query_result: Option<Table>,
    /// Set when the view failed, although the answer is a success.
    #[serde(default)]
    error: Option<String>,
}

impl CallAnswer {
    /// What was asked for; `texts` are arguments that must not be shown.
    pub(super) fn into_table<'a>(
        self,
        view: &'static str,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<Table, Error> {
        match self {
            Self { error: Some(message), .. } if !message.is_empty() => {
                Err(Error::View { view, message: NodeMessage::new(&message, texts) })
            }
            Self { query_result, .. } => Ok(query_result.unwrap_or_default()),
        }
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Table {
    #[serde(default)]
    column_names: Option<Vec<String>>,
    #[serde(default)]
    values: Option<Vec<Vec<Json>>>,
}

impl Table {
    /// The rows, as this view has them.
    pub(super) fn rows<V: View>(self) -> Result<Vec<V::Row>, Error> {
        let columns = self.column_names.unwrap_or_default();
        let read = |values| {
            let row = Row::new(&columns, values).ok_or(Error::Malformed("a row"))?;
            V::Row::from_row(row).map_err(|row| Error::MalformedRow { view: V::NAME, row })
        };
        self.values.unwrap_or_default().into_iter().map(read).collect()
    }
}

#[derive(Deserialize)]
struct Challenge {
    challenge: String,
}
