//! Claim: the turn of what is due is taken, by one process, before anybody hears of it.

use super::letter::{Item, Letter, can_send};
use super::plan::zone_of;
use crate::app::App;
use crate::flow::mail_link;
use crate::model::issuance::State;
use crate::model::notices::{LATEST, MOST_ATTEMPTS, Notice, NoticeCode, NoticeState};
use crate::model::personal::Contact;
use crate::model::time::{DAY, Timestamp};
use crate::store::{Addressee, StoreError, Tx};

/// How long a turn is held, in milliseconds: longer than a dialogue with a mail server may take ([`super::send`]).
pub(super) const TURN: i64 = 20 * 60_000;

/// Notices that are looked at in one go: others take turns at the same time.
const CANDIDATES: u32 = 16;

/// The name under which the mails of a day are counted.
const DAILY: &str = "day";

/// What the keyed hash of a domain is for.
const DOMAIN: &str = "mail domain";

/// What there is to do.
pub enum Claim {
    /// A letter to send, whose turn this process has.
    Letter(Box<Claimed>),
    /// Nothing is due.
    Nothing,
    /// As many as one day may have were sent.
    Enough,
}

/// A letter whose turn this process has.
pub struct Claimed {
    pub(super) letter: Letter,
    /// The notice that it is sent for, and those that it says along.
    pub(super) notices: Vec<Notice>,
    pub(super) email_index: String,
}

/// What is to become of a notice that is due.
enum Judged {
    /// It is said, to this addressee.
    Say(Box<(Letter, Addressee)>),
    /// It is not said.
    Drop(NoticeCode),
    /// Not yet.
    Later(Timestamp),
}

