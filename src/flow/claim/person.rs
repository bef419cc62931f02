//! Find out who the person is: by a wallet of a profile, or by a profile that is created for them.

use idos_credential::RecipientKey;
use idos_wallet::WalletType;
use uuid::Uuid;

use super::{ClaimError, invalid, submitter};
use crate::app::{App, NodeError};
use crate::flow::challenge::{self, Challenge, Purpose, Signer};
use crate::flow::events::emit_claim;
use crate::flow::login::{self, LoginFault, Offered};
use crate::flow::network::{self, LOOK_UP};
use crate::flow::profile;
use crate::flow::wallet::{RequestError, owner_identity};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::claim::{Claim, State};
use crate::model::client::Idempotency;
use crate::model::event::EventKind;
use crate::model::issuance::State as IssuanceState;
use crate::model::profile::{NewProfile, PasswordStore, ProfileState, RecordId, WalletClaim};
use crate::model::submission::Owner;
use crate::store::StoreError;

/// What the keyed hash of the wallet is for by which somebody was identified.
const INDEX: &str = "claim_wallet";

/// What is said where somebody is somebody else.
const ANOTHER: &str = "The wallet belongs to another idOS profile than the one that this link is for.";

/// What is said where somebody is nobody.
const IN_NONE: &str = "The wallet belongs to no idOS profile, and this link is for somebody who has one.";

/// What a wallet is asked for.
pub enum Next {
    /// To sign in: a profile has it, or may have it.
    SignIn {
        /// The text to sign.
        message: String,
        /// What comes back with the signature.
        nonce: String,
    },
    /// To have a profile created for it.
    CreateProfile {
        /// The id that the user gets.
        user_id: Uuid,
        /// The text to sign.
        challenge: Challenge,
    },
    /// Nothing: this is who it is.
    Known(Uuid),
}

/// Somebody has connected this wallet.
pub async fn meet(app: &App, claim: &Claim, owner: &Owner) -> Result<Next, ClaimError> {
    check_alive(claim)?;
    let known = tokio::time::timeout(LOOK_UP, known(app, owner)).await;
    if known.unwrap_or(Err(NodeError::TooSlow))? == Some(false) {
        return create(app, claim, owner).await;
    }
    let Offered { message, nonce } = login::offer(app, claim.id.as_str(), owner).await?;
    Ok(Next::SignIn { message, nonce })
}

/// Whether some profile has the wallet, as far as a node tells it: see [`crate::flow::grant::is_owner_known`].
async fn known(app: &App, owner: &Owner) -> Result<Option<bool>, NodeError> {
    if owner.wallet_type == WalletType::Near {
        return Ok(None);
    }
    let there = network::exists(app.idos().await?, &app.identity(), owner.address.expose()).await?;
    Ok(Some(there))
}

/// A profile is to be created for the wallet, if there may be one.
async fn create(app: &App, claim: &Claim, owner: &Owner) -> Result<Next, ClaimError> {
    check_may_be_new(app, claim).await?;
    let challenge =
        challenge::offer(app, &submitter(claim), Purpose::Proof, claim.user_id, Signer::of(owner, None));
    Ok(Next::CreateProfile { user_id: claim.user_id, challenge })
}

/// Refuses a new profile where there is one already.
async fn check_may_be_new(app: &App, claim: &Claim) -> Result<(), ClaimError> {
    if claim.identified().is_some() {
        return Err(ClaimError::WrongWallet(IN_NONE));
    }
    if let Some(id) = &claim.issuance_id {
        let issuance = app.store.issuance(id).await?.ok_or(ClaimError::Unknown)?;
        if issuance.state != IssuanceState::AwaitingProfile {
            return Err(ClaimError::WrongWallet(IN_NONE));
        }
    }
    Ok(())
}

/// The wallet has signed the gateway's login. Whose profile it belongs to, the gateway says.
pub async fn sign_in(
    app: &App,
    claim: &Claim,
    owner: &Owner,
    nonce: &str,
    signature: &str,
) -> Result<Next, ClaimError> {
    const NONCE: &str = "nonce";
    const ANEW: &str = "is too old, or not that of this link and this wallet: have another text made to sign";
    check_alive(claim)?;
    match login::whose(app, claim.id.as_str(), owner, (nonce, signature)).await {
        Ok(Some(user_id)) => {
            identify(app, claim, user_id, owner).await?;
            Ok(Next::Known(user_id))
        }
        Ok(None) => create(app, claim, owner).await,
        Err(LoginFault::Stale) => Err(invalid(NONCE, ANEW)),
        Err(LoginFault::Signature(error)) => Err(ClaimError::Signature(error)),
        Err(LoginFault::Node(error)) => Err(error.into()),
    }
}

/// Remembers who the person is, and by which wallet. Doing it again changes nothing.
async fn identify(app: &App, claim: &Claim, user_id: Uuid, owner: &Owner) -> Result<(), ClaimError> {
    let is_settled = claim.issuance_id.is_some() || claim.identified().is_some();
    if is_settled && claim.user_id != user_id {
        return Err(ClaimError::WrongWallet(ANOTHER));
    }
    if claim.identified().is_some() && is_by(app, claim, owner) {
        return Ok(());
    }
    let now = app.clock.now();
    let is_new = claim.state == State::Open;
    let index = app.vault.index(INDEX, &owner_identity(owner));
    let claim = Claim {
        state: if is_new { State::Identified } else { claim.state },
        user_id,
        profile_id: claim.profile_id.clone().filter(|_| claim.user_id == user_id),
        wallet: Some((owner.wallet_type, index)),
        ..claim.clone()
    };
    let mut tx = app.store.begin().await?;
    tx.change_claim(&claim, now).await?;
    if is_new {
        emit_claim(app, &mut tx, EventKind::ClaimIdentified, &claim, None, now).await?;
    }
    let actor = submitter(&claim).actor();
    let entry = AuditEntry::new(now, actor, AuditAction::ClaimIdentified, claim.id.as_str());
    tx.record(&entry.detail(format!("user:{user_id}"))).await?;
    tx.commit().await?;
    Ok(())
}

