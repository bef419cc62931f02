//! What has happened to a record, by the audit chain, and what is to come.

use super::found::Loaded;
use super::related::{Related, Relation};
use super::standing::Waits;
use crate::app::App;
use crate::model::audit::ToldEntry;
use crate::model::ids::NoticeId;
use crate::model::issuance::State;
use crate::model::job::Work;
use crate::model::notices::{Notice, NoticeState};
use crate::model::sought::AnyRecord;
use crate::model::time::Timestamp;
use crate::store::StoreError;

/// The most entries of the chain that are shown of one record: the newest.
const MOST: u32 = 200;

/// One thing that has happened, or is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What has happened, or is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody has done this.
    Done {
        /// The place in the audit chain.
        seq: i64,
        /// Who, as the chain has it.
        actor: String,
        /// What, as a code.
        act: String,
        /// More: a code, a hash, an id.
        detail: String,
        /// Another record that it has happened to, with which this one has to do.
        other: Option<AnyRecord>,
    },
    /// It is to come.
    Planned(Planned),
}

/// What is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// A notice goes out, so many days before the end.
    Notice(NoticeId, u32),
    /// What it waits for must have come.
    WaitEnds(&'static str),
    /// The credential ends.
    CredentialEnds,
    /// The link ends.
    LinkEnds,
    /// It is tried, or looked after, again.
    Work(Work),
}

impl Planned {
    /// As a code.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Notice(..) => "notice",
            Self::WaitEnds(_) => "wait_ends",
            Self::CredentialEnds => "credential_ends",
            Self::LinkEnds => "link_ends",
            Self::Work(_) => "work",
        }
    }
}

/// The timeline of a record, with what has happened to those that it was made of and those that lead to it; and whether there are earlier
/// entries than these.
pub(super) async fn of(
    app: &App,
    record: &AnyRecord,
    (loaded, waits): (&Loaded, Option<&Waits>),
    related: &[Related],
    notices: &[Notice],
) -> Result<(Vec<Moment>, bool), StoreError> {
    let own = app.store.audit_end_of(record.as_str(), MOST.saturating_add(1)).await?;
    let mut has_earlier = own.len() > MOST as usize;
    let mut moments: Vec<_> = own.into_iter().take(MOST as usize).map(|entry| done(entry, None)).collect();
    let belongs = |relation| {
        matches!(
            relation,
            Relation::MadeOf | Relation::Claim | Relation::OfClaim | Relation::WrittenBy | Relation::Link
        )
    };
    for other in related.iter().filter(|other| belongs(other.relation)) {
        let entries = app.store.audit_end_of(other.hit.record.as_str(), MOST.saturating_add(1)).await?;
        has_earlier |= entries.len() > MOST as usize;
        let entries = entries.into_iter().take(MOST as usize);
        moments.extend(entries.map(|entry| done(entry, Some(other.hit.record.clone()))));
    }
    let jobs = app.store.jobs_about(record.as_str()).await?;
    let mut planned = planned(loaded, waits, notices);
    planned.extend(
        jobs.iter().map(|job| Moment { at: job.due_at, what: What::Planned(Planned::Work(job.work)) }),
    );
    // What is due and has not been done comes behind all that has happened.
    sort(&mut moments);
    planned.sort_by_key(|moment| moment.at);
    moments.extend(planned);
    Ok((moments, has_earlier))
}

/// In the order in which it has happened; what has no time in common has its place in the chain.
fn sort(moments: &mut [Moment]) {
    moments.sort_by_key(|moment| match &moment.what {
        What::Done { seq, .. } => *seq,
        What::Planned(_) => i64::MAX,
    });
}

fn done(entry: ToldEntry, other: Option<AnyRecord>) -> Moment {
    let ToldEntry { seq, at, actor, act, subject: _, detail, hash: _ } = entry;
    let at = Timestamp::from_unix_millis(at).unwrap_or(Timestamp::EPOCH);
    Moment { at, what: What::Done { seq, actor, act, detail, other } }
}

/// What is to come of the record itself.
fn planned(loaded: &Loaded, waits: Option<&Waits>, notices: &[Notice]) -> Vec<Moment> {
    let mut all = Vec::new();
    let mut plan = |at: Option<Timestamp>, what: Planned| {
        all.extend(at.map(|at| Moment { at, what: What::Planned(what) }));
    };
    for notice in notices.iter().filter(|notice| notice.state == NoticeState::Planned) {
        plan(Some(notice.due_at), Planned::Notice(notice.id.clone(), notice.days));
    }
    match loaded {
        Loaded::Issuance(one) if one.state == State::Issued => plan(one.valid_until, Planned::CredentialEnds),
        Loaded::Claim(one) if !one.state.is_final() => plan(Some(one.expires_at), Planned::LinkEnds),
        _ => {}
    }
    if let (Some(waits), false) = (waits, matches!(loaded, Loaded::Claim(_))) {
        plan(waits.until, Planned::WaitEnds(waits.what));
    }
    all
}
