//! The issuer's keys: made, kept in files that only their owner may read, loaded.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use idos_credential::key::{KeyError, read_seed, seed_to_multibase};
use idos_credential::sealing::SealError;
use idos_credential::{EncryptionSecret, IssuerKey, WriteKey};
use rand::RngCore as _;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use crate::config::KeyFiles;

/// Longest key file that is read, in bytes.
const MAX_BYTES: u64 = 4096;

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
    /// A file cannot be read or written.
    #[error("{0} cannot be read or written")]
    File(PathBuf, #[source] std::io::Error),
    /// A file is not there.
    #[error("{0} is not there (idos-issuer keys generate makes it)")]
    Missing(PathBuf),
    /// Not a file, but a folder, pipe or device.
    #[error("{0} is not a file")]
    NotAFile(PathBuf),
    /// A secret that others can read.
    #[error("{0} can be read by others than its owner (chmod 600 {0})")]
    Open(PathBuf),
    /// Not a key of the right kind.
    #[error("{0} is no key: it {1}")]
    Key(PathBuf, #[source] KeyError),
    /// Not an X25519 secret.
    #[error("{0} is no key: {1}")]
    Encryption(PathBuf, #[source] SealError),
    /// Not a vault key.
    #[error("{0} is no vault key: it must be 32 bytes in base64")]
    Vault(PathBuf),
    /// An issuer's URL that is none.
    #[error("the issuer's URL {0}")]
    Issuer(#[source] KeyError),
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
        let seed =
            |path: &Path| read_seed(&read_secret(path)?).map_err(|e| KeysError::Key(path.to_owned(), e));
        let signing = seed(&files.signing)?;
        let write = files.write.iter().map(|path| seed(path)).collect::<Result<_, _>>()?;
        Self::of(issuer_url, &signing, write, load_encryption_secret(&files.encryption)?)
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

    /// Makes fresh keys and stores them: all of them, or none where a file is there already.
    pub fn generate(files: &KeyFiles) -> Result<(), KeysError> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;

        let ed25519 = [&files.signing].into_iter().chain(&files.write).map(|path| (path, true));
        let random_bytes = [&files.encryption].into_iter().chain(&files.vault).map(|path| (path, false));
        let all: Vec<_> = ed25519.chain(random_bytes).collect();
        if let Some((there, _)) = all.iter().find(|(path, _)| path.exists()) {
            return Err(KeysError::Exists((*there).clone()));
        }
        for (made, (path, is_ed25519)) in all.iter().enumerate() {
            let secret = if *is_ed25519 {
                seed_to_multibase(&random())
            } else {
                Zeroizing::new(STANDARD.encode(random().as_slice()))
            };
            if let Err(error) = write_secret(path, &secret) {
                for (path, _) in all.iter().take(made) {
                    let _ = std::fs::remove_file(path); // made a moment ago, by us
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Loads an X25519 secret: 32 bytes in base64.
pub fn load_encryption_secret(path: &Path) -> Result<EncryptionSecret, KeysError> {
    EncryptionSecret::from_base64(read_secret(path)?.trim())
        .map_err(|e| KeysError::Encryption(path.to_owned(), e))
}

/// Loads vault keys: 32 bytes in base64 each.
pub fn load_vault_keys(files: &[PathBuf]) -> Result<Vec<Zeroizing<[u8; 32]>>, KeysError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let load = |path: &PathBuf| {
        let text = read_secret(path)?;
        let mut key = Zeroizing::new([0; 32]);
        match STANDARD.decode_slice(text.trim(), key.as_mut_slice()) {
            Ok(32) => Ok(key),
            _ => Err(KeysError::Vault(path.clone())),
        }
    };
    files.iter().map(load).collect()
}

/// Stores a secret that is a text, in a file that only its owner may read. Never overwrites one.
pub fn store_text(path: &Path, text: &str) -> Result<(), KeysError> {
    write_secret(path, text)
}

/// Loads a secret that is a text, such as a webhook's.
pub fn load_text(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    Ok(Zeroizing::new(read_secret(path)?.trim().to_owned()))
}

fn random() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(bytes.as_mut_slice());
    bytes
}

fn read_secret(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let error = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => KeysError::Missing(path.to_owned()),
        _ => KeysError::File(path.to_owned(), e),
    };
    // Opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(error)?.is_file() {
        return Err(KeysError::NotAFile(path.to_owned()));
    }
    let file = std::fs::File::open(path).map_err(error)?;
    if is_open_to_others(&file.metadata().map_err(error)?) {
        return Err(KeysError::Open(path.to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(error)?;
    Ok(text)
}

fn write_secret(path: &Path, secret: &str) -> Result<(), KeysError> {
    let error = |e| KeysError::File(path.to_owned(), e);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(error)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(error)?;
    file.write_all(secret.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(error)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}
