//! The seam to mail: what is to be said goes in, and what came of it comes out. Nothing else of notices knows how mails look or go.

use crate::app::App;
use crate::mail::{Mail, MailError, Mailer};
use crate::model::ids::NoticeId;
use crate::model::issuance::Kind;
use crate::model::personal::Contact;
use crate::model::time::Timestamp;
use crate::store::StoreError;

/// A credential that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is about.
    pub kind: Kind,
    /// When it ends.
    pub valid_until: Timestamp,
}

/// What one mail says.
pub struct Letter {
    /// The notice that it is sent for, by which receivers know it for the same.
    pub notice: NoticeId,
    /// To whom.
    pub contact: Contact,
    /// The credentials that end, the first to end first.
    pub items: Vec<Item>,
    /// How many days before the end; 0 on the day.
    pub days: u32,
    /// Where the person renews, if anywhere.
    pub renew_url: Option<url::Url>,
    /// Where the person says that no more reminders are wanted, if anywhere.
    pub unsubscribe_url: Option<url::Url>,
}

/// What came of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The mail server has taken it.
    Sent,
    /// There is no such address, or it takes nothing from us.
    NoSuchAddress,
    /// It is refused for good, whatever the address.
    Refused,
    /// The mail server has not got it, or has refused it for now: it may be sent again.
    NotSent,
    /// It cannot be written as a mail.
    Unwritable,
    /// The mail server may have it.
    Unclear,
}

/// Hands a letter to the mail server. `before_data` is asked before the server can have all of it, and nothing goes there if it
/// fails.
pub(super) async fn deliver(
    app: &App,
    letter: &Letter,
    before_data: impl Future<Output = Result<(), StoreError>>,
) -> Result<Outcome, StoreError> {
    // Whether there is a server is found out apart, since of what goes wrong later it is not known how far it got.
    if app.mailer.test().await.is_err() {
        return Ok(Outcome::NotSent);
    }
    let Some(mail) = write(letter) else { return Ok(Outcome::Unwritable) };
    before_data.await?;
    Ok(match app.mailer.send(mail).await {
        Ok(()) => Outcome::Sent,
        Err(MailError::Refused(Some(code))) if ["550", "551", "553"].contains(&code.as_str()) => {
            Outcome::NoSuchAddress
        }
        Err(MailError::Refused(_)) => Outcome::Refused,
        Err(MailError::Busy(_) | MailError::NoServer) => Outcome::NotSent,
        Err(MailError::Unwritable | MailError::Url | MailError::From) => Outcome::Unwritable,
        Err(MailError::Unreachable | MailError::Timeout) => Outcome::Unclear,
    })
}

/// Whether mails go anywhere.
pub(super) fn can_send(app: &App) -> bool {
    !matches!(app.mailer, Mailer::None)
}

/// The text of a letter.
pub(super) fn text(letter: &Letter) -> (String, String) {
    let date = |moment: Timestamp| moment.to_seconds_text().chars().take(10).collect::<String>();
    let lines: Vec<_> = letter
        .items
        .iter()
        .map(|item| format!("- {}: until {}", item.kind.as_str(), date(item.valid_until)))
        .collect();
    let subject = match letter.days {
        0 => "Your credential ends today",
        1 => "Your credential ends tomorrow",
        _ => "Your credential ends soon",
    };
    let mut text = format!("{subject}.\n\n{}\n", lines.join("\n"));
    for (what, url) in [("Renew", &letter.renew_url), ("No more reminders", &letter.unsubscribe_url)] {
        if let Some(url) = url {
            text.push_str(&format!("\n{what}: {url}\n"));
        }
    }
    (subject.to_owned(), text)
}

fn write(letter: &Letter) -> Option<Mail> {
    let (subject, text) = text(letter);
    Some(Mail { to: letter.contact.email.clone(), subject, text })
}
