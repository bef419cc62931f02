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
use super::permit::Permit;
use super::server::Security;

/// How long a connection is kept that nobody uses. Servers give up after five minutes at the earliest (RFC 5321, 4.5.3.2.7), but many are
/// not that patient.
const KEPT_FOR: Duration = Duration::from_secs(45);
/// After how many mails a connection is closed: servers limit that, some at 100.
const MAILS: u32 = 50;

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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::mail::{Class, Enhanced};

    /// Nobody has anything against it.
    fn yes() -> Permit<'static> {
        Box::pin(std::future::ready(true))
    }

    /// A server, how often it was called, and what it was told. `answer` gives an answer other than the usual one.
    struct Told {
        port: u16,
        calls: Arc<AtomicUsize>,
        lines: Arc<Mutex<Vec<String>>>,
    }

    async fn server(answer: impl Fn(&str, usize) -> Option<&'static str> + Clone + Send + 'static) -> Told {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Told { port, calls: Arc::default(), lines: Arc::default() };
        let (calls, lines) = (told.calls.clone(), told.lines.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let call = calls.fetch_add(1, Ordering::SeqCst);
                let (answer, lines) = (answer.clone(), lines.clone());
                tokio::spawn(async move {
                    let (read, mut write) = stream.into_split();
                    let mut read = BufReader::new(read).lines();
                    let _ = write.write_all(b"220 there\r\n").await;
                    let mut in_data = false;
                    while let Ok(Some(line)) = read.next_line().await {
                        lines.lock().unwrap().push(line.clone());
                        let command = line.split([' ', ':']).next().unwrap_or_default();
                        let usual = match command {
                            "." => "250 2.0.0 taken",
                            _ if in_data => continue,
                            "EHLO" => "250-there\r\n250 AUTH PLAIN LOGIN",
                            "AUTH" => "235 come in",
                            "DATA" => "354 go on",
                            "QUIT" => "221 bye",
                            _ => "250 fine",
                        };
                        let said = answer(command, call).unwrap_or(usual);
                        in_data = said.starts_with("354");
                        if said.is_empty() || write.write_all(format!("{said}\r\n").as_bytes()).await.is_err()
                        {
                            break;
                        }
                    }
                });
            }
        });
        told
    }

    fn smtp(port: u16, connections: usize) -> Smtp {
        let server = Server {
            host: "127.0.0.1".to_owned(),
            port,
            security: Security::IfOffered,
            login: Some(Credentials::new("user".to_owned(), "Xyzzy".to_owned())),
            authorities: Vec::new(),
            timeout: Duration::from_mins(1),
            data_timeout: Duration::from_mins(1),
        };
        Smtp::new(server, connections)
    }

    fn envelope() -> Envelope {
        Envelope { from: "a@b.example".to_owned(), to: "c@d.example".to_owned() }
    }

    const TAKEN: Outcome = Outcome::Sent { code: Some(250), enhanced: Some(Enhanced(2, 0, 0)) };

    #[tokio::test]
    async fn a_connection_is_used_again_also_after_a_refusal() {
        let told = server(|_, _| None).await;
        let smtp = smtp(told.port, 2);
        for _ in 0..3 {
            assert_eq!(smtp.send(&envelope(), b"A: b\r\n\r\n.dot\r\n..dots\r\n.\r\n", yes()).await, TAKEN);
        }
        assert_eq!(told.calls.load(Ordering::SeqCst), 1);
        let lines = told.lines.lock().unwrap().clone();
        assert!(lines.iter().any(|line| line == "MAIL FROM:<a@b.example>"), "{lines:?}");
        // A line with a dot alone would have ended the message.
        assert_eq!(lines.iter().filter(|line| *line == ".").count(), 3);
        for line in ["..dot", "...dots", ".."] {
            assert_eq!(lines.iter().filter(|told| *told == line).count(), 3, "{lines:?}");
        }

        let told =
            server(|command, _| (command == "RCPT").then_some("550 5.1.1 c@d.example is nobody")).await;
        let smtp = self::smtp(told.port, 2);
        for _ in 0..3 {
            let outcome = smtp.send(&envelope(), b"A: b\r\n\r\n", yes()).await;
            let (stage, class) = (Stage::Recipient, Class::Permanent);
            assert_eq!(
                outcome,
                Outcome::Refused { stage, class, code: 550, enhanced: Some(Enhanced(5, 1, 1)) }
            );
            assert!(!format!("{outcome} {outcome:?}").contains("d.example"));
        }
        assert_eq!(told.calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_connection_that_is_dead_or_out_of_step_is_not() {
        // The first one ends where the second mail begins.
        let told = server(|command, call| (command == "RSET" && call == 0).then_some("")).await;
        let smtp = smtp(told.port, 1);
        assert_eq!(smtp.send(&envelope(), b"A: b\r\n\r\n", yes()).await, TAKEN);
        assert_eq!(smtp.send(&envelope(), b"A: b\r\n\r\n", yes()).await, TAKEN);
        assert_eq!(told.calls.load(Ordering::SeqCst), 2);

        let told = server(|command, _| (command == "MAIL").then_some("421 4.3.2 closing")).await;
        let smtp = self::smtp(told.port, 1);
        for _ in 0..2 {
            assert_eq!(smtp.send(&envelope(), b"A: b\r\n\r\n", yes()).await.next(), crate::mail::Next::Again);
        }
        assert_eq!(told.calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn no_more_connections_than_allowed_and_none_for_ever() {
        let told = server(|_, _| None).await;
        let smtp = Arc::new(smtp(told.port, 3));
        let mut mails = tokio::task::JoinSet::new();
        for _ in 0..120 {
            let smtp = smtp.clone();
            mails.spawn(async move { smtp.send(&envelope(), b"A: b\r\n\r\n", yes()).await });
        }
        while let Some(outcome) = mails.join_next().await {
            assert_eq!(outcome.unwrap(), TAKEN);
        }
        let calls = told.calls.load(Ordering::SeqCst);
        // 120 mails are more than two connections bring, and no connection brings one alone.
        assert!((3..=6).contains(&calls), "{calls}");
    }
}
