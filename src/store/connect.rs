//! Why no connection to PostgreSQL comes about, in words of our own: those of the driver and of the server repeat parts of
//! the URL (host, user, database), and the URL may be wrong in just these parts.

use std::io;

use rustls::CertificateError;

/// Why there is no connection. Repeats no part of the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFault {
    /// Class 28 of SQLSTATE.
    #[error(
        "the database server refuses user or password, or connections from here (SQLSTATE {0}). A password with % in it, \
         or with @, :, #, /, ? or a blank, must be percent-encoded in database.url: % as %25, @ as %40, : as %3A, # as \
         %23, / as %2F, ? as %3F, a blank as %20"
    )]
    Login(String),
    /// SQLSTATE 3D000.
    #[error("the database server has no database of the name that database.url says (SQLSTATE 3D000)")]
    NoDatabase,
    /// Any other refusal.
    #[error("the database server refuses the connection{}", .0.as_ref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default())]
    Refused(Option<String>),
    /// DNS does not know it.
    #[error("the database server's name, the host in database.url, cannot be resolved")]
    Unresolved,
    /// A file or a socket is not there.
    #[error("a socket, certificate or key that database.url names is not there")]
    NoFile,
    /// The network, in the words of this machine.
    #[error("the database server cannot be reached: {0}")]
    Unreachable(String),
    /// Nothing but refused connections for as long as is waited.
    #[error("the database server does not answer, or lets nobody in for now")]
    Silent,
    /// No TLS.
    #[error("no TLS connection with the database server comes about: {0}")]
    Tls(&'static str),
    /// The URL says what cannot be.
    #[error("database.url has a value that cannot be")]
    Url,
    /// What is there does not speak PostgreSQL.
    #[error("what answers is no PostgreSQL server, or one that is not understood")]
    Protocol,
}

impl From<sqlx::Error> for ConnectFault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => match refusal.code() {
                Some(code) if code.starts_with("28") => Self::Login(code.into_owned()),
                Some(code) if code == "3D000" => Self::NoDatabase,
                code => Self::Refused(code.map(std::borrow::Cow::into_owned)),
            },
            sqlx::Error::Io(error) => of_io(error),
            sqlx::Error::Tls(error) => Self::Tls(
                error
                    .downcast_ref()
                    .map_or("the server, or what database.url says of it, does not fit", of_tls),
            ),
            sqlx::Error::PoolTimedOut => Self::Silent,
            sqlx::Error::Configuration(_) => Self::Url,
            _ => Self::Protocol,
        }
    }
}

fn of_io(error: &io::Error) -> ConnectFault {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref()) {
        return ConnectFault::Tls(of_tls(error));
    }
    match error.kind() {
        io::ErrorKind::NotFound => ConnectFault::NoFile,
        // Only what the system itself says: a number, and its text.
        _ if error.raw_os_error().is_some() => ConnectFault::Unreachable(error.to_string()),
        _ if error.to_string().starts_with("failed to lookup address") => ConnectFault::Unresolved,
        kind => ConnectFault::Unreachable(kind.to_string()),
    }
}

fn of_tls(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => {
                "its certificate is of nobody who is trusted here (sslrootcert)"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name than the host in database.url"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired"
            }
            _ => "its certificate is not accepted",
        },
        rustls::Error::AlertReceived(_) => "it refuses ours",
        _ => "the two do not agree",
    }
}
