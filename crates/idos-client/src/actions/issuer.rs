//! What an issuer writes. The caller must be a delegate of a registered inserter, except where noted.

use idos_wallet::WalletType;
use uuid::Uuid;

use super::PasswordStore;
use super::parameters::action;
use crate::grants::{GrantTime, WriteGrant};

action! {
    /// Creates a profile.
    AddUserAsInserter<'a>, "add_user_as_inserter", "Add a user to idOS" {
        /// The user's id; must be a version 4 UUID, since the user's key derivation takes no other.
        id: Uuid,
        /// The user's X25519 key: base64 of 32 bytes.
        recipient_encryption_public_key: &'a str,
        /// Where the user's password is kept.
        encryption_password_store: PasswordStore,
    }
}

action! {
    /// Replaces a user's encryption key. An unknown user is no error.
    UpdateUserPubKeyAsInserter<'a>, "update_user_pub_key_as_inserter",
    "Update user's encryption key and password store in idOS as inserter (profile creator)" {
        /// The user's id.
        id: Uuid,
        /// The new X25519 key: base64 of 32 bytes.
        recipient_encryption_public_key: &'a str,
        /// Where the user's password is kept.
        encryption_password_store: PasswordStore,
    }
}

action! {
    /// Adds a wallet to a profile, or replaces all of the wallet with this id.
    ///
    /// The node checks the proof and whether the wallet is taken before it checks the caller.
    UpsertWalletAsInserter<'a>, "upsert_wallet_as_inserter",
    "Add a wallet to idOS by inserter (profile creator)" {
        /// The wallet row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The wallet's address.
        address: &'a str,
        /// The wallet's public key; needed for all types but EVM. The empty text is not the same as none.
        public_key: Option<&'a str>,
        /// The wallet's type.
        wallet_type: WalletType,
        /// What the wallet signed.
        message: &'a str,
        /// The wallet's signature, in the encoding of its type.
        signature: &'a str,
    }
}

action! {
    /// Adds an attribute to a profile. The value is stored as it is given, for everybody who runs a node to read.
    AddAttributeAsInserter<'a>, "add_attribute_as_inserter", "Add a new attribute as inserter" {
        /// The attribute row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The attribute's name.
        attribute_key: &'a str,
        /// The attribute's value.
        value: &'a str,
    }
}

action! {
    /// Writes a credential for a user without a write grant, or replaces the one with this id. There is no copy.
    UpsertCredentialAsInserter<'a>, "upsert_credential_as_inserter",
    "Add or update a credential in idOS on behalf of a user by permissioned profile creator (inserter) " {
        /// The credential row's id.
        id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// The key of both signatures: lower-case hex.
        issuer_auth_public_key: &'a str,
        /// The ephemeral X25519 key of the sealed content: base64.
        encryptor_public_key: &'a str,
        /// The sealed content: base64 of nonce and box.
        content: &'a str,
        /// JSON for everybody to read; its `id` is what [`EditPublicNotesAsIssuer`] looks for.
        public_notes: &'a str,
        /// Signature over the public notes: base64.
        public_notes_signature: &'a str,
        /// Signature over the bytes of the first signature and of the content: base64.
        broader_signature: &'a str,
    }
}

action! {
    /// Writes a credential and a copy for the grantee, under a write grant of the user.
    ///
    /// The node does not look at the caller: anybody may relay a valid set. A grant that is used up shows as a
    /// duplicate key ([`Conflict::WriteGrantUsed`](crate::Conflict::WriteGrantUsed)).
    CreateCredentialsByDwg<'a>, "create_credentials_by_dwg",
    "Add original credential and copy credential with AG on behalf of a user (using delegated write grant given by the user)" {
        /// The key of the four signatures, lower-case hex: a delegate of the same inserter as the grant's issuer.
        issuer_auth_public_key: &'a str,
        /// The ephemeral X25519 key of the user's content: base64.
        original_encryptor_public_key: &'a str,
        /// The row id of the user's credential.
        original_credential_id: Uuid,
        /// The content sealed for the user.
        original_content: &'a str,
        /// JSON for everybody to read.
        original_public_notes: &'a str,
        /// Signature over the public notes: base64.
        original_public_notes_signature: &'a str,
        /// Signature over the first signature and the user's content: base64.
        original_broader_signature: &'a str,
        /// The ephemeral X25519 key of the copy's content: base64.
        copy_encryptor_public_key: &'a str,
        /// The row id of the copy.
        copy_credential_id: Uuid,
        /// The content sealed for the grantee.
        copy_content: &'a str,
        /// Signature over nothing: a copy has no public notes. Base64.
        copy_public_notes_signature: &'a str,
        /// Signature over the copy's first signature and content: base64.
        copy_broader_signature: &'a str,
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: &'a str,
        /// The grant's owner.
        dwg_owner: &'a str,
        /// The grant's grantee.
        dwg_grantee: &'a str,
        /// The grant's issuer key.
        dwg_issuer_public_key: &'a str,
        /// The grant's id.
        dwg_id: Uuid,
        /// Until when the access grant is locked.
        dwg_access_grant_timelock: &'a GrantTime,
        /// The grant's first moment.
        dwg_not_before: &'a GrantTime,
        /// The grant's last moment.
        dwg_not_after: &'a GrantTime,
        /// The owner's signature over the node's text of the grant.
        dwg_signature: &'a str,
    }
}

