//! Which vault keys are needed.

use super::{Store, StoreError};

/// A table with a locked column.
struct Table {
    name: &'static str,
    /// Whether its rows are locked anew on demand. Others go by themselves, as `docs/retention.md` says.
    is_relocked: bool,
    /// The next key in order of names that has locked a row.
    next: &'static str,
    /// How many rows a key has locked.
    count: &'static str,
}

/// A locked text is `v1.<key's name>.…`, and a name has 8 characters.
const TABLES: [Table; 12] = [
    Table {
        name: "contact",
        is_relocked: true,
        next: "SELECT SUBSTR(locked, 4, 8) FROM contact WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM contact WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "unsealed_credential",
        is_relocked: false,
        next: "SELECT SUBSTR(locked, 4, 8) FROM unsealed_credential WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM unsealed_credential WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "write_grant",
        is_relocked: false,
        next: "SELECT SUBSTR(locked, 4, 8) FROM write_grant WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM write_grant WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "profile",
        is_relocked: false,
        next: "SELECT SUBSTR(locked_wallet, 4, 8) FROM profile WHERE locked_wallet IS NOT NULL \
               AND SUBSTR(locked_wallet, 4, 8) > $1 ORDER BY SUBSTR(locked_wallet, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM profile WHERE locked_wallet IS NOT NULL AND SUBSTR(locked_wallet, 4, 8) = $1",
    },
    Table {
        name: "attribute",
        is_relocked: false,
        next: "SELECT SUBSTR(locked, 4, 8) FROM attribute WHERE locked IS NOT NULL \
               AND SUBSTR(locked, 4, 8) > $1 ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM attribute WHERE locked IS NOT NULL AND SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "wallet_link",
        is_relocked: false,
        next: "SELECT SUBSTR(locked_wallet, 4, 8) FROM wallet_link WHERE locked_wallet IS NOT NULL \
               AND SUBSTR(locked_wallet, 4, 8) > $1 ORDER BY SUBSTR(locked_wallet, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM wallet_link WHERE locked_wallet IS NOT NULL AND SUBSTR(locked_wallet, 4, 8) = $1",
    },
    Table {
        name: "person",
        is_relocked: true,
        next: "SELECT SUBSTR(locked, 4, 8) FROM person WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM person WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "verification",
        is_relocked: true,
        next: "SELECT SUBSTR(locked_contact, 4, 8) FROM verification WHERE locked_contact IS NOT NULL \
               AND SUBSTR(locked_contact, 4, 8) > $1 ORDER BY SUBSTR(locked_contact, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM verification WHERE locked_contact IS NOT NULL AND SUBSTR(locked_contact, 4, 8) = $1",
    },
    Table {
        name: "claim",
        is_relocked: false,
        next: "SELECT SUBSTR(locked, 4, 8) FROM claim WHERE locked IS NOT NULL AND SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM claim WHERE locked IS NOT NULL AND SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "kept_content",
        is_relocked: true,
        next: "SELECT SUBSTR(locked, 4, 8) FROM kept_content WHERE SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM kept_content WHERE SUBSTR(locked, 4, 8) = $1",
    },
    Table {
        name: "staff",
        is_relocked: true,
        next: "SELECT SUBSTR(locked_totp, 4, 8) FROM staff WHERE locked_totp IS NOT NULL \
               AND SUBSTR(locked_totp, 4, 8) > $1 ORDER BY SUBSTR(locked_totp, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM staff WHERE locked_totp IS NOT NULL AND SUBSTR(locked_totp, 4, 8) = $1",
    },
    Table {
        name: "visit",
        is_relocked: false,
        next: "SELECT SUBSTR(locked, 4, 8) FROM visit WHERE locked IS NOT NULL AND SUBSTR(locked, 4, 8) > $1 \
               ORDER BY SUBSTR(locked, 4, 8) LIMIT 1",
        count: "SELECT COUNT(*) FROM visit WHERE locked IS NOT NULL AND SUBSTR(locked, 4, 8) = $1",
    },
];

/// Records of one table that are locked under one vault key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The table.
    pub table: &'static str,
    /// Whether `vault relock` sees to them. Others go by themselves.
    pub is_relocked: bool,
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
        for table in &TABLES {
            let mut name = String::new();
            // From key to key, past all the rows of each.
            while let Some((key_id,)) =
                sqlx::query_as(table.next).bind(&name).fetch_optional(&self.pool).await?
            {
                name = key_id;
                if !fine(&name) {
                    let (count,): (i64,) =
                        sqlx::query_as(table.count).bind(&name).fetch_one(&self.pool).await?;
                    let Table { name: table, is_relocked, .. } = *table;
                    all.push(Locked { table, is_relocked, key_id: name.clone(), count });
                }
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::TABLES;

    const SCHEMA: &[&str] = &[
        include_str!("../../migrations/0001_service.sql"),
        include_str!("../../migrations/0002_verifications.sql"),
        include_str!("../../migrations/0005_wallet_links.sql"),
        include_str!("../../migrations/0006_attributes.sql"),
        include_str!("../../migrations/0007_claims.sql"),
        include_str!("../../migrations/0010_kept_content.sql"),
        include_str!("../../migrations/0011_staff.sql"),
        include_str!("../../migrations/0013_visits.sql"),
    ];

    /// A column that is forgotten here is one whose key somebody destroys.
    #[test]
    fn every_locked_column_is_counted() {
        let mut locked = Vec::new();
        for line in SCHEMA.iter().flat_map(|text| text.lines()) {
            if let Some(name) = line.strip_prefix("CREATE TABLE ") {
                locked.push((name.trim_end_matches(" ("), None));
            } else if let (Some(column), Some(last)) = (line.split_whitespace().next(), locked.last_mut())
                && line.starts_with("    ")
                && column.starts_with("locked")
            {
                assert_eq!(
                    last.1.replace(column),
                    None,
                    "{}: one column a table, or more statements",
                    last.0
                );
            }
        }
        locked.retain(|(_, column)| column.is_some());
        assert!(locked.len() >= 5, "{locked:?}");
        for (name, column) in &locked {
            let table = TABLES.iter().find(|table| table.name == *name);
            let table = table.unwrap_or_else(|| panic!("{name} is missing"));
            let expression = format!("SUBSTR({}, 4, 8)", column.unwrap());
            assert!(table.next.contains(&expression) && table.count.contains(&expression), "{name}");
        }
        assert_eq!(TABLES.len(), locked.len());
    }
}
