//! How mails go out.

use notice_mail::Composed;

use super::folder::Folder;
use super::memory::Sent;
use super::outcome::Outcome;
use super::permit::{NOT_PERMITTED, Permit};
use super::sendmail::Sendmail;
use super::smtp::Smtp;

/// A way for mails to go out.
pub enum Transport {
    /// To a server.
    Smtp(Smtp),
    /// To a program of this machine.
    Sendmail(Sendmail),
    /// Into a folder.
    Folder(Folder),
    /// To nobody: they are kept, to be looked at.
    Memory(Sent),
}

impl Transport {
    /// Hands a mail over, if `permit` says yes.
    pub async fn send(&self, mail: &Composed, permit: Permit<'_>) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(&mail.envelope, &mail.bytes, permit).await,
            // These are told all at once.
            _ if !permit.await => NOT_PERMITTED,
            Self::Sendmail(sendmail) => sendmail.send(&mail.envelope, &mail.bytes).await,
            Self::Folder(folder) => folder.send(&mail.message_id, &mail.bytes).await,
            Self::Memory(sent) => sent.send(mail),
        }
    }

    /// Whether mails can be handed over. Sends nothing.
    pub async fn test(&self) -> Result<(), Outcome> {
        match self {
            Self::Smtp(smtp) => smtp.test().await,
            Self::Sendmail(sendmail) => sendmail.test().await,
            Self::Folder(folder) => folder.test().await,
            Self::Memory(_) => Ok(()),
        }
    }
}
