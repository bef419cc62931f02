//! What has stopped, by reason; and all that has stopped for one reason brought on, record by record, by the background work.

use rand::rngs::OsRng;

use super::found::{self, Hit};
use crate::app::App;
use crate::flow::halted::{self, Halted};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::bulk_resume::{BulkResume, BulkState, Group, Reason};
use crate::model::ids::BulkResumeId;
use crate::model::issuance::Stopped;
use crate::model::job::{Job, Work};
use crate::model::sought::AnyRecord;
use crate::model::staff::Reach;
use crate::model::time::{HOUR, Timestamp};
use crate::store::{Place, StoreError};

/// The most that are shown of what was brought on in bulk: the newest.
const MOST_SHOWN: u32 = 20;

/// Records that are read in one go.
const BATCH: u32 = 50;

/// The place before the first that has stopped.
const START: (i64, String) = (i64::MIN, String::new());

/// What has stopped, and what is being done about it.
#[derive(Clone, Debug, Default)]
pub struct Halts {
    /// By client and reason, those first that wait for longest.
    pub groups: Vec<Group>,
    /// What was brought on in bulk, the newest first.
    pub bulk: Vec<BulkResume>,
}

/// Something that has stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedRecord {
    /// The record.
    pub hit: Hit,
    /// Since when.
    pub since: Timestamp,
}

/// Why it is not brought on in bulk.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// Nothing that may be seen has stopped for this reason.
    #[error("nothing has stopped for this reason")]
    Nothing,
    /// It is being brought on.
    #[error("it is being brought on already")]
    Running,
    /// It does not run any more, or there is no such thing.
    #[error("it does not run any more")]
    Over,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All that has stopped among what may be seen.
pub async fn halts(app: &App, whose: &Reach) -> Result<Halts, StoreError> {
    let mut groups = app.store.stopped_groups().await?;
    groups.retain(|group| whose.sees(&group.reason.client));
    groups.sort_by_key(|group| group.oldest);
    let mut bulk = app.store.bulk_resumes(MOST_SHOWN).await?;
    bulk.retain(|bulk| whose.sees(&bulk.reason.client));
    Ok(Halts { groups, bulk })
}

/// What has stopped for one reason, the first to stop first: as many as are shown at once, and whether there are more.
pub async fn stopped_for(
    app: &App,
    whose: &Reach,
    reason: &Reason,
    behind: Option<Place>,
) -> Result<(Vec<StoppedRecord>, bool), StoreError> {
    if !whose.sees(&reason.client) {
        return Ok((Vec::new(), false));
    }
    let behind = behind.unwrap_or(Place { at: START.0, id: START.1 });
    let now = app.clock.now();
    let rows = app.store.stopped_for(reason, &behind, now, BATCH + 1).await?;
    let has_more = rows.len() > BATCH as usize;
    let mut records = Vec::new();
    for row in rows.into_iter().take(BATCH as usize) {
        let Ok(record) = row.id.parse::<AnyRecord>() else { continue };
        let since = Timestamp::from_unix_millis(row.since).unwrap_or(Timestamp::EPOCH);
        let hit = found::hit(app, whose, record).await?;
        records.extend(hit.map(|hit| StoppedRecord { hit, since }));
    }
    Ok((records, has_more))
}

/// Has all brought on that has stopped for one reason by now. It is done in the background, whatever is killed meanwhile; what stops again
/// for the same reason waits for the next time.
pub async fn resume_all(
    app: &App,
    actor: &Actor,
    whose: &Reach,
    reason: Reason,
) -> Result<BulkResume, BulkError> {
    let group = if whose.sees(&reason.client) { app.store.stopped_group(&reason).await? } else { None };
    let group = group.ok_or(BulkError::Nothing)?;
    let now = app.clock.now();
    let bulk = BulkResume {
        id: BulkResumeId::new(now, &mut OsRng),
        reason,
        state: BulkState::Running,
        actor: actor.to_text(),
        total: group.count,
        resumed: 0,
        remaining: 0,
        place: START,
        created_at: now,
        updated_at: now,
    };
    let mut tx = app.store.begin().await?;
    match tx.add_bulk_resume(&bulk).await {
        Err(StoreError::Exists) => return Err(BulkError::Running),
        added => added?,
    }
    tx.enqueue(&Job::new(Work::ResumeAll, bulk.id.as_str(), now, &mut OsRng)).await?;
    let detail = format!("{}:{}:{}", bulk.reason.client, bulk.reason.what, bulk.reason.code);
    let entry = AuditEntry::new(now, actor.clone(), AuditAction::Resumed, bulk.id.as_str());
    tx.record(&entry.detail(detail)).await?;
    tx.commit().await?;
    Ok(bulk)
}

