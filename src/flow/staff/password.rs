//! Passwords, by argon2id.
//!
//! Each hash takes 19 MiB for some hundredths of a second. Few are made at once, and who waits too long for that is told to come again, so
//! that many sign-ins at once cost no more than that.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use rand::RngCore as _;
use rand::rngs::OsRng;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::StaffError;
use crate::model::personal::Personal;

/// Memory in KiB, passes and lanes: the first choice of OWASP's Password Storage Cheat Sheet for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Bytes of a salt, and of a hash.
const SALT: usize = 16;
const HASH: usize = 32;

/// Hashes that are made at once in this process.
static SLOTS: Semaphore = Semaphore::const_new(2);

/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// The hash of a password, with all that is needed to make it again: `argon2id$KIB$PASSES$LANES$SALT$HASH`.
pub(super) async fn hash(password: Personal<String>) -> Result<Personal<String>, StaffError> {
    let mut salt = [0; SALT];
    OsRng.fill_bytes(&mut salt);
    let (kib, passes, lanes) = COST;
    let hash = derive(password, salt.to_vec(), COST).await?;
    let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash.as_slice()));
    Ok(Personal::new(format!("argon2id${kib}${passes}${lanes}${salt}${hash}")))
}

/// Whether it is the password of a hash. Without one it is not, which takes as long.
pub(super) async fn is(password: Personal<String>, stored: Option<&str>) -> Result<bool, StaffError> {
    let parts = stored.and_then(read);
    let (cost, salt, wanted) =
        parts.clone().unwrap_or_else(|| (COST, vec![0; SALT], Zeroizing::new(vec![0; HASH])));
    let hash = derive(password, salt, cost).await?;
    Ok(bool::from(hash.as_slice().ct_eq(wanted.as_slice())) && parts.is_some())
}

type Parts = ((u32, u32, u32), Vec<u8>, Zeroizing<Vec<u8>>);

fn read(stored: &str) -> Option<Parts> {
    let mut parts = stored.split('$');
    let (Some("argon2id"), Some(kib), Some(passes), Some(lanes), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let number = |text: &str| text.parse().ok();
    let cost = (number(kib)?, number(passes)?, number(lanes)?);
    Some((cost, BASE64.decode(salt).ok()?, Zeroizing::new(BASE64.decode(hash).ok()?)))
}

async fn derive(
    password: Personal<String>,
    salt: Vec<u8>,
    (kib, passes, lanes): (u32, u32, u32),
) -> Result<Zeroizing<[u8; HASH]>, StaffError> {
    let slot = tokio::time::timeout(PATIENCE, SLOTS.acquire()).await;
    let Ok(Ok(slot)) = slot else { return Err(StaffError::Busy) };
    let work = move || {
        let _slot = slot;
        let mut hash = Zeroizing::new([0; HASH]);
        let params = Params::new(kib, passes, lanes, Some(HASH)).ok()?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.expose().as_bytes(), &salt, hash.as_mut_slice())
            .ok()?;
        Some(hash)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(hash) => hash.ok_or(StaffError::Vault(crate::vault::VaultError::Damaged)),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let password = |text: &str| Personal::new(text.to_owned());
        let stored = hash(password("correct horse")).await.unwrap();
        let again = hash(password("correct horse")).await.unwrap();
        assert_ne!(stored.expose(), again.expose(), "each has a salt of its own");
        assert!(stored.expose().starts_with("argon2id$19456$2$1$"), "{}", stored.expose());
        assert!(!stored.expose().contains("horse"));
        assert!(is(password("correct horse"), Some(stored.expose())).await.unwrap());
        assert!(!is(password("correct horsf"), Some(stored.expose())).await.unwrap());
        for none in [None, Some(""), Some("argon2id$19456$2$1$AAAA"), Some("$2b$12$xyz")] {
            assert!(!is(password("correct horse"), none).await.unwrap());
        }
    }
}
