//! By whom something is done that may take two people.

use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::ProposalId;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};

/// By whom it is done, and when.
#[derive(Clone, Debug)]
pub struct By {
    /// By whom.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// How long an invitation works, in hours.
    pub invitation_hours: u32,
    /// The proposal that is approved by it, which goes in the same transaction; `None` where one person is enough.
    pub settles: Option<ProposalId>,
}

impl By {
    /// Somebody at the command line, where one person is enough. Whoever can run it can write into the database as well.
    #[must_use]
    pub fn operator(at: Timestamp, invitation_hours: u32) -> Self {
        Self { actor: Actor::Operator, at, invitation_hours, settles: None }
    }

    /// Takes what was proposed off the list, if it was. [`StoreError::Stale`] if somebody else has meanwhile.
    pub(super) async fn settle(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let Some(id) = &self.settles else { return Ok(()) };
        tx.settle_proposal(id).await?;
        let entry = AuditEntry::new(self.at, self.actor.clone(), AuditAction::ProposalApproved, id.as_str());
        tx.record(&entry).await
    }
}
