//! Lists, part by part. What all clients have is put together of what each has, since each list goes by the index of one client: there are
//! few clients, and each gives as many rows as one part has.

use std::fmt;
use std::str::FromStr;

use super::search::clients;
use crate::app::App;
use crate::model::event::Event;
use crate::model::issuance::Issuance;
use crate::model::job::Job;
use crate::model::notices::{Notice, NoticeState};
use crate::model::staff::Reach;
use crate::model::verification::{State as VerificationState, Verification};
use crate::store::{Filter, Place, StoreError, Way};

/// Rows of one part.
pub(super) const ROWS: u32 = 50;

/// The most webhooks that are looked at for one part, where most are another client's.
const MOST_PASSED: u32 = 1_000;

/// Where a part of a list begins: behind a row, in one direction. Its text stands in links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    way: Way,
    place: Place,
}

/// The text is no place of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no place of a list")]
pub struct NotAPlace;

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Older => "o",
            Way::Newer => "n",
        };
        write!(f, "{way}.{}.{}", self.place.at, self.place.id)
    }
}

impl FromStr for At {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let mut parts = text.split('.');
        let (Some(way), Some(at), Some(id), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAPlace);
        };
        let way = match way {
            "o" => Way::Older,
            "n" => Way::Newer,
            _ => return Err(NotAPlace),
        };
        let is_id = id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let at = at.parse().map_err(|_| NotAPlace)?;
        if is_id { Ok(Self { way, place: Place { at, id: id.to_owned() } }) } else { Err(NotAPlace) }
    }
}

/// A part of a list, the newest (or the last to be due) first.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the part with what is newer begins, if there may be any.
    pub newer: Option<At>,
    /// Where the part with what is older begins, if there is any.
    pub older: Option<At>,
}

impl<T> Listed<T> {
    /// Of rows in the direction in which they were read: at most one more than are shown.
    pub(super) fn of(mut rows: Vec<T>, at: Option<&At>, place: impl Fn(&T) -> Place) -> Self {
        let way = at.map_or(Way::Older, |at| at.way);
        let has_more = rows.len() > ROWS as usize;
        rows.truncate(ROWS as usize);
        if way == Way::Newer {
            rows.reverse();
        }
        let (has_newer, has_older) = match way {
            Way::Older => (at.is_some(), has_more),
            Way::Newer => (has_more, true),
        };
        let newer = rows.first().filter(|_| has_newer).map(|row| At { way: Way::Newer, place: place(row) });
        let older = rows.last().filter(|_| has_older).map(|row| At { way: Way::Older, place: place(row) });
        Self { rows, newer, older }
    }
}

/// Where reading begins.
pub(super) fn from(at: Option<&At>) -> (Way, Option<Place>) {
    at.map_or((Way::Older, None), |at| (at.way, Some(at.place.clone())))
}

/// Puts together what each client has.
pub(super) fn merged<T>(mut rows: Vec<T>, at: Option<&At>, place: impl Fn(&T) -> Place) -> Listed<T> {
    rows.sort_by_key(&place);
    if from(at).0 == Way::Older {
        rows.reverse();
    }
    Listed::of(rows, at, place)
}

/// Issuances, by what is asked for.
pub async fn issuances(
    app: &App,
    whose: &Reach,
    filter: &Filter,
    at: Option<&At>,
) -> Result<Listed<Issuance>, StoreError> {
    let mut rows = Vec::new();
    for client in clients(app, whose).await? {
        rows.extend(app.store.listed_issuances(&client, filter, from(at), ROWS + 1).await?);
    }
    Ok(merged(rows, at, |one| Place { at: one.created_at.unix_millis(), id: one.id.as_str().to_owned() }))
}

