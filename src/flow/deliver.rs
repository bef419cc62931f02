//! Deliver: what a lane sends to the node, and what comes of it.
//!
//! A job with a lane is one transaction. [`prepare`] builds it (the same bytes each time for the same nonce and attempt,
//! so that nothing of it has to be stored), [`is_done`] asks the network whether its effect is there, [`succeeded`] and
//! [`refused`] remember the outcome. When to send, and with which nonce, is the business of the lane's holder
//! (`worker::lanes`). Each may run any number of times: ids were chosen at intake, and a job that is finished, or an
//! issuance that has moved on, is left alone.

use std::time::Duration;

use idos_client::actions::{
    Action, AddUserAsInserter, CopyToWrite, CreateCredentialsByDwg, CredentialExistAsInserter,
    EditPublicNotesAsIssuer, GetCredentialShared, GetUserAsInserter, OriginalToWrite,
    UpsertCredentialAsInserter, UpsertWalletAsInserter,
};
use idos_client::{Client, Conflict, Nonce, Prepared, Refusal, Signer};
use idos_credential::{Moment, PublicNotes};

use super::agree::{Agreement, Sight, agreement};
use super::announce::announce;
use super::profile::job as lane_job;
use super::{grant, profile, seal, wallet};
use crate::app::{App, NodeError};
use crate::model::audit::{Act, Entry};
use crate::model::event::EventKind;
use crate::model::issuance::{Confirmation, Delivery, HaltCode, Issuance, State, Transaction};
use crate::model::job::{Job, Work, backoff_millis};
use crate::model::profile::{Profile, ProfileState, RecordId};
use crate::store::{Halt, LaneLease, ProfileChange, StoreError, Tx};

const HOUR: i64 = 3_600_000;

/// How long before it is asked again whether nodes agree, in milliseconds.
const AGREE_AGAIN: i64 = 1_500;

/// How often a revocation that does not read as one is sent again before that is taken for the truth.
const READ_AGAIN: u32 = 4;

/// What a job is about, if there is still something to do.
pub enum Subject {
    /// An issuance.
    Issuance(Box<Issuance>),
    /// A profile.
    Profile(Box<Profile>),
}

impl Subject {
    fn was_sent(&self) -> bool {
        match self {
            Self::Issuance(issuance) => issuance.was_sent,
            Self::Profile(profile) => profile.was_sent,
        }
    }
}

/// What to do about a job before anything is sent.
pub enum Plan {
    /// Send this.
    Send(Box<Prepared>),
    /// There is nothing to do any more: the record has moved on.
    Drop,
    /// It cannot be sent as things are.
    Halt(HaltCode),
    /// Not yet: the grant begins later.
    Later(Moment),
    /// Its effect may be there already: look first.
    LookFirst,
}

/// Why a job could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<idos_client::Error> for DeliverError {
    fn from(error: idos_client::Error) -> Self {
        Self::Node(error.into())
    }
}

/// What the job is about; `None` if its record has moved on and there is nothing to do.
pub async fn subject(app: &App, job: &Job) -> Result<Option<Subject>, StoreError> {
    let wanted = match job.work {
        Work::WriteCredential => State::Queued,
        Work::EditNotes => State::Revoking,
        Work::AddUser | Work::AddWallet => {
            let profile = match job.subject.parse() {
                Ok(id) => app.store.profile(&id).await?,
                Err(_) => None,
            };
            let pending = profile.filter(|profile| profile.state == ProfileState::Pending);
            return Ok(pending.map(|profile| Subject::Profile(Box::new(profile))));
        }
        Work::Seal | Work::SendWebhook => return Ok(None),
    };
    let issuance = match job.subject.parse() {
        Ok(id) => app.store.issuance(&id).await?,
        Err(_) => None,
    };
    let there = issuance.filter(|issuance| issuance.state == wanted);
    Ok(there.map(|issuance| Subject::Issuance(Box::new(issuance))))
}

