//! Which vault keys are needed.

use super::{Store, StoreError};

/// For each table with a locked column: how many rows each key has locked. A locked text is `v1.<key's name>.…`, and a
/// name has 8 characters.
const QUERIES: [(&str, &str); 4] = [
    ("contact", "SELECT SUBSTR(locked, 4, 8), COUNT(*) FROM contact GROUP BY SUBSTR(locked, 4, 8)"),
    ("evidence", "SELECT SUBSTR(locked, 4, 8), COUNT(*) FROM evidence GROUP BY SUBSTR(locked, 4, 8)"),
    ("write_grant", "SELECT SUBSTR(locked, 4, 8), COUNT(*) FROM write_grant GROUP BY SUBSTR(locked, 4, 8)"),
    (
        "profile",
        "SELECT SUBSTR(locked_wallet, 4, 8), COUNT(*) FROM profile WHERE locked_wallet IS NOT NULL \
         GROUP BY SUBSTR(locked_wallet, 4, 8)",
    ),
];

/// Records of one table that are locked under one vault key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The table.
    pub table: &'static str,
    /// The name of the vault key.
    pub key_id: String,
    /// How many.
    pub count: i64,
}

impl Store {
    /// What is locked under which vault key.
    pub async fn locked_records(&self) -> Result<Vec<Locked>, StoreError> {
        let mut all = Vec::new();
        for (table, query) in QUERIES {
            let rows: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&self.pool).await?;
            all.extend(rows.into_iter().map(|(key_id, count)| Locked { table, key_id, count }));
        }
        Ok(all)
    }
}
