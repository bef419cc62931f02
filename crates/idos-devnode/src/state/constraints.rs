//! Broken constraints, told in the words of PostgreSQL, which is what a real node runs on.

use sqlx::SqliteConnection;
use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteQueryResult;

/// Why a statement failed.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// A constraint was broken; the text is the one of PostgreSQL.
    Constraint(String),
    /// The database itself failed.
    Database(sqlx::Error),
}

/// A foreign key of the row that was to be written, to be named if it turns out to be broken: `SQLite` does not
/// say which one was.
pub(crate) struct ForeignKey<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) parent: Parent,
    pub(crate) id: Option<&'a str>,
}

/// The table that a foreign key refers to, by its column `id`.
#[derive(Clone, Copy)]
pub(crate) enum Parent {
    Users,
    Credentials,
    UserAttributes,
    Inserters,
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|e| describe(e.message())) {
            Some(text) => Self::Constraint(text),
            None => Self::Database(error),
        }
    }
}

/// What a write came to, a failure in the text of PostgreSQL. `keys` are the row's foreign keys in the order of their
/// declaration, which is the order in which PostgreSQL checks them.
pub(crate) async fn explained(
    db: &mut SqliteConnection,
    written: Result<SqliteQueryResult, sqlx::Error>,
    keys: &[ForeignKey<'_>],
) -> Result<(), WriteError> {
    let Err(error) = written else { return Ok(()) };
    let is_foreign_key =
        error.as_database_error().is_some_and(|e| e.kind() == ErrorKind::ForeignKeyViolation);
    if !is_foreign_key {
        return Err(error.into());
    }
    for key in keys {
        match exists(db, key).await {
            Ok(true) => {}
            Ok(false) => return Err(WriteError::Constraint(key.violation())),
            Err(broken) => return Err(WriteError::Database(broken)),
        }
    }
    Err(WriteError::Database(error))
}

impl ForeignKey<'_> {
    fn violation(&self) -> String {
        let Self { table, column, .. } = self;
        format!(
            "ERROR: insert or update on table \"{table}\" violates foreign key constraint \
             \"{table}_{column}_fkey\" (SQLSTATE 23503)"
        )
    }
}

async fn exists(db: &mut SqliteConnection, key: &ForeignKey<'_>) -> Result<bool, sqlx::Error> {
    let Some(id) = key.id else { return Ok(true) };
    let query = match key.parent {
        Parent::Users => "SELECT 1 FROM users WHERE id = $1",
        Parent::Credentials => "SELECT 1 FROM credentials WHERE id = $1",
        Parent::UserAttributes => "SELECT 1 FROM user_attributes WHERE id = $1",
        Parent::Inserters => "SELECT 1 FROM inserters WHERE id = $1",
    };
    Ok(sqlx::query(query).bind(id).fetch_optional(db).await?.is_some())
}

/// Translates `SQLite`'s message about a constraint. `None` if it is about something else.
fn describe(message: &str) -> Option<String> {
    if let Some(columns) = message.strip_prefix("UNIQUE constraint failed: ") {
        let constraint = unique_constraint(columns)?;
        return Some(format!(
            "ERROR: duplicate key value violates unique constraint \"{constraint}\" (SQLSTATE 23505)"
        ));
    }
    if let Some(place) = message.strip_prefix("NOT NULL constraint failed: ") {
        let (table, column) = place.split_once('.')?;
        return Some(format!(
            "ERROR: null value in column \"{column}\" of relation \"{table}\" violates not-null constraint \
             (SQLSTATE 23502)"
        ));
    }
    if let Some(constraint) = message.strip_prefix("CHECK constraint failed: ") {
        let table = ["users", "wallets"].into_iter().find(|table| constraint.starts_with(table))?;
        return Some(format!(
            "ERROR: new row for relation \"{table}\" violates check constraint \"{constraint}\" (SQLSTATE 23514)"
        ));
    }
    None
}

/// The name of a unique constraint by its columns: the primary key, or the one other there is.
fn unique_constraint(columns: &str) -> Option<String> {
    if columns == "inserters.name" {
        return Some("inserters_name_key".to_owned());
    }
    let (table, _) = columns.split_once('.')?;
    Some(format!("{table}_pkey"))
}
