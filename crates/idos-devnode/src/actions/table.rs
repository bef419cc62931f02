//! Every action of both versions of the schema: its name, what it takes and returns, who may call it, and the function that is it.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use idos_client::encoding::Scalar;

use super::arguments::Arguments;
use super::{
    Context, Outcome, attributes, consumer, gas, grants, holder, issuer, owner, preliminary, users, wallets,
};
use crate::schema::Schema;

/// An action of the schema.
pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) access: Access,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) returns: &'static [Parameter],
    pub(super) run: Run,
}

/// Whether an action changes state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Reads: by `user.call`, or in a transaction.
    View,
    /// Changes state: in transactions only.
    Execute,
}

/// Who may call an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    Public,
    /// Other actions of the schema only.
    Private,
    /// The owner of the database only.
    Owner,
}

/// A parameter of an action, or a column of what it returns.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) scalar: Scalar,
}

type Run =
    for<'a, 'c> fn(&'a mut Context<'c>, Arguments) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// The action of this name, in any letter case.
pub(crate) fn find(schema: Schema, name: &str) -> Option<&'static Action> {
    let tables: &[&'static [Action]] = match schema {
        Schema::Current => &[COMMON, CURRENT, CURRENT_VIEWS],
        Schema::Next => &[COMMON, NEXT, NEXT_VIEWS],
        Schema::Transition => &[COMMON, CURRENT, NEXT, NEXT_VIEWS],
    };
    tables.iter().copied().flatten().find(|action| action.name.eq_ignore_ascii_case(name))
}

const TEXT: Scalar = Scalar::Text;
const UUID: Scalar = Scalar::Uuid;
const INT: Scalar = Scalar::Int8;
const BOOL: Scalar = Scalar::Bool;
/// Amounts of tokens.
const AMOUNT: Scalar = Scalar::Numeric { precision: 78, scale: 0 };
/// Amounts of tokens as people write them.
const HUMAN_AMOUNT: Scalar = Scalar::Numeric { precision: 6, scale: 2 };

/// One line of the table: `access kind name(parameters) -> (columns) = function`; `= private` for actions that only the schema calls, which are here because the engine tells
/// callers that they exist.
macro_rules! actions {
    ($($access:ident $kind:ident $name:ident ($($p:ident: $pt:ident),*)
        -> ($($r:ident: $rt:ident),*) = $($function:ident)::+;)*) => {
        &[$(Action {
            name: stringify!($name),
            kind: Kind::$kind,
            access: Access::$access,
            parameters: &[$(Parameter { name: stringify!($p), scalar: $pt }),*],
            returns: &[$(Parameter { name: stringify!($r), scalar: $rt }),*],
            run: |context, arguments| Box::pin($($function)::+(context, arguments)),
        }),*]
    };
}

/// Stands for the actions that only the schema calls. [`super::run`] refuses them before it gets here.
fn private(_: &mut Context<'_>, _: Arguments) -> Ready<Outcome> {
    ready(Ok(vec![]))
}

