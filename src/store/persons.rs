//! People whom sources of personhood know: by keyed hashes alone, as long as a credential of theirs is here.

use super::{Store, StoreError, Tx};
use crate::model::ids::IssuanceId;
use crate::model::time::Timestamp;

/// A person, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPerson {
    /// The keyed hash under which it is found.
    pub hash: String,
    /// What the hash is made of, locked.
    pub locked: String,
}

impl Store {
    /// Whose a person is that has one of these hashes.
    pub async fn person_owner(&self, hashes: &[String]) -> Result<Option<String>, StoreError> {
        for hash in hashes {
            let row: Option<(String,)> = sqlx::query_as("SELECT owner FROM person WHERE hash = $1")
                .bind(hash)
                .fetch_optional(&self.pool)
                .await?;
            if let Some((owner,)) = row {
                return Ok(Some(owner));
            }
        }
        Ok(None)
    }

    /// People behind `from` (a hash) that are locked under another vault key than this one, in order of hashes.
    pub async fn persons_to_relock(
        &self,
        key_id: &str,
        from: &str,
        limit: u32,
    ) -> Result<Vec<KeptPerson>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT hash, locked FROM person WHERE hash > $1 AND locked NOT LIKE $2 ORDER BY hash LIMIT $3",
        )
        .bind(from)
        .bind(format!("v1.{key_id}.%"))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(hash, locked)| KeptPerson { hash, locked }).collect())
    }
}

impl Tx {
    /// Remembers that an issuance was made for a person of `owner`'s. `hashes` are those under which the person may be there: by the vault's
    /// present key, which is kept, and by earlier ones. [`StoreError::Exists`] if the person is somebody else's.
    pub async fn hold_person(
        &mut self,
        issuance: &IssuanceId,
        hashes: &[String],
        (owner, locked): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some((present, earlier)) = hashes.split_first() else { return Err(StoreError::Stale) };
        for hash in earlier {
            let of: Option<(String,)> = sqlx::query_as("SELECT owner FROM person WHERE hash = $1")
                .bind(hash)
                .fetch_optional(&mut *self.tx)
                .await?;
            match of {
                None => {}
                Some((of,)) if of == owner => self.rename_person(hash, present, locked).await?,
                Some(_) => return Err(StoreError::Exists),
            }
        }
        // Whoever lets the same person go meanwhile waits for this row, or is waited for.
        let held = sqlx::query("UPDATE person SET uses = uses + 1 WHERE hash = $1 AND owner = $2")
            .bind(present)
            .bind(owner)
            .execute(&mut *self.tx)
            .await?;
        if held.rows_affected() == 0 {
            sqlx::query(
                "INSERT INTO person (hash, owner, locked, uses, created_at) VALUES ($1, $2, $3, 1, $4)",
            )
            .bind(present)
            .bind(owner)
            .bind(locked)
            .bind(now.unix_millis())
            .execute(&mut *self.tx)
            .await?;
        }
        sqlx::query("INSERT INTO person_issuance (issuance_id, hash) VALUES ($1, $2)")
            .bind(issuance.as_str())
            .bind(present)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Has a person found by another hash, and what it is made of locked anew. Nothing happens if it is gone. [`StoreError::Exists`] if
    /// there is one of that hash already.
    pub async fn rename_person(&mut self, from: &str, to: &str, locked: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE person SET hash = $2, locked = $3 WHERE hash = $1")
            .bind(from)
            .bind(to)
            .bind(locked)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("UPDATE person_issuance SET hash = $2 WHERE hash = $1")
            .bind(from)
            .bind(to)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// The hash of the person that an issuance holds.
    async fn person_of(&mut self, issuance: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT hash FROM person_issuance WHERE issuance_id = $1")
                .bind(issuance.as_str())
                .fetch_optional(&mut *self.tx)
                .await?;
        Ok(row.map(|(hash,)| hash))
    }

    /// An issuance holds its person no more: the last one to do so forgets it.
    pub async fn release_person(&mut self, issuance: &IssuanceId) -> Result<(), StoreError> {
        let Some(hash) = self.person_of(issuance).await? else { return Ok(()) };
        sqlx::query("DELETE FROM person_issuance WHERE issuance_id = $1")
            .bind(issuance.as_str())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("UPDATE person SET uses = uses - 1 WHERE hash = $1")
            .bind(&hash)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM person WHERE hash = $1 AND uses <= 0")
            .bind(&hash)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// The same, unless it is the last one.
    pub async fn release_person_if_held(&mut self, issuance: &IssuanceId) -> Result<(), StoreError> {
        let Some(hash) = self.person_of(issuance).await? else { return Ok(()) };
        let released = sqlx::query("UPDATE person SET uses = uses - 1 WHERE hash = $1 AND uses > 1")
            .bind(&hash)
            .execute(&mut *self.tx)
            .await?;
        if released.rows_affected() == 1 {
            sqlx::query("DELETE FROM person_issuance WHERE issuance_id = $1")
                .bind(issuance.as_str())
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// What was made for the same person before this issuance.
    pub async fn made_for_person_before(
        &mut self,
        issuance: &IssuanceId,
    ) -> Result<Vec<IssuanceId>, StoreError> {
        let Some(hash) = self.person_of(issuance).await? else { return Ok(Vec::new()) };
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT issuance_id FROM person_issuance WHERE hash = $1 AND issuance_id < $2 ORDER BY issuance_id",
        )
        .bind(hash)
        .bind(issuance.as_str())
        .fetch_all(&mut *self.tx)
        .await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(|_| StoreError::Unreadable("issuance_id"))).collect()
    }
}
