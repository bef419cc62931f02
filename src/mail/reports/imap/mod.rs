//! A dialogue with the server of a mailbox, over IMAP (RFC 3501), command by command.
//!
//! What a server says reaches nobody but its own reader in `wire`: not logs, and not errors.

mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

#[cfg(feature = "fuzzing")]
pub use self::wire::read_all;
use self::wire::{Framer, Said, Verdict, understand};
use super::error::ReportsError;
use crate::mail::server::{Address, Security};
use crate::outbound::{TlsFault, tls_fault};

/// The most that an answer to a command may have, in bytes, where it is no mail.
const MOST: usize = 8 * 1024 * 1024;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// A server, and who we are there.
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
    /// Whom TLS trusts.
    pub(super) tls: Arc<rustls::ClientConfig>,
    /// How long a connection, or an answer, may take.
    pub(super) timeout: Duration,
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// A connection.
pub(super) struct Session {
    stream: Box<dyn Duplex>,
    framer: Framer,
    commands: u32,
    able: BTreeSet<String>,
    timeout: Duration,
}

/// How a command ended.
pub(super) struct Done {
    verdict: Verdict,
    is_read_only: bool,
    is_unavailable: bool,
}

impl Session {
    /// Connects, has TLS begin, and logs in.
    pub(super) async fn open(server: &Server) -> Result<Self, ReportsError> {
        let connect = async {
            let Address { host, port, security } = &server.address;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let stream = TcpStream::connect((host, *port)).await.map_err(|_| ReportsError::Connection)?;
            // Commands are small, and each is waited for.
            let _ = stream.set_nodelay(true);
            let stream: Box<dyn Duplex> = match security {
                Security::Implicit => begin_tls(server, host, Box::new(stream)).await?,
                _ => Box::new(stream),
            };
            let mut session = Self {
                stream,
                framer: Framer::default(),
                commands: 0,
                able: BTreeSet::new(),
                timeout: server.timeout,
            };
            let is_let_in = session.greeting().await?;
            session.ask_what_it_can().await?;
            let offers_tls = session.can("STARTTLS");
            match security {
                // Whoever is let in before TLS is not where he thinks he is (RFC 9051, section 7.1.4).
                Security::StartTls if !offers_tls || is_let_in => return Err(ReportsError::NoTls),
                Security::StartTls | Security::IfOffered if offers_tls && !is_let_in => {
                    session.done("STARTTLS").await?;
                    // What is behind the answer was not said by the server ("NO STARTTLS", Poddebniak et al., 2021).
                    if !session.framer.is_empty() {
                        return Err(ReportsError::Protocol);
                    }
                    session.stream = begin_tls(server, host, session.stream).await?;
                    session.ask_what_it_can().await?;
                }
                _ => {}
            }
            if !is_let_in {
                session.log_in(&server.user, &server.password).await?;
                session.ask_what_it_can().await?;
            }
            Ok(session)
        };
        timeout(server.timeout, connect).await.map_err(|_| ReportsError::Timeout)?
    }

    /// Whether the server can do something, by its name in capital letters.
    pub(super) fn can(&self, name: &str) -> bool {
        self.able.contains(name)
    }

    /// A command, of which nothing is heard but that it was done.
    pub(super) async fn done(&mut self, command: &str) -> Result<(), ReportsError> {
        let done = self.command(command, MOST, |_| ()).await?;
        if done.verdict == Verdict::Ok { Ok(()) } else { Err(ReportsError::Refused) }
    }

    /// Opens a folder. Gives what the numbers of its mails are true for.
    pub(super) async fn select(&mut self, folder: &str) -> Result<u32, ReportsError> {
        let mut is = None;
        let command = format!("SELECT {}", quoted(&utf7(folder)));
        let done = self.command(&command, MOST, |said| {
            if let Said::Validity(validity) = said {
                is = Some(validity);
            }
        });
        let done = done.await?;
        if done.verdict != Verdict::Ok {
            return Err(ReportsError::NoFolder);
        }
        if done.is_read_only { Err(ReportsError::ReadOnly) } else { is.ok_or(ReportsError::Protocol) }
    }

