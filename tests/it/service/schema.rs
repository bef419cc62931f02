//! The schema between two versions of the program.

use idos_issuer::store::{Store, StoreError};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::support::service::{Backend, Database};

async fn migrated(database: &Database) -> Store {
    let store = Store::connect(&database.url, 2).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn execute(database: &Database, statement: &str) {
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{statement}");
    connection.close().await.unwrap();
}

on_both_databases! {
    async fn a_program_that_is_older_than_the_schema_starts(backend) {
        let database = Database::new(backend).await;
        let store = migrated(&database).await;
        // What a newer program leaves. The older one may be started again while replicas are replaced, or put back.
        execute(
            &database,
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 9999, 'of a newer program', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
        store.migrate().await.unwrap();
        store.require_migrated().await.unwrap();
        store.close().await;
    }

    async fn a_migration_that_was_altered_later_is_refused(backend) {
        let database = Database::new(backend).await;
        let store = migrated(&database).await;
        let other = if backend == Backend::Sqlite { "X'00'" } else { "'\\x00'" };
        execute(&database, &format!("UPDATE _sqlx_migrations SET checksum = {other} WHERE version = 1")).await;
        let refused = store.migrate().await.unwrap_err();
        assert!(matches!(refused, StoreError::Migrate(_)), "{refused:?}");
        store.close().await;
    }
}
