//! What is kept about whoever visits, record by record, as it is stored at this moment.

use std::collections::BTreeMap;

use super::records::records;
use crate::app::App;
use crate::flow::look::{self, Fact, Hit, Value};
use crate::model::audit::{Actor, AuditAction};
use crate::model::case::{Case, CaseState};
use crate::model::notices::{Notice, NoticeState};
use crate::model::personal;
use crate::model::safety_net::Kept;
use crate::model::sought::AnyRecord;
use crate::model::staff::Role;
use crate::model::time::Timestamp;
use crate::model::visit::Visitor;
use crate::store::StoreError;

/// The most names of staff that are looked up for one record, to say in which role somebody looked at it.
const MOST_LOOKS: usize = 1000;

/// Until when a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// This moment, if nothing changes it.
    Moment(Timestamp),
    /// So many months after it is over, which it is not yet.
    MonthsAfter(u32),
    /// As long as the issuance that was made of it.
    WithIssuance,
}

/// To whom mails about a record go.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Address and language; `None` if no key of the vault opens them.
    pub contact: Option<personal::Contact>,
    /// Whether reminders go there.
    pub reminders: bool,
    /// Whether its mail server says that there is no such address.
    pub is_unreachable: bool,
}

/// Who has looked at a record, without names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Viewer {
    /// Somebody who works for the provider, in this role; in one that is not known any more, if they have left.
    Staff(Option<Role>),
    /// Somebody with access to the command line.
    Operator,
    /// A program of the provider's.
    Program,
}

/// A request to erase.
#[derive(Clone, Debug)]
pub struct OwnCase {
    /// The case.
    pub case: Case,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
}

/// What is kept of one record.
#[derive(Clone, Debug)]
pub struct OwnRecord {
    /// What all records have: id, client, state, times.
    pub hit: Hit,
    /// What is known of it.
    pub facts: Vec<Fact>,
    /// Until when it is kept.
    pub until: Until,
    /// To whom mails about it go.
    pub contact: Option<Contact>,
    /// The notices that were sent.
    pub sent: Vec<Notice>,
    /// The signed credential that is kept after delivery.
    pub kept: Option<Kept>,
    /// Who has looked at it how often: in how many hours.
    pub views: BTreeMap<Viewer, u64>,
    /// Requests to erase it, the oldest first.
    pub cases: Vec<OwnCase>,
}

impl OwnRecord {
    /// A fact that is a code or a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let fact = self.facts.iter().find(|fact| fact.name == name)?;
        match &fact.value {
            Value::Code(code) => Some((*code).to_owned()),
            Value::Text(text) => Some(text.clone()),
            Value::Moment(_) | Value::Number(_) => None,
        }
    }

    /// A fact that is a moment.
    #[must_use]
    pub fn moment(&self, name: &str) -> Option<Timestamp> {
        self.facts.iter().find(|fact| fact.name == name).and_then(|fact| match fact.value {
            Value::Moment(moment) => Some(moment),
            _ => None,
        })
    }
}

/// All that is kept about a visitor, the newest first.
pub async fn own(app: &App, visitor: &Visitor) -> Result<Vec<OwnRecord>, StoreError> {
    let mut roles = BTreeMap::new();
    let mut all = Vec::new();
    for record in records(app, visitor).await? {
        // It may have been erased since it was found.
        let Some((hit, facts)) = look::known(app, &record).await? else { continue };
        let (sent, kept) = match &record {
            AnyRecord::Issuance(id) => {
                let is_said =
                    |notice: &Notice| matches!(notice.state, NoticeState::Sent | NoticeState::Unclear);
                let sent = app.store.notices_of(id).await?.into_iter().filter(is_said).collect();
                (sent, app.store.issuance(id).await?.and_then(|issuance| issuance.kept))
            }
            _ => (Vec::new(), None),
        };
        let until = match &record {
            AnyRecord::Claim(id) => {
                let gone_at = app.store.claim(id).await?.map(|claim| claim.gone_at());
                gone_at.map_or_else(|| until(app, &record, &hit, &facts), Until::Moment)
            }
            _ => until(app, &record, &hit, &facts),
        };
        all.push(OwnRecord {
            until,
            contact: contact(app, &record).await?,
            sent,
            kept,
            views: views(app, &record, &mut roles).await?,
            cases: cases(app, &record).await?,
            hit,
            facts,
        });
    }
    all.sort_by(|a, b| b.hit.created_at.cmp(&a.hit.created_at).then(b.hit.record.cmp(&a.hit.record)));
    Ok(all)
}

