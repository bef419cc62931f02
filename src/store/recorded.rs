//! What must not change between starts.

use super::{Store, StoreError, Tx};

impl Store {
    /// What is recorded under `name`.
    pub async fn recorded(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT value FROM recorded WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(value,)| value))
    }

    /// Whether this process is to do the work `name`, which recurs: the first that asks after it is due, is.
    pub async fn claim_recurring(&self, name: &str, now: i64, next: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO recurring (name, due_at) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .execute(&mut *tx.tx)
            .await?;
        let claimed =
            sqlx::query("UPDATE recurring SET due_at = $1 WHERE name = $2 AND (due_at <= $3 OR due_at > $4)")
                .bind(next)
                .bind(name)
                .bind(now)
                .bind(next.saturating_add(next - now))
                .execute(&mut *tx.tx)
                .await?;
        tx.commit().await?;
        Ok(claimed.rows_affected() == 1)
    }
}

impl Tx {
    /// Records `value` under `name` if nothing is recorded there yet. Gives what is recorded.
    pub async fn record_once(&mut self, name: &str, value: &str) -> Result<String, StoreError> {
        sqlx::query("INSERT INTO recorded (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *self.tx)
            .await?;
        let (recorded,): (String,) = sqlx::query_as("SELECT value FROM recorded WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *self.tx)
            .await?;
        Ok(recorded)
    }

    /// Records `value` under `name`, whatever was there.
    pub async fn record_anew(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO recorded (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
