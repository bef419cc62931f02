//! One record: everything that there is to show of it.

use super::fact::{Fact, facts};
use super::found::{Hit, Loaded};
use super::related::{Related, related};
use super::standing::{Stop, Waits, stop, waits};
use super::timeline::{self, Moment};
use crate::app::App;
use crate::model::event::Event;
use crate::model::job::{Job, JobState};
use crate::model::notices::Notice;
use crate::model::sought::AnyRecord;
use crate::model::staff::Reach;
use crate::store::StoreError;

/// The most events of a record that are shown: the newest.
const MOST_EVENTS: usize = 50;

/// An event, and where it is still to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The event.
    pub event: Event,
    /// The endpoints that are still to be told, or have been given up. None: all that wanted to be told were, or none did.
    pub open: Vec<Job>,
}

impl Delivered {
    /// Whether some endpoint was given up.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.open.iter().any(|job| job.state == JobState::Halted)
    }
}

/// Everything that there is to show of a record.
#[derive(Clone, Debug)]
pub struct Record {
    /// What all records have.
    pub hit: Hit,
    /// What is known of it.
    pub facts: Vec<Fact>,
    /// What it waits for.
    pub waits: Option<Waits>,
    /// Why it has stopped, or is over.
    pub stop: Option<Stop>,
    /// Other records that it has to do with.
    pub related: Vec<Related>,
    /// Its notices.
    pub notices: Vec<Notice>,
    /// What is to be done about it in the background.
    pub jobs: Vec<Job>,
    /// What was told of it, the newest first.
    pub events: Vec<Delivered>,
    /// What has happened to it, and what is to come, in order.
    pub timeline: Vec<Moment>,
    /// Whether there are earlier entries than the timeline has.
    pub has_earlier: bool,
}

/// What is known of a record itself, and nothing of any other.
pub async fn known(app: &App, id: &AnyRecord) -> Result<Option<(Hit, Vec<Fact>)>, StoreError> {
    let loaded = Loaded::read(app, &Reach::All, id).await?;
    Ok(loaded.map(|loaded| (loaded.hit(id.clone(), app.clock.now()), facts(id, &loaded))))
}

/// A record that may be seen. Whoever shows it writes down that it was seen.
pub async fn record(app: &App, whose: &Reach, id: &AnyRecord) -> Result<Option<Record>, StoreError> {
    let Some(loaded) = Loaded::read(app, whose, id).await? else { return Ok(None) };
    let now = app.clock.now();
    let notices = match id {
        AnyRecord::Issuance(id) => app.store.notices_of(id).await?,
        _ => Vec::new(),
    };
    let jobs = app.store.jobs_about(id.as_str()).await?;
    let mut events = Vec::new();
    for event in app.store.events_about(id.as_str()).await?.into_iter().rev().take(MOST_EVENTS) {
        let open = app.store.jobs_about(event.id.as_str()).await?;
        events.push(Delivered { event, open });
    }
    let related = related(app, whose, id, &loaded).await?;
    let waits = waits(&loaded, now);
    let (timeline, has_earlier) =
        timeline::of(app, id, (&loaded, waits.as_ref()), &related, &notices).await?;
    Ok(Some(Record {
        hit: loaded.hit(id.clone(), now),
        facts: facts(id, &loaded),
        waits,
        stop: stop(&loaded),
        related,
        notices,
        jobs,
        events,
        timeline,
        has_earlier,
    }))
}
