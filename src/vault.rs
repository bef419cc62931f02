//! The vault: what has to wait, or has to be kept, lies locked.
//!
//! Each record is locked under a key of its own (XChaCha20-Poly1305), and that key under the vault's: whoever deletes
//! the record deletes its key. The place of a record (table and id) is authenticated, so that a row cannot be put in
//! another's place. Look-ups go by keyed hashes.
//!
//! Several vault keys may be there at once: the first locks, all of them unlock. That is how they are rotated.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Bytes of a nonce.
const NONCE: usize = 24;

/// Locks, unlocks, and makes keyed hashes.
pub struct Vault {
    keys: Vec<VaultKey>,
}

struct VaultKey {
    id: String,
    lock: XChaCha20Poly1305,
    index: Zeroizing<[u8; 32]>,
    fingerprint: Zeroizing<[u8; 32]>,
}

/// A kind of record that is kept locked. What was locked for one kind, and for one id, opens for no other.
pub trait Locked: Sized {
    /// The kind's name, which stands before the id of what the record belongs to.
    const PLACE: &'static str;

    /// The bytes that are locked.
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError>;

    /// The record, from what was unlocked; [`VaultError::Damaged`] if it is none.
    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError>;
}

/// The JSON of a record, as it is locked.
pub fn to_json(record: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    serde_json::to_vec(record).map(Zeroizing::new).map_err(|_| VaultError::Damaged)
}

/// A record from its JSON.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(bytes).map_err(|_| VaultError::Damaged)
}

/// What is locked cannot be unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no vault key at all.
    #[error("there is no vault key")]
    NoKey,
    /// The key is not among those of the configuration.
    #[error("the vault key that locked this is not in the configuration")]
    UnknownKey,
    /// Not what was locked here.
    #[error("what is locked here is damaged, or does not belong here")]
    Damaged,
}

impl Vault {
    /// From keys of 32 random bytes each. The first locks.
    pub fn new(keys: &[Zeroizing<[u8; 32]>]) -> Result<Self, VaultError> {
        if keys.is_empty() {
            return Err(VaultError::NoKey);
        }
        Ok(Self { keys: keys.iter().map(|key| VaultKey::of(key)).collect() })
    }

    /// The name of the key that locks at present; no secret.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.keys.first().map_or("", |key| key.id.as_str())
    }

    /// The names of all keys, the one that locks first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Locks a record that belongs to `id`.
    pub fn lock_record<T: Locked>(
        &self,
        id: &str,
        record: &T,
        rng: &mut dyn RngCore,
    ) -> Result<String, VaultError> {
        self.lock(&place_of::<T>(id), &record.to_bytes()?, rng)
    }

    /// Unlocks a record that belongs to `id`.
    pub fn unlock_record<T: Locked>(&self, id: &str, locked: &str) -> Result<T, VaultError> {
        T::from_bytes(&self.unlock(&place_of::<T>(id), locked)?)
    }

    /// Locks `secret` for `place` (table and id). Gives a text: version, key id, the record's locked key, the record.
    pub fn lock(&self, place: &str, secret: &[u8], rng: &mut dyn RngCore) -> Result<String, VaultError> {
        let key = self.keys.first().ok_or(VaultError::NoKey)?;
        let mut record_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(record_key.as_mut_slice());
        let locked_key = seal(&key.lock, &format!("key\0{place}"), record_key.as_slice(), rng)?;
        let record = XChaCha20Poly1305::new(record_key.as_slice().into());
        let locked = seal(&record, place, secret, rng)?;
        Ok(format!("v1.{}.{}.{}", key.id, BASE64.encode(locked_key), BASE64.encode(locked)))
    }

    /// Unlocks what was locked for `place`.
    pub fn unlock(&self, place: &str, locked: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let mut parts = locked.split('.');
        let (Some("v1"), Some(id), Some(locked_key), Some(locked), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VaultError::Damaged);
        };
        let key = self.keys.iter().find(|key| key.id == id).ok_or(VaultError::UnknownKey)?;
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| VaultError::Damaged);
        let record_key = open(&key.lock, &format!("key\0{place}"), &bytes(locked_key)?)?;
        let record_key: Zeroizing<[u8; 32]> =
            Zeroizing::new(record_key.as_slice().try_into().map_err(|_| VaultError::Damaged)?);
        open(&XChaCha20Poly1305::new(record_key.as_slice().into()), place, &bytes(locked)?)
    }

    /// The keyed hash under which something is looked up, by the key that locks at present: `purpose` keeps columns
    /// apart.
    #[must_use]
    pub fn index(&self, purpose: &str, value: &[u8]) -> String {
        self.keys.first().map_or_else(String::new, |key| key.index(purpose, value))
    }

    /// The keyed hashes under which something may have been stored: one for each vault key.
    #[must_use]
    pub fn indexes(&self, purpose: &str, value: &[u8]) -> Vec<String> {
        self.keys.iter().map(|key| key.index(purpose, value)).collect()
    }

    /// A hasher for fingerprints of requests: one hash for each vault key, that of the present one first.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.keys.iter().map(|key| mac(&key.fingerprint)).collect())
    }
}

