//! All that a database holds: as a query sees it, and as it lies in files.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use super::service::Database;
use crate::service::privacy::dump_tables;

/// All bytes of the files of an SQLite database as they are, its log included; of one on PostgreSQL all rows.
pub(crate) async fn bytes(database: &Database) -> Vec<u8> {
    match database.folder() {
        Some(folder) => {
            let files = std::fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().path());
            // The log may go while it is looked at.
            files.map(|file| std::fs::read(file).unwrap_or_default()).collect::<Vec<_>>().concat()
        }
        None => dump_tables(&database.url).await,
    }
}

/// Every row of every table, its columns as text in one line, in no order that means anything.
pub(crate) async fn contents(url: &str) -> BTreeMap<String, Vec<String>> {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let (tables, columns) = if url.starts_with("sqlite:") {
        (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            "SELECT name FROM pragma_table_info($1)",
        )
    } else {
        (
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'",
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = $1",
        )
    };
    let mut all = BTreeMap::new();
    let tables: Vec<(String,)> = sqlx::query_as(tables).fetch_all(&mut connection).await.unwrap();
    for (table,) in tables.into_iter().filter(|(table,)| !table.starts_with('_')) {
        let columns: Vec<(String,)> =
            sqlx::query_as(columns).bind(&table).fetch_all(&mut connection).await.unwrap();
        let row: Vec<_> =
            columns.iter().map(|(column,)| format!("COALESCE(CAST({column} AS TEXT), '')")).collect();
        let query = format!("SELECT {} FROM {table}", row.join(" || '|' || "));
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
        let mut rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        rows.sort_unstable();
        all.insert(table, rows);
    }
    connection.close().await.unwrap();
    all
}

/// How many issuances are in each state.
pub(crate) async fn issuances_by_state(url: &str) -> Vec<(String, i64)> {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let counts = sqlx::query_as("SELECT state, COUNT(*) FROM issuance GROUP BY state")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    counts
}
