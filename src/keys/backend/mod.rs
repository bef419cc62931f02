//! Where keys are that sign: the one list of the kinds of places. A further kind is a file beside this one, and an arm in each
//! of the functions below.

mod file;

use std::path::Path;

use idos_credential::{Encrypted, NotesSigned, SealedCredential, VerificationKey, WrongSignature};

use super::KeysError;

pub(super) use file::InMemory;

/// Why a key did not sign. Never repeats what it was to sign.
pub(super) type NotSigned = Box<dyn std::error::Error + Send + Sync>;

/// An Ed25519 key, wherever it is.
pub(super) enum Backend {
    /// In this process, from a file.
    InMemory(InMemory),
}

impl Backend {
    /// The key of a file.
    pub(super) fn of_file(path: &Path) -> Result<Self, KeysError> {
        Ok(Self::InMemory(InMemory::read(path)?))
    }

    /// The public half.
    pub(super) fn public(&self) -> VerificationKey {
        match self {
            Self::InMemory(key) => key.public(),
        }
    }

    /// Signs a message of any length (RFC 8032, 5.1.6).
    pub(super) async fn sign(&self, message: &[u8]) -> Result<[u8; 64], NotSigned> {
        match self {
            Self::InMemory(key) => key.sign(message).await,
        }
    }

    /// Signs the notes and the rows of a credential, whose contents may have megabytes. A kind that asks elsewhere has the signatures
    /// checked ([`Encrypted::signed`], [`NotesSigned::signed`]): what comes back may be nonsense.
    pub(super) async fn seal(
        &self,
        encrypted: Encrypted,
    ) -> Result<Result<SealedCredential, WrongSignature>, NotSigned> {
        match self {
            Self::InMemory(key) => key.seal(encrypted).await,
        }
    }

    /// Signs the rows of a credential where the notes are signed already, whose contents may have megabytes. A kind that asks elsewhere has the signatures checked
    /// ([`NotesSigned::signed`]): what comes back may be nonsense.
    pub(super) async fn sign_rows(
        &self,
        rows: NotesSigned,
    ) -> Result<Result<SealedCredential, WrongSignature>, NotSigned> {
        match self {
            Self::InMemory(key) => key.sign_rows(rows).await,
        }
    }
}
