//! An attribute, written into the user's profile.
//!
//! The node adds a row, and refuses the same id a second time; and it shows attributes to nobody but their user. So whether it is
//! there is said by the outcome of its transaction, or, where that is lost, by the refusal of another one: the id was chosen
//! at random beforehand, and nobody else has it.

use idos_client::Conflict;
use idos_client::actions::AddAttributeAsInserter;

use super::{DeliverError, Done, Plan, Stop, TxSigner, entry};
use crate::app::App;
use crate::model::attribute::{Attribute, WrittenAttribute};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::issuance::HaltCode;
use crate::model::job::Job;
use crate::model::lifecycle::sealed_until;
use crate::model::profile::ProfileState;
use crate::model::time::Timestamp;
use crate::store::{ProfileChange, StoreError, Tx};

/// An attribute that is to be written.
pub struct AddAttribute(pub(super) Attribute);

impl AddAttribute {
    pub(super) async fn plan(&self, app: &App, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        let attribute = &self.0;
        let Some(locked) = app.store.locked_attribute(&attribute.id).await? else {
            return Ok(Plan::Halt(Stop::new(
                HaltCode::ContentGone,
                "the attribute's key and value are not there",
            )));
        };
        let written = match app.vault.unlock_record::<WrittenAttribute>(attribute.id.as_str(), &locked) {
            Ok(written) => written,
            Err(error) => return Ok(Plan::Halt(Stop::new(HaltCode::Unreadable, error.to_string()))),
        };
        let action = AddAttributeAsInserter {
            id: attribute.attribute_id,
            user_id: attribute.user_id,
            attribute_key: written.key.expose(),
            value: written.value.expose(),
        };
        signer.sign(&action).await
    }

    /// The row is there already, and an earlier transaction of this record may have written it: then it has.
    pub(super) fn was_done_unseen(&self, job: &Job, error: &idos_client::Error) -> bool {
        let may_be_ours = job.attempts > 1 || self.0.was_sent;
        may_be_ours && error.conflict() == Some(Conflict::AttributeExists)
    }

    /// Key and value go.
    pub(super) async fn remember(&self, tx: &mut Tx, done: Done) -> Result<Option<AuditEntry>, StoreError> {
        let id = &self.0.id;
        let detail = done.detail();
        let change =
            ProfileChange { transaction: done.transaction, forget: true, ..ProfileChange::default() };
        tx.advance_attribute(id, ProfileState::Pending, ProfileState::Created, change, done.now).await?;
        Ok(Some(entry(id.as_str(), AuditAction::AttributeAdded, &detail, done.now)))
    }

    /// Remembers that it has stopped.
    pub(super) async fn stop(
        &self,
        app: &App,
        tx: &mut Tx,
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
        tx.advance_attribute(&self.0.id, ProfileState::Pending, ProfileState::Halted, change, now).await
    }
}
