//! Names, parameters and descriptions of every action, as the schema and the official SDK have them.

use idos_client::actions::*;

fn signature(name: &str, parameters: &[(&str, idos_client::encoding::Scalar)]) -> String {
    let parameters: Vec<_> =
        parameters.iter().map(|(name, scalar)| format!("{name} {}", scalar.name())).collect();
    format!("{name}({})", parameters.join(", "))
}

fn action<A: Action>() -> (String, &'static str) {
    (signature(A::NAME, A::PARAMETERS), A::DESCRIPTION)
}

fn view<V: View>() -> String {
    signature(V::NAME, V::PARAMETERS)
}

#[test]
fn actions_are_those_of_the_schema() {
    let actions = [
        action::<AddUserAsInserter<'_>>(),
        action::<UpdateUserPubKeyAsInserter<'_>>(),
        action::<UpsertWalletAsInserter<'_>>(),
        action::<AddAttributeAsInserter<'_>>(),
        action::<UpsertCredentialAsInserter<'_>>(),
        action::<CreateCredentialsByDwg<'_>>(),
        action::<EditPublicNotesAsIssuer<'_>>(),
        action::<RescindSharedCredential>(),
        action::<CreateAgByDagForCopy<'_>>(),
        action::<AddWallet<'_>>(),
        action::<RemoveWallet>(),
        action::<AddCredential<'_>>(),
        action::<EditCredential<'_>>(),
        action::<RemoveCredential>(),
        action::<ShareCredential<'_>>(),
        action::<RevokeAccessGrant>(),
        action::<AddAttribute<'_>>(),
        action::<EditAttribute<'_>>(),
        action::<RemoveAttribute>(),
        action::<ShareAttribute<'_>>(),
        action::<AddInserterAsOwner<'_>>(),
        action::<DeleteInserterAsOwner>(),
        action::<AddDelegateAsOwner<'_>>(),
        action::<DeleteDelegateAsOwner<'_>>(),
    ];
    let expected = [
        (
            "add_user_as_inserter(id uuid, recipient_encryption_public_key text, encryption_password_store text)",
            "Add a user to idOS",
        ),
        (
            "update_user_pub_key_as_inserter(id uuid, recipient_encryption_public_key text, encryption_password_store text)",
            "Update user's encryption key and password store in idOS as inserter (profile creator)",
        ),
        (
            "upsert_wallet_as_inserter(id uuid, user_id uuid, address text, public_key text, wallet_type text, message text, signature text)",
            "Add a wallet to idOS by inserter (profile creator)",
        ),
        (
            "add_attribute_as_inserter(id uuid, user_id uuid, attribute_key text, value text)",
            "Add a new attribute as inserter",
        ),
        (
            "upsert_credential_as_inserter(id uuid, user_id uuid, issuer_auth_public_key text, encryptor_public_key text, content text, public_notes text, public_notes_signature text, broader_signature text)",
            "Add or update a credential in idOS on behalf of a user by permissioned profile creator (inserter) ",
        ),
        (
            "create_credentials_by_dwg(issuer_auth_public_key text, original_encryptor_public_key text, original_credential_id uuid, original_content text, original_public_notes text, original_public_notes_signature text, original_broader_signature text, copy_encryptor_public_key text, copy_credential_id uuid, copy_content text, copy_public_notes_signature text, copy_broader_signature text, content_hash text, dwg_owner text, dwg_grantee text, dwg_issuer_public_key text, dwg_id uuid, dwg_access_grant_timelock text, dwg_not_before text, dwg_not_after text, dwg_signature text)",
            "Add original credential and copy credential with AG on behalf of a user (using delegated write grant given by the user)",
        ),
        (
            "edit_public_notes_as_issuer(public_notes_id text, public_notes text)",
            "Edit public notes in a credential as issuer",
        ),
        ("rescind_shared_credential(credential_id uuid)", "Rescind a shared credential as a grantee"),
        (
            "create_ag_by_dag_for_copy(dag_owner_wallet_identifier text, dag_grantee_wallet_identifier text, dag_data_id uuid, dag_locked_until int8, dag_content_hash text, dag_signature text)",
            "Create an Access Grant in idOS",
        ),
        (
            "add_wallet(id uuid, address text, public_key text, wallet_type text, message text, signature text)",
            "Add a wallet to idOS",
        ),
        ("remove_wallet(id uuid)", "Remove a wallet from idOS"),
        (
            "add_credential(id uuid, issuer_auth_public_key text, encryptor_public_key text, content text, public_notes text, public_notes_signature text, broader_signature text)",
            "Add a new credential",
        ),
        (
            "edit_credential(id uuid, public_notes text, public_notes_signature text, broader_signature text, content text, encryptor_public_key text, issuer_auth_public_key text)",
            "Edit a credential",
        ),
        ("remove_credential(id uuid)", "Remove a credential from your idOS profile"),
        (
            "share_credential(id uuid, original_credential_id uuid, public_notes text, public_notes_signature text, broader_signature text, content text, content_hash text, encryptor_public_key text, issuer_auth_public_key text, grantee_wallet_identifier text, locked_until int8)",
            "Share a credential with creating AG",
        ),
        ("revoke_access_grant(id uuid)", "Revoke an Access Grant from idOS"),
        (
            "add_attribute(id uuid, attribute_key text, value text)",
            "Create a new attribute in your idOS profile",
        ),
        ("edit_attribute(id uuid, attribute_key text, value text)", "Edit an existing attribute"),
        ("remove_attribute(id uuid)", "Remove an existing attribute"),
        (
            "share_attribute(id uuid, original_attribute_id uuid, attribute_key text, value text)",
            "Share an attribute",
        ),
        ("add_inserter_as_owner(id uuid, name text)", "Add inserter as owner"),
        ("delete_inserter_as_owner(id uuid)", "Delete inserter as owner"),
        ("add_delegate_as_owner(address text, inserter_id uuid)", "Add a delegate as owner"),
        ("delete_delegate_as_owner(address text)", "Delete a delegate from idOS"),
    ];
    assert_eq!(actions.len(), expected.len());
    for ((signature, description), expected) in actions.iter().zip(expected) {
        assert_eq!((signature.as_str(), *description), expected);
    }
}

