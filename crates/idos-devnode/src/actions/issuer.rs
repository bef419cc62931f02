//! What issuers do: write credentials, with a user's grant or by their own right, and edit their notes.

use std::future::{Ready, ready};

use serde_json::json;

use super::arguments::Arguments;
use super::grants::{self, Grant};
use super::{Context, Failure, Outcome};
use crate::extension::grants::{Owner, WriteGrant};
use crate::extension::signatures::SignedContent;
use crate::extension::{self, dates, required};
use crate::state::copies::{self, Of};
use crate::state::credentials::{self, NewCredential};
use crate::state::grants::{ConsumedWriteGrant, insert_consumed};
use crate::state::{inserters, wallets};

/// How much earlier than its window a write grant may be used, in seconds: blocks may lag behind clocks.
const EARLY_BY: i64 = 65;

/// The name of the inserter that the caller acts for.
pub(super) async fn inserter(c: &mut Context<'_>) -> Result<String, Failure> {
    inserters::name_of(c.db, c.caller).await?.ok_or(Failure::Raised("Unauthorized inserter"))
}

/// Neither that the caller's key is the one that signed, nor that an existing row is the caller's, is checked.
pub(super) async fn upsert_credential_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, user_id) = (a.uuid(), a.uuid());
    let (issuer_key, encryptor_key, content) = (a.text(), a.text(), a.text());
    let (notes, notes_signature, broader_signature) = (a.text(), a.text(), a.text());

    let inserter = inserter(c).await?;
    let signed = SignedContent {
        issuer_auth_public_key: issuer_key.as_deref(),
        public_notes: notes.as_deref(),
        public_notes_signature: notes_signature.as_deref(),
        content: content.as_deref(),
        broader_signature: broader_signature.as_deref(),
    };
    if !signed.is_genuine() {
        return Err(Failure::Raised("signature is wrong"));
    }

    let vc_id = extension::verifiable_credential_id(notes.as_deref());
    let row = NewCredential {
        id: id.as_deref(),
        user_id: user_id.as_deref(),
        verifiable_credential_id: vc_id.as_deref(),
        public_notes: notes.as_deref(),
        content: content.as_deref(),
        encryptor_public_key: encryptor_key.as_deref(),
        issuer_auth_public_key: issuer_key.as_deref(),
        inserter: Some(&inserter),
    };
    credentials::upsert(c.db, &row).await?;
    Ok(vec![])
}

/// An original and its copy by a user's grant. The caller is not checked: anybody may relay a valid set.
pub(super) async fn create_credentials_by_dwg(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let set = GrantedSet::read(&mut a);
    let (grant, original, copy) = (set.grant(), set.original(), set.copy());

    let keys =
        [original.issuer_auth_public_key, grant.issuer_public_key].map(|key| key.map(str::to_lowercase));
    let [credential_issuer, grant_issuer] = &keys;
    if !inserters::are_colleagues(c.db, credential_issuer.as_deref(), grant_issuer.as_deref()).await? {
        return Err(Failure::Raised("credentials issuer must be an issuer of delegated write grant"));
    }
    let Some(wallet) = wallets::by_identifier(c.db, grant.owner).await? else {
        return Err(Failure::Raised("dwg_owner not found"));
    };
    let locked_until = dates::parse(required(grant.access_grant_timelock, "parse_date", 1)?)?;
    let usable = Window::read(&grant)?;
    if !usable.is_one {
        return Err(Failure::Raised("dwg_not_before must be before dwg_not_after"));
    }
    if usable.from > c.timestamp + EARLY_BY || c.timestamp > usable.until {
        return Err(Failure::Raised(
            "this write grant can only be used after dwg_not_before and before dwg_not_after",
        ));
    }
    let owner = Owner { wallet_type: wallet.kind(), public_key: wallet.public_key.as_deref() };
    if !grant.is_signed_by(owner, set.signature.as_deref()) {
        return Err(Failure::Raised("verify owner failed"));
    }
    if !original.is_genuine() {
        return Err(Failure::Raised("an original credential signature is wrong"));
    }
    if !copy.is_genuine() {
        return Err(Failure::Raised("a copy credential signature is wrong"));
    }

    let vc_id = extension::verifiable_credential_id(original.public_notes);
    let (original_id, copy_id) = (set.original_id.as_deref(), set.copy_id.as_deref());
    let original_row = NewCredential {
        id: original_id,
        user_id: Some(&wallet.user_id),
        verifiable_credential_id: vc_id.as_deref(),
        public_notes: original.public_notes,
        content: original.content,
        encryptor_public_key: set.original_encryptor_key.as_deref(),
        issuer_auth_public_key: original.issuer_auth_public_key,
        inserter: grant.id, // the grant's id, not the issuer's name
    };
    let copy_row = NewCredential {
        id: copy_id,
        verifiable_credential_id: None,
        public_notes: copy.public_notes,
        content: copy.content,
        encryptor_public_key: set.copy_encryptor_key.as_deref(),
        ..original_row
    };
    credentials::insert(c.db, &original_row).await?;
    credentials::insert(c.db, &copy_row).await?;
    copies::link(c.db, Of::Credential, original_id, copy_id).await?;
    let access = Grant {
        grantee: grant.grantee,
        data_id: copy_id,
        locked_until: Some(locked_until),
        content_hash: set.content_hash.as_deref(),
        inserter_type: "delegated_write_grant",
        inserter_id: grant.id,
    };
    grants::create(c, &access).await?;
    let consumed = ConsumedWriteGrant {
        id: grant.id,
        owner: grant.owner,
        grantee: grant.grantee,
        issuer_public_key: grant.issuer_public_key,
        original_credential_id: original_id,
        copy_credential_id: copy_id,
        access_grant_timelock: grant.access_grant_timelock,
        not_usable_before: grant.not_usable_before,
        not_usable_after: grant.not_usable_after,
    };
    insert_consumed(c.db, &consumed).await?;
    Ok(vec![])
}

