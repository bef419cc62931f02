//! Content on its way: unsealed credentials, locked; sealed ones; write grants, locked. All of it goes.

use idos_credential::{SealedCredential, SealedRow, StoredCredential, StoredRow};
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::Columns;
use super::{Store, StoreError, Tx};
use crate::model::ids::IssuanceId;
use crate::model::issuance::Issuance;

/// A sealed credential, and the user's write grant, locked, where there is one.
pub struct Deliverable {
    /// The credential.
    pub sealed: SealedCredential,
    /// The grant.
    pub locked_grant: Option<String>,
}

impl Store {
    /// A signed credential that waits to be sealed, locked.
    pub async fn unsealed(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT locked FROM unsealed_credential WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(locked,)| locked))
    }

    /// Whether there is a sealed credential.
    pub async fn has_sealed(&self, id: &IssuanceId) -> Result<bool, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT issuance_id FROM sealed_credential WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.is_some())
    }

    /// Whether there is a write grant.
    pub async fn has_grant(&self, id: &IssuanceId) -> Result<bool, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT issuance_id FROM write_grant WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.is_some())
    }

    /// The write grant, locked.
    pub async fn locked_grant(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT locked FROM write_grant WHERE issuance_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(locked,)| locked))
    }

    /// Whether another issuance has the write grant of this id, or had, and was written by it. One that is over without a
    /// credential has not used it.
    pub async fn is_grant_in_use(
        &self,
        grant_id: Uuid,
        by_others_than: Option<&IssuanceId>,
    ) -> Result<bool, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT id FROM issuance WHERE grant_id = $1 AND id <> $2 \
             AND (issued_at IS NOT NULL OR state NOT IN ('failed', 'erased'))",
        )
        .bind(grant_id.to_string())
        .bind(by_others_than.map_or("", IssuanceId::as_str)) // no issuance has no id
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.is_some())
    }

    /// The sealed credential of an issuance. The only place that revives one: everybody else has to seal.
    pub async fn deliverable(&self, issuance: &Issuance) -> Result<Option<Deliverable>, StoreError> {
        let row = sqlx::query(
            "SELECT sealed_credential.*, write_grant.locked AS locked_grant FROM sealed_credential \
             LEFT JOIN write_grant ON write_grant.issuance_id = sealed_credential.issuance_id WHERE sealed_credential.issuance_id = $1",
        )
        .bind(issuance.id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| read(&row, issuance)).transpose()
    }
}

impl Tx {
    /// Keeps a signed credential, locked, that has to wait to be sealed.
    pub async fn keep_unsealed(&mut self, id: &IssuanceId, locked: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO unsealed_credential (issuance_id, locked) VALUES ($1, $2)")
            .bind(id.as_str())
            .bind(locked)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Keeps a sealed credential until it is delivered.
    pub async fn keep_sealed(
        &mut self,
        id: &IssuanceId,
        sealed: &SealedCredential,
    ) -> Result<(), StoreError> {
        let (original, copy) = (sealed.original(), sealed.copy());
        sqlx::query(
            "INSERT INTO sealed_credential (issuance_id, content, encryptor_public_key, public_notes_signature, \
             broader_signature, copy_content, copy_encryptor_public_key, copy_public_notes_signature, \
             copy_broader_signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id.as_str())
        .bind(original.content())
        .bind(original.encryptor_public_key())
        .bind(original.public_notes_signature())
        .bind(original.broader_signature())
        .bind(copy.map(SealedRow::content))
        .bind(copy.map(SealedRow::encryptor_public_key))
        .bind(copy.map(SealedRow::public_notes_signature))
        .bind(copy.map(SealedRow::broader_signature))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Keeps a write grant, locked, in place of an earlier one. [`StoreError::Exists`] if another issuance has this grant,
    /// or had, and was written by it.
    pub async fn keep_grant(
        &mut self,
        id: &IssuanceId,
        grant_id: Uuid,
        locked: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE issuance SET grant_id = $1 WHERE id = $2")
            .bind(grant_id.to_string())
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query(
            "INSERT INTO write_grant (issuance_id, locked) VALUES ($1, $2) \
             ON CONFLICT (issuance_id) DO UPDATE SET locked = excluded.locked",
        )
        .bind(id.as_str())
        .bind(locked)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets a signed credential that has been sealed.
    pub async fn forget_unsealed(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM unsealed_credential WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Forgets content and contact of an issuance whose record this program cannot read. Gives whether there was any.
    pub async fn forget_unread(&mut self, id: &str) -> Result<bool, StoreError> {
        let mut gone = 0;
        for query in [
            "DELETE FROM unsealed_credential WHERE issuance_id = $1",
            "DELETE FROM sealed_credential WHERE issuance_id = $1",
            "DELETE FROM write_grant WHERE issuance_id = $1",
            "DELETE FROM contact WHERE issuance_id = $1",
        ] {
            gone += sqlx::query(query).bind(id).execute(&mut *self.tx).await?.rows_affected();
        }
        Ok(gone > 0)
    }

    /// Forgets all content of an issuance: unsealed or sealed credential, write grant.
    pub async fn forget_content(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        self.forget_unsealed(id).await?;
        sqlx::query("DELETE FROM sealed_credential WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM write_grant WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

fn read(row: &AnyRow, issuance: &Issuance) -> Result<Deliverable, StoreError> {
    let row = Columns(row);
    let (Some(public_notes), Some(content_hash)) = (&issuance.public_notes, &issuance.content_hash) else {
        return Err(StoreError::Unreadable("public_notes"));
    };
    let stored_row =
        |content, encryptor_public_key, notes: String, notes_signature, broader_signature| StoredRow {
            content,
            encryptor_public_key,
            public_notes: notes,
            public_notes_signature: notes_signature,
            broader_signature,
        };
    let copy = match row.maybe_text("copy_content")? {
        None => None,
        Some(content) => Some(stored_row(
            content,
            row.text("copy_encryptor_public_key")?,
            String::new(),
            row.text("copy_public_notes_signature")?,
            row.text("copy_broader_signature")?,
        )),
    };
    let stored = StoredCredential {
        original: stored_row(
            row.text("content")?,
            row.text("encryptor_public_key")?,
            public_notes.clone(),
            row.text("public_notes_signature")?,
            row.text("broader_signature")?,
        ),
        copy,
        content_hash: content_hash.clone(),
        issuer_auth_public_key: issuance.write_key.clone(),
    };
    let sealed =
        SealedCredential::from_stored(stored).map_err(|_| StoreError::Unreadable("sealed_credential"))?;
    Ok(Deliverable { sealed, locked_grant: row.maybe_text("locked_grant")? })
}