/// The user's part of what [`CreateCredentialsByDwg`] writes. Its fields have the same meaning there.
#[derive(Clone, Copy)]
pub struct OriginalToWrite<'a> {
    /// The row id.
    pub id: Uuid,
    /// The ephemeral X25519 key: base64.
    pub encryptor_public_key: &'a str,
    /// The sealed content.
    pub content: &'a str,
    /// JSON for everybody to read.
    pub public_notes: &'a str,
    /// Signature over the public notes: base64.
    pub public_notes_signature: &'a str,
    /// Signature over the first signature and the content: base64.
    pub broader_signature: &'a str,
}

/// The grantee's part of what [`CreateCredentialsByDwg`] writes. Its fields have the same meaning there.
#[derive(Clone, Copy)]
pub struct CopyToWrite<'a> {
    /// The row id.
    pub id: Uuid,
    /// The ephemeral X25519 key: base64.
    pub encryptor_public_key: &'a str,
    /// The sealed content.
    pub content: &'a str,
    /// Signature over nothing: base64.
    pub public_notes_signature: &'a str,
    /// Signature over the first signature and the content: base64.
    pub broader_signature: &'a str,
}

impl<'a> CreateCredentialsByDwg<'a> {
    /// Puts the arguments together; the grant's values are passed on to the letter, as the node needs them.
    #[must_use]
    pub fn new(
        issuer_auth_public_key: &'a str,
        original: OriginalToWrite<'a>,
        copy: CopyToWrite<'a>,
        content_hash: &'a str,
        grant: &'a WriteGrant,
        grant_signature: &'a str,
    ) -> Self {
        Self {
            issuer_auth_public_key,
            original_encryptor_public_key: original.encryptor_public_key,
            original_credential_id: original.id,
            original_content: original.content,
            original_public_notes: original.public_notes,
            original_public_notes_signature: original.public_notes_signature,
            original_broader_signature: original.broader_signature,
            copy_encryptor_public_key: copy.encryptor_public_key,
            copy_credential_id: copy.id,
            copy_content: copy.content,
            copy_public_notes_signature: copy.public_notes_signature,
            copy_broader_signature: copy.broader_signature,
            content_hash,
            dwg_owner: &grant.owner,
            dwg_grantee: &grant.grantee,
            dwg_issuer_public_key: &grant.issuer_public_key,
            dwg_id: grant.id,
            dwg_access_grant_timelock: &grant.access_grant_timelock,
            dwg_not_before: grant.not_before(),
            dwg_not_after: grant.not_after(),
            dwg_signature: grant_signature,
        }
    }
}

