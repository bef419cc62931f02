//! Why reports cannot be read. Never repeats what a server said, which may have addresses in it.

use std::io;

/// Why reports cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportsError {
    /// No connection, or it broke.
    #[error("the mailbox's server cannot be reached, or has broken off")]
    Connection,
    /// The server's certificate is none that is trusted, or there is no TLS with it.
    #[error("the mailbox's server has no certificate that is trusted, or does not speak TLS")]
    Certificate,
    /// The server offers no TLS, which is demanded.
    #[error("the mailbox's server offers no TLS")]
    NoTls,
    /// The server offers no way of login that we know.
    #[error("the mailbox's server offers no login by user and password")]
    NoLogin,
    /// The server does not let us in.
    #[error("the mailbox's server refuses user or password")]
    Login,
    /// The server lets nobody in at the moment (RFC 5530: `UNAVAILABLE`).
    #[error("the mailbox's server lets nobody in at the moment")]
    Unavailable,
    /// Nothing came in time.
    #[error("the mailbox's server did not answer in time")]
    Timeout,
    /// The server does not speak IMAP as it is written.
    #[error("the mailbox's server says what it should not")]
    Protocol,
    /// The server says more than it was asked for.
    #[error("the mailbox's server says more than is read")]
    TooMuch,
    /// There is no such folder, or it may not be opened.
    #[error("the folder in mail.bounces is not in the mailbox, or may not be opened")]
    NoFolder,
    /// What was read could not be marked.
    #[error("the folder in mail.bounces may be read, but not changed")]
    ReadOnly,
    /// There is no folder to move reports to.
    #[error("the folder mail.bounces_moved_to is not in the mailbox")]
    NoTarget,
    /// A command was refused that others were not.
    #[error("the mailbox's server refuses a command")]
    Refused,
    /// One mail cannot be read; others may.
    #[error("a mail cannot be read")]
    Unreadable(#[source] Option<io::Error>),
    /// One report cannot be deleted, marked or moved; others may.
    #[error("a report that was read cannot be deleted, marked or moved")]
    Unmarkable(#[source] Option<io::Error>),
    /// The folder of this machine cannot be read.
    #[error("the folder mail.bounces cannot be read")]
    Folder(#[source] io::Error),
}

impl ReportsError {
    /// Whether it is about one mail, and the others have their turn.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Unmarkable(_))
    }

    /// Its name in metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Certificate => "certificate",
            Self::NoTls => "no_tls",
            Self::NoLogin => "no_login",
            Self::Login => "login",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::TooMuch => "too_much",
            Self::NoFolder => "no_folder",
            Self::ReadOnly => "read_only",
            Self::NoTarget => "no_target",
            Self::Refused => "refused",
            Self::Unreadable(_) => "unreadable",
            Self::Unmarkable(_) => "unmarkable",
            Self::Folder(_) => "folder",
        }
    }

    /// What to do about it, in one line.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Certificate => {
                "correct the host in mail.bounces, or name who vouches for the server in mail.ca_file; a server of this machine may be \
                 spoken to without TLS: imap://…?tls=none"
            }
            Self::NoTls => {
                "have the server offer STARTTLS, or use imaps:// if it has TLS from the first byte"
            }
            Self::NoLogin => "have the server offer AUTH=PLAIN or LOGIN",
            Self::Login => "correct the user in mail.bounces, or the password in mail.bounces_password_file",
            Self::NoFolder => "correct the folder in mail.bounces: as the server lists it, percent-encoded",
            Self::ReadOnly => "let the user delete and mark mails in the folder of mail.bounces",
            Self::NoTarget => "make the folder, or correct mail.bounces_moved_to: as the server lists it",
            Self::Unavailable | Self::Timeout | Self::Refused | Self::Unmarkable(_) => {
                "see to the mailbox's server"
            }
            Self::Unreadable(_) => {
                "look at the mails in mail.bounces: one is broken, or not for the service's user to read"
            }
            Self::Folder(_) => {
                "make the folder that mail.bounces names, for the service's user to read and to delete in"
            }
            Self::Connection | Self::Protocol | Self::TooMuch => {
                "correct host, port and kind of TLS in mail.bounces, or see to the mailbox's server"
            }
        }
    }
}
