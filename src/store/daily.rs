//! Numbers of each day, counted from the audit chain.

use super::{Store, StoreError, Tx, one};

/// What is recorded of how far the chain is counted.
const COUNTED: &str = "numbers_counted";

/// Who stands for all clients together.
const ALL: &str = "*";

/// How often something happened on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The beginning of the day, in milliseconds since 1970-01-01T00:00:00Z.
    pub day: i64,
    /// What.
    pub what: String,
    /// How often.
    pub count: i64,
}

impl Store {
    /// Up to which entry the chain is counted: none before the first time.
    pub async fn numbers_counted(&self) -> Result<Option<String>, StoreError> {
        self.recorded(COUNTED).await
    }

    /// What happened how often from one day to another, both included, by the beginnings of days; of one client (`*`: of all).
    pub async fn numbers(&self, client: &str, from: i64, until: i64) -> Result<Vec<DayCount>, StoreError> {
        let rows: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT day, what, count FROM daily WHERE client = $1 AND day >= $2 AND day <= $3 ORDER BY day, what",
        )
        .bind(client)
        .bind(from)
        .bind(until)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(day, what, count)| DayCount { day, what, count }).collect())
    }

    /// Forgets numbers of days before this one. Gives how many days of clients. Others write in between.
    pub async fn forget_numbers_before(&self, day: i64) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new()),
            |(at, client), limit| {
                sqlx::query_as(
                    "SELECT day, client FROM daily WHERE day < $1 AND (day, client) > ($2, $3) ORDER BY day, client LIMIT $4",
                )
                .bind(day)
                .bind(at)
                .bind(client)
                .bind(limit)
            },
            |(at, client)| sqlx::query("DELETE FROM daily WHERE client = $1 AND day = $2").bind(client).bind(at),
        )
        .await
    }
}

impl Tx {
    /// Counts on from one entry of the chain to another. [`StoreError::Stale`] if somebody else has counted on meanwhile: then nothing of
    /// this transaction counts.
    pub async fn count_on(&mut self, from: Option<&str>, to: &str) -> Result<(), StoreError> {
        // Several may begin at the same time: the first that moves it has counted.
        if from.is_none() {
            self.record_once(COUNTED, "0").await?;
        }
        let moved = sqlx::query("UPDATE recorded SET value = $1 WHERE name = $2 AND value = $3")
            .bind(to)
            .bind(COUNTED)
            .bind(from.unwrap_or("0"))
            .execute(&mut *self.tx)
            .await?;
        one(&moved)
    }

    /// So many more of a client's on a day, if it is known whose they are, and of all clients together.
    pub async fn count_day(
        &mut self,
        client: Option<&str>,
        day: i64,
        what: &str,
        count: i64,
    ) -> Result<(), StoreError> {
        for client in client.into_iter().chain([ALL]) {
            sqlx::query(
                "INSERT INTO daily (client, day, what, count) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (client, day, what) DO UPDATE SET count = daily.count + excluded.count",
            )
            .bind(client)
            .bind(day)
            .bind(what)
            .bind(count)
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }
}
