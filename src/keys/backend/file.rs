//! Keys from files that only their owner may read. The seed is in the memory of this process, and leaves this module in no form
//! but signatures.

use std::path::Path;

use idos_credential::secret_key::Curve;
use idos_credential::{Encrypted, NotesSigned, SealedCredential, VerificationKey, WriteKey, WrongSignature};

use super::super::{KeysError, load_key};
use super::NotSigned;
use crate::cores::{MOMENTARY, aside};

/// A key in memory. Wiped on drop.
#[derive(Clone)]
pub(crate) struct InMemory(WriteKey);

impl InMemory {
    pub(super) fn read(path: &Path) -> Result<Self, KeysError> {
        Ok(Self::from_seed(&load_key(Curve::Ed25519, path)?.into_bytes()))
    }

    /// From the seed of RFC 8032.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(WriteKey::from_seed(seed))
    }

    pub(super) fn public(&self) -> VerificationKey {
        self.0.verification_key()
    }

    pub(super) async fn sign(&self, message: &[u8]) -> Result<[u8; 64], NotSigned> {
        if message.len() <= MOMENTARY {
            return Ok(self.0.sign(message));
        }
        // Ed25519 hashes all of it twice.
        let (key, message) = (self.0.clone(), message.to_vec());
        Ok(tokio::task::spawn_blocking(move || key.sign(&message)).await?)
    }

    /// Signs notes and rows, as [`sign_rows`](Self::sign_rows) does.
    pub(super) async fn seal(
        &self,
        encrypted: Encrypted,
    ) -> Result<Result<SealedCredential, WrongSignature>, NotSigned> {
        let (key, bytes) = (self.0.clone(), encrypted.content_len());
        Ok(aside(bytes, move || encrypted.sign_with(&key)).await?)
    }

    /// Signs rows where they are, so that no content is copied, on a thread for it if they are long. The signatures are not
    /// checked: the key is here, and whoever reads a row back later checks it ([`idos_credential::stored`]).
    pub(super) async fn sign_rows(
        &self,
        rows: NotesSigned,
    ) -> Result<Result<SealedCredential, WrongSignature>, NotSigned> {
        let (key, bytes) = (self.0.clone(), rows.content_len());
        Ok(aside(bytes, move || rows.sign_with(&key)).await?)
    }
}
