//! Issuances as they are taken in: many in one transaction, so that the disk is waited for once, and a statement is sent once, for all of
//! them. Who submits is answered when all is on the disk.
//!
//! Nobody waits for others to come: what has come while one transaction was under way is in the next one. If that fails, for whatever
//! reason of whichever of them, nothing of it has happened, and each is left to do it alone: there the fault is one's own.

use std::collections::{HashSet, VecDeque};

use idos_credential::{Blobs, SealedCredential, SealedRow};
use uuid::Uuid;

use super::content::NewSealed;
use super::gathering::{Asked, Gathering, Round};
use super::idempotency::Claimed;
use super::issuances::files_text;
use super::rows::millis;
use super::{Store, StoreError, Tx, many};
use crate::model::audit::AuditEntry;
use crate::model::client::Idempotency;
use crate::model::ids::IssuanceId;
use crate::model::issuance::Issuance;
use crate::model::job::Job;
use crate::model::personal::LockedContact;
use crate::model::time::Timestamp;
use crate::model::validity::ValidBy;

/// An issuance that is taken in, and what goes with it.
pub struct TakenIn {
    /// What the client calls the request that brings it.
    pub key: Idempotency,
    /// The record.
    pub issuance: Issuance,
    /// The encryption key of somebody else than the issuer who gets the copy.
    pub grantee_key: Option<String>,
    /// The credential.
    pub content: TakenContent,
    /// The write grant's id, and the grant, locked.
    pub grant: Option<(Uuid, String)>,
    /// Whom to write to.
    pub contact: Option<LockedContact>,
    /// The signed credential as it stays after delivery, locked; until when; and when it ends.
    pub net: Option<(String, Timestamp, Option<Timestamp>)>,
    /// What is to be done next.
    pub job: Option<Job>,
    /// What the audit chain says of it.
    pub entries: Vec<AuditEntry>,
}

/// What is kept of a credential until it is delivered.
pub enum TakenContent {
    /// It is sealed. Its contents and the id of the request under which they are uploaded, where its rows only name them.
    Sealed(Box<SealedCredential>, Option<(Blobs, Uuid)>),
    /// It waits to be sealed: signed and locked.
    Waiting(String),
}

/// What has become of an issuance that was to be taken in together with others.
pub enum Together {
    /// All of it is on the disk.
    TakenIn(Box<TakenIn>),
    /// Nothing of it: alone, it will be seen why.
    NotYet(Box<TakenIn>),
}

/// As many bytes of contents are in one transaction, besides the last one's: the driver copies them, and the writers of small ones wait.
const MOST_BYTES: usize = 1_048_576;

/// What waits to be taken in.
pub(super) type Intake = Gathering<Box<TakenIn>, Together>;

type Member = Asked<Box<TakenIn>, Together>;

/// One more who waits until what it brings is taken in; until this is dropped.
struct Counted;

impl Counted {
    const NAME: &str = "intake_under_way";

    fn begin() -> Self {
        metrics::gauge!(Self::NAME).increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(Self::NAME).decrement(1.0);
    }
}

/// As much of what waits as goes into one transaction, each statement of which is sent once. What cannot be taken in together with one before
/// it is given back to whoever waits for it.
fn take(waiting: &mut VecDeque<Member>) -> Vec<Member> {
    let (mut members, mut bytes): (Vec<Member>, usize) = (Vec::new(), 0);
    let mut once = HashSet::new();
    let most = many::at_once(waiting.len());
    while members.len() < most && bytes < MOST_BYTES {
        let Some(member) = waiting.pop_front() else { break };
        let is_once = member.what.only_once().into_iter().all(|one| once.insert(one));
        if is_once || members.is_empty() {
            bytes += member.what.content_bytes();
            members.push(member);
        } else {
            member.answer(Together::NotYet);
        }
    }
    members
}

impl Store {
    /// Takes an issuance in, together with those that come at the same time. When this gives [`Together::TakenIn`], it is on the disk.
    pub async fn take_in(&self, new: Box<TakenIn>) -> Result<Together, StoreError> {
        let _counted = Counted::begin();
        let (told, is_first) = self.lines.intake.ask(new);
        if is_first {
            let store = self.clone();
            // On its own: a caller who goes away takes no other one with it.
            tokio::spawn(async move { store.take_in_gathered().await });
        }
        told.await.map_err(|_| StoreError::Unavailable(sqlx::Error::WorkerCrashed))
    }

