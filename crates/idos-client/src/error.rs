//! What can go wrong, sorted by what the caller can do about it.

use std::fmt;

use crate::actions::MalformedRow;
use crate::encoding::EncodeError;
use crate::message::NodeMessage;
use crate::refusal::{Refusal, WrongNonce};
use crate::signer::SignError;
use crate::transaction::TxHash;

/// What to do about an [`Error`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// Final: there is a reason that the same request would meet again.
    Refused,
    /// Nothing was written, and no reason is known that lasts: who cannot be understood has not said no. The same may
    /// be tried again later; a transaction then needs a fresh nonce.
    Retry,
    /// The transaction may or may not be, or come, in a block. Look it up
    /// ([`Client::transaction`](crate::Client::transaction)) and then the row that it writes, before anything is
    /// repeated: with a new nonce the same action could be done twice.
    Unknown {
        /// The transaction to look up.
        hash: TxHash,
    },
}

/// Why a request failed. The texts never repeat what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request breaks a limit of the node; it was not sent.
    #[error("the {what} has {size} bytes, and a node takes at most {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The most that a node takes.
        limit: usize,
    },
    /// The arguments cannot be encoded; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The key did not sign; nothing was sent.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The client cannot be set up like this.
    #[error("the client is not configured well")]
    Config(#[from] ConfigError),
    /// No node could be reached; nothing was sent.
    #[error("no idOS node can be reached")]
    Unreachable(#[source] TransportError),
    /// A node did not answer a question, or not to the end.
    #[error("the idOS node did not answer")]
    NoAnswer(#[source] TransportError),
    /// Something between us and the node answered instead of it.
    #[error("instead of an idOS node's answer there came the HTTP status {0}")]
    HttpStatus(u16),
    /// The answer is no JSON; a proxy in trouble, or no idOS node at all.
    #[error("the idOS node's answer is not JSON")]
    NotJson,
    /// The answer has not the form that it should have.
    #[error("the idOS node's answer is malformed: {0}")]
    Malformed(&'static str),
    /// A row of a view has not the form that it should have.
    #[error("the answer of the view {view} is malformed")]
    MalformedRow {
        /// The view.
        view: &'static str,
        /// The column.
        #[source]
        row: MalformedRow,
    },
    /// The answer is larger than the client takes.
    #[error("the idOS node's answer has more than {limit} bytes")]
    AnswerTooLarge {
        /// The most that the client takes.
        limit: usize,
    },
    /// The node or the gateway refuses the request as such.
    #[error("the idOS node answered with the error {code}: {message}")]
    Node {
        /// The JSON-RPC error code.
        code: i64,
        /// The HTTP status.
        status: u16,
        /// The node's words.
        message: NodeMessage,
    },
    /// A view failed. A node reports that in the middle of a successful answer.
    #[error("the view {view} failed: {message}")]
    View {
        /// The view.
        view: &'static str,
        /// The node's words.
        message: NodeMessage,
    },
    /// The gateway login failed.
    #[error("the login at the idOS gateway failed")]
    Login(#[from] LoginError),
    /// The transaction did not get into a block; its nonce is not used.
    #[error("the idOS node refused the transaction {}: {}", .0.hash, .0)]
    Rejected(Rejection),
    /// The transaction is in a block, and its action failed; its nonce is used up, unless
    /// [its nonce](Self::is_wrong_nonce) is why it failed.
    #[error("the transaction {} failed: {}", .0.hash, .0)]
    Failed(Rejection),
    /// Nobody knows yet what became of the transaction.
    #[error("the outcome of the transaction {hash} is unknown")]
    OutcomeUnknown {
        /// The transaction.
        hash: TxHash,
        /// What happened.
        #[source]
        why: Uncertainty,
    },
}

/// What a node says about a transaction that did nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The transaction.
    pub hash: TxHash,
    /// The transaction code, e.g. 4 for a wrong nonce and 65535 for anything without a code of its own.
    pub code: u32,
    /// The node's words.
    pub message: NodeMessage,
    /// What was there already, if that is the reason.
    pub conflict: Option<Conflict>,
    /// Why, if it is a reason that a caller can act on.
    pub refusal: Option<Refusal>,
    /// Set if the nonce is the reason.
    pub(crate) wrong_nonce: Option<WrongNonce>,
    /// Whether the node's words say that it will take transactions again.
    pub(crate) passing: bool,
}

/// Something that an action wanted to create is there already.
///
/// After an unknown outcome this may be the caller's own earlier write: look at the row before giving up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Conflict {
    /// The write grant is used up.
    WriteGrantUsed,
    /// There is a credential with this id.
    CredentialExists,
    /// There is a user with this id.
    UserExists,
    /// There is an attribute with this id.
    AttributeExists,
    /// There is an access grant with the same grantee, copy and lock.
    AccessGrantExists,
    /// Another wallet row has this address or public key.
    WalletTaken,
    /// Some other key is there twice.
    Other,
}

/// Why nobody knows what became of a transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Uncertainty {
    /// It was sent, and no whole answer came.
    #[error("no answer")]
    NoAnswer(#[source] TransportError),
    /// An answer came that does not say it.
    #[error("an answer that says nothing about it")]
    Answer(#[source] Box<Error>),
    /// The node waited for a block, and gave up waiting.
    #[error("the node gave up waiting for a block")]
    NotInABlockYet,
    /// The node has it already.
    #[error("the node has this transaction already")]
    KnownAlready,
    /// The node reports an error that it may have met after it took the transaction.
    #[error("the node answered: {0}")]
    Node(NodeMessage),
    /// The node did not show it in a block as long as we asked.
    #[error("it did not appear in a block in time")]
    NotSeen,
    /// It was looked up, and the look-up failed; that says nothing about the transaction.
    #[error("it could not be looked up")]
    LookUp(#[source] Box<Error>),
}

/// The login at a gateway failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The node wants to know who asks, and the call was anonymous.
    #[error("the node answers this only to a signer")]
    SignerNeeded,
    /// The gateway wants something signed that is not for this client: a part of it is of another place.
    #[error("the {0} that the gateway wants signed is not the one of this client")]
    Mismatch(&'static str),
    /// The gateway wants something signed that is no login.
    #[error("the {0} that the gateway wants signed is malformed")]
    Malformed(&'static str),
    /// The gateway does not take the login: its nonce is too old or used, or it does not accept the signature.
    #[error("the gateway does not accept the login")]
    NotAccepted,
    /// None of the client's gateways has asked for this login.
    #[error("the login is none of a gateway of this client")]
    OtherGateway,
    /// The gateway took the login and gave no session cookie.
    #[error("the gateway gave no session cookie")]
    NoCookie,
    /// The gateway took the login and then did not accept its own session.
    #[error("the gateway does not accept the session that it gave")]
    SessionNotAccepted,
}

/// The client cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// At least one URL is needed.
    #[error("no node URL is given")]
    NoUrl,
    /// The URL of a node is no plain base URL.
    #[error(
        "the URL of a node must be https (or http, where that is allowed), with a host and without user, query and fragment"
    )]
    Url,
    /// The node belongs to another network than the configured one.
    #[error("the node belongs to another network")]
    OtherNetwork,
    /// There is no TLS: no trusted certificates on this machine, for instance.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] TransportError),
}

/// An error of the network. Does not show the URL, which the caller knows.
#[derive(Debug, thiserror::Error)]
#[error("{}", if self.timed_out { "it took too long" } else { "the connection failed" })]
pub struct TransportError {
    timed_out: bool,
    #[source]
    source: reqwest::Error,
}

impl Error {
    /// The same error without any of `texts` in what the node said.
    pub(crate) fn without<'a>(mut self, texts: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        if let Self::Node { message, .. } | Self::View { message, .. } = &mut self {
            *message = std::mem::take(message).without(texts);
        }
        self
    }

    /// What the caller can do.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::TooLarge { .. }
            | Self::Encode(_)
            | Self::Config(_)
            | Self::Login(LoginError::SignerNeeded) => Class::Refused,
            Self::Sign(_)
            | Self::Unreachable(_)
            | Self::NoAnswer(_)
            | Self::HttpStatus(_)
            | Self::NotJson
            | Self::Malformed(_)
            | Self::MalformedRow { .. }
            | Self::AnswerTooLarge { .. }
            | Self::Login(_) => Class::Retry,
            Self::View { .. } => refused_if(self.refusal().is_some()),
            Self::Node { code, status, .. } => {
                refused_if(*status < 500 && (self.refusal().is_some() || is_about_the_request(*code)))
            }
            // What is rejected has a reason that is known, or else its outcome is not. What is in a block has the word of
            // all nodes.
            Self::Rejected(rejection) | Self::Failed(rejection) => refused_if(!rejection.is_passing()),
            Self::OutcomeUnknown { hash, .. } => Class::Unknown { hash: *hash },
        }
    }

    /// What was there already, if that is the reason.
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::Rejected(rejection) | Self::Failed(rejection) => rejection.conflict,
            _ => None,
        }
    }

    /// Why the node refuses the action or view, if it is a reason that a caller can act on.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Rejected(rejection) | Self::Failed(rejection) => rejection.refusal,
            Self::View { message, .. } | Self::Node { message, .. } => Refusal::of_text(message.as_str()),
            _ => None,
        }
    }

    /// Whether a transaction did nothing because its nonce was not the account's next one; the nonce is not used.
    ///
    /// One that was [rejected](Self::Rejected) was looked up, and the node did not know it: somebody else has used the
    /// nonce, or an earlier one is missing. One that [failed](Self::Failed) got into a block without the one before it,
    /// which the node has lost; it stays known to the node, and only another transaction can do its action
    /// ([`Client::prepare_anew`](crate::Client::prepare_anew)).
    #[must_use]
    pub fn is_wrong_nonce(&self) -> bool {
        match self {
            Self::Rejected(rejection) | Self::Failed(rejection) => rejection.is_wrong_nonce(),
            _ => false,
        }
    }

    /// The nonce that the account's next transaction must have, if a wrong one is the reason and the node says it.
    #[must_use]
    pub fn expected_nonce(&self) -> Option<u64> {
        match self {
            Self::Rejected(rejection) | Self::Failed(rejection) => rejection.expected_nonce(),
            _ => None,
        }
    }

    /// The node's own words, if it said anything.
    #[must_use]
    pub fn node_message(&self) -> Option<&str> {
        match self {
            Self::Node { message, .. }
            | Self::View { message, .. }
            | Self::Rejected(Rejection { message, .. })
            | Self::Failed(Rejection { message, .. })
            | Self::OutcomeUnknown { why: Uncertainty::Node(message), .. } => Some(message.as_str()),
            _ => None,
        }
    }

    /// Whether the reason is that something took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Unreachable(error)
            | Self::NoAnswer(error)
            | Self::OutcomeUnknown { why: Uncertainty::NoAnswer(error), .. } => error.timed_out,
            Self::OutcomeUnknown { why: Uncertainty::NotInABlockYet | Uncertainty::NotSeen, .. } => true,
            Self::OutcomeUnknown { why: Uncertainty::LookUp(error), .. } => error.is_timeout(),
            _ => false,
        }
    }
}

