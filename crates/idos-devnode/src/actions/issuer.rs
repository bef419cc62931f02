//! What issuers do: write credentials, with a user's grant or by their own right, and edit their notes.

use std::future::{Ready, ready};

use serde_json::json;

use super::arguments::Arguments;
use super::grants::{self, Grant};
use super::written::{By, Content, Written};
use super::{Context, Failure, Outcome};
use crate::extension::grants::{Owner, WriteGrant};
use crate::extension::{dates, required};
use crate::state::copies::{self, Of};
use crate::state::credentials;
use crate::state::grants::{ConsumedWriteGrant, insert_consumed};
use crate::state::{inserters, wallets};

/// How much earlier than its window a write grant may be used, in seconds: blocks may lag behind clocks.
const EARLY_BY: i64 = 65;

/// What rows say that a write grant has written.
const BY_WRITE_GRANT: &str = "delegated_write_grant";

/// The name of the inserter that the caller acts for.
pub(super) async fn inserter(c: &mut Context<'_>) -> Result<String, Failure> {
    inserters::name_of(c.db, c.caller).await?.ok_or(Failure::Raised("Unauthorized inserter"))
}

/// Neither that the caller's key is the one that signed, nor that an existing row is the caller's, is checked.
pub(super) async fn upsert_credential_as_inserter(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, user_id) = (a.uuid(), a.uuid());
    let given = Written {
        id,
        issuer_key: a.text(),
        encryptor_key: a.text(),
        content: Content::Row(a.text()),
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };

    let inserter = inserter(c).await?;
    if !given.is_genuine() {
        return Err(Failure::Raised("signature is wrong"));
    }

    let vc_id = given.verifiable_credential_id();
    let by = By { kind: None, name: Some(&inserter) };
    credentials::upsert(c.db, &given.row(user_id.as_deref(), vc_id.as_deref(), by)).await?;
    Ok(vec![])
}

/// An original and its copy by a user's grant. The caller is not checked: anybody may relay a valid set.
pub(super) async fn create_credentials_by_dwg(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let issuer_key = a.text();
    let original = Written {
        issuer_key: issuer_key.clone(),
        encryptor_key: a.text(),
        id: a.uuid(),
        content: Content::Row(a.text()),
        notes: a.text(),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };
    let copy = Written {
        issuer_key,
        encryptor_key: a.text(),
        id: a.uuid(),
        content: Content::Row(a.text()),
        notes: Some(String::new()),
        notes_signature: a.text(),
        broader_signature: a.text(),
    };
    GrantedSet::read(original, copy, &mut a).write(c).await?;
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
    let exists = credentials::exists(c.db, id.as_deref(), c.seen).await?;
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

/// An original and its copy, and the user's grant for them.
pub(super) struct GrantedSet {
    original: Written,
    /// Copies have no notes; their signature is over the empty text.
    copy: Written,
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
    /// The rest of the arguments, after the two credentials.
    pub(super) fn read(original: Written, copy: Written, a: &mut Arguments) -> Self {
        // In the order of the parameters: fields are evaluated as they are written.
        Self {
            original,
            copy,
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

    /// Checks the grant and both credentials, writes these, and uses up the grant.
    pub(super) async fn write(&self, c: &mut Context<'_>) -> Result<(), Failure> {
        let (grant, original, copy) = (self.grant(), &self.original, &self.copy);
        let keys =
            [original.issuer_key.as_deref(), grant.issuer_public_key].map(|key| key.map(str::to_lowercase));
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
        if !grant.is_signed_by(owner, self.signature.as_deref()) {
            return Err(Failure::Raised("verify owner failed"));
        }
        if !original.is_genuine() {
            return Err(Failure::Raised("an original credential signature is wrong"));
        }
        if !copy.is_genuine() {
            return Err(Failure::Raised("a copy credential signature is wrong"));
        }

        let vc_id = original.verifiable_credential_id();
        let user = Some(wallet.user_id.as_str());
        let (original_id, copy_id) = (original.id.as_deref(), copy.id.as_deref());
        // The grant's id, not the issuer's name.
        let by = By { kind: Some(BY_WRITE_GRANT), name: grant.id };
        credentials::insert(c.db, &original.row(user, vc_id.as_deref(), by)).await?;
        credentials::insert(c.db, &copy.row(user, None, by)).await?;
        copies::link(c.db, Of::Credential, original_id, copy_id).await?;
        let access = Grant {
            grantee: grant.grantee,
            data_id: copy_id,
            locked_until: Some(locked_until),
            content_hash: self.content_hash.as_deref(),
            inserter_type: BY_WRITE_GRANT,
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
        Ok(insert_consumed(c.db, &consumed).await?)
    }

    pub(super) fn original(&self) -> &Written {
        &self.original
    }

    pub(super) fn copy(&self) -> &Written {
        &self.copy
    }
}