    /// Whether there is such a folder.
    pub(super) async fn has(&mut self, folder: &str) -> Result<bool, ReportsError> {
        let command = format!("STATUS {} (UIDVALIDITY)", quoted(&utf7(folder)));
        Ok(self.command(&command, MOST, |_| ()).await?.verdict == Verdict::Ok)
    }

    /// The numbers of mails (UIDs) that a search finds, in ascending order.
    pub(super) async fn search(&mut self, criteria: &str) -> Result<BTreeSet<u32>, ReportsError> {
        let (mut found, mut is_garbled) = (BTreeSet::new(), false);
        let command = format!("UID SEARCH {criteria}");
        let done = self.command(&command, MOST, |said| match said {
            Said::Found(some) => found.extend(some),
            Said::Garbled => is_garbled = true,
            _ => {}
        });
        match done.await?.verdict {
            Verdict::Ok if is_garbled => Err(ReportsError::Protocol),
            Verdict::Ok => Ok(found),
            _ => Err(ReportsError::Refused),
        }
    }

    /// The first bytes of a mail, at most `most`, without marking it as seen; `None` if it is gone.
    pub(super) async fn fetch(&mut self, uid: u32, most: usize) -> Result<Option<Vec<u8>>, ReportsError> {
        let (mut is, mut is_garbled) = (None, false);
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{most}>)");
        let done = self.command(&command, most + 64 * 1024, |said| match said {
            Said::Mail { uid: Some(of), bytes: Some(bytes) } if of == uid => is = Some(bytes),
            Said::Garbled => is_garbled = true,
            _ => {}
        });
        match done.await?.verdict {
            Verdict::Ok if !is_garbled => Ok(is),
            _ => Err(ReportsError::Unreadable(None)),
        }
    }

    /// Moves a mail to another folder (RFC 6851), or copies it there and deletes it here.
    pub(super) async fn put_into(&mut self, uid: u32, folder: &str) -> Result<(), ReportsError> {
        let folder = quoted(&utf7(folder));
        if self.can("MOVE") {
            return self.done(&format!("UID MOVE {uid} {folder}")).await;
        }
        self.done(&format!("UID COPY {uid} {folder}")).await?;
        self.delete(uid).await
    }

    /// Deletes a mail. Without UIDPLUS (RFC 4315) it stays, marked as deleted: to have it gone would have gone, too, what others
    /// have marked so.
    pub(super) async fn delete(&mut self, uid: u32) -> Result<(), ReportsError> {
        self.mark(uid, "\\Deleted").await?;
        if self.can("UIDPLUS") { self.done(&format!("UID EXPUNGE {uid}")).await } else { Ok(()) }
    }

    /// Marks a mail.
    pub(super) async fn mark(&mut self, uid: u32, flag: &str) -> Result<(), ReportsError> {
        self.done(&format!("UID STORE {uid} +FLAGS.SILENT ({flag})")).await
    }

    /// Says goodbye, and does not wait long for what comes back.
    pub(super) async fn close(mut self) {
        let _ = timeout(GOODBYE, self.done("LOGOUT")).await;
    }

    /// Whether the server asks for no login.
    async fn greeting(&mut self) -> Result<bool, ReportsError> {
        match self.hear(&mut { MOST }).await? {
            Said::Fine | Said::Able(_) => Ok(false),
            Said::LetIn => Ok(true),
            Said::Bye => Err(ReportsError::Unavailable),
            _ => Err(ReportsError::Protocol),
        }
    }

    async fn ask_what_it_can(&mut self) -> Result<(), ReportsError> {
        let mut able = BTreeSet::new();
        let done = self.command("CAPABILITY", MOST, |said| {
            if let Said::Able(some) = said {
                able.extend(some);
            }
        });
        let done = done.await?;
        self.able = able;
        if done.verdict == Verdict::Ok { Ok(()) } else { Err(ReportsError::Protocol) }
    }

    /// By SASL PLAIN (RFC 4616), which takes any characters, or by `LOGIN`.
    async fn log_in(&mut self, user: &str, password: &str) -> Result<(), ReportsError> {
        let (command, rest) = if self.can("AUTH=PLAIN") {
            let plain = Zeroizing::new(format!("\0{user}\0{password}"));
            let command = Zeroizing::new("AUTHENTICATE PLAIN".to_owned());
            (command, Some(Zeroizing::new(STANDARD.encode(plain.as_bytes()))))
        } else if self.can("LOGINDISABLED")
            || [user, password].iter().any(|text| text.contains(char::is_control))
        {
            return Err(ReportsError::NoLogin);
        } else {
            (Zeroizing::new(format!("LOGIN {} {}", quoted(user), quoted(password))), None)
        };
        let done = self.exchange(&command, rest, MOST, |_| ()).await?;
        match done.verdict {
            Verdict::Ok => Ok(()),
            _ if done.is_unavailable => Err(ReportsError::Unavailable),
            _ => Err(ReportsError::Login),
        }
    }

    async fn command(
        &mut self,
        command: &str,
        most: usize,
        on: impl FnMut(Said),
    ) -> Result<Done, ReportsError> {
        self.exchange(command, None, most, on).await
    }

    /// Says a command, with `rest` when the server asks for more, and hears all that is said to its end.
    async fn exchange(
        &mut self,
        command: &str,
        rest: Option<Zeroizing<String>>,
        most: usize,
        mut on: impl FnMut(Said),
    ) -> Result<Done, ReportsError> {
        self.commands += 1;
        let (tag, limit) = (format!("i{}", self.commands), self.timeout);
        let exchange = async {
            self.say(&Zeroizing::new(format!("{tag} {command}\r\n"))).await?;
            let (mut room, mut rest) = (most, rest);
            loop {
                match self.hear(&mut room).await? {
                    Said::GoOn => {
                        let rest = rest.take().ok_or(ReportsError::Protocol)?;
                        self.say(&Zeroizing::new(format!("{}\r\n", *rest))).await?;
                    }
                    Said::Bye if command != "LOGOUT" => return Err(ReportsError::Connection),
                    Said::Done { tag: of, verdict, is_read_only, is_unavailable } if of == tag => {
                        return Ok(Done { verdict, is_read_only, is_unavailable });
                    }
                    said => on(said),
                }
            }
        };
        timeout(limit, exchange).await.map_err(|_| ReportsError::Timeout)?
    }

    async fn say(&mut self, text: &str) -> Result<(), ReportsError> {
        let said = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        };
        said.await.map_err(|_| ReportsError::Connection)
    }

    /// The next that is said. `room` is how much may still be, in bytes.
    async fn hear(&mut self, room: &mut usize) -> Result<Said, ReportsError> {
        loop {
            if let Some(piece) = self.framer.next(*room)? {
                *room = room.saturating_sub(piece.len());
                return Ok(understand(&piece));
            }
            let mut bytes = Vec::with_capacity(16 * 1024);
            if self.stream.read_buf(&mut bytes).await.map_err(|_| ReportsError::Connection)? == 0 {
                return Err(ReportsError::Connection);
            }
            self.framer.add(&bytes);
        }
    }
}

