//! Deliver: what a lane sends to the node, and what comes of it.
//!
//! A job with a lane is one transaction. [`prepare`] builds it (the same bytes each time for the same nonce and attempt,
//! so that nothing of it has to be stored), [`is_done`] asks the network whether its effect is there, [`succeeded`] and
//! [`refused`] remember the outcome. When to send, and with which nonce, is the business of the lane's holder
//! (`worker::lanes`). Each may run any number of times: ids were chosen at intake, and a job that is finished, or an
//! issuance that has moved on, is left alone.
//!
//! Each kind of transaction is a [`Task`] with a file of its own, which says what is sent, how it is seen that it is there,
//! and what is remembered then, also when it has stopped. This file asks them, and no other knows them apart.

mod add_attribute;
mod add_user;
mod add_wallet;
mod edit_notes;
mod halt;
mod place;
mod refusal;
mod rescind_copy;
mod stop;
mod together;
mod write_credential;

use idos_client::actions::Action;
use idos_client::{Client, Nonce, Prepared, Refusal, Signer};

use self::add_attribute::AddAttribute;
use self::add_user::AddUser;
use self::add_wallet::AddWallet;
use self::edit_notes::EditNotes;
pub(super) use self::halt::halt;
pub use self::halt::halt_in_lane;
pub use self::refusal::{named, refused};
use self::rescind_copy::RescindCopy;
pub(super) use self::rescind_copy::is_there as is_copy_there;
pub use self::stop::Stop;
pub use self::together::all_written;
use self::write_credential::WriteCredential;
pub(super) use self::write_credential::{found, is_on_network, written};
use crate::model::time::Timestamp;
use rand::rngs::OsRng;

use super::agree::{Agreement, Sight, agreement, one_is_enough};
use super::work::lane_job;
use crate::app::{App, NodeError};
use crate::model::attribute::Attribute;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::issuance::{Confirmation, HaltCode, Issuance, State, Transaction};
use crate::model::job::{Job, Work};
use crate::model::profile::{Profile, ProfileState};
use crate::model::retry;
use crate::store::{LaneLease, StoreError, Tx};

/// How long before it is asked again whether nodes agree, in milliseconds.
const AGREE_AGAIN: i64 = 1_500;

/// One kind of transaction, with the record that it is about.
pub enum Task {
    /// Tell the node about a user.
    AddUser(Box<AddUser>),
    /// Tell the node about a user's wallet.
    AddWallet(Box<AddWallet>),
    /// Write an attribute.
    AddAttribute(Box<AddAttribute>),
    /// Write a sealed credential.
    WriteCredential(Box<WriteCredential>),
    /// Mark a credential as revoked.
    EditNotes(Box<EditNotes>),
    /// Remove our own copy of a credential.
    RescindCopy(Box<RescindCopy>),
}

impl Task {
    /// The job's task; `None` if its record has moved on and there is nothing to do.
    async fn of(app: &App, job: &Job) -> Result<Option<Self>, StoreError> {
        Ok(match job.work {
            Work::AddUser => pending(app, job).await?.map(|record| Self::AddUser(Box::new(AddUser(record)))),
            Work::AddWallet => {
                pending(app, job).await?.map(|record| Self::AddWallet(Box::new(AddWallet(record))))
            }
            Work::AddAttribute => pending_attribute(app, job)
                .await?
                .map(|record| Self::AddAttribute(Box::new(AddAttribute(record)))),
            Work::WriteCredential => {
                let issuance = in_state(app, job, State::Queued).await?;
                issuance.map(|issuance| Self::WriteCredential(Box::new(WriteCredential(issuance))))
            }
            Work::EditNotes => {
                let issuance = in_state(app, job, State::Revoking).await?;
                issuance.map(|issuance| Self::EditNotes(Box::new(EditNotes(issuance))))
            }
            Work::RescindCopy => {
                RescindCopy::of(app, job).await?.map(|copy| Self::RescindCopy(Box::new(copy)))
            }
            // These have no lane.
            Work::UploadContent
            | Work::Seal
            | Work::SendWebhook
            | Work::FetchResult
            | Work::ResumeAll
            | Work::Withdraw
            | Work::Erase
            | Work::SendLink => None,
        })
    }

    /// Whether a transaction of its record may have reached a node by an earlier job.
    fn was_sent(&self) -> bool {
        match self {
            Self::AddUser(task) => task.0.was_sent,
            Self::AddWallet(task) => task.0.was_sent,
            Self::AddAttribute(task) => task.0.was_sent,
            Self::WriteCredential(task) => task.0.was_sent,
            // Another edit writes the same, and nothing is removed twice.
            Self::EditNotes(_) | Self::RescindCopy(_) => false,
        }
    }