/// Signs transactions: with this nonce, at this attempt.
///
/// A transaction that failed in a block for its nonce has not used it up, and yet is known to the node for ever, so
/// another attempt has to be another transaction even if it has the same nonce.
pub struct Pen<'a> {
    /// The client.
    pub client: &'a Client,
    /// The key.
    pub signer: &'a Signer,
    /// The nonce.
    pub nonce: u64,
    /// From 1.
    pub attempt: u32,
}

impl Pen<'_> {
    async fn sign<A: Action>(&self, action: &A) -> Result<Plan, DeliverError> {
        let nonce = Nonce::Exactly(self.nonce);
        let prepared = if self.attempt <= 1 {
            self.client.prepare(self.signer, action, nonce).await?
        } else {
            self.client.prepare_anew(self.signer, action, nonce, self.attempt).await?
        };
        Ok(Plan::Send(Box::new(prepared)))
    }
}

/// Builds the job's transaction: always the same bytes for the same nonce and attempt. Where an earlier one may have
/// reached a node, and its effect is not known to be `absent`, to look comes first.
pub async fn prepare(app: &App, job: &Job, pen: &Pen<'_>, absent: bool) -> Result<Plan, DeliverError> {
    let Some(subject) = subject(app, job).await? else { return Ok(Plan::Drop) };
    if !absent && (job.was_sent() || subject.was_sent()) {
        return Ok(Plan::LookFirst);
    }
    match (&subject, job.work) {
        (Subject::Profile(profile), Work::AddUser) => {
            let Some(user) = &profile.user else { return Ok(Plan::Drop) };
            let action = AddUserAsInserter {
                id: profile.user_id,
                recipient_encryption_public_key: &user.encryption_public_key,
                encryption_password_store: profile::password_store(user.password_store),
            };
            pen.sign(&action).await
        }
        (Subject::Profile(profile), _) => {
            let Some(locked) = app.store.locked_wallet(&profile.id).await? else {
                return Ok(Plan::Halt(HaltCode::ContentGone));
            };
            let Ok(claim) = wallet::unlock(&app.vault, &profile.id, &locked) else {
                return Ok(Plan::Halt(HaltCode::Unreadable));
            };
            let proof = claim.proof();
            let action = UpsertWalletAsInserter {
                id: profile.wallet_id,
                user_id: profile.user_id,
                address: proof.address,
                public_key: proof.public_key,
                wallet_type: proof.wallet_type,
                message: proof.message,
                signature: proof.signature,
            };
            pen.sign(&action).await
        }
        (Subject::Issuance(issuance), Work::EditNotes) => {
            let Some(notes) = revoked_notes(issuance) else { return Ok(Plan::Halt(HaltCode::Unreadable)) };
            let id = issuance.ids.notes.to_string();
            let action = EditPublicNotesAsIssuer { public_notes_id: &id, public_notes: notes.text() };
            pen.sign(&action).await
        }
        (Subject::Issuance(issuance), _) => write_credential(app, issuance, pen).await,
    }
}

