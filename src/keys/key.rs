//! The port to whatever signs: a key by its public half, wherever the secret one is.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use idos_client::{RemoteKey, SignError, Signer, Signing};
use idos_credential::{Encrypted, NotesSigned, SealedCredential, VerificationKey};

use super::KeysError;
use super::backend::{Backend, InMemory, NotSigned};

/// An Ed25519 key that signs. Clones share it; `Debug` shows the public half.
#[derive(Clone)]
pub struct Key(Arc<Backend>);

impl Key {
    /// The key of a file.
    pub fn of_file(path: &Path) -> Result<Self, KeysError> {
        Ok(Self(Arc::new(Backend::of_file(path)?)))
    }

    /// A key in memory, from the seed of RFC 8032.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Arc::new(Backend::InMemory(InMemory::from_seed(seed))))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> VerificationKey {
        self.0.public()
    }

    /// The public half as idOS writes it: lower-case hex. As a write key's, it is the delegate's address, and names the lane
    /// that sends its transactions.
    #[must_use]
    pub fn public_hex(&self) -> String {
        hex::encode(self.public().to_bytes())
    }

    /// Signs a message. What comes back is checked, whoever signed: a signature that does not hold never leaves.
    pub async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature = self.sign_unchecked(message).await?;
        if self.public().verifies(message, &signature) { Ok(signature) } else { Err(self.wrong()) }
    }

    /// Signs the notes and the rows of an encrypted credential, and has what comes from elsewhere checked.
    pub async fn seal(&self, encrypted: Encrypted) -> Result<SealedCredential, SignError> {
        let sealed = self.0.seal(encrypted).await.map_err(|source| self.failed(source))?;
        sealed.map_err(|_| self.wrong())
    }

    /// The same where the notes are signed already.
    pub async fn seal_rows(&self, encrypted: NotesSigned) -> Result<SealedCredential, SignError> {
        let rows = self.0.sign_rows(encrypted).await.map_err(|source| self.failed(source))?;
        rows.map_err(|_| self.wrong())
    }

    pub(super) async fn sign_unchecked(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.0.sign(message).await.map_err(|source| self.failed(source))
    }

    pub(super) fn wrong(&self) -> SignError {
        self.failed("what came back is not its signature".into())
    }

    pub(super) fn failed(&self, source: NotSigned) -> SignError {
        SignError { key: self.public_hex(), source }
    }

    /// The key as the client of the node has it: who sends transactions and asks questions.
    #[must_use]
    pub fn signer(&self) -> Signer {
        Signer::Remote(Arc::new(self.clone()))
    }
}

impl RemoteKey for Key {
    fn public_key(&self) -> [u8; 32] {
        self.public().to_bytes()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        Box::pin(Self::sign(self, message))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.public_hex())
    }
}