/// Verifications, of one source and in one state where that is said.
pub async fn verifications(
    app: &App,
    whose: &Reach,
    wanted: (Option<&str>, Option<VerificationState>),
    at: Option<&At>,
) -> Result<Listed<Verification>, StoreError> {
    let mut rows = Vec::new();
    for client in clients(app, whose).await? {
        rows.extend(app.store.listed_verifications(&client, wanted, from(at), ROWS + 1).await?);
    }
    Ok(merged(rows, at, |one| Place { at: one.created_at.unix_millis(), id: one.id.as_str().to_owned() }))
}

/// Notices in one state, by when they are or were due.
pub async fn notices(
    app: &App,
    whose: &Reach,
    state: NoticeState,
    at: Option<&At>,
) -> Result<Listed<Notice>, StoreError> {
    let mut rows = Vec::new();
    for client in clients(app, whose).await? {
        rows.extend(app.store.listed_notices(&client, state, from(at), ROWS + 1).await?);
    }
    Ok(merged(rows, at, |one| Place { at: one.due_at.unix_millis(), id: one.id.as_str().to_owned() }))
}

/// An event that an endpoint was not told of, and the work that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTold {
    /// The event.
    pub event: Event,
    /// The work: which endpoint, how often it was tried, and why it was given up.
    pub job: Job,
}

/// Events that some endpoint was not told of. Where nearly all are other clients', a part may have fewer rows than others, and more behind it.
pub async fn events_not_told(
    app: &App,
    whose: &Reach,
    at: Option<&At>,
) -> Result<Listed<NotTold>, StoreError> {
    let place = |job: &Job| Place { at: job.created_at.unix_millis(), id: job.id.as_str().to_owned() };
    let (way, mut behind) = from(at);
    let (mut rows, mut passed) = (Vec::new(), 0);
    while rows.len() <= ROWS as usize && passed < MOST_PASSED {
        let jobs = app.store.listed_not_told((way, behind), ROWS + 1).await?;
        let is_end = jobs.len() <= ROWS as usize;
        passed += ROWS + 1;
        behind = jobs.last().map(place);
        for job in jobs {
            // One that is forgotten by now is nothing that could be told again.
            let Ok(id) = job.subject.parse() else { continue };
            let event = app.store.event(&id).await?.filter(|event| whose.sees(&event.client));
            rows.extend(event.map(|event| NotTold { event, job }));
        }
        if is_end {
            break;
        }
    }
    Ok(Listed::of(rows, at, |one| place(&one.job)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for text in ["o.1795944000123.iss_01ARZ3NDEKTSV4RRFFQ69G5FAV", "n.-5.", "o.9223372036854775807."] {
            assert_eq!(text.parse::<At>().unwrap().to_string(), text);
        }
        for wrong in
            ["", "o", "o.1", "x.1.a", "o.a.a", "o.1.a.b", "o.1.a%", "o.1.'--", "o.99999999999999999999.a"]
        {
            assert_eq!(wrong.parse::<At>(), Err(NotAPlace), "{wrong}");
        }
        assert!(format!("o.1.{}", "a".repeat(41)).parse::<At>().is_err());
    }

    #[test]
    fn parts_lead_to_each_other() {
        let place = |row: &i64| Place { at: *row, id: String::new() };
        let many: Vec<i64> = (0..=i64::from(ROWS)).rev().collect();
        let first = Listed::of(many, None, place);
        assert_eq!((first.rows.len(), first.newer.is_some()), (ROWS as usize, false));
        assert_eq!(first.older.unwrap().to_string(), "o.1.");
        let at: At = "o.1.".parse().unwrap();
        let last = Listed::of(vec![0], Some(&at), place);
        assert_eq!(last.older, None);
        assert_eq!(last.newer.unwrap().to_string(), "n.0.");
        let at: At = "n.0.".parse().unwrap();
        let back = Listed::of((1..=i64::from(ROWS)).collect(), Some(&at), place);
        assert_eq!((back.rows[0], back.newer), (i64::from(ROWS), None));
        assert_eq!(back.older.unwrap().to_string(), "o.1.");
        assert!(Listed::of(Vec::new(), None, place).older.is_none());
    }
}
