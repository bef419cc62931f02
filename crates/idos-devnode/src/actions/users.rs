//! Users: added and changed by inserters, read by themselves.

use serde_json::json;

use super::arguments::Arguments;
use super::issuer::inserter;
use super::{Context, Outcome};
use crate::state::{users, wallets};

pub(super) async fn add_user_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, key, store) = (a.uuid(), a.text(), a.text());
    let inserter = inserter(c).await?;
    users::insert(c.db, id.as_deref(), key.as_deref(), store.as_deref(), &inserter).await?;
    Ok(vec![])
}

/// Any inserter may change any user; an unknown one is passed over in silence.
pub(super) async fn update_user_pub_key_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, key, store) = (a.uuid(), a.text(), a.text());
    inserter(c).await?;
    users::update_keys(c.db, id.as_deref(), key.as_deref(), store.as_deref()).await?;
    Ok(vec![])
}

pub(super) async fn get_user_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    inserter(c).await?;
    let user = users::by_id(c.db, id.as_deref()).await?;
    Ok(user
        .into_iter()
        .map(|user| {
            vec![
                json!(user.id),
                json!(user.recipient_encryption_public_key),
                json!(user.encryption_password_store),
                json!(user.inserter),
            ]
        })
        .collect())
}

pub(super) async fn get_user(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let id = wallets::user_of(c.db, Some(c.caller)).await?;
    let user = users::by_id(c.db, id.as_deref()).await?;
    Ok(user
        .into_iter()
        .map(|user| {
            vec![
                json!(user.id),
                json!(user.recipient_encryption_public_key),
                json!(user.encryption_password_store),
            ]
        })
        .collect())
}