/// Where contents are kept at a blob gateway.
#[test]
fn actions_are_those_of_the_next_schema() {
    let actions = [
        action::<CreatePreliminaryCredentialsByDwg<'_>>(),
        action::<CreatePreliminaryCredential<'_>>(),
        action::<SharePreliminaryCredential<'_>>(),
    ];
    let expected = [
        (
            "create_preliminary_credentials_by_dwg(request_id uuid, issuer_auth_public_key text, original_encryptor_public_key text, original_id uuid, original_content_uri text, original_content_size int8, original_public_notes text, original_public_notes_signature text, original_broader_signature text, copy_encryptor_public_key text, copy_id uuid, copy_content_uri text, copy_content_size int8, copy_public_notes_signature text, copy_broader_signature text, content_hash text, dwg_owner text, dwg_grantee text, dwg_issuer_public_key text, dwg_id uuid, dwg_access_grant_timelock text, dwg_not_before text, dwg_not_after text, dwg_signature text)",
            "Add original credential and copy credential with AG on behalf of a user (using delegated write grant given by the user)",
        ),
        (
            "create_preliminary_credential(request_id uuid, credential_id uuid, issuer_auth_public_key text, encryptor_public_key text, content_uri text, content_size int8, content_hash text, public_notes text, public_notes_signature text, broader_signature text)",
            "Create a new preliminary credential",
        ),
        (
            "share_preliminary_credential(request_id uuid, copy_id uuid, original_id uuid, public_notes text, public_notes_signature text, broader_signature text, content_uri text, content_size int8, content_hash text, encryptor_public_key text, issuer_auth_public_key text, grantee_wallet_identifier text, locked_until int8)",
            "Share a credential with creating AG",
        ),
    ];
    for ((signature, description), expected) in actions.iter().zip(expected) {
        assert_eq!((signature.as_str(), *description), expected);
    }
}

#[test]
fn views_are_those_of_the_schema() {
    let views = [
        view::<HasProfile<'_>>(),
        view::<GetUserAsInserter>(),
        view::<CredentialExistAsInserter>(),
        view::<DwgMessage<'_>>(),
        view::<DagMessage<'_>>(),
        view::<GetCredentialShared>(),
        view::<GetCredentialsSharedByUser<'_>>(),
        view::<GetSiblingCredentialId<'_>>(),
        view::<GetAccessGrantsGranted>(),
        view::<GetAccessGrantsGrantedCount>(),
        view::<GetAccessGrantsForCredential>(),
        view::<GetUser>(),
        view::<GetWallets>(),
        view::<GetCredentials>(),
        view::<GetCredentialOwned>(),
        view::<GetAccessGrantsOwned>(),
        view::<HasLockedAccessGrants>(),
        view::<GetAttributes>(),
        view::<GetAllowance>(),
        view::<GetIssuerFee>(),
    ];
    assert_eq!(
        views,
        [
            "has_profile(address text)",
            "get_user_as_inserter(id uuid)",
            "credential_exist_as_inserter(id uuid)",
            "dwg_message(owner_wallet_identifier text, grantee_wallet_identifier text, issuer_public_key text, id uuid, access_grant_timelock text, not_usable_before text, not_usable_after text)",
            "dag_message(dag_owner_wallet_identifier text, dag_grantee_wallet_identifier text, dag_data_id uuid, dag_locked_until int8, dag_content_hash text)",
            "get_credential_shared(id uuid)",
            "get_credentials_shared_by_user(user_id uuid, original_issuer_auth_public_key text)",
            "get_sibling_credential_id(content_hash text)",
            "get_access_grants_granted(user_id uuid, page int8, size int8)",
            "get_access_grants_granted_count(user_id uuid)",
            "get_access_grants_for_credential(credential_id uuid)",
            "get_user()",
            "get_wallets()",
            "get_credentials()",
            "get_credential_owned(id uuid)",
            "get_access_grants_owned()",
            "has_locked_access_grants(id uuid)",
            "get_attributes()",
            "get_allowance()",
            "get_issuer_fee(credential_id uuid)",
        ]
    );
}
