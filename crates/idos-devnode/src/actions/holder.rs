//! What users do with their own credentials.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::grants::{self, Grant};
use super::{Context, Failure, Outcome};
use crate::extension;
use crate::extension::signatures::SignedContent;
use crate::state::copies::{self, Of};
use crate::state::credentials::{self, CredentialRow, NewCredential};
use crate::state::grants as access;
use crate::state::wallets;

/// What a user writes of a credential.
struct Given {
    id: Option<String>,
    issuer_key: Option<String>,
    encryptor_key: Option<String>,
    content: Option<String>,
    notes: Option<String>,
    notes_signature: Option<String>,
    broader_signature: Option<String>,
}

/// All of the caller's rows, copies included, without content.
pub(super) async fn get_credentials(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let Some(user) = wallets::user_of(c.db, Some(c.caller)).await? else { return Ok(vec![]) };
    let rows = credentials::of_user(c.db, &user).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            vec![
                json!(row.id),
                json!(row.user_id),
                json!(row.public_notes),
                json!(row.issuer_auth_public_key),
                json!(row.inserter),
                json!(row.original_id),
            ]
        })
        .collect())
}

pub(super) async fn get_credential_owned(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    let row =
        credentials::by_id(c.db, id.as_deref()).await?.filter(|row| Some(&row.user_id) == user.as_ref());
    Ok(row.iter().map(whole).collect())
}

/// A credential with its content, as a row.
pub(super) fn whole(row: &CredentialRow) -> Vec<Value> {
    vec![
        json!(row.id),
        json!(row.user_id),
        json!(row.public_notes),
        json!(row.content),
        json!(row.encryptor_public_key),
        json!(row.issuer_auth_public_key),
        json!(row.inserter),
    ]
}

pub(super) async fn add_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let given = Given {
        id: a.uuid(),
        issuer_key: a.text(),
        encryptor_key: a.text(),
        content: a.text(),
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };
    add(c, &given).await?;
    Ok(vec![])
}

/// Copies cannot be edited. A credential of somebody else is passed over in silence.
pub(super) async fn edit_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let given = Given {
        id: a.uuid(),
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
        content: a.text(),
        encryptor_key: a.text(),
        issuer_key: a.text(),
    };
    let id = given.id.as_deref();
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    if access::any_for(c.db, id).await? || credentials::is_copy_of_user(c.db, id, user.as_deref()).await? {
        return Err(Failure::Raised("can not edit shared credential"));
    }
    let vc_id = given.check()?;
    credentials::update(c.db, &given.as_row(user.as_deref(), vc_id.as_deref())).await?;
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
    let (content, content_hash, encryptor_key) = (a.text(), a.text(), a.text());
    let (issuer_key, grantee, locked_until) = (a.text(), a.text(), a.int8());
    let copy = Given { id, issuer_key, encryptor_key, content, notes, notes_signature, broader_signature };

    if !belongs_to_caller(c, original_id.as_deref()).await? {
        return Err(Failure::Raised("original credential does not belong to the caller"));
    }
    if copy.notes.as_deref().is_some_and(|notes| !notes.is_empty()) {
        return Err(Failure::Raised(
            "shared credentials cannot have public_notes, it must be an empty string",
        ));
    }
    add(c, &copy).await?;
    copies::link(c.db, Of::Credential, original_id.as_deref(), copy.id.as_deref()).await?;
    let caller = c.caller;
    let grant = Grant {
        grantee: grantee.as_deref(),
        data_id: copy.id.as_deref(),
        locked_until,
        content_hash: content_hash.as_deref(),
        inserter_type: "user",
        inserter_id: Some(caller),
    };
    grants::create(c, &grant).await?;
    Ok(vec![])
}

async fn add(c: &mut Context<'_>, given: &Given) -> Result<(), Failure> {
    let vc_id = given.check()?;
    let user = wallets::user_of(c.db, Some(c.caller)).await?;
    Ok(credentials::insert(c.db, &given.as_row(user.as_deref(), vc_id.as_deref())).await?)
}

async fn belongs_to_caller(c: &mut Context<'_>, id: Option<&str>) -> Result<bool, Failure> {
    let caller = wallets::user_of(c.db, Some(c.caller)).await?;
    let owner = credentials::user_of(c.db, id).await?;
    Ok(owner.is_some() && owner == caller)
}

impl Given {
    /// The signatures; then the id in the notes, if any.
    fn check(&self) -> Result<Option<String>, Failure> {
        let signed = SignedContent {
            issuer_auth_public_key: self.issuer_key.as_deref(),
            public_notes: self.notes.as_deref(),
            public_notes_signature: self.notes_signature.as_deref(),
            content: self.content.as_deref(),
            broader_signature: self.broader_signature.as_deref(),
        };
        if !signed.is_genuine() {
            return Err(Failure::Raised("signature is wrong"));
        }
        Ok(extension::verifiable_credential_id(self.notes.as_deref()))
    }

    fn as_row<'a>(
        &'a self,
        user_id: Option<&'a str>,
        verifiable_credential_id: Option<&'a str>,
    ) -> NewCredential<'a> {
        NewCredential {
            id: self.id.as_deref(),
            user_id,
            verifiable_credential_id,
            public_notes: self.notes.as_deref(),
            content: self.content.as_deref(),
            encryptor_public_key: self.encryptor_key.as_deref(),
            issuer_auth_public_key: self.issuer_key.as_deref(),
            inserter: None,
        }
    }
}
