//! The issuer's keys: made or imported, kept in files that only their owner may read, loaded.

mod files;
mod import;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use idos_credential::key::{KeyError, seed_to_multibase};
use idos_credential::secret_key::{Curve, SecretKey, SecretKeyError, read_bytes};
use idos_credential::{EncryptionSecret, IssuerKey, WriteKey};
use rand::RngCore as _;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use self::files::Over;
use crate::config::KeyFiles;
use crate::secret_file::{self, SecretFileError};

pub use import::{Imported, Use, import};

/// All keys of an issuer. Wiped on drop.
pub struct Keys {
    /// Signs credentials.
    pub signing: IssuerKey,
    /// Sign rows of credentials and transactions. There is at least one; the first is who the issuer is as a grantee.
    pub write: Vec<WriteKeyPair>,
    /// Opens the issuer's own copies.
    pub encryption: EncryptionSecret,
}

/// A key that writes to the node: it signs rows of credentials, and transactions.
#[derive(Clone)]
pub struct WriteKeyPair {
    /// Signs rows.
    pub rows: WriteKey,
    /// The seed of the same key, which also signs transactions.
    pub seed: Zeroizing<[u8; 32]>,
}

impl WriteKeyPair {
    /// From the seed of RFC 8032.
    #[must_use]
    pub fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        Self { rows: WriteKey::from_seed(&seed), seed }
    }
}