/// The actions that both versions of the schema have, in its order.
#[rustfmt::skip]
const COMMON: &[Action] = actions! {
    // Inserters and delegates
    Owner Execute add_inserter_as_owner(id: UUID, name: TEXT) -> () = owner::add_inserter_as_owner;
    Owner Execute delete_inserter_as_owner(id: UUID) -> () = owner::delete_inserter_as_owner;
    Owner Execute add_delegate_as_owner(address: TEXT, inserter_id: UUID) -> () = owner::add_delegate_as_owner;
    Owner Execute delete_delegate_as_owner(address: TEXT) -> () = owner::delete_delegate_as_owner;
    Private View get_inserter() -> (name: TEXT) = private;
    Private View get_inserter_or_null() -> (name: TEXT) = private;

    // Users
    Public Execute add_user_as_inserter(id: UUID, recipient_encryption_public_key: TEXT,
        encryption_password_store: TEXT) -> () = users::add_user_as_inserter;
    Public Execute update_user_pub_key_as_inserter(id: UUID, recipient_encryption_public_key: TEXT,
        encryption_password_store: TEXT) -> () = users::update_user_pub_key_as_inserter;
    Public View get_user() -> (id: UUID, recipient_encryption_public_key: TEXT, encryption_password_store: TEXT)
        = users::get_user;
    Public View get_user_as_inserter(id: UUID) -> (id: UUID, recipient_encryption_public_key: TEXT,
        encryption_password_store: TEXT, inserter: TEXT) = users::get_user_as_inserter;

    // Wallets
    Public Execute upsert_wallet_as_inserter(id: UUID, user_id: UUID, address: TEXT, public_key: TEXT,
        wallet_type: TEXT, message: TEXT, signature: TEXT) -> () = wallets::upsert_wallet_as_inserter;
    Public Execute add_wallet(id: UUID, address: TEXT, public_key: TEXT, wallet_type: TEXT, message: TEXT,
        signature: TEXT) -> () = wallets::add_wallet;
    Public View get_wallets() -> (id: UUID, user_id: UUID, address: TEXT, public_key: TEXT,
        wallet_type: TEXT, message: TEXT, signature: TEXT, inserter: TEXT) = wallets::get_wallets;
    Public Execute remove_wallet(id: UUID) -> () = wallets::remove_wallet;

    // Credentials
    Public Execute edit_public_notes_as_issuer(public_notes_id: TEXT, public_notes: TEXT) -> ()
        = issuer::edit_public_notes_as_issuer;
    Public Execute remove_credential(id: UUID) -> () = holder::remove_credential;
    Public Execute rescind_shared_credential(credential_id: UUID) -> () = consumer::rescind_shared_credential;
    Public View credential_exist_as_inserter(id: UUID) -> (credential_exist: BOOL)
        = issuer::credential_exist_as_inserter;
    Public View get_sibling_credential_id(content_hash: TEXT) -> (id: UUID) = consumer::get_sibling_credential_id;
    Private View credential_belongs_to_caller(id: UUID) -> (belongs: BOOL) = private;
    Private View credential_exist(id: UUID) -> (credential_exist: BOOL) = private;

    // Attributes
    Public Execute add_attribute_as_inserter(id: UUID, user_id: UUID, attribute_key: TEXT, value: TEXT) -> ()
        = attributes::add_attribute_as_inserter;
    Public Execute add_attribute(id: UUID, attribute_key: TEXT, value: TEXT) -> () = attributes::add_attribute;
    Public View get_attributes() -> (id: UUID, user_id: UUID, attribute_key: TEXT, value: TEXT,
        original_id: UUID) = attributes::get_attributes;
    Public Execute edit_attribute(id: UUID, attribute_key: TEXT, value: TEXT) -> () = attributes::edit_attribute;
    Public Execute remove_attribute(id: UUID) -> () = attributes::remove_attribute;
    Public Execute share_attribute(id: UUID, original_attribute_id: UUID, attribute_key: TEXT, value: TEXT) -> ()
        = attributes::share_attribute;

    // Grants
    Public View dwg_message(owner_wallet_identifier: TEXT, grantee_wallet_identifier: TEXT,
        issuer_public_key: TEXT, id: UUID, access_grant_timelock: TEXT, not_usable_before: TEXT,
        not_usable_after: TEXT) -> (message: TEXT) = issuer::dwg_message;
    Public Execute revoke_access_grant(id: UUID) -> () = grants::revoke_access_grant;
    Public View get_access_grants_owned() -> (id: UUID, ag_owner_user_id: UUID,
        ag_grantee_wallet_identifier: TEXT, data_id: UUID, locked_until: INT, content_hash: TEXT,
        inserter_type: TEXT, inserter_id: TEXT) = grants::get_access_grants_owned;
    Public View get_access_grants_granted(user_id: UUID, page: INT, size: INT) -> (id: UUID,
        ag_owner_user_id: UUID, ag_grantee_wallet_identifier: TEXT, data_id: UUID, locked_until: INT,
        content_hash: TEXT, inserter_type: TEXT, inserter_id: TEXT) = grants::get_access_grants_granted;
    Public View get_access_grants_granted_count(user_id: UUID) -> (count: INT)
        = grants::get_access_grants_granted_count;
    Public View has_locked_access_grants(id: UUID) -> (has: BOOL) = grants::has_locked_access_grants;
    Private Execute create_access_grant(grantee_wallet_identifier: TEXT, data_id: UUID, locked_until: INT,
        content_hash: TEXT, inserter_type: TEXT, inserter_id: TEXT) -> () = private;
    Public View get_access_grants_for_credential(credential_id: UUID) -> (id: UUID, ag_owner_user_id: UUID,
        ag_grantee_wallet_identifier: TEXT, data_id: UUID, locked_until: INT, content_hash: TEXT,
        inserter_type: TEXT, inserter_id: TEXT) = grants::get_access_grants_for_credential;

    // Profiles, gas and fees
    Public View has_profile(address: TEXT) -> (has_profile: BOOL) = wallets::has_profile;
    Public View check_balance(address: TEXT, token: TEXT) -> (balance: AMOUNT) = gas::check_balance;
    Public View get_wallet_with_balance(token: TEXT) -> (wallet_address: TEXT) = gas::get_wallet_with_balance;
    Public Execute request_withdrawal(token: TEXT) -> () = gas::request_withdrawal;
    Private View from_human_units(amount: HUMAN_AMOUNT) -> (new_amount: AMOUNT) = private;
    Public View get_allowance() -> (gas_allowance: AMOUNT) = gas::get_allowance;
    Private Execute update_allowance(amount: AMOUNT) -> () = private;
    Private Execute capture_gas(amount_human: HUMAN_AMOUNT) -> () = private;
    Public Execute action_costing_gas() -> () = gas::action_costing_gas;
    Public Execute action_costing_idos_token(amount: AMOUNT) -> () = gas::action_costing_idos_token;
    Public View get_issuer_fee(credential_id: UUID) -> (issuer_fee: AMOUNT) = gas::get_issuer_fee;
    Private Execute capture_fee(credential_id: UUID) -> () = private;
    Public Execute action_costing_fee(credential_id: UUID) -> () = gas::action_costing_fee;
    Owner Execute request_balance_withdrawal(token: TEXT, evm_address_to: TEXT) -> ()
        = owner::request_balance_withdrawal;
};

