//! The gateway's part: logins and sessions in front of a node that itself does not look at who makes a view call.
//!
//! It knows nothing of actions, blocks or HTTP. Whoever serves requests asks it four things: the text for a login
//! ([`Gateway::offer`]), whether a login holds ([`Gateway::log_in`]), to forget a session
//! ([`Gateway::log_out`]), and whether a call may pass ([`Gateway::admit`]). Logins and sessions lie in two
//! tables of a `SQLite` database that it is handed, so it can stand before any node.
//!
//! The real gateway's rules are not public; these are consistent with everything that clients do: a call *with* a
//! sender needs a session of that sender, a call without one passes, and broadcasts are not its business.

mod cookie;
mod message;
mod store;
mod swallowed;

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use idos_wallet::{SignatureType, verify_transaction_signature};
use rand_core::{OsRng, RngCore};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

pub use cookie::{COOKIE, session_in};
use store::{Login, Session};
use swallowed::Watch;

/// What people are asked to sign, between domain and details.
const STATEMENT: &str = "Sign in to a local development node, which is no idOS node";

/// How a gateway is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The chain id in the text to sign.
    pub chain_id: String,
    /// How long a login may take, from nonce to signature.
    pub login_life: Duration,
    /// How long a session lasts.
    pub session_life: Duration,
}

/// Logins and sessions.
#[derive(Debug)]
pub struct Gateway {
    settings: Settings,
    watch: Mutex<Watch>,
}

/// The answer of `kgw.authn_param`: what the client puts into the text to sign. All members are always there,
/// because the JavaScript client writes `undefined` for those that are not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Offer {
    /// Names this login; can be used once.
    pub nonce: String,
    /// What the person agrees to.
    pub statement: String,
    /// When the offer was made, `RFC 3339`.
    pub issue_at: String,
    /// When it ends, `RFC 3339`.
    pub expiration_time: String,
    /// The chain.
    pub chain_id: String,
    /// The URL that the client must have been given for this node, without trailing slash. Clients refuse to
    /// sign for another.
    pub domain: String,
    /// Always 1.
    pub version: String,
    /// What the login is for.
    pub uri: String,
}

/// Who wants to log in, or to call: raw sender bytes, and how they sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client<'a> {
    /// Public key or address.
    pub sender: &'a [u8],
    /// `signature.type` of a login, `auth_type` of a call.
    pub signature_type: &'a str,
}

/// Why the gateway refuses. The texts are for the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The call has a sender but no valid session of that sender. Clients log in and try once more.
    #[error("not authorized: log in first")]
    NoSession,
    /// The login's nonce is unknown, used or too old.
    #[error("invalid payload: the nonce is unknown, used or expired")]
    UnknownNonce,
    /// The signature type is not one that is known.
    #[error("invalid payload: unknown signature type")]
    UnknownSignatureType,
    /// The signature is not by that sender over the text.
    #[error("invalid payload: the signature does not hold")]
    WrongSignature,
}

impl Refusal {
    /// The JSON-RPC code. That a bad login is an invalid payload, and not "not authorized", is a choice: the
    /// latter would make clients log in again.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::NoSession => -901,
            Self::UnknownNonce | Self::UnknownSignatureType | Self::WrongSignature => -902,
        }
    }
}

/// What may go wrong in the gateway.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error("the gateway's database failed")]
    Database(#[from] sqlx::Error),
}