action! {
    /// Announces a credential and a copy for the grantee, under a write grant of the user, where contents are kept at the
    /// blob gateway: the rows name the contents, which are uploaded afterwards under the request's id.
    ///
    /// Who may send it, and what a grant that is used up shows as, is as with [`CreateCredentialsByDwg`].
    CreatePreliminaryCredentialsByDwg<'a>, "create_preliminary_credentials_by_dwg",
    "Add original credential and copy credential with AG on behalf of a user (using delegated write grant given by the user)" {
        /// The request's id, under which the contents are uploaded.
        request_id: Uuid,
        /// The key of the four signatures, lower-case hex: a delegate of the same inserter as the grant's issuer.
        issuer_auth_public_key: &'a str,
        /// The ephemeral X25519 key of the user's content: base64.
        original_encryptor_public_key: &'a str,
        /// The row id of the user's credential.
        original_id: Uuid,
        /// The URI of the content sealed for the user: `ipfs://` and its identifier.
        original_content_uri: &'a str,
        /// Bytes of that content.
        original_content_size: i64,
        /// JSON for everybody to read.
        original_public_notes: &'a str,
        /// Signature over the public notes: base64.
        original_public_notes_signature: &'a str,
        /// Signature over the bytes of the first signature and the URI of the user's content: base64.
        original_broader_signature: &'a str,
        /// The ephemeral X25519 key of the copy's content: base64.
        copy_encryptor_public_key: &'a str,
        /// The row id of the copy.
        copy_id: Uuid,
        /// The URI of the content sealed for the grantee.
        copy_content_uri: &'a str,
        /// Bytes of that content.
        copy_content_size: i64,
        /// Signature over nothing: a copy has no public notes. Base64.
        copy_public_notes_signature: &'a str,
        /// Signature over the copy's first signature and the URI of its content: base64.
        copy_broader_signature: &'a str,
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: &'a str,
        /// The grant's owner.
        dwg_owner: &'a str,
        /// The grant's grantee.
        dwg_grantee: &'a str,
        /// The grant's issuer key.
        dwg_issuer_public_key: &'a str,
        /// The grant's id.
        dwg_id: Uuid,
        /// Until when the access grant is locked.
        dwg_access_grant_timelock: &'a GrantTime,
        /// The grant's first moment.
        dwg_not_before: &'a GrantTime,
        /// The grant's last moment.
        dwg_not_after: &'a GrantTime,
        /// The owner's signature over the node's text of the grant.
        dwg_signature: &'a str,
    }
}

/// A content at the blob gateway, as a row names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedContent<'a> {
    /// `ipfs://` and the content's identifier.
    pub uri: &'a str,
    /// Its bytes.
    pub size: i64,
}

/// One row of what [`CreatePreliminaryCredentialsByDwg`] announces. Its fields have the same meaning there.
#[derive(Clone, Copy)]
pub struct RowToAnnounce<'a> {
    /// The row id.
    pub id: Uuid,
    /// The ephemeral X25519 key: base64.
    pub encryptor_public_key: &'a str,
    /// The sealed content.
    pub content: NamedContent<'a>,
    /// Signature over the public notes, which a copy has none of: base64.
    pub public_notes_signature: &'a str,
    /// Signature over the first signature and the content's URI: base64.
    pub broader_signature: &'a str,
}

impl<'a> CreatePreliminaryCredentialsByDwg<'a> {
    /// Puts the arguments together; the grant's values are passed on to the letter, as the node needs them.
    #[must_use]
    pub fn new(
        request_id: Uuid,
        (issuer_auth_public_key, content_hash): (&'a str, &'a str),
        (original, public_notes): (RowToAnnounce<'a>, &'a str),
        copy: RowToAnnounce<'a>,
        grant: &'a WriteGrant,
        grant_signature: &'a str,
    ) -> Self {
        Self {
            request_id,
            issuer_auth_public_key,
            original_encryptor_public_key: original.encryptor_public_key,
            original_id: original.id,
            original_content_uri: original.content.uri,
            original_content_size: original.content.size,
            original_public_notes: public_notes,
            original_public_notes_signature: original.public_notes_signature,
            original_broader_signature: original.broader_signature,
            copy_encryptor_public_key: copy.encryptor_public_key,
            copy_id: copy.id,
            copy_content_uri: copy.content.uri,
            copy_content_size: copy.content.size,
            copy_public_notes_signature: copy.public_notes_signature,
            copy_broader_signature: copy.broader_signature,
            content_hash,
            dwg_owner: &grant.owner,
            dwg_grantee: &grant.grantee,
            dwg_issuer_public_key: &grant.issuer_public_key,
            dwg_id: grant.id,
            dwg_access_grant_timelock: &grant.access_grant_timelock,
            dwg_not_before: grant.not_before(),
            dwg_not_after: grant.not_after(),
            dwg_signature: grant_signature,
        }
    }
}

action! {
    /// Replaces the public notes of a credential, which is how an issuer revokes.
    ///
    /// The caller must be the very key of the credential's signatures. Finding nothing is no error: read back to
    /// be sure.
    EditPublicNotesAsIssuer<'a>, "edit_public_notes_as_issuer", "Edit public notes in a credential as issuer" {
        /// The `id` inside the notes as they were first written. A text to the schema, though it holds a UUID.
        public_notes_id: &'a str,
        /// The new notes. Keep the `id`: without it, a later upsert makes the credential unfindable.
        public_notes: &'a str,
    }
}