/// Until when a record is kept: as `src/flow/records.rs` ends them.
fn until(app: &App, record: &AnyRecord, hit: &Hit, facts: &[Fact]) -> Until {
    let moment = |name: &str| {
        facts.iter().find(|fact| fact.name == name).and_then(|fact| match fact.value {
            Value::Moment(at) => Some(at),
            _ => None,
        })
    };
    let months = app.periods.records_months;
    let after = |at: Timestamp| {
        let end = at.plus_months(i32::try_from(months).unwrap_or(i32::MAX));
        end.map_or(Until::MonthsAfter(months), Until::Moment)
    };
    let is_over = |states: &[&str]| states.contains(&hit.state);
    match record {
        AnyRecord::Issuance(_) if is_over(&["issued", "revoked", "failed", "erased"]) => {
            after(moment("valid_until").unwrap_or(hit.updated_at).max(hit.updated_at))
        }
        AnyRecord::Verification(_) if is_over(&["declined", "ended", "failed", "erased"]) => {
            after(hit.updated_at)
        }
        AnyRecord::Verification(_) if is_over(&["issued"]) => Until::WithIssuance,
        AnyRecord::Profile(_) | AnyRecord::Wallet(_) | AnyRecord::Attribute(_)
            if is_over(&["created", "failed"]) =>
        {
            after(hit.updated_at)
        }
        AnyRecord::WalletLink(_) if is_over(&["proven", "linked", "expired", "refused", "erased"]) => {
            after(hit.updated_at)
        }
        _ => Until::MonthsAfter(months),
    }
}

async fn contact(app: &App, record: &AnyRecord) -> Result<Option<Contact>, StoreError> {
    let contact = contact_of(app, record).await?;
    Ok(match record {
        AnyRecord::Issuance(id) => app.store.addressee(id).await?.map(|there| Contact {
            contact,
            reminders: !there.reminders_off && !there.is_unreachable,
            is_unreachable: there.is_unreachable,
        }),
        AnyRecord::Verification(_) => {
            contact.map(|contact| Contact { contact: Some(contact), reminders: false, is_unreachable: false })
        }
        _ => None,
    })
}

/// Address and language of a record, if it has them and they can be unlocked.
pub(super) async fn contact_of(
    app: &App,
    record: &AnyRecord,
) -> Result<Option<personal::Contact>, StoreError> {
    let locked = match record {
        AnyRecord::Issuance(id) => app.store.locked_contact(id).await?,
        AnyRecord::Verification(id) => {
            app.store.verification(id).await?.and_then(|one| one.locked_contact).map(|contact| contact.locked)
        }
        _ => None,
    };
    Ok(locked.and_then(|locked| app.vault.unlock_record::<personal::Contact>(record.as_str(), &locked).ok()))
}

/// Who has looked at a record, from the audit chain.
async fn views(
    app: &App,
    record: &AnyRecord,
    roles: &mut BTreeMap<String, Option<Role>>,
) -> Result<BTreeMap<Viewer, u64>, StoreError> {
    let mut views = BTreeMap::new();
    let entries = app.store.audit_of(record.as_str()).await?;
    let is_look =
        |act: &str| act == AuditAction::RecordViewed.as_str() || act == AuditAction::CopyRead.as_str();
    for entry in entries.iter().filter(|entry| is_look(&entry.act)).take(MOST_LOOKS) {
        let viewer = match Actor::of_text(&entry.actor) {
            Some(Actor::Staff { staff }) => {
                let role = if let Some(role) = roles.get(&staff) {
                    *role
                } else {
                    let there = match staff.parse() {
                        Ok(id) => app.store.staff(&id).await?,
                        Err(_) => None,
                    };
                    *roles.entry(staff).or_insert(there.map(|there| there.role))
                };
                Viewer::Staff(role)
            }
            Some(Actor::Operator) => Viewer::Operator,
            Some(Actor::Person | Actor::Service) => continue,
            _ => Viewer::Program,
        };
        *views.entry(viewer).or_default() += 1;
    }
    Ok(views)
}

async fn cases(app: &App, record: &AnyRecord) -> Result<Vec<OwnCase>, StoreError> {
    let mut cases = Vec::new();
    for id in app.store.cases_about(record.as_str()).await? {
        // One that was withdrawn says nothing any more.
        let case = app.store.case(&id).await?.filter(|case| case.state != CaseState::Withdrawn);
        cases.extend(case.map(|case| OwnCase { due_at: case.due_at, case }));
    }
    Ok(cases)
}