fn refused_if(is_final: bool) -> Class {
    if is_final { Class::Refused } else { Class::Retry }
}

/// JSON-RPC errors that say what is wrong with the request itself: malformed, not a request, unknown parameters.
fn is_about_the_request(code: i64) -> bool {
    matches!(code, -32700 | -32600 | -32602)
}

impl Rejection {
    /// What a node says about a transaction with this code and text; `texts` are arguments that must not be shown.
    pub(crate) fn new(hash: TxHash, code: u32, text: &str, texts: &[&str]) -> Self {
        Self {
            hash,
            code,
            message: NodeMessage::new(text, texts.iter().copied()),
            conflict: Conflict::of(text),
            refusal: Refusal::of(code, text),
            wrong_nonce: WrongNonce::of(code, text),
            passing: text.contains("node is catching up"),
        }
    }

    /// Whether another transaction with the same action may succeed.
    fn is_passing(&self) -> bool {
        /// Mempool full, network migrating, network halted.
        const PASSING: [u32; 3] = [11, 200, 201];
        self.passing || self.is_wrong_nonce() || PASSING.contains(&self.code)
    }

    /// Whether the nonce was not the account's next one.
    #[must_use]
    pub fn is_wrong_nonce(&self) -> bool {
        self.wrong_nonce.is_some()
    }