    async fn take_in_gathered(&self) {
        let mut round = Round::of(&self.lines.intake);
        loop {
            let members = round.next(take);
            if members.is_empty() {
                return;
            }
            // A server that is gone without a word may leave a statement without an end. Then each finds out alone what became of it.
            let outcome = match tokio::time::timeout(self.patience.group, self.take_in_all(&members)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)),
            };
            metrics::histogram!("intake_group_size")
                .record(u32::try_from(members.len()).map_or(f64::MAX, f64::from));
            if let Err(error) = &outcome {
                metrics::counter!("intake_groups_undone_total").increment(1);
                tracing::debug!(
                    members = members.len(),
                    "What came together is taken in one by one: {error}"
                );
            }
            for member in members {
                member.answer(if outcome.is_ok() { Together::TakenIn } else { Together::NotYet });
            }
        }
    }

    async fn take_in_all(&self, members: &[Member]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let all: Vec<_> = members.iter().map(|member| &*member.what).collect();
        tx.take_in(&all).await?;
        tx.commit().await
    }
}

/// A record that is to be added.
pub(super) struct NewIssuance<'a> {
    pub(super) issuance: &'a Issuance,
    /// The encryption key of somebody else than the issuer who gets the copy.
    pub(super) grantee_key: Option<&'a str>,
    /// The write grant's, where it is known by now.
    pub(super) grant_id: Option<Uuid>,
}

impl Tx {
    /// Takes several issuances in. [`StoreError::Exists`] if something of one of them is there already, such as its key.
    async fn take_in(&mut self, all: &[&TakenIn]) -> Result<(), StoreError> {
        let claimed: Vec<_> = all.iter().map(|new| new.claimed()).collect();
        self.claim_all(&claimed).await?;
        self.add_taken_in(all).await?;
        self.entries.extend(all.iter().flat_map(|new| new.entries.iter().cloned()));
        Ok(())
    }

    /// Adds issuances, and all that goes with them but for the keys of their requests and what the audit chain says.
    /// [`StoreError::Exists`] if another issuance renews what one of them renews, or has its write grant.
    pub async fn add_taken_in(&mut self, all: &[&TakenIn]) -> Result<(), StoreError> {
        let records: Vec<_> = all.iter().map(|new| new.record()).collect();
        self.add_issuances(&records).await?;
        let sealed: Vec<_> = all.iter().filter_map(|new| new.sealed()).collect();
        self.add_sealed(&sealed).await?;
        for new in all {
            self.add_rest(new).await?;
        }
        let jobs: Vec<_> = all.iter().filter_map(|new| new.job.as_ref()).collect();
        self.enqueue_all(&jobs).await
    }

    /// What most issuances have not.
    async fn add_rest(&mut self, new: &TakenIn) -> Result<(), StoreError> {
        let (id, now) = (&new.issuance.id, new.issuance.created_at);
        match &new.content {
            TakenContent::Sealed(_, None) => {}
            TakenContent::Sealed(_, Some((blobs, _))) => self.keep_blobs(id, blobs).await?,
            TakenContent::Waiting(locked) => self.keep_unsealed(id, locked).await?,
        }
        if let Some((_, locked)) = &new.grant {
            self.add_grant(id, locked).await?;
        }
        if let Some(contact) = &new.contact {
            self.keep_contact(id, contact, now).await?;
        }
        if let Some((locked, until, valid_until)) = &new.net {
            let whose = (id, new.issuance.client.as_str());
            self.keep_content(whose, (*until, *valid_until), locked, now).await?;
        }
        Ok(())
    }

    /// Adds a record. `grantee_key` is the encryption key of somebody else than the issuer who gets the copy.
    /// [`StoreError::Exists`] if another issuance renews the same one.
    pub async fn add_issuance(
        &mut self,
        issuance: &Issuance,
        grantee_key: Option<&str>,
    ) -> Result<(), StoreError> {
        self.add_issuances(&[NewIssuance { issuance, grantee_key, grant_id: None }]).await
    }