/// Every credential of the caller's *key* with this id in its notes. No signature, no inserter check, and no
/// error if there is none. The id stays the stored one, whatever the new notes say.
pub(super) async fn edit_public_notes_as_issuer(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, notes) = (a.text(), a.text());
    let changed = credentials::set_notes(c.db, c.caller, id.as_deref(), notes.as_deref()).await?;
    if changed == 0 {
        tracing::debug!("edit_public_notes_as_issuer matched no credential; that is no error");
    }
    Ok(vec![])
}

pub(super) async fn credential_exist_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    inserter(c).await?;
    let exists = credentials::user_of(c.db, id.as_deref()).await?.is_some();
    Ok(vec![vec![json!(exists)]])
}

/// The text of a write grant. Checks its times and nothing else: not that anybody in it exists.
pub(super) fn dwg_message(_: &mut Context<'_>, mut a: Arguments) -> Ready<Outcome> {
    let (owner, grantee, issuer_key, id) = (a.text(), a.text(), a.text(), a.uuid());
    let (timelock, not_before, not_after) = (a.text(), a.text(), a.text());
    let grant = WriteGrant {
        owner: owner.as_deref(),
        grantee: grantee.as_deref(),
        issuer_public_key: issuer_key.as_deref(),
        id: id.as_deref(),
        access_grant_timelock: timelock.as_deref(),
        not_usable_before: not_before.as_deref(),
        not_usable_after: not_after.as_deref(),
    };
    ready(text_to_sign(&grant).map(|text| vec![vec![json!(text)]]))
}

fn text_to_sign(grant: &WriteGrant<'_>) -> Result<String, Failure> {
    dates::parse(required(grant.access_grant_timelock, "parse_date", 1)?)?;
    if !Window::read(grant)?.is_one {
        return Err(Failure::Raised("not_usable_before must be before not_usable_after"));
    }
    Ok(grant.text()?)
}

/// When a write grant may be used, in unix seconds.
struct Window {
    is_one: bool,
    from: i64,
    until: i64,
}

impl Window {
    fn read(grant: &WriteGrant<'_>) -> Result<Self, Failure> {
        let before = required(grant.not_usable_before, "validate_not_usable_times", 1)?;
        let after = required(grant.not_usable_after, "validate_not_usable_times", 2)?;
        Ok(Self {
            is_one: dates::is_window(before, after)?,
            from: dates::parse(before)?,
            until: dates::parse(after)?,
        })
    }
}

/// The arguments of `create_credentials_by_dwg`.
struct GrantedSet {
    issuer_key: Option<String>,
    original_encryptor_key: Option<String>,
    original_id: Option<String>,
    original_content: Option<String>,
    original_notes: Option<String>,
    original_notes_signature: Option<String>,
    original_broader_signature: Option<String>,
    copy_encryptor_key: Option<String>,
    copy_id: Option<String>,
    copy_content: Option<String>,
    copy_notes_signature: Option<String>,
    copy_broader_signature: Option<String>,
    content_hash: Option<String>,
    owner: Option<String>,
    grantee: Option<String>,
    grant_issuer_key: Option<String>,
    grant_id: Option<String>,
    timelock: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    signature: Option<String>,
}

impl GrantedSet {
    fn read(a: &mut Arguments) -> Self {
        // In the order of the parameters: fields are evaluated as they are written.
        Self {
            issuer_key: a.text(),
            original_encryptor_key: a.text(),
            original_id: a.uuid(),
            original_content: a.text(),
            original_notes: a.text(),
            original_notes_signature: a.text(),
            original_broader_signature: a.text(),
            copy_encryptor_key: a.text(),
            copy_id: a.uuid(),
            copy_content: a.text(),
            copy_notes_signature: a.text(),
            copy_broader_signature: a.text(),
            content_hash: a.text(),
            owner: a.text(),
            grantee: a.text(),
            grant_issuer_key: a.text(),
            grant_id: a.uuid(),
            timelock: a.text(),
            not_before: a.text(),
            not_after: a.text(),
            signature: a.text(),
        }
    }

    fn grant(&self) -> WriteGrant<'_> {
        WriteGrant {
            owner: self.owner.as_deref(),
            grantee: self.grantee.as_deref(),
            issuer_public_key: self.grant_issuer_key.as_deref(),
            id: self.grant_id.as_deref(),
            access_grant_timelock: self.timelock.as_deref(),
            not_usable_before: self.not_before.as_deref(),
            not_usable_after: self.not_after.as_deref(),
        }
    }

    fn original(&self) -> SignedContent<'_> {
        SignedContent {
            issuer_auth_public_key: self.issuer_key.as_deref(),
            public_notes: self.original_notes.as_deref(),
            public_notes_signature: self.original_notes_signature.as_deref(),
            content: self.original_content.as_deref(),
            broader_signature: self.original_broader_signature.as_deref(),
        }
    }

    /// Copies have no notes; their signature is over the empty text.
    fn copy(&self) -> SignedContent<'_> {
        SignedContent {
            issuer_auth_public_key: self.issuer_key.as_deref(),
            public_notes: Some(""),
            public_notes_signature: self.copy_notes_signature.as_deref(),
            content: self.copy_content.as_deref(),
            broader_signature: self.copy_broader_signature.as_deref(),
        }
    }
}