/// Those that write contents into rows, and what goes with them: the next schema has none of them.
#[rustfmt::skip]
const CURRENT: &[Action] = actions! {
    Public Execute upsert_credential_as_inserter(id: UUID, user_id: UUID, issuer_auth_public_key: TEXT,
        encryptor_public_key: TEXT, content: TEXT, public_notes: TEXT, public_notes_signature: TEXT,
        broader_signature: TEXT) -> () = issuer::upsert_credential_as_inserter;
    Public Execute add_credential(id: UUID, issuer_auth_public_key: TEXT, encryptor_public_key: TEXT,
        content: TEXT, public_notes: TEXT, public_notes_signature: TEXT, broader_signature: TEXT) -> ()
        = holder::add_credential;
    Public Execute edit_credential(id: UUID, public_notes: TEXT, public_notes_signature: TEXT,
        broader_signature: TEXT, content: TEXT, encryptor_public_key: TEXT, issuer_auth_public_key: TEXT) -> ()
        = holder::edit_credential;
    Public Execute share_credential(id: UUID, original_credential_id: UUID, public_notes: TEXT,
        public_notes_signature: TEXT, broader_signature: TEXT, content: TEXT, content_hash: TEXT,
        encryptor_public_key: TEXT, issuer_auth_public_key: TEXT, grantee_wallet_identifier: TEXT,
        locked_until: INT) -> () = holder::share_credential;
    Public Execute create_credentials_by_dwg(issuer_auth_public_key: TEXT, original_encryptor_public_key: TEXT,
        original_credential_id: UUID, original_content: TEXT, original_public_notes: TEXT,
        original_public_notes_signature: TEXT, original_broader_signature: TEXT,
        copy_encryptor_public_key: TEXT, copy_credential_id: UUID, copy_content: TEXT,
        copy_public_notes_signature: TEXT, copy_broader_signature: TEXT, content_hash: TEXT, dwg_owner: TEXT,
        dwg_grantee: TEXT, dwg_issuer_public_key: TEXT, dwg_id: UUID, dwg_access_grant_timelock: TEXT,
        dwg_not_before: TEXT, dwg_not_after: TEXT, dwg_signature: TEXT) -> ()
        = issuer::create_credentials_by_dwg;
    Public View dag_message(dag_owner_wallet_identifier: TEXT, dag_grantee_wallet_identifier: TEXT,
        dag_data_id: UUID, dag_locked_until: INT, dag_content_hash: TEXT) -> (message: TEXT)
        = grants::dag_message;
    Public Execute create_ag_by_dag_for_copy(dag_owner_wallet_identifier: TEXT,
        dag_grantee_wallet_identifier: TEXT, dag_data_id: UUID, dag_locked_until: INT, dag_content_hash: TEXT,
        dag_signature: TEXT) -> () = grants::create_ag_by_dag_for_copy;
};

