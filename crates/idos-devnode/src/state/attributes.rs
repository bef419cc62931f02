//! The tables `user_attributes` and `shared_user_attributes`.

use sqlx::SqliteConnection;

use super::constraints::{ForeignKey, Parent, WriteError, explained};

/// A row, with the attribute that it is a copy of.
pub(crate) struct AttributeRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) attribute_key: String,
    pub(crate) value: String,
    pub(crate) original_id: Option<String>,
}

/// A row to be written, as far as its caller gave it.
pub(crate) struct NewAttribute<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) attribute_key: Option<&'a str>,
    pub(crate) value: Option<&'a str>,
    pub(crate) inserter: Option<&'a str>,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    attribute: &NewAttribute<'_>,
) -> Result<(), WriteError> {
    let written = sqlx::query(
        "INSERT INTO user_attributes (id, user_id, attribute_key, value, inserter) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(attribute.id)
    .bind(attribute.user_id)
    .bind(attribute.attribute_key)
    .bind(attribute.value)
    .bind(attribute.inserter)
    .execute(&mut *db)
    .await;
    let key = ForeignKey {
        table: "user_attributes",
        column: "user_id",
        parent: Parent::Users,
        id: attribute.user_id,
    };
    explained(db, written, &[key]).await
}

pub(crate) async fn of_user(db: &mut SqliteConnection, user: &str) -> Result<Vec<AttributeRow>, sqlx::Error> {
    let rows: Vec<(String, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT a.id, a.user_id, a.attribute_key, a.value, s.original_id
         FROM user_attributes AS a LEFT JOIN shared_user_attributes AS s ON a.id = s.copy_id
         WHERE a.user_id = $1 ORDER BY a.id, s.original_id",
    )
    .bind(user)
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, user_id, attribute_key, value, original_id)| AttributeRow {
            id,
            user_id,
            attribute_key,
            value,
            original_id,
        })
        .collect())
}

/// Whether it is a copy that belongs to `user`.
pub(crate) async fn is_copy_of_user(
    db: &mut SqliteConnection,
    id: Option<&str>,
    user: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT 1 FROM user_attributes AS a JOIN shared_user_attributes AS s ON a.id = s.copy_id
         WHERE a.id = $1 AND a.user_id = $2",
    )
    .bind(id)
    .bind(user)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Changes a user's attribute; nothing if it is not the user's.
pub(crate) async fn update(
    db: &mut SqliteConnection,
    id: Option<&str>,
    user: Option<&str>,
    attribute_key: Option<&str>,
    value: Option<&str>,
) -> Result<(), WriteError> {
    sqlx::query("UPDATE user_attributes SET attribute_key = $3, value = $4 WHERE id = $1 AND user_id = $2")
        .bind(id)
        .bind(user)
        .bind(attribute_key)
        .bind(value)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes a user's attribute; nothing if it is not the user's.
pub(crate) async fn delete(
    db: &mut SqliteConnection,
    id: Option<&str>,
    user: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM user_attributes WHERE id = $1 AND user_id = $2")
        .bind(id)
        .bind(user)
        .execute(db)
        .await?;
    Ok(())
}
