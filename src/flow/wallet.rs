//! Wallets: kept locked until they are on the network, with the user that they make or for one who has a profile already.
//!
//! Whoever holds a wallet of a profile can act as its user, and the proof says who holds the wallet, not whose profile it
//! is for: that is the caller's word.

use std::mem::take;

use idos_wallet::{InvalidProof, WalletType};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Accepted;
use super::challenge::{self, ChallengeError};
use super::idempotency::{self, ReplayError};
use super::network::{LOOK_UP, NotAnInserter, Seen, exists, see};
use super::work::lane_job;
use crate::app::{App, NodeError};
use crate::keys::Key;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::client::Idempotency;
use crate::model::disclosure::{self, Disclosed};
use crate::model::ids::{WalletId, is_user_id, random_uuid};
use crate::model::issuance::HaltCode;
use crate::model::job::Work;
use crate::model::personal::Personal;
use crate::model::profile::{NewWallet, Profile, ProfileState, RecordId, UserKeys, WalletClaim, spelled};
use crate::model::submission::Owner;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::{ProfileChange, StoreError, Tx};
use crate::vault::{self, Locked, VaultError};

/// Why a profile was not accepted to be created, or a wallet to be added.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The proof does not hold; nothing was sent.
    #[error("the wallet is not proven to be the user's: {0}")]
    Wallet(#[from] InvalidProof),
    /// What the wallet has signed is not what it was to sign; nothing was sent.
    #[error("what the wallet has signed {0}")]
    Challenge(#[from] ChallengeError),
    /// The user's key derivation takes no other ids.
    #[error("the user id must be a UUID of version 4")]
    UserId,
    /// The same user is being created with another encryption key.
    #[error("this user is being created already, with another encryption key")]
    OtherKey,
    /// What the wallet has signed looks like this, and would stand on the network for everybody to read.
    #[error("what the wallet has signed looks like {}", .0.phrase())]
    Disclosed(Disclosed),
    /// The user is on the network, with another encryption key.
    #[error("this user exists already, with another encryption key")]
    UserExists,
    /// The user is not on the network, and not on the way there.
    #[error("this user has no profile")]
    UserUnknown,
    /// The wallet belongs to a profile.
    #[error("the wallet belongs to a profile already")]
    WalletTaken,
    /// The wallet is on its way into a profile.
    #[error("the wallet is being added to a profile already")]
    WalletUnderWay,
    /// The write key may not write.
    #[error(transparent)]
    NotAnInserter(#[from] NotAnInserter),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReplayError> for RequestError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused => Self::KeyReused,
            ReplayError::Store(error) => Self::Store(error),
        }
    }
}

/// What the keyed hash of a wallet is for.
const INDEX: &str = "wallet";

/// Accepts a wallet to be added to the profile of a user. The proof is verified here, before any network; then the node is
/// asked whether the user is there and the wallet is not, if it can be asked.
pub async fn request(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: NewWallet,
) -> Result<Accepted<Profile>, RequestError> {
    once_more(|| attempt(app, caller, key, &new)).await
}

/// Attempts a request, and once more where somebody has asked for the same at the same time: it can be seen then.
pub(super) async fn once_more<F>(attempt: impl Fn() -> F) -> Result<Accepted<Profile>, RequestError>
where
    F: Future<Output = Result<Accepted<Profile>, RequestError>>,
{
    match attempt().await {
        Err(RequestError::Store(StoreError::Exists) | RequestError::WalletUnderWay) => attempt().await,
        outcome => outcome,
    }
}

async fn attempt(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: &NewWallet,
) -> Result<Accepted<Profile>, RequestError> {
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    new.wallet.proof().verify()?;
    challenge::check(app, caller, new.user_id, &new.wallet)?;
    check_message(app, &new.wallet)?;
    let under_way = app.store.profiles_under_way(new.user_id).await?;
    for there in under_way.iter().filter(|there| there.client == caller.tenant && there.user.is_none()) {
        if is_of(app, there, &new.wallet).await? {
            return take_for_the_same(app, caller, key, there.clone()).await;
        }
    }
    let now = app.clock.now();
    let id = WalletId::new(now, &mut OsRng);
    let write = app.write_key_for(id.as_str());
    let is_coming = under_way.iter().any(|there| there.user.is_some());
    if matches!(see(app, write, new.user_id).await?, Seen::Nobody) && !is_coming {
        return Err(RequestError::UserUnknown);
    }
    check_free(app, &new.wallet).await?;
    let wanted = Wanted { id: id.into(), user_id: new.user_id, user: None, write, wallet: &new.wallet };
    keep(app, caller, key, wanted, now).await
}

/// Refuses a proof whose message says something about a person: it is kept on the network as it was signed.
pub(super) fn check_message(app: &App, wallet: &WalletClaim) -> Result<(), RequestError> {
    match disclosure::in_text(wallet.message.expose(), app.clock.now()) {
        Some(found) => Err(RequestError::Disclosed(found)),
        None => Ok(()),
    }
}

