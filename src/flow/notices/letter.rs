//! The seam to mail: what is to be said goes in, and what came of it comes out. Nothing else of notices knows how mails look or go.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::{self, Composed, Link, Mail, MailError, Next, Permit};
use crate::model::ids::NoticeId;
use crate::model::issuance::Kind;
use crate::model::personal::Contact;
use crate::model::time::{DAY, Timestamp};

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
    /// Where the person renews, if anywhere.
    pub renew_url: Option<Link>,
    /// Where the person says that no more reminders are wanted, if anywhere.
    pub unsubscribe_url: Option<Link>,
}

/// What came of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The mail server has taken it.
    Sent,
    /// There is no such address.
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

/// Hands a letter to the mail server. `permit` is asked before the server can have all of it.
pub(super) async fn deliver(app: &App, letter: &Letter, permit: Permit<'_>) -> Outcome {
    let composed = match write(app, letter) {
        Ok(composed) => composed,
        Err(error) => {
            tracing::error!(notice.id = %letter.notice, "A notice cannot be written: {error}");
            return Outcome::Unwritable;
        }
    };
    let Ok(outcome) = app.mailer.send_if(&composed, permit).await else { return Outcome::NotSent };
    if !matches!(outcome, mail::Outcome::Sent { .. }) {
        tracing::warn!(notice.id = %letter.notice, "A notice was not sent: {outcome}");
    }
    match outcome.next() {
        Next::Done => Outcome::Sent,
        Next::Again => Outcome::NotSent,
        Next::Never if outcome.is_dead_address() => Outcome::NoSuchAddress,
        Next::Never => Outcome::Refused,
        Next::Unknown => Outcome::Unclear,
    }
}

/// A letter as a mail.
pub(super) fn write(app: &App, letter: &Letter) -> Result<Composed, MailError> {
    let date = utc(app.clock.now());
    let post = mail::Letter {
        to: &letter.contact.email,
        locale: letter.contact.locale.as_str(),
        id: letter.notice.as_str(),
        date,
    };
    app.mailer.write(&mail_of(letter, app.clock.now()), &post)
}

fn mail_of(letter: &Letter, now: Timestamp) -> Mail {
    let item =
        |item: &Item| mail::Item { kind: item.kind.as_str().to_owned(), valid_until: utc(item.valid_until) };
    let credentials: Vec<_> = letter.items.iter().map(item).collect();
    let (renew_url, unsubscribe_url) = (letter.renew_url.clone(), letter.unsubscribe_url.clone());
    let first = letter.items.iter().map(|item| item.valid_until).min().unwrap_or(now);
    let last = letter.items.iter().map(|item| item.valid_until).max().unwrap_or(now);
    if last <= now {
        return Mail::Expired { credentials, renew_url, unsubscribe_url };
    }
    // In days of UTC, in which mails say the end.
    let day = |moment: Timestamp| moment.unix_millis().div_euclid(DAY);
    let days_left = u32::try_from(day(first) - day(now)).unwrap_or_default();
    Mail::Expiring { credentials, days_left, renew_url, unsubscribe_url }
}

fn utc(moment: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(moment.unix_millis()).unwrap_or_default()
}

/// Whether mails go anywhere.
pub(super) fn can_send(app: &App) -> bool {
    app.mailer.is_there()
}
