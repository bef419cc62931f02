//! Who saw which record: an entry of the audit chain for each that somebody has looked at, the first time in an hour.
//!
//! Of people it is written down always, unless `audit.views` is `none`; of programs, which read their own client's records by API key
//! all day, where it is `all`. An hour's later looks cost a look into memory, or where other processes serve, one row.

use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry, Views};
use crate::model::time::{HOUR, Timestamp};
use crate::store::{Store, StoreError};

/// What somebody has looked at.
#[derive(Clone, Copy, Debug)]
pub enum Viewed<'a> {
    /// A record, by its id: itself, or what belongs to it, such as its notices.
    Record(&'a str),
    /// A list.
    List {
        /// Of which records, in the plural.
        of: &'a str,
        /// The names of the filters by which they were chosen. Never their values.
        by: &'a [&'static str],
        /// How many were shown.
        found: usize,
    },
}

impl Viewed<'_> {
    /// By what it is known that the same was looked at before.
    fn seen_as(&self) -> String {
        match self {
            Self::Record(id) => (*id).to_owned(),
            Self::List { of, by, .. } => format!("{of}?{}", by.join(",")),
        }
    }
}

/// Writes down that `actor` has been shown this. What fails is not shown: call it before the answer goes out.
///
/// A record that is erased, or of which nothing was ever written down, is not named.
pub async fn saw(app: &App, actor: &Actor, what: Viewed<'_>) -> Result<(), StoreError> {
    if !is_written_down(app.views, actor) {
        return Ok(());
    }
    let now = app.clock.now();
    let (by, seen_as, hour) = (actor.to_text(), what.seen_as(), hour(now));
    if !app.has_seen(&by, &seen_as, hour) {
        write_down(&app.store, actor, what, now).await?;
        app.remember_seen(&by, &seen_as, hour);
    }
    Ok(())
}

/// The same for a command, which has no service around it.
pub async fn saw_by_hand(
    store: &Store,
    views: Views,
    what: Viewed<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let actor = Actor::Operator;
    if is_written_down(views, &actor) { write_down(store, &actor, what, now).await } else { Ok(()) }
}

fn hour(now: Timestamp) -> i64 {
    now.unix_millis().div_euclid(HOUR)
}

async fn write_down(
    store: &Store,
    actor: &Actor,
    what: Viewed<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (subject, act, detail) = match what {
        Viewed::Record(id) => (id, AuditAction::RecordViewed, String::new()),
        Viewed::List { of, by: [], found } => (of, AuditAction::RecordsListed, format!("found:{found}")),
        Viewed::List { of, by, found } => {
            (of, AuditAction::RecordsListed, format!("found:{found} by:{}", by.join(",")))
        }
    };
    let mut tx = store.begin().await?;
    if tx.note_view(&actor.to_text(), &what.seen_as(), hour(now)).await? {
        if matches!(what, Viewed::Record(_)) && !tx.is_in_audit(subject).await? {
            return Ok(()); // the row goes with the transaction
        }
        tx.record(&AuditEntry::new(now, actor.clone(), act, subject).detail(detail)).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn is_written_down(views: Views, actor: &Actor) -> bool {
    match actor {
        Actor::Staff { .. } | Actor::Operator => views != Views::None,
        Actor::Client { .. } | Actor::Source { .. } | Actor::Claim { .. } | Actor::Consumer { .. } => {
            views == Views::All
        }
        // A visit to one's own page is an act of its own.
        Actor::Person | Actor::Service => false,
    }
}
