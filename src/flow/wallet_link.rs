//! Link wallets: make a challenge for a wallet, take its answer once, and have the wallet written into the user's profile.
//!
//! Between the two the wallet lies locked; one that is to be listed in a credential stays so until the credential is asked for
//! (`linkage.rs`), for a limited time. A wallet that is a contract is asked of its chain. That a challenge is answered
//! and that the wallet is on its way into the profile is one transaction: killed anywhere, one answer is one wallet.

use std::mem::take;

use idos_credential::Account;
use idos_wallet::{ContractCall, ContractVerdict, EvmChain, InvalidProof, WalletType};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Accepted;
use super::challenge::{self, Challenge, ChallengeError, Purpose, Signer};
use super::idempotency;
use super::wallet::{self, Asked, RequestError};
use crate::app::App;
use crate::evm_rpc::EvmFault;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::client::Idempotency;
use crate::model::ids::{WalletLinkId, is_user_id};
use crate::model::issuance::Reference;
use crate::model::personal::Personal;
use crate::model::profile::{NewWallet, Profile, WalletClaim, spelled};
use crate::model::submission::Owner;
use crate::model::submitter::Submitter;
use crate::model::time::HOUR;
use crate::model::time::Timestamp;
use crate::model::wallet_link::{LinkAnswer, LinkState, NotListed, WalletLink, account};
use crate::store::StoreError;
use crate::vault::{self, Locked, VaultError};

/// What the keyed hash of a proof is for.
const PROOF: &str = "wallet_link_proof";

/// A wallet that is to be proven, checked.
#[derive(Debug)]
pub struct NewLink {
    /// Whose it is to be.
    pub user_id: Uuid,
    /// The wallet. Its key may come with the proof: many wallets tell it only then.
    pub wallet: Owner,
    /// Whether it is to be written into the user's profile.
    pub in_profile: bool,
    /// Whether it is to be kept for a credential that lists wallets.
    pub for_credential: bool,
    /// The chain on which it is a contract; `None` for a wallet with a key.
    pub chain: Option<EvmChain>,
    /// The provider's reference.
    pub reference: Option<Reference>,
}

/// What a wallet has answered.
#[derive(Debug)]
pub struct Answer {
    /// Its signature over the challenge, in the encoding of its type.
    pub signature: Personal<String>,
    /// Its key, where the link was made without it.
    pub public_key: Option<Personal<String>>,
}

/// A link, and what is known of it besides.
pub struct Shown {
    /// The link.
    pub link: WalletLink,
    /// The record that writes the wallet, or has written it.
    pub record: Option<Profile>,
    /// The text to sign, for whoever has just asked for it, while it waits for a signature.
    pub challenge: Option<Challenge>,
}

impl Shown {
    /// Where it stands.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LinkState {
        self.link.state_with(self.record.as_ref(), now)
    }
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The caller has no such link.
    #[error("there is no such link")]
    NotFound,
    /// It is over.
    #[error("the link is {0}")]
    Over(LinkState),
    /// Its challenge was answered, with another signature.
    #[error("the challenge has been answered already")]
    Used,
    /// The key is not the one that the link was made with.
    #[error("the key is another one than that of the link")]
    OtherKey,
    /// The wallet has not signed the challenge.
    #[error("the wallet is not proven to be the user's: {0}")]
    Wallet(#[from] InvalidProof),
    /// There is no contract at the address.
    #[error("there is no contract at the address on this chain that judges signatures")]
    NoContract,
    /// The chain cannot be asked.
    #[error(transparent)]
    Chain(EvmFault),
    /// The challenge is not one of this service any more.
    #[error("what the wallet has signed {0}")]
    Challenge(#[from] ChallengeError),
    /// The wallet cannot be written.
    #[error(transparent)]
    Request(RequestError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RequestError> for ProveError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Store(error) => Self::Store(error),
            RequestError::Vault(error) => Self::Vault(error),
            error => Self::Request(error),
        }
    }
}

