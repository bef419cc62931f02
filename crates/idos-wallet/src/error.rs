//! Why a proof or a signature is refused. Texts name the field, never its value.

use std::fmt;

/// The part of a proof, or of a signed transaction, that an error is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Field {
    /// `address` of a wallet.
    Address,
    /// `public_key` of a wallet.
    PublicKey,
    /// `message` that was signed.
    Message,
    /// `signature`, of a proof or of a transaction.
    Signature,
    /// The identifier of a known wallet: its address, or its key where the address says nothing.
    Identifier,
    /// `sender` of a transaction, gateway login or view call.
    Sender,
}

impl Field {
    /// The name of the field as the idOS actions and the RPC methods call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Field::Address => "address",
            Field::PublicKey => "public_key",
            Field::Message => "message",
            Field::Signature => "signature",
            Field::Identifier => "identifier",
            Field::Sender => "sender",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a wallet's signature is not accepted as its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProof {
    /// The field is longer than any honest one.
    #[error("{field} is longer than {max} bytes")]
    TooLong {
        /// Which field.
        field: Field,
        /// The most bytes that are looked at.
        max: usize,
    },
    /// The field is needed and is absent or empty.
    #[error("{field} is missing")]
    Missing {
        /// Which field.
        field: Field,
    },
    /// The field is not written in the form that this wallet type uses.
    #[error("{field} is not {expected}")]
    Malformed {
        /// Which field.
        field: Field,
        /// What it should have been.
        expected: &'static str,
    },
    /// The key is of low order: signatures can be made for it without any secret.
    #[error("{field} is a key of low order, which proves nothing")]
    WeakKey {
        /// Which field.
        field: Field,
    },
    /// The address, or the identifier, is not that of the key.
    #[error("{field} does not belong to the public key")]
    NotOfThisKey {
        /// Which field.
        field: Field,
    },
    /// Everything is well formed, but this wallet did not sign this message.
    #[error("signature is not this wallet's over this message")]
    WrongSignature,
}

impl InvalidProof {
    /// The field that is to blame.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            InvalidProof::TooLong { field, .. }
            | InvalidProof::Missing { field }
            | InvalidProof::Malformed { field, .. }
            | InvalidProof::WeakKey { field }
            | InvalidProof::NotOfThisKey { field } => *field,
            InvalidProof::WrongSignature => Field::Signature,
        }
    }

    /// `fault`, where `key_field` is the field that the key was read from.
    pub(crate) const fn from_fault(fault: Fault, key_field: Field) -> InvalidProof {
        match fault {
            Fault::Key(expected) => InvalidProof::Malformed { field: key_field, expected },
            Fault::WeakKey => InvalidProof::WeakKey { field: key_field },
            Fault::Signature(expected) => InvalidProof::Malformed { field: Field::Signature, expected },
            Fault::Wrong => InvalidProof::WrongSignature,
        }
    }
}

/// Why the signature of a transaction, or of a gateway login, is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSignature {
    /// The sender or the signature does not have the form of this signature type.
    #[error("{field} is not {expected}")]
    Malformed {
        /// Which field.
        field: Field,
        /// What it should have been.
        expected: &'static str,
    },
    /// The sender's key is of low order: signatures can be made for it without any secret.
    #[error("sender is a key of low order, which proves nothing")]
    WeakKey,
    /// Everything is well formed, but this sender did not sign this text.
    #[error("signature is not this sender's over this text")]
    Wrong,
}

impl InvalidSignature {
    /// The field that is to blame.
    #[must_use]
    pub const fn field(&self) -> Field {
        match self {
            InvalidSignature::Malformed { field, .. } => *field,
            InvalidSignature::WeakKey => Field::Sender,
            InvalidSignature::Wrong => Field::Signature,
        }
    }
}

impl From<Fault> for InvalidSignature {
    fn from(fault: Fault) -> InvalidSignature {
        match fault {
            Fault::Key(expected) => InvalidSignature::Malformed { field: Field::Sender, expected },
            Fault::WeakKey => InvalidSignature::WeakKey,
            Fault::Signature(expected) => InvalidSignature::Malformed { field: Field::Signature, expected },
            Fault::Wrong => InvalidSignature::Wrong,
        }
    }
}

/// What a signature scheme finds wrong, before it is known which field the key came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The key is not what is named here.
    Key(&'static str),
    WeakKey,
    /// The signature is not what is named here.
    Signature(&'static str),
    Wrong,
}