/// Views that return other columns in the next schema.
#[rustfmt::skip]
const CURRENT_VIEWS: &[Action] = actions! {
    Public View get_credentials() -> (id: UUID, user_id: UUID, public_notes: TEXT,
        issuer_auth_public_key: TEXT, inserter: TEXT, original_id: UUID) = holder::get_credentials;
    Public View get_credentials_shared_by_user(user_id: UUID, original_issuer_auth_public_key: TEXT)
        -> (id: UUID, user_id: UUID, public_notes: TEXT, encryptor_public_key: TEXT,
        issuer_auth_public_key: TEXT, inserter: TEXT, original_id: UUID)
        = consumer::get_credentials_shared_by_user;
    Public View get_credential_owned(id: UUID) -> (id: UUID, user_id: UUID, public_notes: TEXT,
        content: TEXT, encryptor_public_key: TEXT, issuer_auth_public_key: TEXT, inserter: TEXT)
        = holder::get_credential_owned;
    Public View get_credential_shared(id: UUID) -> (id: UUID, user_id: UUID, public_notes: TEXT,
        content: TEXT, encryptor_public_key: TEXT, issuer_auth_public_key: TEXT, inserter: TEXT)
        = consumer::get_credential_shared;
};

/// Those that write rows which name contents.
#[rustfmt::skip]
const NEXT: &[Action] = actions! {
    Public Execute create_preliminary_credentials_by_dwg(request_id: UUID, issuer_auth_public_key: TEXT,
        original_encryptor_public_key: TEXT, original_id: UUID, original_content_uri: TEXT,
        original_content_size: INT, original_public_notes: TEXT, original_public_notes_signature: TEXT,
        original_broader_signature: TEXT, copy_encryptor_public_key: TEXT, copy_id: UUID,
        copy_content_uri: TEXT, copy_content_size: INT, copy_public_notes_signature: TEXT,
        copy_broader_signature: TEXT, content_hash: TEXT, dwg_owner: TEXT, dwg_grantee: TEXT,
        dwg_issuer_public_key: TEXT, dwg_id: UUID, dwg_access_grant_timelock: TEXT, dwg_not_before: TEXT,
        dwg_not_after: TEXT, dwg_signature: TEXT) -> () = preliminary::create_preliminary_credentials_by_dwg;
    Public Execute create_preliminary_credential(request_id: UUID, credential_id: UUID,
        issuer_auth_public_key: TEXT, encryptor_public_key: TEXT, content_uri: TEXT, content_size: INT,
        content_hash: TEXT, public_notes: TEXT, public_notes_signature: TEXT, broader_signature: TEXT) -> ()
        = preliminary::create_preliminary_credential;
    Public Execute share_preliminary_credential(request_id: UUID, copy_id: UUID, original_id: UUID,
        public_notes: TEXT, public_notes_signature: TEXT, broader_signature: TEXT, content_uri: TEXT,
        content_size: INT, content_hash: TEXT, encryptor_public_key: TEXT, issuer_auth_public_key: TEXT,
        grantee_wallet_identifier: TEXT, locked_until: INT) -> () = preliminary::share_preliminary_credential;
};

/// The views of the next schema that return where contents are, or who wrote a row in another way.
#[rustfmt::skip]
const NEXT_VIEWS: &[Action] = actions! {
    Public View get_credentials() -> (id: UUID, user_id: UUID, public_notes: TEXT, content_uri: TEXT,
        content_size: INT, issuer_auth_public_key: TEXT, inserter_type: TEXT, inserter_id: TEXT,
        original_id: UUID) = holder::get_credentials;
    Public View get_credentials_shared_by_user(user_id: UUID, original_issuer_auth_public_key: TEXT)
        -> (id: UUID, user_id: UUID, public_notes: TEXT, encryptor_public_key: TEXT,
        issuer_auth_public_key: TEXT, inserter_type: TEXT, inserter_id: TEXT, original_id: UUID)
        = consumer::get_credentials_shared_by_user;
    Public View get_credential_owned(id: UUID) -> (id: UUID, user_id: UUID, public_notes: TEXT,
        content: TEXT, content_uri: TEXT, content_size: INT, encryptor_public_key: TEXT,
        issuer_auth_public_key: TEXT, inserter_type: TEXT, inserter_id: TEXT) = holder::get_credential_owned;
    Public View get_credential_shared(id: UUID) -> (id: UUID, user_id: UUID, public_notes: TEXT,
        content: TEXT, content_uri: TEXT, content_size: INT, encryptor_public_key: TEXT,
        issuer_auth_public_key: TEXT, inserter_type: TEXT, inserter_id: TEXT)
        = consumer::get_credential_shared;
};