    /// The nonce that the account's next transaction must have, if a wrong one is the reason and the node says it.
    #[must_use]
    pub fn expected_nonce(&self) -> Option<u64> {
        self.wrong_nonce.and_then(|wrong| wrong.expected)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.as_str().is_empty() {
            write!(f, "code {}", self.code)
        } else {
            write!(f, "code {}, {}", self.code, self.message)
        }
    }
}

impl Conflict {
    /// Recognises the texts of the database and of the schema.
    pub(crate) fn of(text: &str) -> Option<Self> {
        const CONSTRAINT: &str = "duplicate key value violates unique constraint \"";
        if let Some((_, constraint)) = text.split_once(CONSTRAINT) {
            // Table names are what is sure; the rest of a constraint's name is the database's habit.
            let tables = [
                ("consumed_write_grants", Self::WriteGrantUsed),
                ("credentials", Self::CredentialExists),
                ("users", Self::UserExists),
                ("user_attributes", Self::AttributeExists),
                ("access_grants", Self::AccessGrantExists),
            ];
            let table = tables.into_iter().find(|(table, _)| {
                constraint.strip_prefix(table).is_some_and(|rest| rest.starts_with("_pkey"))
            });
            return Some(table.map_or(Self::Other, |(_, conflict)| conflict));
        }
        if text.contains("a grant with the same grantee, copy_credential_id, and locked_until already exists")
        {
            return Some(Self::AccessGrantExists);
        }
        let taken = ["wallet address already exists in idos", "wallet public key already exists in idos"];
        taken.into_iter().any(|taken| text.contains(taken)).then_some(Self::WalletTaken)
    }
}

impl TransportError {
    /// Whether it took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timed_out
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(source: reqwest::Error) -> Self {
        Self { timed_out: source.is_timeout(), source: source.without_url() }
    }
}