async fn write_credential(app: &App, issuance: &Issuance, pen: &Pen<'_>) -> Result<Plan, DeliverError> {
    let parcel = match app.store.parcel(issuance).await {
        Ok(Some(parcel)) => parcel,
        Ok(None) => return Ok(Plan::Halt(HaltCode::ContentGone)),
        Err(StoreError::Unreadable(_)) => return Ok(Plan::Halt(HaltCode::Unreadable)),
        Err(error) => return Err(error.into()),
    };
    let (sealed, original) = (&parcel.sealed, parcel.sealed.original());
    match issuance.delivery {
        Delivery::Inserter => {
            let action = UpsertCredentialAsInserter {
                id: issuance.ids.original,
                user_id: issuance.user_id,
                issuer_auth_public_key: sealed.issuer_auth_public_key(),
                encryptor_public_key: original.encryptor_public_key(),
                content: original.content(),
                public_notes: original.public_notes(),
                public_notes_signature: original.public_notes_signature(),
                broader_signature: original.broader_signature(),
            };
            pen.sign(&action).await
        }
        Delivery::WriteGrant => {
            let Some(copy) = sealed.copy() else { return Ok(Plan::Halt(HaltCode::Unreadable)) };
            let signed =
                parcel.locked_grant.and_then(|text| grant::unlock(&app.vault, &issuance.id, &text).ok());
            let Some(signed) = signed else { return Ok(Plan::Halt(HaltCode::GrantUnreadable)) };
            let now = app.clock.now().unix_seconds();
            if now > signed.grant.not_after().unix() {
                return Ok(Plan::Halt(HaltCode::GrantExpired));
            }
            // The node takes it 65 seconds before its time, by the time of its blocks, which lag behind.
            let begin = signed.grant.not_before().unix().saturating_sub(50);
            if now < begin {
                let begin = begin.saturating_mul(1000);
                return Ok(Plan::Later(Moment::from_unix_millis(begin).unwrap_or(app.clock.now())));
            }
            let action = CreateCredentialsByDwg::new(
                sealed.issuer_auth_public_key(),
                OriginalToWrite {
                    id: issuance.ids.original,
                    encryptor_public_key: original.encryptor_public_key(),
                    content: original.content(),
                    public_notes: original.public_notes(),
                    public_notes_signature: original.public_notes_signature(),
                    broader_signature: original.broader_signature(),
                },
                CopyToWrite {
                    id: issuance.ids.copy,
                    encryptor_public_key: copy.encryptor_public_key(),
                    content: copy.content(),
                    public_notes_signature: copy.public_notes_signature(),
                    broader_signature: copy.broader_signature(),
                },
                sealed.content_hash(),
                &signed.grant,
                signed.signature.expose(),
            );
            pen.sign(&action).await
        }
    }
}

/// The public notes of an issuance with the status `revoked`.
pub(super) fn revoked_notes(issuance: &Issuance) -> Option<PublicNotes> {
    let notes = PublicNotes::from_text(issuance.public_notes.clone()?).ok()?;
    Some(notes.with_status("revoked"))
}

/// Whether the network already has what the job is to bring about. Revocation cannot be seen by everybody: there the
/// transaction has to say it.
pub async fn is_done(app: &App, client: &Client, signer: &Signer, job: &Job) -> Result<bool, DeliverError> {
    let Some(subject) = subject(app, job).await? else { return Ok(true) };
    Ok(match (&subject, job.work) {
        (Subject::Profile(profile), Work::AddUser) => {
            let user = client.call_one(signer, &GetUserAsInserter { id: profile.user_id }).await?;
            let wanted = profile.user.as_ref().map(|user| &user.encryption_public_key);
            user.is_some_and(|user| Some(&user.recipient_encryption_public_key) == wanted)
        }
        // The same wallet id again replaces the row by itself.
        (Subject::Profile(_), _) | (Subject::Issuance(_), Work::EditNotes) => false,
        (Subject::Issuance(issuance), _) => {
            let id = issuance.ids.original;
            client.call_one(signer, &CredentialExistAsInserter { id }).await?.unwrap_or(false)
        }
    })
}

/// Whether enough nodes show the job's effect, that one of them has told of. What is not forgotten then needs no second one.
pub async fn is_agreed(app: &App, signer: &Signer, job: &Job) -> Result<Agreement, DeliverError> {
    let sight = match (subject(app, job).await?, job.work) {
        (Some(Subject::Issuance(issuance)), Work::WriteCredential) => Sight::of_issuance(&issuance),
        (Some(Subject::Profile(profile)), Work::AddWallet) => match Sight::of_profile(app, &profile).await? {
            Some(sight) => sight,
            None => return Ok(Agreement::Enough),
        },
        _ => return Ok(Agreement::Enough),
    };
    Ok(agreement(app, signer, &sight, app.said_done_for(&job.id)).await?)
}

