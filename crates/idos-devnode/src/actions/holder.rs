//! What users do with their own credentials.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::grants::{self, Grant};
use super::written::{By, Content, Written};
use super::{Context, Failure, Outcome};
use crate::schema::Schema;
use crate::state::copies::{self, Of};
use crate::state::credentials::{self, CredentialRow, ListedCredential};
use crate::state::grants as access;
use crate::state::wallets;

/// What users write, rows do not say by whom.
const BY_USER: By<'_> = By { kind: None, name: None };

/// With whom a copy is shared.
pub(super) struct Shared<'a> {
    pub(super) grantee: Option<&'a str>,
    pub(super) locked_until: Option<i64>,
    pub(super) content_hash: Option<&'a str>,
}

/// All of the caller's rows, copies included, without content.
pub(super) async fn get_credentials(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let Some(user) = wallets::user_of(c.db, Some(c.caller)).await? else { return Ok(vec![]) };
    let rows = credentials::of_user(c.db, &user, c.seen).await?;
    let line = |row: ListedCredential| {
        let mut line = vec![json!(row.id), json!(row.user_id), json!(row.public_notes)];
        if c.schema.has_blobs() {
            line.extend(place(row.content_uri.as_deref(), row.content_size));
        }
        line.push(json!(row.issuer_auth_public_key));
        line.extend(writer(c.schema, row.inserter_type.as_deref(), row.inserter.as_deref()));
        line.push(json!(row.original_id));
        line
    };
    Ok(rows.into_iter().map(line).collect())
}

pub(super) async fn get_credential_owned(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    let row = credentials::by_id(c.db, id.as_deref(), c.seen).await?;
    let row = row.filter(|row| Some(&row.user_id) == user.as_ref());
    Ok(row.iter().map(|row| whole(c.schema, row)).collect())
}

/// A credential with its content, or the name of that, as a row.
pub(super) fn whole(schema: Schema, row: &CredentialRow) -> Vec<Value> {
    let mut whole = vec![json!(row.id), json!(row.user_id), json!(row.public_notes), json!(row.content)];
    if schema.has_blobs() {
        whole.extend(place(row.content_uri.as_deref(), row.content_size));
    }
    whole.extend([json!(row.encryptor_public_key), json!(row.issuer_auth_public_key)]);
    whole.extend(writer(schema, row.inserter_type.as_deref(), row.inserter.as_deref()));
    whole
}

/// Where a content is, and how long. Numbers are text on the wire.
fn place(uri: Option<&str>, size: Option<i64>) -> [Value; 2] {
    [json!(uri), json!(size.map(|size| size.to_string()))]
}

/// Who has written a row: a name, or in the next schema the kind, too.
pub(super) fn writer(schema: Schema, kind: Option<&str>, name: Option<&str>) -> Vec<Value> {
    if schema.has_blobs() { vec![json!(kind), json!(name)] } else { vec![json!(name)] }
}

pub(super) async fn add_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let given = Written {
        id: a.uuid(),
        issuer_key: a.text(),
        encryptor_key: a.text(),
        content: Content::Row(a.text()),
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };
    add(c, &given).await?;
    Ok(vec![])
}

/// Copies cannot be edited. A credential of somebody else is passed over in silence.
pub(super) async fn edit_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let given = Written {
        id: a.uuid(),
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
        content: Content::Row(a.text()),
        encryptor_key: a.text(),
        issuer_key: a.text(),
    };
    let id = given.id.as_deref();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    if access::any_for(c.db, id).await? || credentials::is_copy_of_user(c.db, id, user.as_deref()).await? {
        return Err(Failure::Raised("can not edit shared credential"));
    }
    if !given.is_genuine() {
        return Err(Failure::Raised("signature is wrong"));
    }
    let vc_id = given.verifiable_credential_id();
    credentials::update(c.db, &given.row(user.as_deref(), vc_id.as_deref(), BY_USER)).await?;
    Ok(vec![])
}

/// Removing an original leaves its copies and their grants.
pub(super) async fn remove_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    if !belongs_to_caller(c, id.as_deref()).await? {
        return Err(Failure::Raised("the credential does not belong to the caller"));
    }
    if grants::has_locked(c, id.as_deref()).await? {
        return Err(Failure::Raised("there are locked access grants for this credential"));
    }
    credentials::delete(c.db, id.as_deref()).await?;
    access::delete_for(c.db, id.as_deref()).await?;
    Ok(vec![])
}

pub(super) async fn share_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, original_id) = (a.uuid(), a.uuid());
    let (notes, notes_signature, broader_signature) = (a.text(), a.text(), a.text());
    let (content, content_hash, encryptor_key) = (Content::Row(a.text()), a.text(), a.text());
    let (issuer_key, grantee, locked_until) = (a.text(), a.text(), a.int8());
    let copy = Written { id, issuer_key, encryptor_key, content, notes, notes_signature, broader_signature };
    let shared = Shared { grantee: grantee.as_deref(), locked_until, content_hash: content_hash.as_deref() };
    share(c, original_id.as_deref(), &copy, &shared).await?;
    Ok(vec![])
}

/// Writes a credential of the caller's.
pub(super) async fn add(c: &mut Context<'_>, given: &Written) -> Result<(), Failure> {
    if !given.is_genuine() {
        return Err(Failure::Raised("signature is wrong"));
    }
    let vc_id = given.verifiable_credential_id();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    Ok(credentials::insert(c.db, &given.row(user.as_deref(), vc_id.as_deref(), BY_USER)).await?)
}

/// Writes the copy of an original of the caller's, and the grant for it.
pub(super) async fn share(
    c: &mut Context<'_>,
    original_id: Option<&str>,
    copy: &Written,
    shared: &Shared<'_>,
) -> Result<(), Failure> {
    if !belongs_to_caller(c, original_id).await? {
        return Err(Failure::Raised("original credential does not belong to the caller"));
    }
    if copy.notes.as_deref().is_some_and(|notes| !notes.is_empty()) {
        return Err(Failure::Raised(
            "shared credentials cannot have public_notes, it must be an empty string",
        ));
    }
    add(c, copy).await?;
    copies::link(c.db, Of::Credential, original_id, copy.id.as_deref()).await?;
    let caller = c.caller;
    let grant = Grant {
        grantee: shared.grantee,
        data_id: copy.id.as_deref(),
        locked_until: shared.locked_until,
        content_hash: shared.content_hash,
        inserter_type: "user",
        inserter_id: Some(caller),
    };
    grants::create(c, &grant).await
}

async fn belongs_to_caller(c: &mut Context<'_>, id: Option<&str>) -> Result<bool, Failure> {
    let caller = wallets::user_of(c.db, Some(c.caller)).await?;
    let owner = credentials::user_of(c.db, id).await?;
    Ok(owner.is_some() && owner == caller)
}