async fn begin_tls(
    server: &Server,
    host: &str,
    stream: Box<dyn Duplex>,
) -> Result<Box<dyn Duplex>, ReportsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ReportsError::Certificate)?;
    match TlsConnector::from(Arc::clone(&server.tls)).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(match tls_fault(&error) {
            Some(TlsFault::Certificate | TlsFault::Protocol) => ReportsError::Certificate,
            None => ReportsError::Connection,
        }),
    }
}

/// A text in quotation marks (RFC 3501, section 9: `quoted`).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The name of a folder as it goes over the wire (RFC 3501, section 5.1.3).
fn utf7(name: &str) -> String {
    let encoder = GeneralPurpose::new(&base64::alphabet::IMAP_MUTF7, NO_PAD);
    let mut written = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_plain = |c: char| matches!(c, ' '..='~');
        let end = rest.find(|c| is_plain(c) != is_plain(first)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        if is_plain(first) {
            written.push_str(&run.replace('&', "&-"));
        } else {
            let units: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            written.push('&');
            encoder.encode_string(units, &mut written);
            written.push('-');
        }
        rest = behind;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_are_written_as_servers_have_them() {
        for (name, written) in [
            ("INBOX", "INBOX"),
            ("Black & White", "Black &- White"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Rückläufer", "R&APw-ckl&AOQ-ufer"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(utf7(name), written);
        }
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }
}
