//! The second factor: one-time codes by time (RFC 6238), and codes for those who have lost what makes them.

use rand::RngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::app::App;
use crate::model::ids::StaffId;
use crate::model::personal::Personal;
use crate::model::staff::Staff;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};
use crate::vault::VaultError;

/// Bytes of a secret: as many as RFC 4226, section 4, recommends.
const SECRET: usize = 20;

/// How many recovery codes somebody has.
const RECOVERY_CODES: usize = 10;

/// Bytes of a recovery code: 80 bits, which nobody guesses, so that nothing slower than SHA-256 is needed.
const RECOVERY: usize = 10;

fn place(id: &StaffId) -> String {
    format!("staff/{id}")
}

/// A fresh secret, locked.
pub(super) fn fresh(app: &App, id: &StaffId) -> Result<String, VaultError> {
    let mut secret = Zeroizing::new([0; SECRET]);
    OsRng.fill_bytes(secret.as_mut_slice());
    app.vault.lock(&place(id), secret.as_slice(), &mut OsRng)
}

/// The same secret, locked by the key that locks now.
pub(super) fn lock_anew(app: &App, id: &StaffId, locked: &str) -> Result<String, VaultError> {
    let secret = app.vault.unlock(&place(id), locked)?;
    app.vault.lock(&place(id), &secret, &mut OsRng)
}

/// What makes somebody's codes: SHA-1, 6 digits, 30 seconds, one step early or late, as every app for such codes does it.
pub(super) fn generator(app: &App, staff: &Staff) -> Result<Option<Totp>, VaultError> {
    let Some(locked) = &staff.locked_totp else { return Ok(None) };
    let secret = app.vault.unlock(&place(&staff.id), locked)?;
    // A name of an issuer must not have a colon.
    let issuer = app.issuer.name.replace(':', " ");
    let totp = Builder::new()
        .with_secret(Secret::from(secret.as_slice()))
        .with_issuer(Some(issuer))
        .with_account_name(staff.name.as_str())
        .build();
    totp.map(Some).map_err(|_| VaultError::Damaged)
}

/// A code that somebody has given.
pub(super) enum Code {
    /// By time: the step that it is of.
    OfStep(i64),
    /// For the case that theirs are lost: its hash.
    Recovery(String),
}

/// What a text that somebody gives may be. Codes of steps that were taken, or are before them, are none.
pub(super) fn look(app: &App, staff: &Staff, text: &str, now: Timestamp) -> Result<Option<Code>, VaultError> {
    let text: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect());
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let Some(totp) = generator(app, staff)? else { return Ok(None) };
        let seconds = u64::try_from(now.unix_seconds()).unwrap_or_default();
        let step = totp.check(&text, seconds).and_then(|step| i64::try_from(step).ok());
        return Ok(step.filter(|step| *step > staff.totp_step).map(Code::OfStep));
    }
    Ok((text.len() == RECOVERY * 8 / 5).then(|| Code::Recovery(hash(&text))))
}

/// Uses a code, within a change of whom it is. Gives whether it was there to be used.
pub(super) async fn take(tx: &mut Tx, staff: &mut Staff, code: &Code) -> Result<bool, StoreError> {
    match code {
        // Who writes has seen the version before, so that no code is taken twice at the same time.
        Code::OfStep(step) => {
            staff.totp_step = *step;
            Ok(true)
        }
        Code::Recovery(hash) => tx.use_recovery_code(&staff.id, hash).await,
    }
}

/// Fresh recovery codes as they are shown, and their hashes.
pub(super) fn recovery() -> (Vec<Personal<String>>, Vec<String>) {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let one = || {
        let mut bytes = Zeroizing::new([0; RECOVERY * 8 / 5]);
        OsRng.fill_bytes(bytes.as_mut_slice());
        let letter =
            |byte: &u8| ALPHABET.get(usize::from(byte % 32)).map_or('A', |letter| char::from(*letter));
        Zeroizing::new(bytes.iter().map(letter).collect::<String>())
    };
    let all: Vec<_> = (0..RECOVERY_CODES).map(|_| one()).collect();
    let hashes = all.iter().map(|code| hash(code)).collect();
    let grouped = |code: &Zeroizing<String>| {
        let mut shown = String::with_capacity(20);
        for (place, letter) in code.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                shown.push('-');
            }
            shown.push(letter);
        }
        Personal::new(shown)
    };
    (all.iter().map(grouped).collect(), hashes)
}

fn hash(code: &str) -> String {
    hex::encode(Sha256::digest(code.to_ascii_uppercase().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_different_and_found_as_they_are_typed() {
        let (shown, hashes) = recovery();
        assert_eq!((shown.len(), hashes.len()), (RECOVERY_CODES, RECOVERY_CODES));
        let different: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
        for (code, stored) in shown.iter().zip(&hashes) {
            assert_eq!(code.expose().len(), 19);
            let typed: String = code.expose().to_lowercase().replace('-', "");
            assert_eq!(hash(&typed), *stored);
        }
    }
}
