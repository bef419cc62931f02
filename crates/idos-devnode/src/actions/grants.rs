//! Access grants: who may read which copy, and until when the owner cannot take that back.

use std::future::{Ready, ready};

use serde_json::json;
use uuid::{Uuid, uuid};

use super::arguments::Arguments;
use super::{Context, Failure, Outcome, Rows};
use crate::extension::grants::{DelegatedAccessGrant, Owner};
use crate::state::grants::{self, AccessGrantRow, NewAccessGrant, Page};
use crate::state::{credentials, wallets};

/// The namespace of grant ids.
const GRANT_IDS: Uuid = uuid!("31276fd4-105f-4ff7-9f64-644942c14b79");

/// A grant to be made, as far as the action's caller gave it.
pub(super) struct Grant<'a> {
    pub(super) grantee: Option<&'a str>,
    pub(super) data_id: Option<&'a str>,
    pub(super) locked_until: Option<i64>,
    pub(super) content_hash: Option<&'a str>,
    pub(super) inserter_type: &'a str,
    pub(super) inserter_id: Option<&'a str>,
}

/// A delegated access grant, as its actions take it.
struct Delegated {
    owner: Option<String>,
    grantee: Option<String>,
    data_id: Option<String>,
    locked_until: Option<i64>,
    content_hash: Option<String>,
}

/// The schema's private action `create_access_grant`. The id is derived from grantee, copy and lock, the
/// grantee's letter case included.
pub(super) async fn create(c: &mut Context<'_>, grant: &Grant<'_>) -> Result<(), Failure> {
    let Some(owner) = credentials::user_of(c.db, grant.data_id).await? else {
        return Err(Failure::Raised("the credential, that the AG is for, does not exist"));
    };
    let locked_until = grant.locked_until.map(|seconds| seconds.to_string()).unwrap_or_default();
    let name =
        format!("{}-{}-{locked_until}", grant.grantee.unwrap_or_default(), grant.data_id.unwrap_or_default());
    let id = Uuid::new_v5(&GRANT_IDS, name.as_bytes()).to_string();
    if grants::exists(c.db, &id).await? {
        return Err(Failure::Raised(
            "a grant with the same grantee, copy_credential_id, and locked_until already exists",
        ));
    }
    let row = NewAccessGrant {
        id: &id,
        owner_user_id: &owner,
        grantee: grant.grantee,
        data_id: grant.data_id,
        locked_until: grant.locked_until,
        content_hash: grant.content_hash,
        height: c.height,
        inserter_type: grant.inserter_type,
        inserter_id: grant.inserter_id,
    };
    Ok(grants::insert(c.db, &row).await?)
}

/// Null page and size skip their checks and give everything, by the engine's rules for nulls.
pub(super) async fn get_access_grants_granted(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (owner, page, size) = (a.uuid(), a.int8(), a.int8());
    if page.is_some_and(|page| page < 1) {
        return Err(Failure::Raised("page has to be a positive integer"));
    }
    if size.is_some_and(|size| size < 1) {
        return Err(Failure::Raised("size has to be a positive integer"));
    }
    let offset = match (page, size) {
        (Some(page), Some(size)) => (page - 1)
            .checked_mul(size)
            .ok_or_else(|| Failure::Data("ERROR: bigint out of range (SQLSTATE 22003)".to_owned()))?,
        _ => 0,
    };
    let page = Page { owner: owner.as_deref(), size, offset };
    Ok(rows(grants::granted_to(c.db, c.caller, &page).await?))
}

pub(super) async fn get_access_grants_granted_count(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let owner = a.uuid();
    let count = grants::count_granted_to(c.db, c.caller, owner.as_deref()).await?;
    Ok(vec![vec![json!(count.to_string())]])
}

pub(super) async fn get_access_grants_for_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    Ok(rows(grants::for_credential(c.db, id.as_deref(), c.caller).await?))
}

pub(super) async fn get_access_grants_owned(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let Some(user) = wallets::user_of(c.db, Some(c.caller)).await? else { return Ok(vec![]) };
    Ok(rows(grants::all_of_owner(c.db, &user).await?))
}

/// Removes the grant and nothing else: the copy stays.
pub(super) async fn revoke_access_grant(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    let Some(grant) = grants::of_owner(c.db, id.as_deref(), user.as_deref()).await? else {
        return Err(Failure::Raised("the access grant not found"));
    };
    if grant.locked_until >= c.timestamp {
        return Err(Failure::Raised("the grant is locked"));
    }
    grants::delete(c.db, id.as_deref()).await?;
    Ok(vec![])
}

pub(super) async fn has_locked_access_grants(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    Ok(vec![vec![json!(has_locked(c, id.as_deref()).await?)]])
}

/// Whether one of the caller's own grants for this credential is locked.
pub(super) async fn has_locked(c: &mut Context<'_>, id: Option<&str>) -> Result<bool, Failure> {
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    Ok(grants::any_locked(c.db, id, user.as_deref(), c.timestamp).await?)
}

/// The text of a delegated access grant. Pure.
pub(super) fn dag_message(_: &mut Context<'_>, mut a: Arguments) -> Ready<Outcome> {
    let given = Delegated::read(&mut a);
    ready(given.grant().text().map(|text| vec![vec![json!(text)]]).map_err(Failure::from))
}

/// The caller is not checked: anybody may relay a grant that the owner signed.
pub(super) async fn create_ag_by_dag_for_copy(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (given, signature) = (Delegated::read(&mut a), a.text());
    let grant = given.grant();

    let Some(wallet) = wallets::by_identifier(c.db, grant.owner).await? else {
        return Err(Failure::Raised("dag_owner not found"));
    };
    let signer = Owner { wallet_type: wallet.kind(), public_key: wallet.public_key.as_deref() };
    if !grant.is_signed_by(signer, signature.as_deref()) {
        return Err(Failure::Raised("the dag_signature is invalid"));
    }
    if credentials::user_of(c.db, grant.data_id).await? != Some(wallet.user_id) {
        return Err(Failure::Raised("the data_id does not belong to the owner"));
    }
    let caller = c.caller;
    let access = Grant {
        grantee: grant.grantee,
        data_id: grant.data_id,
        locked_until: grant.locked_until,
        content_hash: grant.content_hash,
        inserter_type: "dag_message",
        inserter_id: Some(caller),
    };
    create(c, &access).await?;
    Ok(vec![])
}

impl Delegated {
    fn read(a: &mut Arguments) -> Self {
        Self {
            owner: a.text(),
            grantee: a.text(),
            data_id: a.uuid(),
            locked_until: a.int8(),
            content_hash: a.text(),
        }
    }

    fn grant(&self) -> DelegatedAccessGrant<'_> {
        DelegatedAccessGrant {
            owner: self.owner.as_deref(),
            grantee: self.grantee.as_deref(),
            data_id: self.data_id.as_deref(),
            locked_until: self.locked_until,
            content_hash: self.content_hash.as_deref(),
        }
    }
}

fn rows(grants: Vec<AccessGrantRow>) -> Rows {
    grants
        .into_iter()
        .map(|grant| {
            vec![
                json!(grant.id),
                json!(grant.owner_user_id),
                json!(grant.grantee),
                json!(grant.data_id),
                json!(grant.locked_until.to_string()),
                json!(grant.content_hash),
                json!(grant.inserter_type),
                json!(grant.inserter_id),
            ]
        })
        .collect()
}
