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
use super::events::{emit_link, emit_wallet};
use super::idempotency::{self, ReplayError};
use super::network::{LOOK_UP, NotAnInserter, Seen, exists, see};
use super::work::lane_job;
use crate::app::{App, NodeError};
use crate::keys::Key;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::client::Idempotency;
use crate::model::disclosure::{self, Disclosed};
use crate::model::event::EventKind;
use crate::model::ids::{WalletId, is_user_id, random_uuid};
use crate::model::issuance::HaltCode;
use crate::model::job::Work;
use crate::model::personal::Personal;
use crate::model::profile::{NewWallet, Profile, ProfileState, RecordId, UserKeys, WalletClaim, spelled};
use crate::model::submission::Owner;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::model::wallet_link::{LinkAnswer, NotListed};
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
    /// The wallet can be in no credential that lists wallets.
    #[error(transparent)]
    NotListed(#[from] NotListed),
    /// The wallet is a contract on a chain that cannot be asked.
    #[error("no endpoint is configured for the wallet's chain")]
    NoEndpoint,
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

/// What the keyed hash of user and wallet is for.
const LINKED: &str = "linked_wallet";

/// Accepts a wallet to be added to the profile of a user. The proof is verified here, before any network; then the node is
/// asked whether the user is there and the wallet is not, if it can be asked.
pub async fn request(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: NewWallet,
) -> Result<Accepted<Profile>, RequestError> {
    request_as(app, caller, &Asked::Request(key), &new).await
}

/// On whose word a wallet is asked for.
pub(super) enum Asked<'a> {
    /// A request with an `Idempotency-Key`, once for each.
    Request(&'a Idempotency),
    /// A link, whose challenge has been checked and is answered once.
    Link(&'a LinkAnswer),
}

/// The same as [`request`], on any word. [`StoreError::Stale`] if the link's challenge is not open any more.
pub(super) async fn request_as(
    app: &App,
    caller: &Submitter,
    asked: &Asked<'_>,
    new: &NewWallet,
) -> Result<Accepted<Profile>, RequestError> {
    once_more(|| attempt(app, caller, asked, new)).await
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
    asked: &Asked<'_>,
    new: &NewWallet,
) -> Result<Accepted<Profile>, RequestError> {
    if let Some(accepted) = replay(app, caller, asked).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    new.wallet.proof().verify()?;
    if matches!(asked, Asked::Request(_)) {
        challenge::check(app, caller, new.user_id, &new.wallet)?;
        check_message(app, &new.wallet)?;
    }
    let under_way = app.store.profiles_under_way(new.user_id).await?;
    for there in under_way.iter().filter(|there| there.client == caller.tenant && there.user.is_none()) {
        if is_of(app, there, &new.wallet).await? {
            return take_for_the_same(app, caller, asked, there.clone()).await;
        }
    }
    // Behind the look at what is under way: what arrives between the two is seen here.
    if matches!(asked, Asked::Link(_))
        && let Some(there) = linked_before(app, caller, new).await?
    {
        return take_for_the_same(app, caller, asked, there).await;
    }
    let now = app.clock.now();
    let id = WalletId::new(now, &mut OsRng);
    let write = app.write_key_for(id.as_str());
    let is_coming = under_way.iter().any(|there| there.user.is_some());
    if matches!(see(app, write, new.user_id).await?, Seen::Nobody) && !is_coming {
        return Err(RequestError::UserUnknown);
    }
    check_free(app, (&new.wallet).into()).await?;
    let wanted = Wanted { id: id.into(), user_id: new.user_id, user: None, write, wallet: &new.wallet };
    keep(app, caller, asked, wanted, now).await
}

/// The record that has written this wallet into this user's profile, if a link has brought it there and a node says that some
/// profile has it: users can remove their wallets, and then it is written anew.
async fn linked_before(
    app: &App,
    caller: &Submitter,
    new: &NewWallet,
) -> Result<Option<Profile>, StoreError> {
    let indexes = linked_indexes(app, caller, new.user_id, (&new.wallet).into());
    let Some(id) = app.store.record_of_linked(&indexes).await? else { return Ok(None) };
    if is_on_network(app, new.wallet.address.expose()).await != Some(true) {
        return Ok(None);
    }
    app.store.profile(&id.into()).await
}

/// The keyed hashes by which a user's wallet is found again that a link has brought, one for each vault key.
pub(super) fn linked_indexes(app: &App, caller: &Submitter, user_id: Uuid, wallet: Which<'_>) -> Vec<String> {
    let identity = identity(wallet);
    let whose =
        Zeroizing::new([caller.tenant.as_bytes(), b"\0", user_id.as_bytes(), b"\0", &**identity].concat());
    app.vault.indexes(LINKED, &whose)
}

/// Refuses a wallet that could not be written into this user's profile, as far as a node tells it before anything is signed.
pub(super) async fn check_beforehand(
    app: &App,
    user_id: Uuid,
    wallet: Which<'_>,
) -> Result<(), RequestError> {
    let under_way = app.store.profiles_under_way(user_id).await?;
    let is_coming = under_way.iter().any(|there| there.user.is_some());
    let write = app.write_key_for(&user_id.to_string());
    if matches!(see(app, write, user_id).await?, Seen::Nobody) && !is_coming {
        return Err(RequestError::UserUnknown);
    }
    check_free(app, wallet).await
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

/// Record, wallet, work, audit entry, and what the `Idempotency-Key` stands for, or the link's answer: all of it, or nothing; or
/// what an earlier request with the same key has made. What has stopped of the same is over then.
pub(super) async fn keep(
    app: &App,
    caller: &Submitter,
    asked: &Asked<'_>,
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
    let index = app.vault.index(INDEX, &identity(wallet.into()));
    let stopped = replaced(app, caller, &profile, wallet).await?;

    let Some(mut tx) = begin(app, caller, asked, &profile.id, now).await? else {
        return replay(app, caller, asked).await?.ok_or(RequestError::KeyReused);
    };
    for old in stopped {
        end(app, &mut tx, caller, &old, now).await?;
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
    write_down(&mut tx, caller, asked, &profile.id, now).await?;
    tx.commit().await?;
    Ok(Accepted { record: profile, replayed: false })
}

/// Begins the transaction in which the word is kept on which this record is made, or taken. `None` if an earlier request with
/// the same key has made one.
async fn begin(
    app: &App,
    caller: &Submitter,
    asked: &Asked<'_>,
    id: &RecordId,
    now: Timestamp,
) -> Result<Option<Tx>, StoreError> {
    match asked {
        Asked::Request(key) => idempotency::claim(app, caller, key, id.as_str(), now).await,
        Asked::Link(answer) => {
            let mut tx = app.store.begin().await?;
            tx.answer_link(answer, Some(id), now).await?;
            Ok(Some(tx))
        }
    }
}

/// Enters into the audit chain that a link was answered, and which record writes its wallet.
async fn write_down(
    tx: &mut Tx,
    caller: &Submitter,
    asked: &Asked<'_>,
    id: &RecordId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Asked::Link(answer) = asked else { return Ok(()) };
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::WalletLinkProven, answer.id.as_str());
    tx.record(&entry.detail(id.as_str())).await
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

async fn end(
    app: &App,
    tx: &mut Tx,
    caller: &Submitter,
    old: &Profile,
    now: Timestamp,
) -> Result<(), StoreError> {
    let change = ProfileChange { halt: old.halt, forget: true, ..ProfileChange::default() };
    match tx.advance_profile(&old.id, ProfileState::Halted, ProfileState::Failed, change, now).await {
        Ok(()) => {}
        // Somebody has resumed it just now.
        Err(StoreError::Stale) => return Ok(()),
        Err(error) => return Err(error),
    }
    tx.drop_jobs(old.id.as_str()).await?;
    emit_wallet(app, tx, EventKind::WalletFailed, old, now).await?;
    tx.record(
        &AuditEntry::new(now, caller.actor(), AuditAction::Failed, old.id.as_str()).detail("asked_for_again"),
    )
    .await
}

/// The same was asked for under another `Idempotency-Key`, or by a link, which from now on stands for it, too.
pub(super) async fn take_for_the_same(
    app: &App,
    caller: &Submitter,
    asked: &Asked<'_>,
    there: Profile,
) -> Result<Accepted<Profile>, RequestError> {
    let now = app.clock.now();
    let Some(mut tx) = begin(app, caller, asked, &there.id, now).await? else {
        return replay(app, caller, asked).await?.ok_or(RequestError::KeyReused);
    };
    let mut there = there;
    if let Asked::Link(answer) = asked {
        // It may have moved since it was read, and whoever moved it told only of the links that stood for it then.
        there = tx.hold_profile(&there.id).await?;
        let event = match there.state {
            ProfileState::Pending => None,
            ProfileState::Created => Some(EventKind::WalletLinked),
            ProfileState::Halted => Some(EventKind::WalletHalted),
            ProfileState::Failed => Some(EventKind::WalletFailed),
        };
        if let (Some(event), Some(link)) = (event, tx.wallet_link(&answer.id).await?) {
            emit_link(app, &mut tx, event, &link, &there, now).await?;
        }
    }
    write_down(&mut tx, caller, asked, &there.id, now).await?;
    tx.commit().await?;
    Ok(Accepted { record: there, replayed: true })
}

pub(super) async fn replay(
    app: &App,
    caller: &Submitter,
    asked: &Asked<'_>,
) -> Result<Option<Accepted<Profile>>, RequestError> {
    let Asked::Request(key) = asked else { return Ok(None) };
    Ok(idempotency::replay(app, caller, key, async |id: &RecordId| app.store.profile(id).await).await?)
}

/// Refuses a wallet that is on its way into a profile, or in one, as far as that can be seen: a node looks wallets up by
/// address, and the address of a NEAR wallet is a name that several keys may have.
pub(super) async fn check_free(app: &App, wallet: Which<'_>) -> Result<(), RequestError> {
    let indexes = app.vault.indexes(INDEX, &identity(wallet));
    if app.store.wallet_under_way(&indexes).await?.is_some() {
        return Err(RequestError::WalletUnderWay);
    }
    if wallet.wallet_type == WalletType::Near {
        return Ok(());
    }
    match is_on_network(app, wallet.address).await {
        Some(true) => Err(RequestError::WalletTaken),
        Some(false) | None => Ok(()),
    }
}

/// Whether some profile has a wallet of this address; `None` if the node cannot be asked.
pub(super) async fn is_on_network(app: &App, address: &str) -> Option<bool> {
    let look = async {
        let (client, signer) = (app.idos().await?, app.identity());
        Ok::<_, NodeError>(exists(client, &signer, address).await?)
    };
    match tokio::time::timeout(LOOK_UP, look).await.unwrap_or(Err(NodeError::TooSlow)) {
        Ok(exists) => Some(exists),
        Err(error) => {
            tracing::warn!("The node cannot be asked for a wallet: {error}");
            None
        }
    }
}

/// Which wallet it is.
#[derive(Clone, Copy)]
pub(super) struct Which<'a> {
    wallet_type: WalletType,
    address: &'a str,
    public_key: Option<&'a str>,
}

impl<'a> From<&'a WalletClaim> for Which<'a> {
    fn from(wallet: &'a WalletClaim) -> Self {
        let public_key = wallet.public_key.as_ref().map(|key| key.expose().as_str());
        Self { wallet_type: wallet.wallet_type, address: wallet.address.expose(), public_key }
    }
}

impl<'a> From<&'a Owner> for Which<'a> {
    fn from(wallet: &'a Owner) -> Self {
        let public_key = wallet.public_key.as_ref().map(|key| key.expose().as_str());
        Self { wallet_type: wallet.wallet_type, address: wallet.address.expose(), public_key }
    }
}

/// What makes a wallet itself that has proven nothing yet, whatever the spelling.
pub(super) fn owner_identity(owner: &Owner) -> Zeroizing<Vec<u8>> {
    identity(owner.into())
}

/// The keyed hashes that a record may have of a wallet that is on its way to the network, one for each vault key.
pub(super) fn indexes_under_way(app: &App, owner: &Owner) -> Vec<String> {
    app.vault.indexes(INDEX, &owner_identity(owner))
}

/// What makes a wallet itself, whatever the spelling.
fn identity(wallet: Which<'_>) -> Zeroizing<Vec<u8>> {
    let key = wallet.public_key.filter(|_| wallet.wallet_type == WalletType::Near);
    let text = spelled(wallet.wallet_type, key.unwrap_or(wallet.address));
    Zeroizing::new([wallet.wallet_type.as_str().as_bytes(), b"\0", text.as_bytes()].concat())
}

/// Whether a record is about this wallet.
pub(super) async fn is_of(app: &App, profile: &Profile, wallet: &WalletClaim) -> Result<bool, StoreError> {
    let locked = app.store.locked_wallet(&profile.id).await?;
    let claim =
        locked.and_then(|locked| app.vault.unlock_record::<WalletClaim>(profile.id.as_str(), &locked).ok());
    Ok(claim.is_some_and(|claim| identity((&claim).into()) == identity(wallet.into())))
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
