//! The next schema's actions that write credentials: rows that name contents, which are then brought to the blob gateway
//! under the id of the request.
//!
//! What nodes check besides signatures is not public. Here, a name must be an identifier that gateways compute, a size one
//! that they take, and both are looked at before anything else.

use super::arguments::Arguments;
use super::holder::{self, Shared};
use super::issuer::GrantedSet;
use super::written::{Content, Written, WrongName};
use super::{Context, Failure, Outcome};
use crate::state::preliminary::{self, NewRequest};

const CONTENT: WrongName = WrongName {
    uri: "content_uri must be ipfs:// and a content identifier of version 1",
    size: "content_size must be from 1 to 20971520",
};
const ORIGINAL: WrongName = WrongName {
    uri: "original_content_uri must be ipfs:// and a content identifier of version 1",
    size: "original_content_size must be from 1 to 20971520",
};
const COPY: WrongName = WrongName {
    uri: "copy_content_uri must be ipfs:// and a content identifier of version 1",
    size: "copy_content_size must be from 1 to 20971520",
};

/// An original and its copy by a user's grant. The caller is not checked: anybody may relay a valid set.
pub(super) async fn create_preliminary_credentials_by_dwg(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (request_id, issuer_key) = (a.uuid(), a.text());
    let original = Written {
        issuer_key: issuer_key.clone(),
        encryptor_key: a.text(),
        id: a.uuid(),
        content: Content::Gateway { uri: a.text(), size: a.int8() },
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };
    let copy = Written {
        issuer_key,
        encryptor_key: a.text(),
        id: a.uuid(),
        content: Content::Gateway { uri: a.text(), size: a.int8() },
        notes: Some(String::new()),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };
    let set = GrantedSet::read(original, copy, &mut a);
    set.original().check_name(&ORIGINAL)?;
    set.copy().check_name(&COPY)?;
    set.write(c).await?;
    wait_for(c, request_id.as_deref(), set.original().id.as_deref(), set.copy().id.as_deref()).await?;
    Ok(vec![])
}

/// The content's hash is for the owner's own use: a row has no place for it, and no grant is made.
pub(super) async fn create_preliminary_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (request_id, id) = (a.uuid(), a.uuid());
    let (issuer_key, encryptor_key) = (a.text(), a.text());
    let content = Content::Gateway { uri: a.text(), size: a.int8() };
    let _content_hash = a.text();
    let (notes, notes_signature, broader_signature) = (a.text(), a.text(), a.text());
    let given = Written { id, issuer_key, encryptor_key, content, notes, notes_signature, broader_signature };

    given.check_name(&CONTENT)?;
    holder::add(c, &given).await?;
    wait_for(c, request_id.as_deref(), given.id.as_deref(), None).await?;
    Ok(vec![])
}

pub(super) async fn share_preliminary_credential(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (request_id, id, original_id) = (a.uuid(), a.uuid(), a.uuid());
    let (notes, notes_signature, broader_signature) = (a.text(), a.text(), a.text());
    let content = Content::Gateway { uri: a.text(), size: a.int8() };
    let (content_hash, encryptor_key, issuer_key) = (a.text(), a.text(), a.text());
    let (grantee, locked_until) = (a.text(), a.int8());
    let copy = Written { id, issuer_key, encryptor_key, content, notes, notes_signature, broader_signature };

    copy.check_name(&CONTENT)?;
    let shared = Shared { grantee: grantee.as_deref(), locked_until, content_hash: content_hash.as_deref() };
    holder::share(c, original_id.as_deref(), &copy, &shared).await?;
    wait_for(c, request_id.as_deref(), None, copy.id.as_deref()).await?;
    Ok(vec![])
}

/// Remembers what will be brought under this id, which can be used once.
async fn wait_for(
    c: &mut Context<'_>,
    id: Option<&str>,
    original_id: Option<&str>,
    copy_id: Option<&str>,
) -> Result<(), Failure> {
    Ok(preliminary::insert(c.db, &NewRequest { id, original_id, copy_id }).await?)
}
