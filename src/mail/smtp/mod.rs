//! Mails to a server, over SMTP (RFC 5321) by lettre.
//!
//! A dialogue is led command by command, so that it is known at which one it ended: before the line that ends a message, nothing
//! was taken, and to try again doubles nothing; behind it, only the answer tells. Connections are kept for a while and used again.

mod connection;
mod dialogue;
mod stream;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use notice_mail::Envelope;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::connection::Connection;
use super::outcome::{Cause, Outcome, Stage};
use super::transport::Permit;

/// How long a connection is kept that nobody uses. Servers give up after five minutes at the earliest (RFC 5321, 4.5.3.2.7), but many are
/// not that patient.
const KEPT_FOR: Duration = Duration::from_secs(45);
/// After how many mails a connection is closed: servers limit that, some at 100.
const MAILS: u32 = 50;

/// When there has to be TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By `STARTTLS`, or else there is no mail.
    StartTls,
    /// By `STARTTLS` if the server offers it: for servers of this machine.
    IfOffered,
    /// Never.
    None,
}

/// A server, and how to speak to it.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<Credentials>,
    /// Who may vouch for the server, beside those whom the system trusts.
    pub(super) authorities: Vec<lettre::transport::smtp::client::Certificate>,
    /// How long a connection, or an answer, may take.
    pub(super) timeout: Duration,
    /// How long a message may take, and the answer to its end.
    pub(super) data_timeout: Duration,
}

/// Connections to a server.
pub struct Smtp {
    server: Server,
    at_once: Semaphore,
    idle: Mutex<Vec<(Connection, Instant)>>,
}

impl Smtp {
    pub(super) fn new(server: Server, connections: usize) -> Self {
        Self { server, at_once: Semaphore::new(connections), idle: Mutex::default() }
    }

    pub(super) async fn send(&self, envelope: &Envelope, message: &[u8], permit: Permit<'_>) -> Outcome {
        // Never closed.
        let Ok(_permit) = self.at_once.acquire().await else {
            return Outcome::NotSent { stage: Stage::Connect, cause: Cause::Connection };
        };
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(outcome) => return outcome,
        };
        let outcome = dialogue::lead(&mut connection, &self.server, (envelope, message), permit).await;
        // What was refused in words leaves a connection that can be used; of all else nobody knows what would be read next.
        let is_usable = match outcome {
            Outcome::Sent { .. } => true,
            Outcome::Refused { code, .. } => code != 421,
            Outcome::NotSent { cause, .. } => cause == Cause::NoUtf8,
            Outcome::Unclear => false,
        };
        if is_usable && connection.mails < MAILS {
            self.keep(connection);
        } else if is_usable {
            connection.quit(self.server.timeout).await;
        }
        outcome
    }

    pub(super) async fn test(&self) -> Result<(), Outcome> {
        let mut connection = Connection::open(&self.server).await?;
        let lives = connection.reset(self.server.timeout).await;
        connection.quit(self.server.timeout).await;
        if lives { Ok(()) } else { Err(Outcome::NotSent { stage: Stage::Login, cause: Cause::Connection }) }
    }

    /// One that is open and lives, or a new one.
    async fn connection(&self) -> Result<Connection, Outcome> {
        while let Some(mut connection) = self.take() {
            if connection.reset(self.server.timeout).await {
                return Ok(connection);
            }
        }
        Connection::open(&self.server).await
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        idle.retain(|(_, until)| *until > now);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((connection, Instant::now() + KEPT_FOR));
    }
}