/// Makes a challenge for a wallet. What could not be written afterwards is refused here, as far as a node tells it: nobody is to
/// sign for nothing.
pub async fn offer(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: NewLink,
) -> Result<Accepted<Shown>, RequestError> {
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    if new.in_profile {
        check_beforehand(app, caller, &new).await?;
    }
    if new.for_credential {
        account(&new.wallet, new.chain)?;
    }
    if new.chain.is_some_and(|chain| !app.evm.knows(chain)) {
        return Err(RequestError::NoEndpoint);
    }
    let now = app.clock.now();
    let id = WalletLinkId::new(now, &mut OsRng);
    let challenge =
        challenge::offer(app, caller, Purpose::Link, new.user_id, Signer::of(&new.wallet, new.chain));
    let link = WalletLink {
        client: caller.tenant.clone(),
        state: LinkState::Challenged,
        user_id: Some(new.user_id),
        in_profile: new.in_profile,
        for_credential: new.for_credential,
        reference: new.reference.map(Reference::into_string),
        attempts: 0,
        expires_at: challenge.expires_at,
        proven_at: None,
        proof_hash: None,
        record_id: None,
        issuance_id: None,
        waits_until: Some(challenge.expires_at),
        created_at: now,
        updated_at: now,
        id,
    };
    let message = Personal::new(challenge.message.to_string());
    let kept = KeptWallet { wallet: new.wallet, chain: new.chain, message };
    let locked = app.vault.lock_record(link.id.as_str(), &kept, &mut OsRng)?;

    let Some(mut tx) = idempotency::claim(app, caller, key, link.id.as_str(), now).await? else {
        return replay(app, caller, key).await?.ok_or(RequestError::KeyReused);
    };
    tx.add_wallet_link(&link, &locked).await?;
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::WalletLinkRequested, link.id.as_str());
    tx.record(&entry.detail(format!("user:{}", new.user_id))).await?;
    tx.commit().await?;
    let record = Shown { link, record: None, challenge: Some(challenge) };
    Ok(Accepted { record, replayed: false })
}

/// What an earlier request with the same key has made, with its challenge as long as that waits for a signature.
async fn replay(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
) -> Result<Option<Accepted<Shown>>, RequestError> {
    let read = async |id: &WalletLinkId| app.store.wallet_link(id).await;
    let Some(Accepted { record: link, replayed }) = idempotency::replay(app, caller, key, read).await? else {
        return Ok(None);
    };
    let mut shown = with_record(app, link).await?;
    if shown.state(app.clock.now()) == LinkState::Challenged
        && let Some(locked) = app.store.locked_link(&shown.link.id).await?
    {
        let kept: KeptWallet = app.vault.unlock_record(shown.link.id.as_str(), &locked)?;
        let message = Zeroizing::new(kept.message.expose().clone());
        shown.challenge = Some(Challenge { message, expires_at: shown.link.expires_at });
    }
    Ok(Some(Accepted { record: shown, replayed }))
}

async fn check_beforehand(app: &App, caller: &Submitter, new: &NewLink) -> Result<(), RequestError> {
    match wallet::check_beforehand(app, new.user_id, (&new.wallet).into()).await {
        // It may be this user's own.
        Err(RequestError::WalletTaken) => {
            let indexes = wallet::linked_indexes(app, caller, new.user_id, (&new.wallet).into());
            match app.store.record_of_linked(&indexes).await? {
                Some(_) => Ok(()),
                None => Err(RequestError::WalletTaken),
            }
        }
        // What it is on its way for is seen when the challenge is answered; until then it may have arrived.
        Err(RequestError::WalletUnderWay) => Ok(()),
        checked => checked,
    }
}