fn place_of<T: Locked>(id: &str) -> String {
    format!("{}/{id}", T::PLACE)
}

/// Keyed hashes in the making. Parts are told apart: no two different lists of parts give the same hash.
pub struct Fingerprint(Vec<Hmac<Sha256>>);

impl Fingerprint {
    /// Adds a part.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        for hash in &mut self.0 {
            add(hash, bytes);
        }
        self
    }

    /// The hashes: lower-case hex.
    #[must_use]
    pub fn finish(self) -> Vec<String> {
        self.0.into_iter().map(|hash| hex::encode(hash.finalize().into_bytes())).collect()
    }
}

fn add(hash: &mut Hmac<Sha256>, part: &[u8]) {
    hash.update(&(part.len() as u64).to_be_bytes());
    hash.update(part);
}

impl VaultKey {
    fn of(key: &[u8; 32]) -> Self {
        let derive = |purpose: &str| {
            let mut derived = Zeroizing::new([0; 32]);
            // 32 bytes are never too many for HKDF-SHA-256 (RFC 5869 2.3).
            let _ = Hkdf::<Sha256>::new(None, key).expand(purpose.as_bytes(), derived.as_mut_slice());
            derived
        };
        let name = Sha256::digest(derive("idos-issuer key id").as_slice());
        Self {
            id: hex::encode(name.get(..4).unwrap_or_default()),
            lock: XChaCha20Poly1305::new(derive("idos-issuer vault").as_slice().into()),
            index: derive("idos-issuer index"),
            fingerprint: derive("idos-issuer fingerprint"),
        }
    }

    fn index(&self, purpose: &str, value: &[u8]) -> String {
        let mut hash = mac(&self.index);
        add(&mut hash, purpose.as_bytes());
        add(&mut hash, value);
        hex::encode(hash.finalize().into_bytes())
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104 2)")]
fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("any length will do")
}

fn seal(
    cipher: &XChaCha20Poly1305,
    place: &str,
    secret: &[u8],
    rng: &mut dyn RngCore,
) -> Result<Vec<u8>, VaultError> {
    let mut sealed = vec![0; NONCE];
    rng.fill_bytes(&mut sealed);
    let payload = Payload { msg: secret, aad: place.as_bytes() };
    let boxed = cipher.encrypt(XNonce::from_slice(&sealed), payload).map_err(|_| VaultError::Damaged)?;
    sealed.extend_from_slice(&boxed);
    Ok(sealed)
}

fn open(cipher: &XChaCha20Poly1305, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, boxed) = sealed.split_at_checked(NONCE).ok_or(VaultError::Damaged)?;
    let payload = Payload { msg: boxed, aad: place.as_bytes() };
    cipher.decrypt(XNonce::from_slice(nonce), payload).map(Zeroizing::new).map_err(|_| VaultError::Damaged)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    fn vault(keys: &[u8]) -> Vault {
        Vault::new(&keys.iter().map(|key| Zeroizing::new([*key; 32])).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_is_locked_is_unlocked_in_its_place_only() {
        let (vault, mut rng) = (vault(&[1]), StdRng::seed_from_u64(1));
        let locked = vault.lock("contact/iss_1", b"Xyzzy", &mut rng).unwrap();
        assert!(!locked.contains("Xyzzy"));
        assert_eq!(*vault.unlock("contact/iss_1", &locked).unwrap(), b"Xyzzy");
        assert_eq!(vault.unlock("contact/iss_2", &locked), Err(VaultError::Damaged));
        assert_ne!(vault.lock("contact/iss_1", b"Xyzzy", &mut rng).unwrap(), locked);

        for position in 0..locked.len() {
            let mut damaged = locked.clone().into_bytes();
            damaged[position] ^= 1;
            let damaged = String::from_utf8_lossy(&damaged).into_owned();
            assert!(vault.unlock("contact/iss_1", &damaged).is_err(), "position {position}");
        }
    }

    #[test]
    fn keys_rotate() {
        let mut rng = StdRng::seed_from_u64(1);
        let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
        let locked = old.lock("a", b"b", &mut rng).unwrap();
        assert_eq!(*both.unlock("a", &locked).unwrap(), b"b");
        assert_ne!(locked.split('.').nth(1), Some(both.key_id()));
        assert_eq!(new.unlock("a", &locked), Err(VaultError::UnknownKey));
        let again = both.lock("a", b"b", &mut rng).unwrap();
        assert_eq!(again.split('.').nth(1), Some(both.key_id()));

        assert_eq!(both.indexes("email", b"a@b"), [new.index("email", b"a@b"), old.index("email", b"a@b")]);
        assert_ne!(new.index("email", b"a@b"), new.index("other", b"a@b"));
        assert_eq!(Vault::new(&[]).err(), Some(VaultError::NoKey));
    }

    #[test]
    fn fingerprints_tell_parts_apart() {
        let vault = vault(&[1]);
        let of = |parts: &[&str]| {
            parts.iter().fold(vault.fingerprint(), |hash, part| hash.part(part.as_bytes())).finish()
        };
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a"]), of(&["a", ""]));
    }
}