/// Takes the turn of the notice that has been due for longest, with what is said along. Settles on the way what is not to be
/// said.
pub async fn claim(app: &App) -> Result<Claim, StoreError> {
    if !can_send(app) {
        return Ok(Claim::Nothing);
    }
    let now = app.clock.now();
    end_lost_turns(app, now).await?;
    let mut from = None;
    loop {
        let due = app.store.due_notices(now, from, CANDIDATES).await?;
        for notice in due.items {
            match judge(app, &notice, now).await {
                Ok(Judged::Say(said)) => match take(app, notice, *said, now).await {
                    Ok(Some(claim)) => return Ok(claim),
                    // It waits for its turn at the domain, or somebody was faster.
                    Ok(None) | Err(StoreError::Stale) => {}
                    Err(error) => return Err(error),
                },
                Ok(Judged::Drop(code)) => settle(app, &notice, Err(code), now).await?,
                Ok(Judged::Later(due)) => settle(app, &notice, Ok(due), now).await?,
                // A newer program has written it.
                Err(StoreError::Unreadable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        from = due.next;
        if from.is_none() {
            return Ok(Claim::Nothing);
        }
    }
}

/// What a process has left behind that is gone.
async fn end_lost_turns(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let latest = now.plus_millis(TURN);
    if !app.store.has_lost_turns(now, latest).await? {
        return Ok(());
    }
    let (again, unclear) = app.store.end_lost_turns(now, latest).await?;
    if unclear > 0 {
        metrics::counter!("notices_total", "outcome" => "unclear").increment(unclear);
        tracing::error!(
            notices = unclear,
            "Nobody knows whether these mails were sent; they are not sent again by themselves"
        );
    }
    if again > 0 {
        tracing::warn!(notices = again, "Notices whose sender is gone are sent anew");
    }
    Ok(())
}

async fn settle(
    app: &App,
    notice: &Notice,
    then: Result<Timestamp, NoticeCode>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    let settled = match then {
        Ok(due) => tx.put_notice_off(notice, due, false, now).await,
        Err(code) => tx.drop_notice(notice, code, now).await,
    };
    match settled {
        Ok(()) => {
            if let Err(code) = then {
                metrics::counter!("notices_total", "outcome" => code.as_str()).increment(1);
            }
            tx.commit().await
        }
        Err(StoreError::Stale) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn judge(app: &App, notice: &Notice, now: Timestamp) -> Result<Judged, StoreError> {
    let issuance = app.store.issuance(&notice.issuance_id).await?;
    let Some(issuance) = issuance.filter(|issuance| issuance.state == State::Issued) else {
        return Ok(Judged::Drop(NoticeCode::Revoked));
    };
    let Some(valid_until) = issuance.valid_until else { return Ok(Judged::Drop(NoticeCode::Policy)) };
    if now >= valid_until.plus_millis(LATEST) {
        return Ok(Judged::Drop(NoticeCode::TooLate));
    }
    if notice.attempts >= MOST_ATTEMPTS {
        return Ok(Judged::Drop(NoticeCode::TooManyAttempts));
    }
    let others = app.store.notices_of(&issuance.id).await?;
    let is_nearer = |other: &Notice| {
        let is_said_before = match other.state {
            NoticeState::Planned => other.due_at <= now,
            // One that did not get through; one that an operator wants sent once more has no tries.
            NoticeState::Sent | NoticeState::Sending | NoticeState::Unclear => notice.attempts > 0,
            NoticeState::Dropped | NoticeState::Failed => false,
        };
        other.days < notice.days && is_said_before
    };
    if others.iter().any(is_nearer) {
        return Ok(Judged::Drop(NoticeCode::Late));
    }
    let Some(addressee) = app.store.addressee(&issuance.id).await? else {
        return Ok(Judged::Drop(NoticeCode::NoContact));
    };
    if addressee.is_unreachable {
        return Ok(Judged::Drop(NoticeCode::Unreachable));
    }
    if addressee.reminders_off {
        return Ok(Judged::Drop(NoticeCode::RemindersOff));
    }
    let awake = app.notices.awake(now, zone_of(app, &issuance.id, &addressee.locked));
    if awake > now {
        return Ok(Judged::Later(awake));
    }
    let contact = match app.vault.unlock_record::<Contact>(issuance.id.as_str(), &addressee.locked) {
        Ok(contact) => contact,
        Err(error) => {
            // The vault's key may come back: until a nearer one is due, or the time is over.
            tracing::error!(issuance.id = %issuance.id, "A contact cannot be unlocked for a notice: {error}");
            return Ok(Judged::Later(now.plus_millis(DAY / 24)));
        }
    };
    let letter = Letter {
        notice: notice.id.clone(),
        contact,
        items: vec![Item { kind: issuance.kind, valid_until }],
        renew_url: None,
        unsubscribe_url: None,
    };
    Ok(Judged::Say(Box::new((letter, addressee))))
}

/// Takes the turn of a notice and of what is said along, within the limits. `None` if its turn at the domain comes later.
/// Counts one mail more of this day; no if the day has had as many as it may.
pub(in crate::flow) async fn may_send_today(
    app: &App,
    tx: &mut Tx,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let today = now.plus_millis(-now.unix_millis().rem_euclid(DAY));
    tx.count_mail(DAILY, today, app.mail_pace.per_day).await
}

async fn take(
    app: &App,
    notice: Notice,
    (mut letter, addressee): (Letter, Addressee),
    now: Timestamp,
) -> Result<Option<Claim>, StoreError> {
    let until = app.notices.together_until(notice.due_at.max(now), notice.days);
    let person = (notice.client.as_str(), addressee.email_index.as_str());
    let along = app.store.notices_of_person(person, notice.days, until).await?;
    let mut others = Vec::new();
    for other in along.into_iter().filter(|other| other.id != notice.id) {
        if let Some(issuance) = app.store.issuance(&other.issuance_id).await?
            && let Some(valid_until) = issuance.valid_until
        {
            others.push((other, Item { kind: issuance.kind, valid_until }));
        }
    }

    let mut tx = app.store.begin().await?;
    if !notice.is_paced {
        let domain =
            letter.contact.email.expose().rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        let every = 60_000 / i64::from(app.mail_pace.per_domain.max(1));
        let name = app.vault.index(DOMAIN, domain.as_bytes());
        let slot = tx.next_slot(&name, every, now).await?;
        // To the second: a burst of that is none.
        if slot > now.plus_millis(1_000) {
            tx.put_notice_off(&notice, slot, true, now).await?;
            tx.commit().await?;
            return Ok(None);
        }
    }
    if !may_send_today(app, &mut tx, now).await? {
        return Ok(Some(Claim::Enough));
    }
    let end = now.plus_millis(TURN);
    tx.take_turn(&notice, &app.owner, end, now).await?;
    let mut notices = vec![notice];
    for (other, item) in others {
        match tx.take_turn(&other, &app.owner, end, now).await {
            Ok(()) => {
                notices.push(other);
                letter.items.push(item);
            }
            // It was settled in another way meanwhile.
            Err(StoreError::Stale) => {}
            Err(error) => return Err(error),
        }
    }
    // Whom it goes to is who is there now.
    let present = match notices.first() {
        Some(first) => tx.addressee(&first.issuance_id).await?,
        None => None,
    };
    if present.is_none_or(|present| present.locked != addressee.locked) {
        return Err(StoreError::Stale);
    }
    let about: Vec<_> = notices.iter().map(|notice| notice.issuance_id.clone()).collect();
    letter.renew_url = mail_link::renewal(app, &mut tx, &about, now).await?;
    letter.unsubscribe_url = mail_link::unsubscribing(app, &mut tx, &about, now).await?;
    tx.commit().await?;
    letter.items.sort_by_key(|item| item.valid_until);
    Ok(Some(Claim::Letter(Box::new(Claimed { letter, notices, email_index: addressee.email_index }))))
}
