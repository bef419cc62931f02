//! Typed actions and views made from the inputs of vectors.

use std::collections::HashMap;

use idos_client::GrantTime;
use idos_client::actions::{
    Action, AddAttributeAsInserter, AddUserAsInserter, CreateCredentialsByDwg, EditPublicNotesAsIssuer,
    GetAccessGrantsGranted, GetAccessGrantsGrantedCount, GetCredentialOwned, GetUser, GetUserAsInserter,
    HasProfile, RemoveCredential, RemoveWallet, RevokeAccessGrant, ShareCredential,
    UpsertCredentialAsInserter, UpsertWalletAsInserter, View,
};
use idos_client::encoding::Value;
use serde_json::Value as Json;
use uuid::Uuid;

/// An action of a vector, without its type.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) types: Vec<String>,
    pub(crate) arguments: Vec<Value<'static>>,
}

impl Written {
    fn of<A: Action>(action: &A) -> Self {
        Self {
            name: A::NAME,
            description: A::DESCRIPTION,
            types: A::PARAMETERS.iter().map(|(_, scalar)| scalar.name().to_owned()).collect(),
            arguments: action.arguments().into_iter().map(Value::into_owned).collect(),
        }
    }
}

/// The name and arguments of a view.
pub(crate) fn viewed<V: View>(view: &V) -> (&'static str, Vec<Value<'static>>) {
    (V::NAME, view.arguments().into_iter().map(Value::into_owned).collect())
}

/// The typed action of these inputs; none if the vector is about no idOS action.
pub(crate) fn action(name: &str, inputs: &Json) -> Option<Written> {
    let text = |member: &str| inputs[member].as_str().unwrap_or_else(|| panic!("no text {member}"));
    let uuid = |member: &str| text(member).parse::<Uuid>().unwrap();
    Some(match name {
        "add_user_as_inserter" => Written::of(&AddUserAsInserter {
            id: uuid("id"),
            recipient_encryption_public_key: text("recipient_encryption_public_key"),
            encryption_password_store: text("encryption_password_store").parse().unwrap(),
        }),
        "upsert_wallet_as_inserter" => Written::of(&UpsertWalletAsInserter {
            id: uuid("id"),
            user_id: uuid("user_id"),
            address: text("address"),
            public_key: inputs["public_key"].as_str(),
            wallet_type: text("wallet_type").parse().unwrap(),
            message: text("message"),
            signature: text("signature"),
        }),
        "upsert_credential_as_inserter" => Written::of(&UpsertCredentialAsInserter {
            id: uuid("id"),
            user_id: uuid("user_id"),
            issuer_auth_public_key: text("issuer_auth_public_key"),
            encryptor_public_key: text("encryptor_public_key"),
            content: text("content"),
            public_notes: text("public_notes"),
            public_notes_signature: text("public_notes_signature"),
            broader_signature: text("broader_signature"),
        }),
        "create_credentials_by_dwg" => create_credentials_by_dwg(inputs),
        "edit_public_notes_as_issuer" => Written::of(&EditPublicNotesAsIssuer {
            public_notes_id: text("public_notes_id"),
            public_notes: text("public_notes"),
        }),
        "add_attribute_as_inserter" => {
            let value = match text("value") {
                "'A' repeated 81920 times" => "A".repeat(81920),
                value => value.to_owned(),
            };
            Written::of(&AddAttributeAsInserter {
                id: uuid("id"),
                user_id: uuid("user_id"),
                attribute_key: text("attribute_key"),
                value: &value,
            })
        }
        "share_credential" => Written::of(&ShareCredential {
            id: uuid("id"),
            original_credential_id: uuid("original_credential_id"),
            public_notes: text("public_notes"),
            public_notes_signature: text("public_notes_signature"),
            broader_signature: text("broader_signature"),
            content: text("content"),
            content_hash: text("content_hash"),
            encryptor_public_key: text("encryptor_public_key"),
            issuer_auth_public_key: text("issuer_auth_public_key"),
            grantee_wallet_identifier: text("grantee_wallet_identifier"),
            locked_until: inputs["locked_until"].as_i64().unwrap(),
        }),
        "remove_credential" => Written::of(&RemoveCredential { id: uuid("id") }),
        "remove_wallet" => Written::of(&RemoveWallet { id: uuid("id") }),
        "revoke_access_grant" => Written::of(&RevokeAccessGrant { id: uuid("id") }),
        _ => return None,
    })
}

fn create_credentials_by_dwg(inputs: &Json) -> Written {
    let text = |member: &str| inputs[member].as_str().unwrap_or_else(|| panic!("no text {member}"));
    let uuid = |member: &str| text(member).parse::<Uuid>().unwrap();
    let times: HashMap<_, GrantTime> = ["dwg_access_grant_timelock", "dwg_not_before", "dwg_not_after"]
        .into_iter()
        .map(|member| (member, text(member).parse().unwrap()))
        .collect();
    Written::of(&CreateCredentialsByDwg {
        issuer_auth_public_key: text("issuer_auth_public_key"),
        original_encryptor_public_key: text("original_encryptor_public_key"),
        original_credential_id: uuid("original_credential_id"),
        original_content: text("original_content"),
        original_public_notes: text("original_public_notes"),
        original_public_notes_signature: text("original_public_notes_signature"),
        original_broader_signature: text("original_broader_signature"),
        copy_encryptor_public_key: text("copy_encryptor_public_key"),
        copy_credential_id: uuid("copy_credential_id"),
        copy_content: text("copy_content"),
        copy_public_notes_signature: text("copy_public_notes_signature"),
        copy_broader_signature: text("copy_broader_signature"),
        content_hash: text("content_hash"),
        dwg_owner: text("dwg_owner"),
        dwg_grantee: text("dwg_grantee"),
        dwg_issuer_public_key: text("dwg_issuer_public_key"),
        dwg_id: uuid("dwg_id"),
        dwg_access_grant_timelock: &times["dwg_access_grant_timelock"],
        dwg_not_before: &times["dwg_not_before"],
        dwg_not_after: &times["dwg_not_after"],
        dwg_signature: text("dwg_signature"),
    })
}

/// The typed view of these inputs.
pub(crate) fn view(name: &str, inputs: &Json) -> (&'static str, Vec<Value<'static>>) {
    let uuid = |member: &str| inputs[member].as_str().map(|text| text.parse::<Uuid>().unwrap());
    match name {
        "has_profile" => viewed(&HasProfile { address: inputs["address"].as_str().unwrap() }),
        "get_user_as_inserter" => viewed(&GetUserAsInserter { id: uuid("id").unwrap() }),
        "get_user" => viewed(&GetUser {}),
        "get_access_grants_granted_count" => {
            viewed(&GetAccessGrantsGrantedCount { user_id: uuid("user_id") })
        }
        "get_access_grants_granted" => viewed(&GetAccessGrantsGranted {
            user_id: uuid("user_id"),
            page: inputs["page"].as_i64().unwrap(),
            size: inputs["size"].as_i64().unwrap(),
        }),
        "get_credential_owned" => viewed(&GetCredentialOwned { id: uuid("id").unwrap() }),
        other => panic!("no view {other}"),
    }
}