    async fn plan(&self, app: &App, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        match self {
            Self::AddUser(task) => task.plan(signer).await,
            Self::AddWallet(task) => task.plan(app, signer).await,
            Self::AddAttribute(task) => task.plan(app, signer).await,
            Self::WriteCredential(task) => task.plan(app, signer).await,
            Self::EditNotes(task) => task.plan(signer).await,
            Self::RescindCopy(task) => task.plan(signer).await,
        }
    }

    /// Whether its effect is on the network.
    async fn is_there(&self, client: &Client, signer: &Signer) -> Result<bool, idos_client::Error> {
        match self {
            Self::AddUser(task) => task.is_there(client, signer).await,
            Self::WriteCredential(task) => task.is_there(client, signer).await,
            Self::RescindCopy(task) => task.is_gone(client, signer).await,
            // The same wallet id again replaces the row by itself. Revocation cannot be seen by everybody: there the
            // transaction has to say it. Nor can attributes: there the refusal of another one does.
            Self::AddWallet(_) | Self::AddAttribute(_) | Self::EditNotes(_) => Ok(false),
        }
    }

    /// What other nodes have to show before what it was made of is forgotten; `None` if nothing is.
    async fn sight(&self, app: &App) -> Result<Option<Sight>, StoreError> {
        match self {
            Self::AddWallet(task) => Sight::of_profile(app, &task.0).await,
            Self::WriteCredential(task) => task.sight(app).await,
            Self::AddUser(_) | Self::AddAttribute(_) | Self::EditNotes(_) | Self::RescindCopy(_) => Ok(None),
        }
    }

    /// Whether it reads as done, where a transaction that went well does not say so.
    async fn confirm(&self, app: &App, job: &Job) -> Result<Confirmed, DeliverError> {
        match self {
            Self::EditNotes(task) => task.confirm(app, job).await,
            Self::RescindCopy(task) => task.confirm(app, job).await,
            Self::AddUser(_) | Self::AddWallet(_) | Self::AddAttribute(_) | Self::WriteCredential(_) => {
                Ok(Confirmed::Yes(Confirmation::Transaction))
            }
        }
    }

    /// Whether a refusal says that an earlier transaction of it has done it, which no node shows.
    async fn was_done_unseen(
        &self,
        app: &App,
        job: &Job,
        error: &idos_client::Error,
    ) -> Result<bool, StoreError> {
        match self {
            Self::WriteCredential(task) => task.was_done_unseen(app, job, error).await,
            Self::AddAttribute(task) => Ok(task.was_done_unseen(job, error)),
            Self::RescindCopy(task) => Ok(task.is_gone_by(app, error).await),
            Self::AddUser(_) | Self::AddWallet(_) | Self::EditNotes(_) => Ok(false),
        }
    }

    /// Remembers that its effect is on the network. Gives the entry for the audit chain.
    async fn remember(&self, app: &App, tx: &mut Tx, done: Done) -> Result<Option<AuditEntry>, StoreError> {
        match self {
            Self::AddUser(task) => task.remember(tx, done).await,
            Self::AddWallet(task) => task.remember(app, tx, done).await,
            Self::AddAttribute(task) => task.remember(tx, done).await,
            Self::WriteCredential(task) => task.remember(app, tx, done).await,
            Self::EditNotes(task) => task.remember(app, tx, done).await,
            Self::RescindCopy(task) => task.remember(tx).await,
        }
    }

    /// Whether a refusal is only about the moment: what it misses is on its way by another job, or the time of the node's
    /// blocks is behind or ahead of ours.
    async fn will_pass(&self, app: &App, refusal: Refusal) -> Result<bool, StoreError> {
        match self {
            Self::AddWallet(task) => task.will_pass(app, refusal).await,
            Self::WriteCredential(task) => task.will_pass(app, refusal).await,
            Self::AddUser(_) | Self::AddAttribute(_) | Self::EditNotes(_) | Self::RescindCopy(_) => Ok(false),
        }
    }

    /// Remembers that it has stopped. Who resumes its record makes the work anew.
    async fn stop(
        &self,
        app: &App,
        tx: &mut Tx,
        code: HaltCode,
        job: &Job,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::AddUser(task) => add_wallet::stop(app, tx, &task.0, code, job, now).await,
            Self::AddWallet(task) => add_wallet::stop(app, tx, &task.0, code, job, now).await,
            Self::AddAttribute(task) => task.stop(app, tx, code, job, now).await,
            Self::WriteCredential(task) => write_credential::stop(app, tx, &task.0, code, job, now).await,
            Self::EditNotes(task) => task.stop(app, tx, code, now).await,
            Self::RescindCopy(task) => task.stop(tx, code).await,
        }
    }
}

async fn pending(app: &App, job: &Job) -> Result<Option<Profile>, StoreError> {
    let profile = match job.subject.parse() {
        Ok(id) => app.store.profile(&id).await?,
        Err(_) => None,
    };
    Ok(profile.filter(|profile| profile.state == ProfileState::Pending))
}