/// Puts a job off that one node says is done: the others do not show it yet. The transaction that it told of is kept; if it
/// lied, another one will write the credential, and takes its place.
pub async fn not_agreed(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    transaction: Option<&Transaction>,
) -> Result<(), DeliverError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    if let (Some(transaction), Ok(id)) = (transaction, job.subject.parse()) {
        tx.note_transaction(&id, transaction).await?;
    }
    tx.retry_job(job, now.plus_millis(AGREE_AGAIN), "another node does not show it yet").await?;
    Ok(tx.commit().await?)
}

/// Remembers that the job's effect is on the network, and forgets the content.
pub async fn succeeded(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    transaction: Option<Transaction>,
) -> Result<(), DeliverError> {
    let subject = subject(app, job).await?;
    let confirmed_by = match &subject {
        Some(Subject::Issuance(issuance)) if job.work == Work::EditNotes => {
            match read_back(app, issuance).await? {
                // Another node than the one that has the block may have been asked.
                Some(false) if job.attempts < READ_AGAIN => {
                    let due = app.clock.now().plus_millis(backoff_millis(job.attempts, rand::random()));
                    return Ok(later(app, lease, job, due, "it does not read as revoked yet").await?);
                }
                Some(false) => return not_revoked(app, lease, job, issuance).await,
                Some(true) => Confirmation::ReadBack,
                None => Confirmation::Transaction,
            }
        }
        _ => Confirmation::Transaction,
    };
    let waiting = match &subject {
        Some(Subject::Profile(profile)) => app.store.awaiting_profile(profile.user_id).await?,
        _ => Vec::new(),
    };
    let now = app.clock.now();
    let mut record = None;
    // An earlier look may have known it.
    let transaction = match &subject {
        Some(Subject::Issuance(issuance)) if job.work == Work::WriteCredential => {
            transaction.or_else(|| issuance.transaction.clone())
        }
        _ => transaction,
    };
    let detail = transaction.as_ref().map_or_else(|| "found".to_owned(), |tx| format!("tx:{}", tx.hash));

    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    match &subject {
        None => {}
        Some(Subject::Issuance(issuance)) if job.work == Work::EditNotes => {
            tx.mark_revoked(&issuance.id, confirmed_by, now).await?;
            announce(app, &mut tx, EventKind::Revoked, issuance, None, now).await?;
            record = Some(entry(issuance.id.as_str(), Act::Revoked, &detail, now));
        }
        Some(Subject::Issuance(issuance)) => {
            tx.mark_issued(&issuance.id, transaction.as_ref(), now).await?;
            tx.forget_content(&issuance.id).await?;
            let issued = Issuance { transaction, ..(**issuance).clone() };
            announce(app, &mut tx, EventKind::Issued, &issued, None, now).await?;
            record = Some(entry(issuance.id.as_str(), Act::Issued, &detail, now));
            metrics::counter!("issuances_issued_total", "kind" => issuance.kind.as_str()).increment(1);
        }
        Some(Subject::Profile(profile)) if job.work == Work::AddUser => {
            tx.enqueue(&lane_job(Work::AddWallet, profile.id.as_str(), &profile.write_key, now)).await?;
        }
        Some(Subject::Profile(profile)) => {
            let change = ProfileChange { transaction, forget_wallet: true, ..ProfileChange::default() };
            tx.advance_profile(&profile.id, ProfileState::Pending, ProfileState::Created, change, now)
                .await?;
            seal::hurry_all(&mut tx, &waiting, now).await?;
            let act = match profile.id {
                RecordId::Profile(_) => Act::ProfileCreated,
                RecordId::Wallet(_) => Act::WalletAdded,
            };
            record = Some(entry(profile.id.as_str(), act, &detail, now));
        }
    }
    tx.finish_job(job).await?;
    if let Some(record) = record {
        tx.record(&record).await?;
    }
    tx.commit().await?;
    app.announce_change();
    Ok(())
}

