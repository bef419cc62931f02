//! Mails: what they look like is in `templates/mail/`, how they go out is [`Transport`].
//!
//! | how | where it is used |
//! |---|---|
//! | SMTP | by TLS, unless the server is this machine or the configuration allows less |
//! | sendmail | where a program of the machine takes mails |
//! | a folder | where something else picks them up, and in tests |
//! | memory | in `dev`, which shows them |
//!
//! Nothing here says an address or repeats what a server said, which may have addresses in it: not in errors, and not in logs.

mod builtin;
mod folder;
mod memory;
mod outcome;
mod permit;
mod reports;
mod sendmail;
mod server;
mod settings;
mod smtp;
mod transport;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
pub use notice_mail::{Brand, Composed, Envelope, Fault, Item, Language, Link, Mail, Rendered, Templates};
use notice_mail::{MessageId, Post, Recipient, Sender, Signer, compose};

pub use self::builtin::FILES as BUILTIN;
pub use self::memory::Sent;
pub use self::outcome::{Cause, Class, Enhanced, Next, Outcome, Stage};
pub use self::permit::Permit;
#[cfg(feature = "fuzzing")]
pub use self::reports::read_all as read_imap;
pub use self::reports::{Reports, ReportsError};
pub use self::settings::MailError;
pub use self::transport::Transport;
use crate::config;
use crate::model::personal::Email;

/// Writes and sends mails; or none, where nothing is configured.
pub struct Mailer(Option<Office>);

struct Office {
    templates: Templates,
    brand: Brand,
    from: Sender,
    reply_to: Option<Sender>,
    return_path: Option<Sender>,
    signer: Option<Signer>,
    transport: Transport,
}

/// The HTML of a mail, for a browser: with its picture inside.
#[must_use]
pub fn shown(rendered: &Rendered) -> String {
    let Some(logo) = &rendered.logo else { return rendered.html.clone() };
    let data = format!("data:{};base64,{}", logo.media_type(), STANDARD.encode(logo.bytes()));
    rendered.html.replace("cid:logo", &data)
}

/// To whom a mail goes, in which language, and under which id.
pub struct Letter<'a> {
    /// To whom.
    pub to: &'a Email,
    /// The language of the reader (BCP 47).
    pub locale: &'a str,
    /// What names the mail among all of this service: letters, digits, hyphens and dots. The same in every try, since the id
    /// of the message is made of it.
    pub id: &'a str,
    /// When it is written.
    pub date: DateTime<Utc>,
}

impl Mailer {
    /// As the configuration says. Without a section of mail, none.
    pub fn new(settings: Option<&config::Mail>) -> Result<Self, MailError> {
        let Some(settings) = settings else { return Ok(Self(None)) };
        let (from, reply_to) = settings::senders(settings)?;
        let office = Office {
            templates: settings::templates(settings.templates.as_deref())?,
            brand: settings::brand(settings, &from)?,
            signer: settings.dkim.as_ref().map(|dkim| settings::signer(dkim, &from)).transpose()?,
            transport: settings::transport(settings)?,
            return_path: settings::return_path(settings)?,
            from,
            reply_to,
        };
        Ok(Self(Some(office)))
    }

    /// Keeps mails in memory.
    pub fn memory(from: &str) -> Result<(Self, Sent), MailError> {
        let sent = Sent::default();
        Ok((Self::memory_of(from, sent.clone())?, sent))
    }

    /// Keeps mails in a memory that others keep theirs in, too.
    pub fn memory_of(from: &str, sent: Sent) -> Result<Self, MailError> {
        let from: Sender = from.parse().map_err(|_| MailError::From)?;
        let office = Office {
            templates: settings::templates(None)?,
            brand: settings::plain_brand(&from)?,
            from,
            reply_to: None,
            return_path: None,
            signer: None,
            transport: Transport::Memory(sent),
        };
        Ok(Self(Some(office)))
    }

    /// The same, whose reminders lead to the page on which people see what is kept about them.
    #[must_use]
    pub fn leading_to(mut self, page: Option<Link>) -> Self {
        if let Some(office) = &mut self.0 {
            office.brand.your_data_url = page;
        }
        self
    }

