//! Which vault keys are needed.

use super::{Store, StoreError};

/// A table with a locked column.
struct Table {
    name: &'static str,
    /// The next key in order of names that has locked a row.
    next: &'static str,
    /// How many rows a key has locked.
    count: &'static str,
}

/// A locked text is `v1.<key's name>.…`, and a name has 8 characters.
const TABLES: [Table; 6] = [
    Table {
        name: "contact",
        next: "SELECT SUBSTR(locked, 4, 8) FROM contact WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM contact WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "unsealed_credential",
        next: "SELECT SUBSTR(locked, 4, 8) FROM unsealed_credential WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM unsealed_credential WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "write_grant",
        next: "SELECT SUBSTR(locked, 4, 8) FROM write_grant WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM write_grant WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "profile",
        next: "SELECT SUBSTR(locked_wallet, 4, 8) FROM profile WHERE locked_wallet IS NOT NULL \
               AND SUBSTR(locked_wallet, 4, 8) > $1 ORDER BY SUBSTR(locked_wallet, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM profile WHERE locked_wallet IS NOT NULL AND SUBSTR(locked_wallet, 4, 8) = $1",
    },
    Table {
        name: "person",
        next: "SELECT SUBSTR(locked, 4, 8) FROM person WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM person WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "verification",
        next: "SELECT SUBSTR(locked_contact, 4, 8) FROM verification WHERE locked_contact IS NOT NULL \
               AND SUBSTR(locked_contact, 4, 8) > $1 ORDER BY SUBSTR(locked_contact, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM verification WHERE locked_contact IS NOT NULL AND SUBSTR(locked_contact, 4, 8) = $1",
    },
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
    /// What is locked under which vault key, but for keys that are `fine`: their records, which may be many, are not
    /// counted.
    pub async fn locked_records(&self, fine: impl Fn(&str) -> bool) -> Result<Vec<Locked>, StoreError> {
        let mut all = Vec::new();
        for table in TABLES {
            let mut name = String::new();
            // From key to key, past all the rows of each.
            while let Some((key_id,)) =
                sqlx::query_as(table.next).bind(&name).fetch_optional(&self.pool).await?
            {
                name = key_id;
                if !fine(&name) {
                    let (count,): (i64,) =
                        sqlx::query_as(table.count).bind(&name).fetch_one(&self.pool).await?;
                    all.push(Locked { table: table.name, key_id: name.clone(), count });
                }
            }
        }
        Ok(all)
    }
}
