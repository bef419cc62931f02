//! What somebody writes whom credentials are shared with.

use uuid::Uuid;

use super::parameters::action;

action! {
    /// Makes an access grant for an existing copy, under a delegated access grant that the user signed.
    CreateAgByDagForCopy<'a>, "create_ag_by_dag_for_copy", "Create an Access Grant in idOS" {
        /// The user's wallet, written as in a write grant.
        dag_owner_wallet_identifier: &'a str,
        /// Who will be able to read the copy.
        dag_grantee_wallet_identifier: &'a str,
        /// The copy's id.
        dag_data_id: Uuid,
        /// Until when the user cannot take it back, in seconds since 1970; 0 for no lock.
        dag_locked_until: i64,
        /// SHA-256 of the unsealed content: lower-case hex.
        dag_content_hash: &'a str,
        /// The user's signature over the node's text ([`DagMessage`](super::DagMessage)).
        dag_signature: &'a str,
    }
}

action! {
    /// Gives a shared credential back: deletes the copy and its access grants.
    RescindSharedCredential, "rescind_shared_credential", "Rescind a shared credential as a grantee" {
        /// The copy's id.
        credential_id: Uuid,
    }
}
