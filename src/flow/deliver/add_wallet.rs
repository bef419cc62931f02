//! A user's wallet, told to the node: the last of a profile, or one more.

use idos_client::Refusal;
use idos_client::actions::UpsertWalletAsInserter;

use super::{DeliverError, Done, Plan, Stop, TxSigner, entry};
use crate::app::App;
use crate::flow::events::emit_wallet;
use crate::flow::{claimed, work};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::event::EventKind;
use crate::model::issuance::HaltCode;
use crate::model::job::Job;
use crate::model::lifecycle::sealed_until;
use crate::model::profile::{Profile, ProfileState, RecordId, WalletClaim};
use crate::model::time::Timestamp;
use crate::store::{ProfileChange, StoreError, Tx};

/// A wallet that is to be added.
pub struct AddWallet(pub(super) Profile);

impl AddWallet {
    /// Whether the user that is missing is on the way, by another record of the same user.
    pub(super) async fn will_pass(&self, app: &App, refusal: Refusal) -> Result<bool, StoreError> {
        if refusal != Refusal::UserUnknown {
            return Ok(false);
        }
        let under_way = app.store.profiles_under_way(self.0.user_id).await?;
        Ok(under_way.iter().any(|other| other.id != self.0.id && other.user.is_some()))
    }

    pub(super) async fn plan(&self, app: &App, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        let profile = &self.0;
        let Some(locked) = app.store.locked_wallet(&profile.id).await? else {
            return Ok(Plan::Halt(Stop::new(HaltCode::ContentGone, "the wallet's proof is not there")));
        };
        let claim = match app.vault.unlock_record::<WalletClaim>(profile.id.as_str(), &locked) {
            Ok(claim) => claim,
            Err(error) => return Ok(Plan::Halt(Stop::new(HaltCode::Unreadable, error.to_string()))),
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
        signer.sign(&action).await
    }

    /// The wallet's proof goes, and who has waited for the profile goes on.
    pub(super) async fn remember(
        &self,
        app: &App,
        tx: &mut Tx,
        done: Done,
    ) -> Result<Option<AuditEntry>, StoreError> {
        let profile = &self.0;
        let detail = done.detail();
        let created = Profile { transaction: done.transaction.clone(), ..profile.clone() };
        let waiting = app.store.awaiting_profile(profile.user_id).await?;
        let change =
            ProfileChange { transaction: done.transaction, forget: true, ..ProfileChange::default() };
        let (from, to) = (ProfileState::Pending, ProfileState::Created);
        tx.advance_profile(&profile.id, from, to, change, done.now).await?;
        work::bring_waiting_forward(tx, &waiting, done.now).await?;
        if let RecordId::Profile(id) = &profile.id {
            claimed::profile_created(app, tx, id, done.now).await?;
        }
        emit_wallet(app, tx, EventKind::WalletLinked, &created, done.now).await?;
        let act = match profile.id {
            RecordId::Profile(_) => AuditAction::ProfileCreated,
            RecordId::Wallet(_) => AuditAction::WalletAdded,
        };
        Ok(Some(entry(profile.id.as_str(), act, &detail, done.now)))
    }
}

/// Remembers that the creation of a profile, or the addition of a wallet, has stopped.
pub(super) async fn stop(
    app: &App,
    tx: &mut Tx,
    profile: &Profile,
    code: HaltCode,
    job: &Job,
    now: Timestamp,
) -> Result<(), StoreError> {
    let change = ProfileChange {
        halt: Some(code),
        waits_until: Some(sealed_until(app.limits(), now)),
        was_sent: job.was_sent(),
        ..ProfileChange::default()
    };
    tx.advance_profile(&profile.id, ProfileState::Pending, ProfileState::Halted, change, now).await?;
    let halted = Profile { halt: Some(code), ..profile.clone() };
    emit_wallet(app, tx, EventKind::WalletHalted, &halted, now).await
}
