//! Why an action failed, and which of the two ways of telling it the engine takes.

use crate::extension::ExtensionError;
use crate::state::constraints::WriteError;

/// Why an action failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The action said `error('…')`.
    Raised(&'static str),
    /// The database refused, in PostgreSQL's words (SQLSTATE classes 22 and 23).
    Data(String),
    /// The engine or the extension refused: unknown action, wrong types, no permission, a malformed time.
    Engine(String),
    /// The node itself is broken. Not the client's business.
    Node(sqlx::Error),
}

impl Failure {
    /// The text for the client of a view: where a view fails by its own logic or by its data, the answer is a
    /// success with this in its member `error`. `None` if it is an error of the call instead.
    pub(crate) fn as_view_error(&self) -> Option<String> {
        match self {
            Self::Raised(message) => Some((*message).to_owned()),
            Self::Data(message) => Some(message.clone()),
            Self::Engine(_) | Self::Node(_) => None,
        }
    }

    /// The line for the log of a transaction; the prefix is not doubled.
    pub(crate) fn as_log(&self) -> String {
        let message = match self {
            Self::Raised(message) => message,
            Self::Data(message) | Self::Engine(message) => message.as_str(),
            Self::Node(_) => "internal error",
        };
        if message.starts_with("ERROR: ") { message.to_owned() } else { format!("ERROR: {message}") }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Node(error)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Constraint(message) => Self::Data(message),
            WriteError::Database(error) => Self::Node(error),
        }
    }
}

impl From<ExtensionError> for Failure {
    fn from(error: ExtensionError) -> Self {
        Self::Engine(error.0)
    }
}