/// Why keys could not be made or loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file is there already.
    #[error("{0} is there already; keys are never overwritten")]
    Exists(PathBuf),
    /// One file for keys of two kinds.
    #[error("{0} is named for two keys that cannot be one: only the signing key may also write")]
    TwoUses(PathBuf),
    /// A file cannot be written.
    #[error("{0} cannot be written")]
    File(PathBuf, #[source] std::io::Error),
    /// A file is not there.
    #[error(
        "{0} is not there (idos-issuer keys generate makes it, keys import puts a key there that you have)"
    )]
    Missing(PathBuf),
    /// A file that cannot be read, or must not be.
    #[error(transparent)]
    Secret(SecretFileError),
    /// Not a key of the right kind.
    #[error("{0} is no {1} key: it {2}")]
    Key(PathBuf, Curve, #[source] SecretKeyError),
    /// Not a vault key.
    #[error("{0} is no vault key, which is 32 bytes in base64 or hex: it {1}")]
    Vault(PathBuf, #[source] SecretKeyError),
    /// Another key is where one is to be put.
    #[error(
        "{file} holds another key, whose public half is {public}. Nothing was written. To give that key up for the new \
         one: --replace {public}"
    )]
    Occupied {
        /// The file.
        file: PathBuf,
        /// The public half of the key that is there.
        public: String,
    },
    /// What is where a key is to be put is none.
    #[error("{0} is there already, and not as a key that could be replaced by name: move it away first")]
    InTheWay(PathBuf, #[source] Box<KeysError>),
    /// A key was to be replaced that is not there.
    #[error("{0} does not hold the key that --replace names. Nothing was written")]
    OtherThanNamed(PathBuf),
    /// An issuer's URL that is none.
    #[error("the issuer's URL {0}")]
    Issuer(#[source] KeyError),
}

impl From<SecretFileError> for KeysError {
    fn from(error: SecretFileError) -> Self {
        match error {
            SecretFileError::Missing(path) => Self::Missing(path),
            error => Self::Secret(error),
        }
    }
}

impl Keys {
    /// Fresh keys that are nowhere stored.
    pub fn ephemeral(issuer_url: Option<&str>) -> Result<Self, KeysError> {
        Self::of(issuer_url, &random(), vec![random()], EncryptionSecret::from_bytes(*random()))
    }

    /// Under which name, and with which key, credentials are signed. It is recorded, and a start with another one is
    /// refused.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("{} {}", self.signing.id(), self.signing.verification_key().to_multibase())
    }

    /// The key that comes first: the issuer's identity.
    ///
    /// # Panics
    ///
    /// Never for keys of this module: there is at least one.
    #[expect(clippy::expect_used, reason = "configuration and `ephemeral` give at least one")]
    #[must_use]
    pub fn first(&self) -> &WriteKeyPair {
        self.write.first().expect("at least one write key")
    }

    /// Loads the keys of a deployment.
    pub fn load(files: &KeyFiles, issuer_url: Option<&str>) -> Result<Self, KeysError> {
        let seed = |path: &PathBuf| Ok::<_, KeysError>(load_key(Curve::Ed25519, path)?.into_bytes());
        let signing = seed(&files.signing)?;
        let write = files.write.iter().map(seed).collect::<Result<_, _>>()?;
        Self::of(issuer_url, &signing, write, load_encryption_secret(&files.encryption)?)
    }

    /// What is wrong with each file, where [`load`](Self::load) says only what is wrong with the first one.
    #[must_use]
    pub fn faults(files: &KeyFiles) -> Vec<KeysError> {
        let ed25519 = std::iter::once(&files.signing).chain(&files.write);
        let all = ed25519.map(|path| (Curve::Ed25519, path)).chain([(Curve::X25519, &files.encryption)]);
        // The signing key may also write.
        let mut seen = BTreeSet::new();
        all.filter(|(_, path)| seen.insert(*path))
            .filter_map(|(curve, path)| load_key(curve, path).err())
            .collect()
    }

    fn of(
        issuer_url: Option<&str>,
        signing: &[u8; 32],
        write: Vec<Zeroizing<[u8; 32]>>,
        encryption: EncryptionSecret,
    ) -> Result<Self, KeysError> {
        let signing = match issuer_url {
            Some(url) => IssuerKey::of_url(url, signing).map_err(KeysError::Issuer)?,
            None => IssuerKey::of_did_key(signing),
        };
        Ok(Self { signing, write: write.into_iter().map(WriteKeyPair::from_seed).collect(), encryption })
    }

    /// Makes fresh keys and stores them: all of them, or none where a file is there already. A file that is named twice,
    /// such as where the signing key also writes, is made once.
    pub fn generate(files: &KeyFiles) -> Result<(), KeysError> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;

        let ed25519 = [&files.signing].into_iter().chain(&files.write).map(|path| (path, true));
        let random_bytes = [&files.encryption].into_iter().chain(&files.vault).map(|path| (path, false));
        let mut all: Vec<(&PathBuf, bool)> = Vec::new();
        for (path, is_ed25519) in ed25519.chain(random_bytes) {
            match all.iter().find(|(there, _)| *there == path) {
                None => all.push((path, is_ed25519)),
                Some((_, other)) if *other == is_ed25519 && is_ed25519 => {}
                Some(_) => return Err(KeysError::TwoUses(path.clone())),
            }
        }
        if let Some((there, _)) = all.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
            return Err(KeysError::Exists((*there).clone()));
        }
        for (made, (path, is_ed25519)) in all.iter().enumerate() {
            let secret = if *is_ed25519 {
                seed_to_multibase(&random())
            } else {
                Zeroizing::new(STANDARD.encode(random().as_slice()))
            };
            if let Err(error) = files::write(path, &secret, Over::Nothing) {
                for (path, _) in all.iter().take(made) {
                    let _ = std::fs::remove_file(path); // made a moment ago, by us
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Loads a key of this curve, in any of the spellings of [`idos_credential::secret_key`].
pub fn load_key(curve: Curve, path: &Path) -> Result<SecretKey, KeysError> {
    SecretKey::read(curve, &secret_file::read(path)?)
        .map_err(|error| KeysError::Key(path.to_owned(), curve, error))
}

/// Loads an X25519 secret, in any of those spellings.
pub fn load_encryption_secret(path: &Path) -> Result<EncryptionSecret, KeysError> {
    Ok(EncryptionSecret::from_bytes(*load_key(Curve::X25519, path)?.into_bytes()))
}

/// Loads vault keys: 32 bytes in base64 or hex each.
pub fn load_vault_keys(files: &[PathBuf]) -> Result<Vec<Zeroizing<[u8; 32]>>, KeysError> {
    let load = |path: &PathBuf| {
        read_bytes(&secret_file::read(path)?).map_err(|error| KeysError::Vault(path.clone(), error))
    };
    files.iter().map(load).collect()
}

/// Stores a secret that is a text, in a file that only its owner may read. Never overwrites one.
pub fn store_text(path: &Path, text: &str) -> Result<(), KeysError> {
    files::write(path, text, Over::Nothing)
}

/// Loads a secret that is a text, such as a webhook's.
pub fn load_text(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    Ok(secret_file::read(path)?)
}

fn random() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(bytes.as_mut_slice());
    bytes
}