/// The keyed hashes by which claims are found whose person was identified by this wallet, one for each vault key.
pub(in crate::flow) fn wallet_indexes(app: &App, owner: &Owner) -> Vec<String> {
    app.vault.indexes(INDEX, &owner_identity(owner))
}

/// Whether somebody was identified by this wallet.
pub(super) fn is_by(app: &App, claim: &Claim, owner: &Owner) -> bool {
    let Some((wallet_type, index)) = &claim.wallet else { return false };
    *wallet_type == owner.wallet_type && wallet_indexes(app, owner).contains(index)
}

/// Has a profile created for the person: the wallet has signed the challenge of [`meet`], and the key is the one that the page has made.
/// Doing it again is the same profile.
pub async fn create_profile(
    app: &App,
    claim: &Claim,
    encryption_key: RecipientKey,
    password_store: PasswordStore,
    wallet: WalletClaim,
) -> Result<Claim, ClaimError> {
    check_alive(claim)?;
    let caller = submitter(claim);
    let key = request_key(app, claim, &encryption_key, password_store, &wallet);
    // What was asked for before is answered the same, whatever has come of it since.
    let is_repeated = app.store.claimed(&caller.tenant, &key).await?.is_some();
    if !is_repeated {
        check_may_be_new(app, claim).await?;
        challenge::require(app, &caller, claim.user_id, &wallet).map_err(RequestError::Challenge)?;
    }
    let owner = Owner {
        wallet_type: wallet.wallet_type,
        address: wallet.address.clone(),
        public_key: wallet.public_key.clone(),
    };
    let new = NewProfile { user_id: claim.user_id, encryption_key, password_store, wallet };
    let record = profile::request(app, &caller, &key, new).await?.record;
    let RecordId::Profile(id) = record.id else { return Err(ClaimError::Unknown) };
    if claim.profile_id.as_ref() == Some(&id) || claim.state != State::Open {
        return Ok(claim.clone());
    }
    let now = app.clock.now();
    let index = app.vault.index(INDEX, &owner_identity(&owner));
    let noted = Claim { profile_id: Some(id), wallet: Some((owner.wallet_type, index)), ..claim.clone() };
    let mut tx = app.store.begin().await?;
    tx.change_claim(&noted, now).await?;
    tx.commit().await?;
    // It may have been created before it was noted here.
    let there =
        app.store.profile(&RecordId::from(noted.profile_id.clone().ok_or(ClaimError::Unknown)?)).await?;
    let noted = Claim { version: noted.version.saturating_add(1), ..noted };
    if there.is_some_and(|there| there.state == ProfileState::Created) {
        return identified_by_profile(app, noted).await;
    }
    Ok(noted)
}

/// The profile of the claim is created: that is who the person is.
pub(super) async fn identified_by_profile(app: &App, claim: Claim) -> Result<Claim, ClaimError> {
    let now = app.clock.now();
    let id = claim.id.clone();
    let identified = Claim { state: State::Identified, ..claim };
    let mut tx = app.store.begin().await?;
    match tx.change_claim(&identified, now).await {
        Ok(()) => {
            emit_claim(app, &mut tx, EventKind::ClaimIdentified, &identified, None, now).await?;
            tx.commit().await?;
        }
        // Somebody else has seen it, too.
        Err(StoreError::Stale) => drop(tx),
        Err(error) => return Err(error.into()),
    }
    app.store.claim(&id).await?.ok_or(ClaimError::Unknown)
}

/// What a request for a profile stands for: all that is in it. Signed again, it is another request, since what was wrong with the one
/// before may have been mended.
fn request_key(
    app: &App,
    claim: &Claim,
    encryption_key: &RecipientKey,
    password_store: PasswordStore,
    wallet: &WalletClaim,
) -> Idempotency {
    let all = app
        .vault
        .fingerprint()
        .part(b"claim profile")
        .part(encryption_key.to_base64().as_bytes())
        .part(password_store.as_str().as_bytes())
        .part(wallet.wallet_type.as_str().as_bytes())
        .part(wallet.address.expose().as_bytes())
        .part(wallet.message.expose().as_bytes())
        .part(wallet.signature.expose().as_bytes())
        .finish();
    let scope = submitter(claim).idempotency_scope();
    // Each vault key has its own fingerprint, and its own hash of the key that this is.
    let name = all.first().cloned().unwrap_or_default();
    Idempotency {
        key_hashes: app.vault.indexes("idempotency", format!("{scope}\0{name}").as_bytes()),
        fingerprints: all,
    }
}

fn check_alive(claim: &Claim) -> Result<(), ClaimError> {
    if claim.state.is_final() {
        return Err(ClaimError::Conflict("Nothing is left to do by this link."));
    }
    Ok(())
}