/// Why a profile or a wallet that has stopped is not resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The caller has no such record.
    #[error("there is no such record")]
    NotFound,
    /// It has not stopped.
    #[error("what is {0} is not resumed")]
    Conflict(ProfileState),
    /// The same has been asked for again meanwhile.
    #[error("the same is on its way already")]
    UnderWay,
    /// The wallet's proof is gone: there is nothing to resume.
    #[error("the wallet's proof is gone: ask for it again")]
    ContentGone,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings on a profile or a wallet that has stopped.
pub async fn resume(app: &App, caller: &Submitter, id: &RecordId) -> Result<Profile, ResumeError> {
    let there = app.store.profile_record_of(&caller.tenant, id).await?;
    bring_on(app, caller.actor(), there.ok_or(ResumeError::NotFound)?).await
}

/// The same, for whoever may.
pub(super) async fn bring_on(app: &App, actor: Actor, there: Profile) -> Result<Profile, ResumeError> {
    let id = &there.id;
    if there.state != ProfileState::Halted {
        return Err(ResumeError::Conflict(there.state));
    }
    if app.store.locked_wallet(id).await?.is_none() {
        return Err(ResumeError::ContentGone);
    }
    let now = app.clock.now();
    let work = first_work(&there);

    let mut tx = app.store.begin().await?;
    let (from, to) = (ProfileState::Halted, ProfileState::Pending);
    match tx.advance_profile(id, from, to, ProfileChange::default(), now).await {
        Err(StoreError::Exists) => return Err(ResumeError::UnderWay),
        moved => moved?,
    }
    tx.drop_jobs(id.as_str()).await?;
    tx.enqueue(&lane_job(work, id.as_str(), &there.write_key, now)).await?;
    tx.record(
        &AuditEntry::new(now, actor, AuditAction::Resumed, id.as_str())
            .detail(there.halt.map_or("", HaltCode::as_str)),
    )
    .await?;
    tx.commit().await?;
    app.notify_workers();
    app.store.profile(id).await?.ok_or(ResumeError::NotFound)
}

/// The first transaction of what was asked for. What is there already is not written again.
fn first_work(profile: &Profile) -> Work {
    if profile.user.is_some() { Work::AddUser } else { Work::AddWallet }
}

/// What is to be kept.
pub(super) struct Wanted<'a> {
    pub(super) id: RecordId,
    pub(super) user_id: Uuid,
    pub(super) user: Option<UserKeys>,
    pub(super) write: &'a Key,
    pub(super) wallet: &'a WalletClaim,
}

