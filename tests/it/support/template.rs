//! Databases with the schema in them, as copies of one: to make the schema takes longer than most tests.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use idos_issuer::store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tokio::sync::OnceCell;

use super::Folder;

/// The bytes of an SQLite database.
pub(super) async fn sqlite() -> &'static [u8] {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    FILE.get_or_init(async || {
        let folder = Folder::new();
        let path = folder.path("issuer.db");
        let store = Store::create(&format!("sqlite://{path}"), 1).await.unwrap();
        store.migrate().await.unwrap();
        store.forget_traces().await.unwrap();
        store.close().await;
        std::fs::read(path).unwrap()
    })
    .await
}

/// The name of a database on this PostgreSQL server. It stays there, for other runs on a server that somebody provides.
pub(super) async fn postgres(server: &str) -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    NAME.get_or_init(async || {
        let name = format!("idos_issuer_{:016x}", schema());
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(server).await.unwrap();
        // Another run may be about to make it.
        run(&mut connection, "SELECT pg_advisory_lock(1)").await;
        let is_there = format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate");
        let there: Option<(i32,)> =
            sqlx::query_as(AssertSqlSafe(is_there)).fetch_optional(&mut connection).await.unwrap();
        if there.is_none() {
            run(&mut connection, &format!("DROP DATABASE IF EXISTS {name}")).await;
            run(&mut connection, &format!("CREATE DATABASE {name}")).await;
            let mut url: url::Url = server.parse().unwrap();
            url.set_path(&name);
            let store = Store::connect(url.as_str(), 1).await.unwrap();
            store.migrate().await.unwrap();
            store.close().await;
            run(&mut connection, &format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
        }
        connection.close().await.unwrap();
        name
    })
    .await
}

/// What the schema is made of.
fn schema() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> =
        std::fs::read_dir(root.join("migrations")).unwrap().map(|file| file.unwrap().path()).collect();
    files.push(root.join("src/store/migrations.rs"));
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}

async fn run(connection: &mut AnyConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}