/// Remembers that a halted issuance was found on the network after all: its transaction was on its way when it halted.
pub(super) async fn found(app: &App, issuance: &Issuance) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.mark_queued(&issuance.id, State::Halted, now).await?;
    tx.mark_issued(&issuance.id, None, now).await?;
    tx.forget_content(&issuance.id).await?;
    tx.drop_jobs(issuance.id.as_str()).await?;
    announce(app, &mut tx, EventKind::Issued, issuance, None, now).await?;
    tx.record(&entry(issuance.id.as_str(), Act::Issued, "found", now)).await?;
    tx.commit().await?;
    app.announce_change();
    Ok(())
}

/// Whether the credential of an issuance is on the network. `None` if the nodes do not agree.
pub(super) async fn is_on_network(app: &App, issuance: &Issuance) -> Result<Option<bool>, NodeError> {
    let view = CredentialExistAsInserter { id: issuance.ids.original };
    let signer = app.identity();
    if !app.idos().await?.call_one(&signer, &view).await?.unwrap_or(false) {
        return Ok(Some(false));
    }
    let agreement = agreement(app, &signer, &Sight::of_issuance(issuance), Duration::MAX).await?;
    Ok((agreement == Agreement::Enough).then_some(true))
}

/// Whether the notes are those of a revoked credential, as far as we can read them: through the copy, if it is ours.
async fn read_back(app: &App, issuance: &Issuance) -> Result<Option<bool>, DeliverError> {
    let signer = app.identity();
    let is_ours =
        issuance.grantee.as_deref().is_some_and(|grantee| grantee.eq_ignore_ascii_case(&signer.caller()));
    if !is_ours {
        return Ok(None);
    }
    match app.idos().await?.call_one(&signer, &GetCredentialShared { id: issuance.ids.copy }).await {
        Ok(Some(copy)) => {
            let wanted = revoked_notes(issuance);
            Ok(copy.public_notes.map(|notes| wanted.is_some_and(|wanted| wanted.text() == notes)))
        }
        // The user has taken the copy back, or removed the original: then nobody can see it from here.
        Ok(None) | Err(idos_client::Error::View { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn not_revoked(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    issuance: &Issuance,
) -> Result<(), DeliverError> {
    tracing::error!(issuance.id = %issuance.id, "A credential is not marked as revoked, although the transaction went well");
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    tx.finish_job(job).await?;
    tx.mark_not_revoked(&issuance.id, HaltCode::NotRevoked, now).await?;
    announce(app, &mut tx, EventKind::Halted, issuance, Some(HaltCode::NotRevoked), now).await?;
    tx.record(&entry(issuance.id.as_str(), Act::Halted, HaltCode::NotRevoked.as_str(), now)).await?;
    tx.commit().await?;
    app.announce_change();
    Ok(())
}

/// What a failure of the node means for a job.
enum Verdict {
    /// Time can mend it.
    Retry,
    /// A person has to do something.
    Halt(HaltCode),
}

/// How often what has failed in a block, in words that are not known, is sent again before it counts as refused.
const PUZZLING: u32 = 6;

/// The refusal that a failure names, if this work would meet it again. What is there already has been looked at before
/// ([`is_done`]).
///
/// Who cannot be understood has not said no; and what is about the node, the network or our account is alike for all
/// work, and mended without it.
#[must_use]
pub fn named(error: &idos_client::Error) -> Option<HaltCode> {
    match error.refusal() {
        // A grant names one of our keys, and so does what is sealed: one of the two is no delegate, or not of the same
        // inserter. Another grant would meet the same.
        Some(Refusal::NotAnInserter | Refusal::NotAllowed | Refusal::GrantIssuer) => {
            Some(HaltCode::NotAnInserter)
        }
        Some(Refusal::GrantWindow) => Some(HaltCode::GrantExpired),
        Some(Refusal::GrantSignature | Refusal::GrantTimes) => Some(HaltCode::GrantRefused),
        Some(Refusal::GrantOwnerUnknown) => Some(HaltCode::OwnerUnknown),
        Some(Refusal::WalletInvalid) => Some(HaltCode::WalletRefused),
        Some(Refusal::WalletTaken) => Some(HaltCode::WalletTaken),
        Some(Refusal::UserUnknown) => Some(HaltCode::UserUnknown),
        _ => match error.conflict() {
            Some(Conflict::WriteGrantUsed | Conflict::AccessGrantExists) => Some(HaltCode::GrantUsed),
            Some(Conflict::UserExists) => Some(HaltCode::OtherKey),
            Some(Conflict::WalletTaken) => Some(HaltCode::WalletTaken),
            _ => is_about_the_work(error).then_some(HaltCode::Refused),
        },
    }
}

/// Sorts a failure to send: only a refusal that is [named] stops the work at once.
fn verdict(app: &App, job: &Job, error: &idos_client::Error) -> Verdict {
    match named(error) {
        Some(code) => Verdict::Halt(code),
        None if matches!(error, idos_client::Error::Failed(_)) && job.attempts >= PUZZLING => {
            Verdict::Halt(HaltCode::Refused)
        }
        None if job.attempts >= app.delivery.max_attempts => Verdict::Halt(HaltCode::TooManyAttempts),
        None => Verdict::Retry,
    }
}

/// Whether a failure names a reason that this work would meet again.
fn is_about_the_work(error: &idos_client::Error) -> bool {
    use idos_client::Error;
    match (error, error.refusal(), error.conflict()) {
        // Not even sent.
        (Error::TooLarge { .. } | Error::Encode(_), _, _) => true,
        (
            _,
            Some(
                Refusal::OtherSchema | Refusal::OtherNetwork | Refusal::TransactionSignature | Refusal::Funds,
            ),
            _,
        ) => false,
        (_, Some(_), _) | (_, _, Some(Conflict::CredentialExists | Conflict::AttributeExists)) => true,
        (_, None, _) => false,
    }
}

/// Remembers that the job did not do it, and what comes next.
pub async fn refused(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    error: &idos_client::Error,
) -> Result<(), StoreError> {
    tracing::warn!(job.id = %job.id, job.work = %job.work, subject = job.subject, "A transaction did nothing: {error}");
    let verdict = match verdict(app, job, error) {
        Verdict::Halt(_)
            if job.attempts < app.delivery.max_attempts && will_pass(app, job, error).await? =>
        {
            Verdict::Retry
        }
        verdict => verdict,
    };
    match verdict {
        Verdict::Halt(code) => halt_in_lane(app, lease, job, code).await,
        Verdict::Retry => {
            let due = app.clock.now().plus_millis(backoff_millis(job.attempts, rand::random()));
            later(app, lease, job, due, "the node could not do it").await
        }
    }
}

/// Whether a refusal is only about the moment: what it misses is on its way by another job, or the time of the node's
/// blocks is behind or ahead of ours.
async fn will_pass(app: &App, job: &Job, error: &idos_client::Error) -> Result<bool, StoreError> {
    match (error.refusal(), subject(app, job).await?) {
        (Some(Refusal::GrantOwnerUnknown), Some(Subject::Issuance(issuance))) => {
            Ok(!app.store.profiles_under_way(issuance.user_id).await?.is_empty())
        }
        (Some(Refusal::UserUnknown), Some(Subject::Profile(profile))) => {
            let under_way = app.store.profiles_under_way(profile.user_id).await?;
            Ok(under_way.iter().any(|other| other.id != profile.id && other.user.is_some()))
        }
        (Some(Refusal::GrantWindow), Some(Subject::Issuance(issuance))) => {
            let locked = app.store.locked_grant(&issuance.id).await?;
            let kept = locked.and_then(|locked| grant::unlock(&app.vault, &issuance.id, &locked).ok());
            Ok(kept.is_some_and(|kept| grant::is_current(app, &kept.grant)))
        }
        _ => Ok(false),
    }
}

/// Puts a job off.
pub async fn later(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    due_at: Moment,
    reason: &str,
) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, app.clock.now()).await?;
    tx.retry_job(job, due_at, reason).await?;
    tx.commit().await
}

/// Drops a job that has nothing to do any more.
pub async fn finish(app: &App, lease: &LaneLease, job: &Job) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, app.clock.now()).await?;
    tx.finish_job(job).await?;
    tx.commit().await
}

