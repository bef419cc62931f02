//! What can be read. Views about "the caller's" rows answer no rows to an unknown caller, not an error.

use uuid::Uuid;

use super::parameters::view;
use super::rows::{
    AccessGrant, Amount, Attribute, Credential, CredentialSummary, SharedCredential, SharedCredentialSummary,
    User, UserRecord, Wallet,
};
use crate::grants::GrantTime;

view! {
    /// Whether a wallet of any type has this address, in any letter case. Public keys are not looked at.
    HasProfile<'a>, "has_profile" -> bool {
        /// The wallet's address.
        address: &'a str,
    }
}

view! {
    /// A user by id, for an inserter.
    GetUserAsInserter, "get_user_as_inserter" -> UserRecord {
        /// The user's id.
        id: Uuid,
    }
}

view! {
    /// Whether a credential with this id exists, for an inserter.
    CredentialExistAsInserter, "credential_exist_as_inserter" -> bool {
        /// The credential row's id.
        id: Uuid,
    }
}

view! {
    /// The text of a write grant for the user to sign; [`WriteGrant::message`](crate::WriteGrant::message) makes
    /// this view.
    DwgMessage<'a>, "dwg_message" -> String {
        /// The user's wallet.
        owner_wallet_identifier: &'a str,
        /// Who gets the copy.
        grantee_wallet_identifier: &'a str,
        /// The issuer's signing key: lower-case hex.
        issuer_public_key: &'a str,
        /// The grant's id.
        id: Uuid,
        /// Until when the access grant is locked.
        access_grant_timelock: &'a GrantTime,
        /// The grant's first moment.
        not_usable_before: &'a GrantTime,
        /// The grant's last moment.
        not_usable_after: &'a GrantTime,
    }
}

view! {
    /// The text of a delegated access grant for the user to sign.
    DagMessage<'a>, "dag_message" -> String {
        /// The user's wallet.
        dag_owner_wallet_identifier: &'a str,
        /// Who will be able to read the copy.
        dag_grantee_wallet_identifier: &'a str,
        /// The copy's id.
        dag_data_id: Uuid,
        /// Until when the user cannot take it back, in seconds since 1970; 0 for no lock.
        dag_locked_until: i64,
        /// SHA-256 of the unsealed content: lower-case hex.
        dag_content_hash: &'a str,
    }
}

view! {
    /// A copy that is shared with the caller, with its content.
    GetCredentialShared, "get_credential_shared" -> SharedCredential {
        /// The copy's id.
        id: Uuid,
    }
}

view! {
    /// The copies of one user that are shared with the caller, without content.
    GetCredentialsSharedByUser<'a>, "get_credentials_shared_by_user" -> SharedCredentialSummary {
        /// The user's id.
        user_id: Uuid,
        /// Only copies whose original is signed by this key.
        original_issuer_auth_public_key: Option<&'a str>,
    }
}

view! {
    /// A credential shared with the caller that has the same content: how an issuer finds its own copy.
    GetSiblingCredentialId<'a>, "get_sibling_credential_id" -> Uuid {
        /// SHA-256 of the unsealed content: lower-case hex.
        content_hash: &'a str,
    }
}

view! {
    /// Access grants for the caller, by page. Both numbers must be positive; nulls would mean "everything".
    GetAccessGrantsGranted, "get_access_grants_granted" -> AccessGrant {
        /// Only grants of this user.
        user_id: Option<Uuid>,
        /// The page, from 1.
        page: i64,
        /// Grants per page.
        size: i64,
    }
}

view! {
    /// How many access grants there are for the caller.
    GetAccessGrantsGrantedCount, "get_access_grants_granted_count" -> i64 {
        /// Only grants of this user.
        user_id: Option<Uuid>,
    }
}

view! {
    /// The access grants for the caller on one copy.
    GetAccessGrantsForCredential, "get_access_grants_for_credential" -> AccessGrant {
        /// The copy's id.
        credential_id: Uuid,
    }
}

view! {
    /// The caller's own profile.
    GetUser, "get_user" -> User {}
}

view! {
    /// The caller's wallets.
    GetWallets, "get_wallets" -> Wallet {}
}

view! {
    /// The caller's credentials and copies, without content.
    GetCredentials, "get_credentials" -> CredentialSummary {}
}

view! {
    /// One of the caller's credentials, with its content.
    GetCredentialOwned, "get_credential_owned" -> Credential {
        /// The credential row's id.
        id: Uuid,
    }
}

view! {
    /// The access grants that the caller has given.
    GetAccessGrantsOwned, "get_access_grants_owned" -> AccessGrant {}
}

view! {
    /// Whether an access grant on this copy of the caller cannot be taken back yet.
    HasLockedAccessGrants, "has_locked_access_grants" -> bool {
        /// The copy's id.
        id: Uuid,
    }
}

view! {
    /// The caller's attributes.
    GetAttributes, "get_attributes" -> Attribute {}
}

view! {
    /// How much gas the caller's user has left.
    GetAllowance, "get_allowance" -> Amount {}
}

view! {
    /// The fee that the issuer of a credential asks for.
    GetIssuerFee, "get_issuer_fee" -> Amount {
        /// The credential row's id.
        credential_id: Uuid,
    }
}
