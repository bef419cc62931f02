//! One person, one credential: who was found to be a person is known again by a keyed hash, which is there as long as a credential is.
//!
//! The hash is under the vault's present key, and looked for under each. So that it can be made anew under another one, what it is made of
//! is kept beside it: a hash of the source's id, locked. Whoever has the vault's key learns no more from it than from the keyed hash, namely
//! whether a guess is right; nobody else learns anything.

use identity_vendors::Secret;
use identity_vendors::personhood::PersonId;
use rand::rngs::OsRng;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};
use crate::vault::{Locked, Vault, VaultError};

/// What the keyed hash is for.
const INDEX: &str = "person";

/// What the id in a credential of FaceSign's type is made for, where the source has no type of its own.
const SUBJECT: &str = "person_subject";

/// The key of the inner hash, which is no secret: the outer one has the vault's.
const INNER: &str = "idos-issuer";

/// Rows that are read in one go.
const BATCH: u32 = 100;

/// A hash of what a source calls somebody, for one action.
struct Inner(Zeroizing<[u8; 32]>);

impl Locked for Inner {
    const PLACE: &'static str = "person";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Ok(Zeroizing::new(self.0.to_vec()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        bytes.try_into().map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| VaultError::Damaged)
    }
}

impl Inner {
    /// Under each vault key, the present one first.
    fn hashes(&self, vault: &Vault) -> Vec<String> {
        vault.indexes(INDEX, &*self.0)
    }
}

/// A person, and whose it is to be.
pub(super) struct Holder {
    owner: String,
    hashes: Vec<String>,
    locked: String,
    inner: Inner,
}

impl Holder {
    /// A person for a client's user.
    pub(super) fn new(
        vault: &Vault,
        id: &PersonId,
        (client, user_id): (&str, Uuid),
    ) -> Result<Self, VaultError> {
        let key = Secret::new(INNER).map_err(|_| VaultError::Damaged)?;
        let inner = Inner(Zeroizing::new(id.keyed_hash(&key)));
        let hashes = inner.hashes(vault);
        let present = hashes.first().ok_or(VaultError::NoKey)?;
        let locked = vault.lock_record(present, &inner, &mut OsRng)?;
        Ok(Self { owner: format!("{client}/{user_id}"), hashes, locked, inner })
    }

    /// Whether the person is somebody else's.
    pub(super) async fn is_taken(&self, app: &App) -> Result<bool, StoreError> {
        let owner = app.store.person_owner(&self.hashes).await?;
        Ok(owner.is_some_and(|owner| owner != self.owner))
    }

    /// Remembers that an issuance is the person's. [`StoreError::Exists`] if the person is somebody else's, or somebody was faster.
    pub(super) async fn hold(
        &self,
        tx: &mut Tx,
        issuance: &IssuanceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.hold_person(issuance, &self.hashes, (&self.owner, &self.locked), now).await
    }

    /// The person's name in a credential: says nothing about who it is, and is the same for the same person.
    pub(super) fn pseudonym(&self, vault: &Vault) -> String {
        vault.index(SUBJECT, &*self.inner.0)
    }
}

/// Why not all people were made findable under the present vault key.
#[derive(Debug, thiserror::Error)]
pub enum RelockError {
    /// Some cannot be unlocked.
    #[error(
        "{left} people of sources of personhood cannot be unlocked and stay as they are; {relocked} were made findable anew"
    )]
    Left {
        /// How many.
        left: usize,
        /// How many others were made findable anew.
        relocked: usize,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the hashes anew that are under other vault keys than the present one. Gives how many. One that cannot be unlocked does not keep the
/// others from it. May be broken off and begun again.
pub async fn relock_all(app: &App) -> Result<usize, RelockError> {
    let (mut relocked, mut left) = (0, 0);
    let mut from = String::new();
    loop {
        let batch = app.store.persons_to_relock(app.vault.key_id(), &from, BATCH).await?;
        let Some(last) = batch.last() else { break };
        from.clone_from(&last.hash);
        for kept in &batch {
            let new = app.vault.unlock_record::<Inner>(&kept.hash, &kept.locked).and_then(|inner| {
                let hash = app.vault.index(INDEX, &*inner.0);
                let locked = app.vault.lock_record(&hash, &inner, &mut OsRng)?;
                Ok((hash, locked))
            });
            let (hash, locked) = match new {
                Ok(new) => new,
                Err(error) => {
                    tracing::error!("A person cannot be made findable under another vault key: {error}");
                    left += 1;
                    continue;
                }
            };
            let mut tx = app.store.begin().await?;
            tx.rename_person(&kept.hash, &hash, &locked).await?;
            tx.record(
                &AuditEntry::new(app.clock.now(), Actor::Operator, AuditAction::Relocked, "person")
                    .detail(app.vault.key_id()),
            )
            .await?;
            tx.commit().await?;
            relocked += 1;
        }
    }
    if left == 0 { Ok(relocked) } else { Err(RelockError::Left { left, relocked }) }
}