/// Stops a job of a lane, and what it is about.
pub async fn halt_in_lane(app: &App, lease: &LaneLease, job: &Job, code: HaltCode) -> Result<(), StoreError> {
    let subject = subject(app, job).await?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    stop(app, &mut tx, job, subject, code, now).await?;
    tx.commit().await?;
    app.announce_change();
    Ok(())
}

/// Stops a job without a lane, and the issuance that it is about.
pub(super) async fn halt(
    app: &App,
    job: &Job,
    issuance: &Issuance,
    code: HaltCode,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    stop(app, &mut tx, job, Some(Subject::Issuance(Box::new(issuance.clone()))), code, now).await?;
    tx.commit().await?;
    app.announce_change();
    Ok(())
}

async fn stop(
    app: &App,
    tx: &mut Tx,
    job: &Job,
    subject: Option<Subject>,
    code: HaltCode,
    now: Moment,
) -> Result<(), StoreError> {
    let until = now.plus_millis(i64::from(app.retention.sealed_hours) * HOUR);
    metrics::counter!("halts_total", "code" => code.as_str()).increment(1);
    match subject {
        None => return tx.finish_job(job).await,
        Some(Subject::Issuance(issuance)) if job.work == Work::EditNotes => {
            // What has stopped is the revocation: the credential is as valid as before. Who revokes it again makes the work
            // anew.
            tx.mark_not_revoked(&issuance.id, code, now).await?;
            announce(app, tx, EventKind::Halted, &issuance, Some(code), now).await?;
            tx.finish_job(job).await?;
            tx.record(&entry(issuance.id.as_str(), Act::Halted, code.as_str(), now)).await?;
        }
        Some(Subject::Issuance(issuance)) => {
            // Who resumes the issuance makes the work anew.
            let until = if issuance.sealed_at.is_some() {
                until
            } else {
                // Readable evidence, if locked, waits no longer than it would have waited anyway.
                let limit = i64::from(app.retention.evidence_hours) * HOUR;
                issuance.created_at.plus_millis(limit).max(now.plus_millis(HOUR))
            };
            tx.mark_halted(&issuance.id, issuance.state, Halt { code, until, was_sent: job.was_sent() }, now)
                .await?;
            announce(app, tx, EventKind::Halted, &issuance, Some(code), now).await?;
            tx.finish_job(job).await?;
            tx.record(&entry(issuance.id.as_str(), Act::Halted, code.as_str(), now)).await?;
        }
        Some(Subject::Profile(profile)) => {
            let change = ProfileChange {
                halt: Some(code),
                waits_until: Some(until),
                was_sent: job.was_sent(),
                ..ProfileChange::default()
            };
            tx.advance_profile(&profile.id, ProfileState::Pending, ProfileState::Halted, change, now).await?;
            tx.halt_job(job, code.as_str()).await?;
            tx.record(&entry(profile.id.as_str(), Act::Halted, code.as_str(), now)).await?;
        }
    }
    Ok(())
}

/// Whoever records for a lane renews its lease, and so must still hold it.
async fn hold(app: &App, tx: &mut Tx, lease: &LaneLease, now: Moment) -> Result<(), StoreError> {
    tx.hold_lane(lease, now.plus_millis(app.lease_millis())).await
}

fn entry(subject: &str, act: Act, detail: &str, at: Moment) -> Entry {
    Entry {
        at,
        actor: crate::model::audit::Actor::Service,
        act,
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    }
}
