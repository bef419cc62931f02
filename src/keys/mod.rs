//! The issuer's keys: made or imported, and the port to what signs with them ([`Key`]). No secret half leaves this module, but
//! for the key that opens the issuer's own copies.

mod backend;
mod files;
mod import;
mod key;
mod listed;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use idos_credential::key::{KeyError, seed_to_multibase};
use idos_credential::secret_key::{Curve, SecretKey, SecretKeyError, read_bytes};
use idos_credential::{EncryptionSecret, VerificationKey, VerificationMethod};
use rand::RngCore as _;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use self::files::Over;
use crate::config::{KeyEntry, KeyFiles};
use crate::model::time::Timestamp;
use crate::secret_file::{self, SecretFileError};

pub use import::{Imported, Use, import};
pub use key::Key;
pub use listed::{SigningKey, Validity, WriteKey};

/// All keys of an issuer.
pub struct Keys {
    /// Sign credentials. There is at least one.
    pub signing: Vec<SigningKey>,
    /// Sign rows of credentials and transactions. There is at least one; the first is who the issuer is as a grantee.
    pub write: Vec<WriteKey>,
    /// Opens the issuer's own copies. Wiped on drop.
    pub encryption: EncryptionSecret,
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
    /// No key signs credentials at this time.
    #[error("none of keys.signing is valid now")]
    NoneValid,
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
        let key = Key::from_seed(&random());
        let method = method(issuer_url, KeyEntry::FIRST, key.public())?;
        Ok(Self {
            signing: vec![SigningKey { method, validity: Validity::default(), key }],
            write: vec![WriteKey::new(Key::from_seed(&random()))],
            encryption: EncryptionSecret::from_bytes(*random()),
        })
    }

    /// Loads the keys of a deployment.
    pub fn load(files: &KeyFiles, issuer_url: Option<&str>) -> Result<Self, KeysError> {
        let signing = |(place, entry): (usize, &KeyEntry)| {
            let key = Key::of_file(&entry.file)?;
            let method = method(issuer_url, &entry.name_at(place), key.public())?;
            Ok::<_, KeysError>(SigningKey { method, validity: entry.into(), key })
        };
        let write = |entry: &KeyEntry| {
            Ok::<_, KeysError>(WriteKey { validity: entry.into(), key: Key::of_file(&entry.file)? })
        };
        Ok(Self {
            signing: files.signing.iter().enumerate().map(signing).collect::<Result<_, _>>()?,
            write: files.write.iter().map(write).collect::<Result<_, _>>()?,
            encryption: load_encryption_secret(&files.encryption)?,
        })
    }

    /// Under which names, and with which keys, credentials are signed: a line for each, in the order of the names. It is
    /// recorded, and a start with others is refused.
    #[must_use]
    pub fn identity(&self) -> String {
        let line = |key: &SigningKey| format!("{} {}", key.method.id(), key.method.key().to_multibase());
        let lines: BTreeSet<_> = self.signing.iter().map(line).collect();
        lines.into_iter().collect::<Vec<_>>().join("\n")
    }

    /// The key that signs credentials at this time: of those that are valid, the one that came last.
    pub fn signing_at(&self, now: Timestamp) -> Result<&SigningKey, KeysError> {
        listed::current(&self.signing, now).ok_or(KeysError::NoneValid)
    }

    /// The public halves of all keys that sign credentials, or did.
    #[must_use]
    pub fn signing_public(&self) -> Vec<VerificationKey> {
        self.signing.iter().map(|key| key.method.key()).collect()
    }

    /// Who the credentials say that issues them: the same for all keys of an issuer with a URL.
    #[must_use]
    pub fn controller(&self) -> &str {
        self.signing.first().map_or("", |key| key.method.controller())
    }

    /// The write key that comes first: the issuer's identity.
    ///
    /// # Panics
    ///
    /// Never for keys of this module: there is at least one.
    #[expect(clippy::expect_used, reason = "configuration and `ephemeral` give at least one")]
    #[must_use]
    pub fn first(&self) -> &Key {
        &self.write.first().expect("at least one write key").key
    }

    /// What is wrong with each file, where [`load`](Self::load) says only what is wrong with the first one.
    #[must_use]
    pub fn faults(files: &KeyFiles) -> Vec<KeysError> {
        let all =
            files.ed25519().map(|path| (Curve::Ed25519, path)).chain([(Curve::X25519, &files.encryption)]);
        // The signing key may also write.
        let mut seen = BTreeSet::new();
        all.filter(|(_, path)| seen.insert(*path))
            .filter_map(|(curve, path)| load_key(curve, path).err())
            .collect()
    }

    /// Makes fresh keys and stores them: all of them, or none where a file is there already. A file that is named twice,
    /// such as where the signing key also writes, is made once.
    pub fn generate(files: &KeyFiles) -> Result<(), KeysError> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;

        let ed25519 = files.ed25519().map(|path| (path, true));
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

/// The name of a signing key in credentials: below the issuer's URL (`<issuer>/keys/<name>` of `<issuer>/issuers/1`, as the
/// official SDK names its one key), or its `did:key`.
fn method(
    issuer_url: Option<&str>,
    name: &str,
    key: VerificationKey,
) -> Result<VerificationMethod, KeysError> {
    let Some(url) = issuer_url else { return Ok(VerificationMethod::of_did_key(key)) };
    let url = url.trim_end_matches('/');
    let method = VerificationMethod::new(format!("{url}/keys/{name}"), format!("{url}/issuers/1"), key);
    method.map_err(KeysError::Issuer)
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
