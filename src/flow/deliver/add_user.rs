//! A user, told to the node.

use idos_client::actions::{AddUserAsInserter, GetUserAsInserter};
use idos_client::{Client, Signer};

use super::{DeliverError, Done, Plan, TxSigner, lane_job};
use crate::flow::profile;
use crate::model::audit::AuditEntry;
use crate::model::job::Work;
use crate::model::profile::Profile;
use crate::store::{StoreError, Tx};

/// The user of a profile that is to be created.
pub struct AddUser(pub(super) Profile);

impl AddUser {
    pub(super) async fn plan(&self, signer: &TxSigner<'_>) -> Result<Plan, DeliverError> {
        let Some(user) = &self.0.user else { return Ok(Plan::Drop) };
        let action = AddUserAsInserter {
            id: self.0.user_id,
            recipient_encryption_public_key: &user.encryption_public_key,
            encryption_password_store: profile::password_store(user.password_store),
        };
        signer.sign(&action).await
    }

    pub(super) async fn is_there(
        &self,
        client: &Client,
        signer: &Signer,
    ) -> Result<bool, idos_client::Error> {
        let user = client.call_one(signer, &GetUserAsInserter { id: self.0.user_id }).await?;
        let wanted = self.0.user.as_ref().map(|user| &user.encryption_public_key);
        Ok(user.is_some_and(|user| Some(&user.recipient_encryption_public_key) == wanted))
    }

    /// The wallet comes next.
    pub(super) async fn remember(&self, tx: &mut Tx, done: Done) -> Result<Option<AuditEntry>, StoreError> {
        let Profile { id, write_key, .. } = &self.0;
        tx.enqueue(&lane_job(Work::AddWallet, id.as_str(), write_key, done.now)).await?;
        Ok(None)
    }
}
