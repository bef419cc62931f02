//! What those do with whom a credential is shared.

use serde_json::json;

use super::arguments::Arguments;
use super::holder::{whole, writer};
use super::{Context, Failure, Outcome};
use crate::state::credentials::{self, ListedCredential};
use crate::state::grants;

/// The copy, with the notes of its original: null if that is gone.
pub(super) async fn get_credential_shared(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    if !credentials::exists(c.db, id.as_deref(), c.seen).await? {
        return Err(Failure::Raised("the credential does not exist"));
    }
    if grants::for_credential(c.db, id.as_deref(), c.caller).await?.is_empty() {
        return Err(Failure::Raised("the credential is not shared with the caller"));
    }
    let rows = credentials::with_notes_of_original(c.db, id.as_deref(), c.seen).await?;
    Ok(rows.iter().map(|row| whole(c.schema, row)).collect())
}

pub(super) async fn get_credentials_shared_by_user(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (user, issuer) = (a.uuid(), a.text());
    let rows =
        credentials::shared_by_user(c.db, user.as_deref(), issuer.as_deref(), c.caller, c.seen).await?;
    let line = |row: ListedCredential| {
        let mut line = vec![
            json!(row.id),
            json!(row.user_id),
            json!(row.public_notes),
            json!(row.encryptor_public_key),
            json!(row.issuer_auth_public_key),
        ];
        line.extend(writer(c.schema, row.inserter_type.as_deref(), row.inserter.as_deref()));
        line.push(json!(row.original_id));
        line
    };
    Ok(rows.into_iter().map(line).collect())
}

pub(super) async fn get_sibling_credential_id(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let hash = a.text();
    let id = grants::credential_by_hash(c.db, hash.as_deref(), c.caller, c.seen).await?;
    Ok(id.into_iter().map(|id| vec![json!(id)]).collect())
}

/// Removes the copy and every grant for it; locks do not matter.
pub(super) async fn rescind_shared_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    if !credentials::is_shared_with(c.db, id.as_deref(), c.caller).await? {
        return Err(Failure::Raised("can not find the credential shared to you"));
    }
    credentials::delete(c.db, id.as_deref()).await?;
    grants::delete_for(c.db, id.as_deref()).await?;
    Ok(vec![])
}
