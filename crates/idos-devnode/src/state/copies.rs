//! The tables `shared_credentials` and `shared_user_attributes`, as far as they are alike.

use sqlx::SqliteConnection;

use super::constraints::{ForeignKey, Parent, WriteError, explained};

/// What a copy is a copy of.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Credential,
    Attribute,
}

/// Says that `copy_id` holds the same as `original_id`.
pub(crate) async fn link(
    db: &mut SqliteConnection,
    of: Of,
    original_id: Option<&str>,
    copy_id: Option<&str>,
) -> Result<(), WriteError> {
    let (table, parent, query) = match of {
        Of::Credential => (
            "shared_credentials",
            Parent::Credentials,
            "INSERT INTO shared_credentials (original_id, copy_id) VALUES ($1, $2)",
        ),
        Of::Attribute => (
            "shared_user_attributes",
            Parent::UserAttributes,
            "INSERT INTO shared_user_attributes (original_id, copy_id) VALUES ($1, $2)",
        ),
    };
    let written = sqlx::query(query).bind(original_id).bind(copy_id).execute(&mut *db).await;
    let key = |column, id| ForeignKey { table, column, parent, id };
    explained(db, written, &[key("original_id", original_id), key("copy_id", copy_id)]).await
}