    /// Whether there is a way for mails to go.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// What mails are rendered from, and who writes them.
    pub fn templates(&self) -> Result<(&Templates, &Brand), MailError> {
        let office = self.office()?;
        Ok((&office.templates, &office.brand))
    }

    /// A mail as it is sent.
    pub fn write(&self, mail: &Mail, letter: &Letter<'_>) -> Result<Composed, MailError> {
        let office = self.office()?;
        let to: Recipient = letter.to.expose().parse().map_err(|_| MailError::Unwritable)?;
        let rendered =
            office.templates.render(mail, letter.locale, &office.brand).map_err(MailError::Template)?;
        let message_id =
            MessageId::new(letter.id, office.from.domain()).map_err(|_| MailError::Unwritable)?;
        let reply_to = office.reply_to.as_ref();
        let return_path = office.return_path.as_ref();
        let date = letter.date;
        let post = Post { from: &office.from, reply_to, return_path, to: &to, message_id: &message_id, date };
        compose(&rendered, &post, office.signer.as_ref()).map_err(|_| MailError::Unwritable)
    }

    /// Hands a mail over. What came of it says whether it may be tried again.
    pub async fn send(&self, mail: &Composed) -> Result<Outcome, MailError> {
        self.send_if(mail, Box::pin(std::future::ready(true))).await
    }

    /// The same, if `permit` says yes, which is asked before anybody is told the mail.
    pub async fn send_if(&self, mail: &Composed, permit: Permit<'_>) -> Result<Outcome, MailError> {
        Ok(self.office()?.transport.send(mail, permit).await)
    }

    /// Whether mails can be handed over: the server answers and lets us in. Sends nothing. `Ok` also where nothing is configured.
    pub async fn test(&self) -> Result<(), Outcome> {
        match &self.0 {
            Some(office) => office.transport.test().await,
            None => Ok(()),
        }
    }

    fn office(&self) -> Result<&Office, MailError> {
        self.0.as_ref().ok_or(MailError::NoServer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mails_are_written_and_kept_in_memory() {
        let (mailer, sent) = Mailer::memory("Example <a@b.example>").unwrap();
        let letter = Letter {
            to: &"c@d.example".parse().unwrap(),
            locale: "pt-BR",
            id: "n1",
            date: DateTime::default(),
        };
        let mail = mailer.write(&Mail::Test, &letter).unwrap();
        assert_eq!(mailer.send(&mail).await.unwrap().next(), Next::Done);
        let [kept] = sent.all().try_into().ok().unwrap();
        assert_eq!((kept.envelope.from.as_str(), kept.envelope.to.as_str()), ("a@b.example", "c@d.example"));
        assert_eq!(kept.rendered.subject, "Example: mensagem de teste");
        assert!(String::from_utf8(kept.bytes).unwrap().contains("Message-ID: <n1@b.example>\r\n"));

        // What comes back goes elsewhere, and only servers are told.
        for (path, told) in [
            (Some("back@c.example"), "back@c.example"),
            (Some(""), "kyc@example.com"),
            (None, "kyc@example.com"),
        ] {
            let settings = config::Mail {
                folder: Some("out".into()),
                return_path: path.map(str::to_owned),
                ..config::Mail::example()
            };
            let mail = Mailer::new(Some(&settings)).unwrap().write(&Mail::Test, &letter).unwrap();
            assert_eq!(mail.envelope.from, told);
            let text = String::from_utf8(mail.bytes).unwrap();
            assert!(
                text.contains("<kyc@example.com>")
                    && text.contains("@example.com>\r\n")
                    && !text.contains("back@")
            );
        }

        assert!(matches!(Mailer::memory("nobody"), Err(MailError::From)));
        let none = Mailer::new(None).unwrap();
        assert!(none.test().await.is_ok());
        assert!(matches!(none.write(&Mail::Test, &letter), Err(MailError::NoServer)));
        assert!(matches!(none.send(&mail).await, Err(MailError::NoServer)));
    }
}