    /// The same for several. [`StoreError::Exists`] if another issuance renews what one of them renews, or has its grant.
    pub(super) async fn add_issuances(&mut self, all: &[NewIssuance<'_>]) -> Result<(), StoreError> {
        for part in many::parts(all) {
            let mut query = many::rows(
                self.kind,
                "INSERT INTO issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, \
                 reference, write_key, grantee, grantee_key, public_notes, content_hash, valid_until, waits_until, \
                 created_at, updated_at, sealed_at, recipient_key, files, renews, valid_by, grant_id, was_sent) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
                 $22, $23, $24, $25, $26, 0)",
                part.len(),
            );
            for NewIssuance { issuance, grantee_key, grant_id } in part {
                query = query
                    .bind(issuance.id.as_str())
                    .bind(&issuance.client)
                    .bind(issuance.kind.as_str())
                    .bind(issuance.state.as_str())
                    .bind(issuance.delivery.as_str())
                    .bind(issuance.user_id.to_string())
                    .bind(issuance.ids.original.to_string())
                    .bind(issuance.ids.copy.to_string())
                    .bind(issuance.ids.notes.to_string())
                    .bind(&issuance.level)
                    .bind(issuance.reference.as_deref())
                    .bind(&issuance.write_key)
                    .bind(issuance.grantee.as_deref())
                    .bind(*grantee_key)
                    .bind(issuance.public_notes.as_deref())
                    .bind(issuance.content_hash.as_deref())
                    .bind(millis(issuance.valid_until))
                    .bind(millis(issuance.waits_until))
                    .bind(issuance.created_at.unix_millis())
                    .bind(issuance.updated_at.unix_millis())
                    .bind(millis(issuance.sealed_at))
                    .bind(issuance.recipient_key.as_deref())
                    .bind(files_text(&issuance.files))
                    .bind(issuance.renews.as_ref().map(IssuanceId::as_str))
                    .bind(issuance.valid_by.map(ValidBy::as_str))
                    .bind(grant_id.map(|id| id.to_string()));
            }
            query.execute(&mut *self.tx).await?;
        }
        Ok(())
    }
}

impl TakenIn {
    fn claimed(&self) -> Claimed<'_> {
        let Self { key, issuance, .. } = self;
        Claimed { client: &issuance.client, key, subject: issuance.id.as_str(), now: issuance.created_at }
    }

    /// What can be there only once: the keys of the client's request, and the write grant.
    fn only_once(&self) -> Vec<String> {
        let Self { key, issuance, grant, .. } = self;
        let keys = key.key_hashes.iter().map(|hash| format!("{}/{hash}", issuance.client));
        keys.chain(grant.as_ref().map(|(id, _)| id.to_string())).collect()
    }

    /// How long the contents are that go into the database.
    fn content_bytes(&self) -> usize {
        let in_row = |row: &SealedRow| row.content().in_row().map_or(0, str::len);
        let content = match &self.content {
            TakenContent::Sealed(sealed, None) => in_row(sealed.original()) + sealed.copy().map_or(0, in_row),
            TakenContent::Sealed(_, Some((blobs, _))) => {
                blobs.original.len() + blobs.copy.as_ref().map_or(0, Vec::len)
            }
            TakenContent::Waiting(locked) => locked.len(),
        };
        content + self.net.as_ref().map_or(0, |(locked, ..)| locked.len())
    }

    fn record(&self) -> NewIssuance<'_> {
        NewIssuance {
            issuance: &self.issuance,
            grantee_key: self.grantee_key.as_deref(),
            grant_id: self.grant.as_ref().map(|(id, _)| *id),
        }
    }

    fn sealed(&self) -> Option<NewSealed<'_>> {
        match &self.content {
            TakenContent::Sealed(sealed, blobs) => {
                let request_id = blobs.as_ref().map(|(_, request_id)| *request_id);
                Some(NewSealed { id: &self.issuance.id, sealed, request_id })
            }
            TakenContent::Waiting(_) => None,
        }
    }
}
