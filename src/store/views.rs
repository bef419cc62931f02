//! Who has looked at what in which hour.

use super::{Store, StoreError, Tx};

impl Tx {
    /// Remembers that `actor` has looked at `subject` in this hour (hours since 1970-01-01T00:00:00Z). Whether it is the first time.
    pub async fn note_view(&mut self, actor: &str, subject: &str, hour: i64) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "INSERT INTO audit_view (subject, actor, hour) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(subject)
        .bind(actor)
        .bind(hour)
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() > 0)
    }

    /// Whether any entry is about this record: whoever makes one writes that down, and whoever erases it takes its name away. Nothing
    /// is erased from here on until this transaction ends.
    pub async fn is_in_audit(&mut self, subject: &str) -> Result<bool, StoreError> {
        self.hold_audit().await?;
        self.write_entries().await?;
        let row: Option<(i64,)> =
            sqlx::query_as("SELECT seq FROM audit WHERE subject = $1 ORDER BY seq LIMIT 1")
                .bind(subject)
                .fetch_optional(&mut *self.tx)
                .await?;
        Ok(row.is_some())
    }

    /// Forgets that this was looked at.
    pub(super) async fn forget_views(&mut self, subject: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM audit_view WHERE subject = $1").bind(subject).execute(&mut *self.tx).await?;
        Ok(())
    }
}

impl Store {
    /// Forgets who has looked at what before this hour: it is in the audit chain.
    pub async fn forget_views_before(&self, hour: i64) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new(), String::new()),
            move |(from, subject, actor), most| {
                sqlx::query_as(
                    "SELECT hour, subject, actor FROM audit_view WHERE hour < $1 AND (hour, subject, actor) > ($2, $3, $4) \
                     ORDER BY hour, subject, actor LIMIT $5",
                )
                .bind(hour)
                .bind(from)
                .bind(subject)
                .bind(actor)
                .bind(most)
            },
            |(hour, subject, actor)| {
                sqlx::query("DELETE FROM audit_view WHERE subject = $1 AND actor = $2 AND hour = $3")
                    .bind(subject)
                    .bind(actor)
                    .bind(hour)
            },
        )
        .await
    }
}
