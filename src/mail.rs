//! Mail, over SMTP; kept in memory by `dev`; or none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::config;
use crate::model::personal::Email;

/// How long one command of a conversation with the server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Sends mails.
pub enum Mailer {
    /// To a server.
    Smtp {
        /// The server.
        server: AsyncSmtpTransport<Tokio1Executor>,
        /// The sender.
        from: Mailbox,
    },
    /// To nobody: they are kept, to be looked at.
    Memory(Mailbox, Sent),
    /// Not at all: no mail server is configured.
    None,
}

/// A mail.
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// What it is about: one line.
    pub subject: String,
    /// What it says: plain text.
    pub text: String,
}

/// Mails that were kept in memory, in the order in which they were sent: each as it would have gone over the wire.
#[derive(Clone, Default)]
pub struct Sent(Arc<Mutex<Vec<KeptMail>>>);

/// A mail that was kept.
#[derive(Clone)]
pub struct KeptMail {
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl Sent {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<KeptMail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why a mail was not sent, or the server does not do. Repeats neither addresses nor what the server says, which may
/// repeat addresses.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The setting `mail.url` is none of a mail server.
    #[error("mail.url must be the URL of a mail server, such as smtps://user:password@host:465")]
    Url,
    /// The setting `mail.from` is no sender.
    #[error("mail.from must be a sender, such as Example KYC <kyc@example.com>")]
    From,
    /// There is no mail server.
    #[error("no mail server is configured")]
    NoServer,
    /// What cannot be written as a mail.
    #[error("this is no mail that can be written")]
    Unwritable,
    /// The server cannot be reached, or there is no TLS with it.
    #[error("the mail server cannot be reached, or not by TLS")]
    Unreachable,
    /// The server does not answer in time.
    #[error("the mail server does not answer in time")]
    Timeout,
    /// The server refuses for good; user and password, for instance.
    #[error("the mail server refuses{}", .0.as_ref().map(|code| format!(" with code {code}")).unwrap_or_default())]
    Refused(Option<String>),
    /// The server refuses for now.
    #[error("the mail server refuses for now{}", .0.as_ref().map(|code| format!(" with code {code}")).unwrap_or_default())]
    Busy(Option<String>),
}

impl From<lettre::transport::smtp::Error> for MailError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        let code = error.status().map(|code| code.to_string());
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_permanent() {
            Self::Refused(code)
        } else if error.is_transient() {
            Self::Busy(code)
        } else {
            Self::Unreachable
        }
    }
}

impl Mailer {
    /// As the configuration says.
    pub fn new(settings: Option<&config::Mail>) -> Result<Self, MailError> {
        let Some(settings) = settings else { return Ok(Self::None) };
        let from = settings.from.parse().map_err(|_| MailError::From)?;
        let url = settings.url.as_ref().ok_or(MailError::Url)?;
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
            .map_err(|_| MailError::Url)?
            .timeout(Some(TIMEOUT))
            .build();
        Ok(Self::Smtp { server, from })
    }

    /// Keeps mails in memory.
    pub fn memory(from: &str) -> Result<(Self, Sent), MailError> {
        let sent = Sent::default();
        Ok((Self::Memory(from.parse().map_err(|_| MailError::From)?, sent.clone()), sent))
    }

    /// Whether the server answers and lets us in. Sends nothing.
    pub async fn test(&self) -> Result<(), MailError> {
        match self {
            Self::Smtp { server, .. } => {
                if server.test_connection().await? {
                    Ok(())
                } else {
                    Err(MailError::Unreachable)
                }
            }
            Self::Memory(..) | Self::None => Ok(()),
        }
    }

    /// Hands a mail over to the server, or keeps it.
    pub async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let Mail { to, subject, text } = mail;
        match self {
            Self::Smtp { server, from } => {
                let message = lettre::Message::builder()
                    .from(from.clone())
                    .to(to.expose().parse().map_err(|_| MailError::Unwritable)?)
                    .subject(subject)
                    .header(ContentType::TEXT_PLAIN)
                    .body(text)
                    .map_err(|_| MailError::Unwritable)?;
                server.send(message).await?;
                Ok(())
            }
            Self::Memory(from, sent) => {
                let kept = KeptMail { from: from.to_string(), to: to.expose().to_owned(), subject, text };
                sent.0.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
                Ok(())
            }
            Self::None => Err(MailError::NoServer),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Secret;

    /// A mail server that answers like one, and gives what it was told. `login` is its answer to a login.
    async fn server(login: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://user:Xyzzy@{}", listener.local_addr().unwrap());
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 there\r\n").await.unwrap();
            let (mut told, mut in_data) = (String::new(), false);
            while let Ok(Some(line)) = lines.next_line().await {
                told.push_str(&line);
                told.push('\n');
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "." => {
                        in_data = false;
                        "250 taken"
                    }
                    _ if in_data => continue,
                    "EHLO" => "250-there\r\n250 AUTH PLAIN",
                    "AUTH" => login,
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    _ => "250 fine",
                };
                if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
            told
        });
        (url, told)
    }

    fn mailer(url: &str) -> Mailer {
        let settings = config::Mail {
            url: Some(Secret::new(url.to_owned())),
            url_file: None,
            from: "Example <a@b.example>".to_owned(),
        };
        Mailer::new(Some(&settings)).unwrap()
    }

    #[tokio::test]
    async fn a_mail_goes_to_the_server() {
        let (url, told) = server("235 come in").await;
        let mailer = mailer(&url);
        let mail = Mail {
            to: "c@d.example".parse().unwrap(),
            subject: "About\r\nBcc: e@f.example".to_owned(),
            text: "What it says".to_owned(),
        };
        mailer.send(mail).await.unwrap();
        drop(mailer);
        let told = told.await.unwrap();
        for part in ["AUTH PLAIN", "RCPT TO:<c@d.example>", "What it says", "From: Example <a@b.example>"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("\nBcc:"), "{told}");
    }

    #[tokio::test]
    async fn a_refused_login_and_a_dead_server_are_told_apart_and_repeat_nothing() {
        let (url, _told) = server("535 no, not you, Xyzzy").await;
        let refused = mailer(&url).test().await.unwrap_err();
        assert_eq!(refused.to_string(), "the mail server refuses with code 535");

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = format!("smtp://{}", listener.local_addr().unwrap());
        drop(listener);
        let unreachable = mailer(&dead).test().await.unwrap_err();
        assert!(matches!(unreachable, MailError::Unreachable), "{unreachable}");
    }

    #[tokio::test]
    async fn mails_are_kept_in_memory() {
        let (mailer, sent) = Mailer::memory("Example <a@b.example>").unwrap();
        let mail = Mail { to: "c@d.example".parse().unwrap(), subject: "S".to_owned(), text: "T".to_owned() };
        mailer.send(mail).await.unwrap();
        let [kept] = sent.all().try_into().ok().unwrap();
        assert_eq!((kept.from.as_str(), kept.to.as_str()), ("Example <a@b.example>", "c@d.example"));

        assert!(matches!(Mailer::memory("nobody"), Err(MailError::From)));
        assert!(Mailer::new(None).unwrap().test().await.is_ok());
    }
}
