//! What a user writes with an own wallet. Most of it does nothing, without an error, for somebody else's rows.

use idos_wallet::WalletType;
use uuid::Uuid;

use super::parameters::action;

action! {
    /// Adds a further wallet to the caller's profile.
    AddWallet<'a>, "add_wallet", "Add a wallet to idOS" {
        /// The wallet row's id.
        id: Uuid,
        /// The wallet's address.
        address: &'a str,
        /// The wallet's public key; needed for all types but EVM.
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
    /// Removes a wallet; not the last one through which the caller is known.
    RemoveWallet, "remove_wallet", "Remove a wallet from idOS" {
        /// The wallet row's id.
        id: Uuid,
    }
}

action! {
    /// Adds a credential to the caller's profile.
    AddCredential<'a>, "add_credential", "Add a new credential" {
        /// The credential row's id.
        id: Uuid,
        /// The key of both signatures: lower-case hex.
        issuer_auth_public_key: &'a str,
        /// The ephemeral X25519 key of the sealed content: base64.
        encryptor_public_key: &'a str,
        /// The sealed content.
        content: &'a str,
        /// JSON for everybody to read.
        public_notes: &'a str,
        /// Signature over the public notes: base64.
        public_notes_signature: &'a str,
        /// Signature over the first signature and the content: base64.
        broader_signature: &'a str,
    }
}

action! {
    /// Replaces a credential of the caller that is no copy. The parameters have another order than elsewhere.
    EditCredential<'a>, "edit_credential", "Edit a credential" {
        /// The credential row's id.
        id: Uuid,
        /// JSON for everybody to read.
        public_notes: &'a str,
        /// Signature over the public notes: base64.
        public_notes_signature: &'a str,
        /// Signature over the first signature and the content: base64.
        broader_signature: &'a str,
        /// The sealed content.
        content: &'a str,
        /// The ephemeral X25519 key of the sealed content: base64.
        encryptor_public_key: &'a str,
        /// The key of both signatures: lower-case hex.
        issuer_auth_public_key: &'a str,
    }
}

action! {
    /// Deletes a credential of the caller. Its copies stay.
    RemoveCredential, "remove_credential", "Remove a credential from your idOS profile" {
        /// The credential row's id.
        id: Uuid,
    }
}

action! {
    /// Writes a copy of a credential for somebody else, with an access grant.
    ShareCredential<'a>, "share_credential", "Share a credential with creating AG" {
        /// The copy's id.
        id: Uuid,
        /// The id of the caller's credential.
        original_credential_id: Uuid,
        /// Must be empty: copies have no public notes.
        public_notes: &'a str,
        /// Signature over nothing: base64.
        public_notes_signature: &'a str,
        /// Signature over the first signature and the content: base64.
        broader_signature: &'a str,
        /// The content sealed for the grantee.
        content: &'a str,
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: &'a str,
        /// The ephemeral X25519 key of the sealed content: base64.
        encryptor_public_key: &'a str,
        /// The key of both signatures, which may be made for this purpose: lower-case hex.
        issuer_auth_public_key: &'a str,
        /// Who will be able to read the copy, as that party's `@caller`.
        grantee_wallet_identifier: &'a str,
        /// Until when the grant cannot be taken back, in seconds since 1970; 0 for no lock.
        locked_until: i64,
    }
}

action! {
    /// Announces a credential in the caller's profile whose content is kept at the blob gateway, and is uploaded afterwards.
    CreatePreliminaryCredential<'a>, "create_preliminary_credential", "Create a new preliminary credential" {
        /// The request's id, under which the content is uploaded.
        request_id: Uuid,
        /// The credential row's id.
        credential_id: Uuid,
        /// The key of both signatures: lower-case hex.
        issuer_auth_public_key: &'a str,
        /// The ephemeral X25519 key of the sealed content: base64.
        encryptor_public_key: &'a str,
        /// The sealed content's URI: `ipfs://` and its identifier.
        content_uri: &'a str,
        /// Its bytes.
        content_size: i64,
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: &'a str,
        /// JSON for everybody to read.
        public_notes: &'a str,
        /// Signature over the public notes: base64.
        public_notes_signature: &'a str,
        /// Signature over the bytes of the first signature and the content's URI: base64.
        broader_signature: &'a str,
    }
}

action! {
    /// Announces a copy of a credential for somebody else, with an access grant, whose content is kept at the blob gateway.
    SharePreliminaryCredential<'a>, "share_preliminary_credential", "Share a credential with creating AG" {
        /// The request's id, under which the content is uploaded.
        request_id: Uuid,
        /// The copy's id.
        copy_id: Uuid,
        /// The id of the caller's credential.
        original_id: Uuid,
        /// Must be empty: copies have no public notes.
        public_notes: &'a str,
        /// Signature over nothing: base64.
        public_notes_signature: &'a str,
        /// Signature over the bytes of the first signature and the content's URI: base64.
        broader_signature: &'a str,
        /// The URI of the content sealed for the grantee.
        content_uri: &'a str,
        /// Its bytes.
        content_size: i64,
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: &'a str,
        /// The ephemeral X25519 key of the sealed content: base64.
        encryptor_public_key: &'a str,
        /// The key of both signatures: lower-case hex.
        issuer_auth_public_key: &'a str,
        /// Who will be able to read the copy, as that party's `@caller`.
        grantee_wallet_identifier: &'a str,
        /// Until when the grant cannot be taken back, in seconds since 1970; 0 for no lock.
        locked_until: i64,
    }
}

action! {
    /// Takes an access grant back, unless it is locked. The copy stays.
    RevokeAccessGrant, "revoke_access_grant", "Revoke an Access Grant from idOS" {
        /// The access grant's id.
        id: Uuid,
    }
}

action! {
    /// Adds an attribute to the caller's profile, for everybody who runs a node to read.
    AddAttribute<'a>, "add_attribute", "Create a new attribute in your idOS profile" {
        /// The attribute row's id.
        id: Uuid,
        /// The attribute's name.
        attribute_key: &'a str,
        /// The attribute's value.
        value: &'a str,
    }
}

action! {
    /// Replaces an attribute of the caller that is no copy.
    EditAttribute<'a>, "edit_attribute", "Edit an existing attribute" {
        /// The attribute row's id.
        id: Uuid,
        /// The attribute's name.
        attribute_key: &'a str,
        /// The attribute's value.
        value: &'a str,
    }
}

action! {
    /// Deletes an attribute of the caller.
    RemoveAttribute, "remove_attribute", "Remove an existing attribute" {
        /// The attribute row's id.
        id: Uuid,
    }
}

action! {
    /// Writes a copy of an attribute.
    ShareAttribute<'a>, "share_attribute", "Share an attribute" {
        /// The copy's id.
        id: Uuid,
        /// The id of the caller's attribute.
        original_attribute_id: Uuid,
        /// The attribute's name.
        attribute_key: &'a str,
        /// The attribute's value.
        value: &'a str,
    }
}