/// Takes the answer to a challenge. Sent again, it changes nothing.
pub async fn prove(
    app: &App,
    caller: &Submitter,
    id: &WalletLinkId,
    answer: Answer,
) -> Result<Shown, ProveError> {
    let link = app.store.wallet_link_of(&caller.tenant, id).await?.ok_or(ProveError::NotFound)?;
    let proof_hashes = app.vault.indexes(PROOF, &proof_of(id, &answer));
    let now = app.clock.now();
    if link.state_with(None, now) != LinkState::Challenged {
        return answered(app, link, &proof_hashes).await;
    }
    let (Some(user_id), Some(locked)) = (link.user_id, app.store.locked_link(id).await?) else {
        return again(app, id, &proof_hashes).await;
    };
    let kept = app.vault.unlock_record::<KeptWallet>(id.as_str(), &locked)?;
    let chain = kept.chain;
    let claim = kept.answered(answer)?;
    challenge::require_for(app, caller, Purpose::Link, user_id, (&claim, chain))?;
    if let Err(error) = verify(app, &claim, chain).await {
        if matches!(error, ProveError::Wallet(InvalidProof::WrongSignature)) {
            count_wrong(app, id, now).await?;
        }
        return Err(error);
    }

    let indexes = wallet::linked_indexes(app, caller, user_id, (&claim).into());
    let taken = LinkAnswer {
        id: id.clone(),
        proof_hash: proof_hashes.first().cloned().ok_or(VaultError::NoKey)?,
        wallet_index: indexes.into_iter().next().ok_or(VaultError::NoKey)?,
        kept_until: now.plus_millis(i64::from(app.retention.sealed_hours) * HOUR),
    };
    let outcome = if link.in_profile {
        let new = NewWallet { user_id, wallet: claim };
        wallet::request_as(app, caller, &Asked::Link(&taken), &new).await.map(|_| ())
    } else {
        remember(app, caller, &taken, now).await
    };
    match outcome {
        // Somebody was faster, or its time has run out meanwhile.
        Ok(()) | Err(RequestError::Store(StoreError::Stale)) => {}
        Err(error) => return Err(error.into()),
    }
    again(app, id, &proof_hashes).await
}

/// Whether the wallet has signed, by its key, or as the contract says that it is.
async fn verify(app: &App, claim: &WalletClaim, chain: Option<EvmChain>) -> Result<(), ProveError> {
    let Some(chain) = chain else { return Ok(claim.proof().verify()?) };
    let call = ContractCall::new(claim.address.expose(), claim.message.expose(), claim.signature.expose())?;
    let verdict = app.evm.judge(chain, &call).await;
    let outcome = match &verdict {
        Ok(ContractVerdict::Valid) => "valid",
        Ok(ContractVerdict::Invalid) => "invalid",
        Ok(ContractVerdict::NoContract) => "no_contract",
        Err(_) => "no_answer",
    };
    metrics::counter!("contract_wallets_total", "chain" => chain.to_string(), "outcome" => outcome)
        .increment(1);
    match verdict {
        Ok(ContractVerdict::Valid) => Ok(()),
        Ok(ContractVerdict::Invalid) => Err(InvalidProof::WrongSignature.into()),
        Ok(ContractVerdict::NoContract) => Err(ProveError::NoContract),
        Err(fault) => {
            tracing::warn!(%chain, "A contract wallet cannot be asked for: {fault}");
            Err(ProveError::Chain(fault))
        }
    }
}