async fn pending_attribute(app: &App, job: &Job) -> Result<Option<Attribute>, StoreError> {
    let attribute = match job.subject.parse() {
        Ok(id) => app.store.attribute(&id).await?,
        Err(_) => None,
    };
    Ok(attribute.filter(|attribute| attribute.state == ProfileState::Pending))
}

async fn in_state(app: &App, job: &Job, state: State) -> Result<Option<Issuance>, StoreError> {
    let issuance = match job.subject.parse() {
        Ok(id) => app.store.issuance(&id).await?,
        Err(_) => None,
    };
    Ok(issuance.filter(|issuance| issuance.state == state))
}

/// What is known of something that is done.
struct Done {
    /// The transaction, if it is known.
    transaction: Option<Transaction>,
    /// How it is known.
    confirmed_by: Confirmation,
    now: Timestamp,
}

impl Done {
    /// What the audit chain says of it.
    fn detail(&self) -> String {
        self.transaction.as_ref().map_or_else(|| "found".to_owned(), |tx| format!("tx:{}", tx.hash))
    }
}

/// Whether something reads as done.
enum Confirmed {
    Yes(Confirmation),
    /// Not yet: why.
    NotYet(&'static str),
    /// It never will.
    No(Stop),
}

/// What to do about a job before anything is sent.
pub enum Plan {
    /// Send this.
    Send(Box<Prepared>),
    /// There is nothing to do any more: the record has moved on.
    Drop,
    /// It cannot be sent as things are.
    Halt(Stop),
    /// Not yet: the grant begins later.
    Later(Timestamp),
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

/// Signs transactions: with this nonce, at this attempt.
///
/// A transaction that failed in a block for its nonce has not used it up, and yet is known to the node for ever, so
/// another attempt has to be another transaction even if it has the same nonce.
pub struct TxSigner<'a> {
    /// The client.
    pub client: &'a Client,
    /// The key.
    pub signer: &'a Signer,
    /// The nonce.
    pub nonce: u64,
    /// From 1.
    pub attempt: u32,
}

impl TxSigner<'_> {
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
pub async fn prepare(
    app: &App,
    job: &Job,
    signer: &TxSigner<'_>,
    absent: bool,
) -> Result<Plan, DeliverError> {
    let Some(task) = Task::of(app, job).await? else { return Ok(Plan::Drop) };
    if !absent && (job.was_sent() || task.was_sent()) {
        return Ok(Plan::LookFirst);
    }
    task.plan(app, signer).await
}

/// Whether the network already has what the job is to bring about, as far as one node says.
pub async fn is_done(app: &App, client: &Client, signer: &Signer, job: &Job) -> Result<bool, DeliverError> {
    let Some(task) = Task::of(app, job).await? else { return Ok(true) };
    Ok(task.is_there(client, signer).await?)
}

/// Whether enough nodes show the job's effect, that one of them has told of. Where nothing is forgotten, one is enough.
pub async fn is_agreed(app: &App, signer: &Signer, job: &Job) -> Result<Agreement, DeliverError> {
    if one_is_enough(app, app.idos().await?) {
        return Ok(Agreement::Enough);
    }
    let Some(task) = Task::of(app, job).await? else { return Ok(Agreement::Enough) };
    let Some(sight) = task.sight(app).await? else { return Ok(Agreement::Enough) };
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
    let task = Task::of(app, job).await?;
    let confirmed_by = match &task {
        None => Confirmation::Transaction,
        Some(task) => match task.confirm(app, job).await? {
            Confirmed::Yes(by) => by,
            Confirmed::NotYet(why) => {
                let due = retry::due(app.clock.now(), job.attempts, None, &mut OsRng);
                return Ok(later(app, lease, job, due, why).await?);
            }
            Confirmed::No(stop) => return Ok(halt_in_lane(app, lease, job, stop).await?),
        },
    };
    let now = app.clock.now();

    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    let entry = match &task {
        None => None,
        Some(task) => task.remember(app, &mut tx, Done { transaction, confirmed_by, now }).await?,
    };
    tx.finish_job(job).await?;
    if let Some(entry) = entry {
        tx.record(&entry).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Puts a job off.
pub async fn later(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    due_at: Timestamp,
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

/// Whoever records for a lane renews its lease, and so must still hold it.
async fn hold(app: &App, tx: &mut Tx, lease: &LaneLease, now: Timestamp) -> Result<(), StoreError> {
    tx.hold_lane(lease, now.plus_millis(app.lease_millis())).await
}

/// What the service itself has done.
fn entry(subject: &str, act: AuditAction, detail: &str, at: Timestamp) -> AuditEntry {
    AuditEntry::new(at, Actor::Service, act, subject).detail(detail)
}
