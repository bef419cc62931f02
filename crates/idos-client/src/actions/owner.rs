//! What only the owner of the schema writes: who may issue.

use uuid::Uuid;

use super::parameters::action;

action! {
    /// Registers an organisation that may write.
    AddInserterAsOwner<'a>, "add_inserter_as_owner", "Add inserter as owner" {
        /// The inserter's id.
        id: Uuid,
        /// The inserter's name, which its rows carry.
        name: &'a str,
    }
}

action! {
    /// Takes the right to write from an organisation and all its keys.
    DeleteInserterAsOwner, "delete_inserter_as_owner", "Delete inserter as owner" {
        /// The inserter's id.
        id: Uuid,
    }
}

action! {
    /// Registers a signing key of an organisation.
    AddDelegateAsOwner<'a>, "add_delegate_as_owner", "Add a delegate as owner" {
        /// The key as `@caller`; stored in lower case.
        address: &'a str,
        /// The inserter's id.
        inserter_id: Uuid,
    }
}

action! {
    /// Takes a signing key from an organisation.
    DeleteDelegateAsOwner<'a>, "delete_delegate_as_owner", "Delete a delegate from idOS" {
        /// The key in lower case; unlike when adding, the schema does not lower it.
        address: &'a str,
    }
}