/// Remembers that the challenge is answered where nothing is to be written.
async fn remember(
    app: &App,
    caller: &Submitter,
    answer: &LinkAnswer,
    now: Timestamp,
) -> Result<(), RequestError> {
    let mut tx = app.store.begin().await?;
    tx.answer_link(answer, None, now).await?;
    let act = AuditAction::WalletLinkProven;
    tx.record(&AuditEntry::new(now, caller.actor(), act, answer.id.as_str())).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts a wrong signature, so that nobody tries for ever.
async fn count_wrong(app: &App, id: &WalletLinkId, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    match tx.count_wrong_answer(id, now).await {
        Ok(()) => tx.commit().await,
        Err(StoreError::Stale) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Looks at the link anew.
async fn again(app: &App, id: &WalletLinkId, proof_hashes: &[String]) -> Result<Shown, ProveError> {
    let link = app.store.wallet_link(id).await?.ok_or(ProveError::NotFound)?;
    answered(app, link, proof_hashes).await
}

/// What an answer comes to where the challenge waits for none any more.
async fn answered(app: &App, link: WalletLink, proof_hashes: &[String]) -> Result<Shown, ProveError> {
    match link.state_with(None, app.clock.now()) {
        LinkState::Proven if link.proof_hash.as_ref().is_some_and(|hash| proof_hashes.contains(hash)) => {
            Ok(with_record(app, link).await?)
        }
        LinkState::Proven => Err(ProveError::Used),
        // Another answer has failed at the same time.
        LinkState::Challenged => Err(StoreError::Stale.into()),
        state => Err(ProveError::Over(state)),
    }
}

/// A link of the caller's; `None` if there is none.
pub async fn show(app: &App, caller: &Submitter, id: &WalletLinkId) -> Result<Option<Shown>, StoreError> {
    match app.store.wallet_link_of(&caller.tenant, id).await? {
        Some(link) => Ok(Some(with_record(app, link).await?)),
        None => Ok(None),
    }
}

/// A link with what became of the record that writes its wallet.
pub async fn with_record(app: &App, link: WalletLink) -> Result<Shown, StoreError> {
    let record = match &link.record_id {
        Some(id) => app.store.profile(&id.clone().into()).await?,
        None => None,
    };
    Ok(Shown { link, record, challenge: None })
}

/// Forgets all of a link but our id and times; `None` if there is none. What is on its way into the user's profile goes on, and
/// what is there is the user's. Asking again changes nothing.
pub async fn erase(app: &App, caller: &Submitter, id: &WalletLinkId) -> Result<Option<Shown>, StoreError> {
    let Some(there) = app.store.wallet_link_of(&caller.tenant, id).await? else { return Ok(None) };
    if there.state != LinkState::Erased {
        let now = app.clock.now();
        let mut tx = app.store.begin().await?;
        match tx.erase_wallet_link(id, now).await {
            // Somebody else has.
            Err(StoreError::Stale) => return show(app, caller, id).await,
            erased => erased?,
        }
        tx.forget_events(id.as_str()).await?;
        tx.unlink_audit(id.as_str(), caller.actor(), now).await?;
        tx.commit().await?;
        app.store.forget_traces().await?;
    }
    show(app, caller, id).await
}

/// What a proof is known again by.
fn proof_of(id: &WalletLinkId, answer: &Answer) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([id.as_str().as_bytes(), b"\0", answer.signature.expose().as_bytes()].concat())
}

/// A wallet, and the text that it is to sign, as they are kept.
pub(super) struct KeptWallet {
    wallet: Owner,
    chain: Option<EvmChain>,
    message: Personal<String>,
}

impl KeptWallet {
    /// Its account, as a credential lists it.
    pub(super) fn account(&self) -> Result<Account, NotListed> {
        account(&self.wallet, self.chain)
    }

    /// The claim that an answer makes of it.
    fn answered(self, answer: Answer) -> Result<WalletClaim, ProveError> {
        let Owner { wallet_type, address, public_key } = self.wallet;
        let compared = |key: &Personal<String>| spelled(wallet_type, key.expose());
        if let (Some(known), Some(given)) = (&public_key, &answer.public_key)
            && compared(known) != compared(given)
            && wallet_type != WalletType::Evm
        {
            return Err(ProveError::OtherKey);
        }
        // An EVM wallet has none: what is given as one says nothing.
        let given = answer.public_key.filter(|_| wallet_type != WalletType::Evm);
        Ok(WalletClaim {
            wallet_type,
            address,
            public_key: public_key.or(given),
            message: self.message,
            signature: answer.signature,
        })
    }
}

/// The same as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Kept {
    wallet_type: String,
    address: String,
    public_key: Option<String>,
    #[serde(default)]
    chain: Option<String>,
    message: String,
}

impl Locked for KeptWallet {
    const PLACE: &'static str = "wallet_link";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        vault::to_json(&Kept {
            wallet_type: self.wallet.wallet_type.as_str().to_owned(),
            address: self.wallet.address.expose().clone(),
            public_key: self.wallet.public_key.as_ref().map(|key| key.expose().clone()),
            chain: self.chain.map(|chain| chain.to_string()),
            message: self.message.expose().clone(),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut kept: Kept = vault::from_json(bytes)?;
        let wallet = Owner {
            wallet_type: kept.wallet_type.parse().map_err(|_| VaultError::Damaged)?,
            address: Personal::new(take(&mut kept.address)),
            public_key: kept.public_key.take().map(Personal::new),
        };
        let chain = kept.chain.as_ref().map(|chain| chain.parse()).transpose();
        let chain = chain.map_err(|_| VaultError::Damaged)?;
        Ok(Self { wallet, chain, message: Personal::new(take(&mut kept.message)) })
    }
}