impl Gateway {
    /// A gateway. Its tables are made by [`Gateway::prepare`].
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, watch: Mutex::default() }
    }

    /// Makes the tables, unless they are there.
    pub async fn prepare(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        store::prepare(db).await
    }

    /// Begins a login (`kgw.authn_param`). `base_url` is how the client addresses the node: scheme, host and port.
    pub async fn offer(
        &self,
        db: &mut SqliteConnection,
        now: DateTime<Utc>,
        base_url: &str,
    ) -> Result<Offer, Error> {
        let ends = now + self.settings.login_life;
        let offer = Offer {
            nonce: random_name(),
            statement: STATEMENT.to_owned(),
            issue_at: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            expiration_time: ends.to_rfc3339_opts(SecondsFormat::Secs, true),
            chain_id: self.settings.chain_id.clone(),
            domain: base_url.to_owned(),
            version: "1".to_owned(),
            uri: format!("{base_url}/rpc/v1"),
        };
        let login =
            Login { nonce: offer.nonce.clone(), message: message::to_sign(&offer), ends: ends.timestamp() };
        store::insert_login(db, &login, now.timestamp()).await?;
        Ok(offer)
    }

    /// Ends a login (`kgw.authn`): the value of `Set-Cookie` that makes the session. The nonce is used up even
    /// if the signature is wrong.
    pub async fn log_in(
        &self,
        db: &mut SqliteConnection,
        now: DateTime<Utc>,
        nonce: &str,
        client: Client<'_>,
        signature: &[u8],
    ) -> Result<String, Error> {
        let login = store::take_login(db, nonce, now.timestamp()).await?.ok_or(Refusal::UnknownNonce)?;
        let signature_type: SignatureType =
            client.signature_type.parse().map_err(|_| Refusal::UnknownSignatureType)?;
        verify_transaction_signature(signature_type, client.sender, login.message.as_bytes(), signature)
            .map_err(|_| Refusal::WrongSignature)?;

        let token = random_name();
        let session = Session {
            token_hash: hash(&token),
            sender: hex::encode(client.sender),
            signature_type: signature_type.as_str().to_owned(),
            ends: (now + self.settings.session_life).timestamp(),
        };
        store::insert_session(db, &session, now.timestamp()).await?;
        self.watch(|watch| watch.logged_in(client.sender));
        Ok(cookie::set(&token, self.settings.session_life))
    }

    /// Forgets a session (`kgw.logout`): the value of `Set-Cookie` that takes the cookie away. Unknown and
    /// absent sessions are passed over.
    pub async fn log_out(&self, db: &mut SqliteConnection, token: Option<&str>) -> Result<String, Error> {
        if let Some(token) = token {
            store::delete_session(db, &hash(token)).await?;
        }
        Ok(cookie::clear())
    }

    /// Whether a view call may pass: without sender always, with one only in a session of exactly that sender
    /// and signature type.
    pub async fn admit(
        &self,
        db: &mut SqliteConnection,
        now: DateTime<Utc>,
        token: Option<&str>,
        client: Client<'_>,
    ) -> Result<(), Error> {
        if client.sender.is_empty() {
            return Ok(());
        }
        let session = match token {
            Some(token) => store::session(db, &hash(token), now.timestamp()).await?,
            None => None,
        };
        let is_theirs = session.is_some_and(|session| {
            session.sender == hex::encode(client.sender) && session.signature_type == client.signature_type
        });
        if is_theirs {
            self.watch(|watch| watch.admitted(client.sender));
            return Ok(());
        }
        if self.watch(|watch| watch.refused(client.sender)) {
            tracing::warn!(
                sender = %hex::encode(client.sender),
                "A call was refused with -901 right after a login of the same sender. The JavaScript client \
                 swallows this second -901 and shows undefined results: look at the cookie that it sends back, and \
                 at its clock"
            );
        }
        Err(Refusal::NoSession.into())
    }

    /// Whether this is an open session, of whomever.
    pub async fn has_session(
        &self,
        db: &mut SqliteConnection,
        now: DateTime<Utc>,
        token: Option<&str>,
    ) -> Result<bool, Error> {
        let Some(token) = token else { return Ok(false) };
        Ok(store::session(db, &hash(token), now.timestamp()).await?.is_some())
    }

    fn watch<T>(&self, look: impl FnOnce(&mut Watch) -> T) -> T {
        // A panic while it was held cannot have left it half-written: every change is one map operation.
        look(&mut self.watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// 256 random bits, for nonces and session tokens.
fn random_name() -> String {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token: enough to know it again, too little to use it.
fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