/// Ends what is brought on in bulk. What was brought on goes on.
pub async fn end(app: &App, actor: &Actor, whose: &Reach, id: &BulkResumeId) -> Result<(), BulkError> {
    let bulk = app.store.bulk_resume(id).await?;
    if !bulk.is_some_and(|bulk| whose.sees(&bulk.reason.client)) {
        return Err(BulkError::Over);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    match tx.stop_bulk_resume(id, now).await {
        Err(StoreError::Stale) => return Err(BulkError::Over),
        stopped => stopped?,
    }
    let entry = AuditEntry::new(now, actor.clone(), AuditAction::Resumed, id.as_str());
    tx.record(&entry.detail("ended")).await?;
    Ok(tx.commit().await?)
}

/// Brings on what a job is about, record by record. What fails is left, and says by itself why. Broken off, it goes on behind the last one.
pub async fn bring_on_all(app: &App, job: &Job) -> Result<(), StoreError> {
    let bulk = match job.subject.parse() {
        Ok(id) => app.store.bulk_resume(&id).await?,
        Err(_) => None,
    };
    let running = bulk.filter(|bulk| bulk.state == BulkState::Running);
    if let Some(mut bulk) = running {
        match go_through(app, &mut bulk).await {
            // Somebody has ended it.
            Ok(()) | Err(StoreError::Stale) => {}
            Err(error) => return Err(error),
        }
    }
    let mut tx = app.store.begin().await?;
    tx.finish_job(job).await?;
    tx.commit().await
}

async fn go_through(app: &App, bulk: &mut BulkResume) -> Result<(), StoreError> {
    loop {
        let behind = Place { at: bulk.place.0, id: bulk.place.1.clone() };
        let rows = app.store.stopped_for(&bulk.reason, &behind, bulk.created_at, BATCH).await?;
        if rows.is_empty() {
            bulk.state = BulkState::Done;
            return note(app, bulk).await;
        }
        for row in rows {
            if bring_on(app, bulk, &row.id).await? {
                bulk.resumed = bulk.resumed.saturating_add(1);
            } else {
                bulk.remaining = bulk.remaining.saturating_add(1);
            }
            bulk.place = (row.since, row.id);
            note(app, bulk).await?;
        }
    }
}

/// [`StoreError::Stale`] if somebody has ended it.
async fn note(app: &App, bulk: &BulkResume) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.move_bulk_resume(bulk, app.clock.now()).await?;
    tx.commit().await
}

/// Brings one on. Gives whether it goes on.
async fn bring_on(app: &App, bulk: &BulkResume, id: &str) -> Result<bool, StoreError> {
    let Some(stopped) = read(app, bulk.reason.what, id).await? else { return Ok(false) };
    // Somebody may have brought it on, and it may have stopped for another reason.
    if stopped.code() != Some(bulk.reason.code) || stopped.what() != bulk.reason.what {
        return Ok(false);
    }
    let actor = Actor::of_text(&bulk.actor).unwrap_or(Actor::Service);
    match halted::resume_as(app, actor, stopped).await {
        Ok(()) => Ok(true),
        Err(error) => match error.of_the_store() {
            Some(error) => Err(error),
            None => Ok(false),
        },
    }
}

async fn read(app: &App, what: Stopped, id: &str) -> Result<Option<Halted>, StoreError> {
    Ok(match (what, id.parse::<AnyRecord>()) {
        (Stopped::Issuance | Stopped::Revocation, Ok(AnyRecord::Issuance(id))) => {
            app.store.issuance(&id).await?.map(|one| Halted::Issuance(Box::new(one)))
        }
        (Stopped::Profile, Ok(AnyRecord::Profile(id))) => {
            app.store.profile(&id.into()).await?.map(|one| Halted::Profile(Box::new(one)))
        }
        (Stopped::Wallet, Ok(AnyRecord::Wallet(id))) => {
            app.store.profile(&id.into()).await?.map(|one| Halted::Profile(Box::new(one)))
        }
        (Stopped::Attribute, Ok(AnyRecord::Attribute(id))) => {
            app.store.attribute(&id).await?.map(|one| Halted::Attribute(Box::new(one)))
        }
        _ => None,
    })
}

/// Forgets what was brought on in bulk as long ago as events are kept.
pub(in crate::flow) async fn forget_old(app: &App) -> Result<(), StoreError> {
    let before = app.clock.now().plus_millis(-i64::from(app.retention.events_hours) * HOUR);
    app.store.forget_bulk_resumes_before(before).await.map(|_| ())
}