/// Record, wallet, work, audit entry, and what the `Idempotency-Key` stands for: all of it, or nothing; or what an earlier
/// request with the same key has made. What has stopped of the same is over then.
pub(super) async fn keep(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<Accepted<Profile>, RequestError> {
    let Wanted { id, user_id, user, write, wallet } = wanted;
    let profile = Profile {
        client: caller.tenant.clone(),
        state: ProfileState::Pending,
        user_id,
        wallet_id: random_uuid(&mut OsRng),
        write_key: write.public_hex(),
        user,
        halt: None,
        waits_until: None,
        transaction: None,
        was_sent: false,
        created_at: now,
        updated_at: now,
        id,
    };
    let locked = app.vault.lock_record(profile.id.as_str(), wallet, &mut OsRng)?;
    let index = app.vault.index(INDEX, &identity(wallet));
    let stopped = replaced(app, caller, &profile, wallet).await?;

    let Some(mut tx) = idempotency::claim(app, caller, key, profile.id.as_str(), now).await? else {
        return replay(app, caller, key).await?.ok_or(RequestError::KeyReused);
    };
    for old in stopped {
        end(&mut tx, caller, &old, now).await?;
    }
    tx.add_profile(&profile, &locked, &index).await?;
    tx.enqueue(&lane_job(first_work(&profile), profile.id.as_str(), &profile.write_key, now)).await?;
    tx.record(
        &AuditEntry::new(
            now,
            caller.actor(),
            if profile.user.is_some() { AuditAction::ProfileRequested } else { AuditAction::WalletRequested },
            profile.id.as_str(),
        )
        .detail(format!("user:{}", profile.user_id)),
    )
    .await?;
    tx.commit().await?;
    app.notify_workers();
    Ok(Accepted { record: profile, replayed: false })
}

/// Records that have stopped and that this one takes the place of: of the same profile, or of the same wallet.
async fn replaced(
    app: &App,
    caller: &Submitter,
    new: &Profile,
    wallet: &WalletClaim,
) -> Result<Vec<Profile>, StoreError> {
    let of_wallets = new.user.is_none();
    let mut stopped = Vec::new();
    for old in app.store.halted_profiles(&caller.tenant, new.user_id, of_wallets).await? {
        if !of_wallets || is_of(app, &old, wallet).await? {
            stopped.push(old);
        }
    }
    Ok(stopped)
}

async fn end(tx: &mut Tx, caller: &Submitter, old: &Profile, now: Timestamp) -> Result<(), StoreError> {
    let change = ProfileChange { halt: old.halt, forget_wallet: true, ..ProfileChange::default() };
    match tx.advance_profile(&old.id, ProfileState::Halted, ProfileState::Failed, change, now).await {
        Ok(()) => {}
        // Somebody has resumed it just now.
        Err(StoreError::Stale) => return Ok(()),
        Err(error) => return Err(error),
    }
    tx.drop_jobs(old.id.as_str()).await?;
    tx.record(
        &AuditEntry::new(now, caller.actor(), AuditAction::Failed, old.id.as_str()).detail("asked_for_again"),
    )
    .await
}

/// The same was asked for under another `Idempotency-Key`, which from now on stands for it, too.
pub(super) async fn take_for_the_same(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    there: Profile,
) -> Result<Accepted<Profile>, RequestError> {
    let now = app.clock.now();
    let Some(tx) = idempotency::claim(app, caller, key, there.id.as_str(), now).await? else {
        return replay(app, caller, key).await?.ok_or(RequestError::KeyReused);
    };
    tx.commit().await?;
    Ok(Accepted { record: there, replayed: true })
}

pub(super) async fn replay(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
) -> Result<Option<Accepted<Profile>>, RequestError> {
    Ok(idempotency::replay(app, caller, key, async |id: &RecordId| app.store.profile(id).await).await?)
}

/// Refuses a wallet that is on its way into a profile, or in one, as far as that can be seen: a node looks wallets up by
/// address, and the address of a NEAR wallet is a name that several keys may have.
pub(super) async fn check_free(app: &App, wallet: &WalletClaim) -> Result<(), RequestError> {
    let indexes = app.vault.indexes(INDEX, &identity(wallet));
    if app.store.wallet_under_way(&indexes).await?.is_some() {
        return Err(RequestError::WalletUnderWay);
    }
    if wallet.wallet_type == WalletType::Near {
        return Ok(());
    }
    let look = async {
        let (client, signer) = (app.idos().await?, app.identity());
        Ok::<_, NodeError>(exists(client, &signer, wallet.address.expose()).await?)
    };
    match tokio::time::timeout(LOOK_UP, look).await.unwrap_or(Err(NodeError::TooSlow)) {
        Ok(true) => Err(RequestError::WalletTaken),
        Ok(false) => Ok(()),
        Err(error) => {
            tracing::warn!("The node cannot be asked for a wallet: {error}");
            Ok(())
        }
    }
}

/// What makes a wallet itself, whatever the spelling.
fn identity(wallet: &WalletClaim) -> Zeroizing<Vec<u8>> {
    identity_of(wallet.wallet_type, &wallet.address, wallet.public_key.as_ref())
}

/// The same of a wallet that has proven nothing.
pub(super) fn owner_identity(owner: &Owner) -> Zeroizing<Vec<u8>> {
    identity_of(owner.wallet_type, &owner.address, owner.public_key.as_ref())
}

fn identity_of(
    wallet_type: WalletType,
    address: &Personal<String>,
    public_key: Option<&Personal<String>>,
) -> Zeroizing<Vec<u8>> {
    let key = public_key.filter(|_| wallet_type == WalletType::Near);
    let text = spelled(wallet_type, key.unwrap_or(address).expose());
    Zeroizing::new([wallet_type.as_str().as_bytes(), b"\0", text.as_bytes()].concat())
}

/// Whether a record is about this wallet.
pub(super) async fn is_of(app: &App, profile: &Profile, wallet: &WalletClaim) -> Result<bool, StoreError> {
    let locked = app.store.locked_wallet(&profile.id).await?;
    let claim =
        locked.and_then(|locked| app.vault.unlock_record::<WalletClaim>(profile.id.as_str(), &locked).ok());
    Ok(claim.is_some_and(|claim| identity(&claim) == identity(wallet)))
}

/// A wallet's claim as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Kept {
    wallet_type: String,
    address: String,
    public_key: Option<String>,
    message: String,
    signature: String,
}

impl Locked for WalletClaim {
    const PLACE: &'static str = "profile";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        vault::to_json(&Kept {
            wallet_type: self.wallet_type.as_str().to_owned(),
            address: self.address.expose().clone(),
            public_key: self.public_key.as_ref().map(|key| key.expose().clone()),
            message: self.message.expose().clone(),
            signature: self.signature.expose().clone(),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut kept: Kept = vault::from_json(bytes)?;
        Ok(Self {
            wallet_type: kept.wallet_type.parse().map_err(|_| VaultError::Damaged)?,
            address: Personal::new(take(&mut kept.address)),
            public_key: kept.public_key.take().map(Personal::new),
            message: Personal::new(take(&mut kept.message)),
            signature: Personal::new(take(&mut kept.signature)),
        })
    }
}
