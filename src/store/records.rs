//! All that is kept of one person, by ids: what names the same user, has the same reference, is by the same wallet, or hangs together.

use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::Columns;
use super::{Store, StoreError};

impl Store {
    /// Ids of a client's records of any kind that name this user, at most so many of each kind.
    pub async fn records_of_user(
        &self,
        client: &str,
        user_id: Uuid,
        most: i64,
    ) -> Result<Vec<String>, StoreError> {
        let user_id = user_id.to_string();
        let mut ids = Vec::new();
        for query in [
            sqlx::query(
                "SELECT id FROM issuance WHERE user_id = $1 AND client || '' = $2 ORDER BY created_at, id LIMIT $3",
            ),
            sqlx::query(
                "SELECT id FROM verification WHERE user_id = $1 AND client || '' = $2 ORDER BY created_at, id LIMIT $3",
            ),
            sqlx::query(
                "SELECT id FROM claim WHERE user_id = $1 AND client || '' = $2 ORDER BY created_at, id LIMIT $3",
            ),
            sqlx::query(
                "SELECT id FROM attribute WHERE user_id = $1 AND client || '' = $2 ORDER BY created_at, id LIMIT $3",
            ),
            sqlx::query(
                "SELECT id FROM wallet_link WHERE user_id = $1 AND client || '' = $2 ORDER BY created_at, id LIMIT $3",
            ),
        ] {
            take(&mut ids, &query.bind(&user_id).bind(client).bind(most).fetch_all(&self.pool).await?)?;
        }
        let rows = sqlx::query(
            "SELECT id FROM profile WHERE client = $1 AND user_id = $2 ORDER BY created_at, id LIMIT $3",
        )
        .bind(client)
        .bind(&user_id)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        take(&mut ids, &rows)?;
        Ok(ids)
    }

    /// Ids of a client's records of any kind with this reference, at most so many of each kind.
    pub async fn records_of_reference(
        &self,
        client: &str,
        reference: &str,
        most: i64,
    ) -> Result<Vec<String>, StoreError> {
        let wanted = format!("{client}/{reference}");
        let mut ids = Vec::new();
        for query in [
            sqlx::query(
                "SELECT id FROM issuance WHERE client || '/' || reference = $1 ORDER BY created_at, id LIMIT $2",
            ),
            sqlx::query(
                "SELECT id FROM verification WHERE client || '/' || reference = $1 ORDER BY created_at, id LIMIT $2",
            ),
            sqlx::query(
                "SELECT id FROM claim WHERE client || '/' || reference = $1 ORDER BY created_at, id LIMIT $2",
            ),
            sqlx::query(
                "SELECT id FROM wallet_link WHERE client || '/' || reference = $1 ORDER BY created_at, id LIMIT $2",
            ),
        ] {
            take(&mut ids, &query.bind(&wanted).bind(most).fetch_all(&self.pool).await?)?;
        }
        Ok(ids)
    }

    /// Ids of a client's claims and profiles by a wallet, of which these are all keyed hashes that it may have there.
    pub async fn records_of_wallet(
        &self,
        client: &str,
        (of_claims, of_profiles): (&[String], &[String]),
    ) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for index in of_claims {
            let rows = sqlx::query("SELECT id FROM claim WHERE wallet_index = $1 AND client || '' = $2")
                .bind(index)
                .bind(client)
                .fetch_all(&self.pool)
                .await?;
            take(&mut ids, &rows)?;
        }
        for index in of_profiles {
            let rows = sqlx::query("SELECT id FROM profile WHERE wallet_index = $1 AND client || '' = $2")
                .bind(index)
                .bind(client)
                .fetch_all(&self.pool)
                .await?;
            take(&mut ids, &rows)?;
        }
        Ok(ids)
    }

    /// Ids of what an issuance was made of, and of what waits for it: verifications and claims.
    pub async fn records_of_issuance(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for query in [
            sqlx::query("SELECT verification_id AS id FROM verification_issuance WHERE issuance_id = $1"),
            sqlx::query("SELECT id FROM verification WHERE issuance_id = $1"),
            sqlx::query("SELECT id FROM claim WHERE issuance_id = $1"),
        ] {
            take(&mut ids, &query.bind(id).fetch_all(&self.pool).await?)?;
        }
        Ok(ids)
    }

    /// Ids of claims by which a profile was created.
    pub async fn records_of_profile(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        let rows =
            sqlx::query("SELECT id FROM claim WHERE profile_id = $1").bind(id).fetch_all(&self.pool).await?;
        take(&mut ids, &rows)?;
        Ok(ids)
    }
}

fn take(ids: &mut Vec<String>, rows: &[AnyRow]) -> Result<(), StoreError> {
    for row in rows {
        ids.push(Columns(row).text("id")?);
    }
    Ok(())
}
