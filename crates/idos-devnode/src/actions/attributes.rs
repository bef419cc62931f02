//! Attributes: plaintext facts about a user.

use serde_json::json;

use super::arguments::Arguments;
use super::issuer::inserter;
use super::{Context, Failure, Outcome};
use crate::state::attributes::{self, NewAttribute};
use crate::state::copies::{self, Of};
use crate::state::wallets;

pub(super) async fn add_attribute_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, user_id, key, value) = (a.uuid(), a.uuid(), a.text(), a.text());
    let inserter = inserter(c).await?;
    let attribute = NewAttribute {
        id: id.as_deref(),
        user_id: user_id.as_deref(),
        attribute_key: key.as_deref(),
        value: value.as_deref(),
        inserter: Some(&inserter),
    };
    attributes::insert(c.db, &attribute).await?;
    Ok(vec![])
}

pub(super) async fn add_attribute(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, key, value) = (a.uuid(), a.text(), a.text());
    insert_own(c, id.as_deref(), key.as_deref(), value.as_deref()).await?;
    Ok(vec![])
}

pub(super) async fn get_attributes(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let Some(user) = wallets::user_of(c.db, Some(c.caller)).await? else { return Ok(vec![]) };
    let rows = attributes::of_user(c.db, &user).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            vec![
                json!(row.id),
                json!(row.user_id),
                json!(row.attribute_key),
                json!(row.value),
                json!(row.original_id),
            ]
        })
        .collect())
}

pub(super) async fn edit_attribute(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, key, value) = (a.uuid(), a.text(), a.text());
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    if attributes::is_copy_of_user(c.db, id.as_deref(), user.as_deref()).await? {
        return Err(Failure::Raised("Can not edit shared attribute"));
    }
    attributes::update(c.db, id.as_deref(), user.as_deref(), key.as_deref(), value.as_deref()).await?;
    Ok(vec![])
}

pub(super) async fn remove_attribute(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    attributes::delete(c.db, id.as_deref(), user.as_deref()).await?;
    Ok(vec![])
}

/// Whose the original is, is not checked.
pub(super) async fn share_attribute(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, original_id, key, value) = (a.uuid(), a.uuid(), a.text(), a.text());
    insert_own(c, id.as_deref(), key.as_deref(), value.as_deref()).await?;
    copies::link(c.db, Of::Attribute, original_id.as_deref(), id.as_deref()).await?;
    Ok(vec![])
}

async fn insert_own(
    c: &mut Context<'_>,
    id: Option<&str>,
    attribute_key: Option<&str>,
    value: Option<&str>,
) -> Result<(), Failure> {
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    let attribute = NewAttribute { id, user_id: user.as_deref(), attribute_key, value, inserter: None };
    Ok(attributes::insert(c.db, &attribute).await?)
}
