//! The actions and views of the idOS schema, with typed arguments and typed rows.
//!
//! An action changes something and goes into a transaction; a view answers at once. Their arguments are the
//! fields of a struct in the order of the schema. `uuid` and `text` are different things to a node, even where a
//! text holds a UUID.

mod consumer;
mod holder;
mod issuer;
mod owner;
mod parameters;
mod rows;
mod views;

use crate::encoding::{Scalar, Value};

pub use consumer::{CreateAgByDagForCopy, RescindSharedCredential};
pub use holder::{
    AddAttribute, AddCredential, AddWallet, CreatePreliminaryCredential, EditAttribute, EditCredential,
    RemoveAttribute, RemoveCredential, RemoveWallet, RevokeAccessGrant, ShareAttribute, ShareCredential,
    SharePreliminaryCredential,
};
pub use issuer::{
    AddAttributeAsInserter, AddUserAsInserter, CopyToWrite, CreateCredentialsByDwg,
    CreatePreliminaryCredentialsByDwg, EditPublicNotesAsIssuer, NamedContent, OriginalToWrite, RowToAnnounce,
    UpdateUserPubKeyAsInserter, UpsertCredentialAsInserter, UpsertWalletAsInserter,
};
pub use owner::{AddDelegateAsOwner, AddInserterAsOwner, DeleteDelegateAsOwner, DeleteInserterAsOwner};
pub use parameters::{PasswordStore, UnknownPasswordStore};
pub use rows::{
    AccessGrant, Amount, Attribute, Column, Content, Credential, CredentialSummary, FromRow, MalformedRow,
    Row, SharedCredential, SharedCredentialSummary, User, UserRecord, Wallet, WrittenBy,
};
pub use views::{
    CredentialExistAsInserter, DagMessage, DwgMessage, GetAccessGrantsForCredential, GetAccessGrantsGranted,
    GetAccessGrantsGrantedCount, GetAccessGrantsOwned, GetAllowance, GetAttributes, GetCredentialOwned,
    GetCredentialShared, GetCredentials, GetCredentialsSharedByUser, GetIssuerFee, GetSiblingCredentialId,
    GetUser, GetUserAsInserter, GetWallets, HasLockedAccessGrants, HasProfile,
};

/// An action that changes something, and is therefore a transaction.
pub trait Action {
    /// The action's name in the schema.
    const NAME: &'static str;
    /// The text that a wallet shows and the signature covers: what the official SDK uses, to the last blank.
    const DESCRIPTION: &'static str;
    /// Names and types of the parameters, in order. Any of them may be given as null.
    const PARAMETERS: &'static [(&'static str, Scalar)];

    /// The arguments, in the order of the parameters.
    fn arguments(&self) -> Vec<Value<'_>>;
}

/// An action that only reads.
pub trait View {
    /// The view's name in the schema.
    const NAME: &'static str;
    /// Names and types of the parameters, in order. Any of them may be given as null.
    const PARAMETERS: &'static [(&'static str, Scalar)];
    /// One row of the answer.
    type Row: FromRow;

    /// The arguments, in the order of the parameters.
    fn arguments(&self) -> Vec<Value<'_>>;
}
