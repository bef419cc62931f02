//! The encryption key that a user derives from a password.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::sealing::EncryptionSecret;

/// Longest password, in bytes.
const MAX_PASSWORD: usize = 4096;

/// How much longer NFKC makes a text in UTF-8 at the most (Unicode FAQ on normalisation).
const MAX_EXPANSION: usize = 11;

/// How hard the derivation is: the N of scrypt (RFC 7914).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// N = 16384: all present users.
    Current,
    /// N = 128: users of the very first version.
    Legacy,
}

/// Why no key was derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    /// The user id is the salt, and only UUIDs of version 4 are taken.
    #[error("the user id must be a UUID of version 4")]
    UserId,
    /// Too long.
    #[error("the password is longer than 4096 bytes")]
    Password,
}

/// Derives a user's secret: scrypt over the NFKC form of the password, salted with the *text* of the user id
/// exactly as idOS stores it (r = 8, p = 1, 32 bytes).
pub fn derive(
    password: &str,
    user_id: &str,
    strength: Strength,
) -> Result<EncryptionSecret, DerivationError> {
    if !is_uuid_v4(user_id) {
        return Err(DerivationError::UserId);
    }
    if password.len() > MAX_PASSWORD {
        return Err(DerivationError::Password);
    }
    // Normalising can make a text longer; room enough beforehand, or growing would leave copies behind.
    let mut normal = Zeroizing::new(String::with_capacity(password.len() * MAX_EXPANSION));
    normal.extend(password.nfkc());
    let password = normal;
    let log_n = match strength {
        Strength::Current => 14,
        Strength::Legacy => 7,
    };
    let mut secret = Zeroizing::new([0; 32]);
    let derived = scrypt::Params::new(log_n, 8, 1, secret.len())
        .map_err(|_| DerivationError::Password)
        .and_then(|params| {
            scrypt::scrypt(password.as_bytes(), user_id.as_bytes(), &params, secret.as_mut_slice())
                .map_err(|_| DerivationError::Password)
        });
    derived.map(|()| EncryptionSecret::from_bytes(*secret))
}

/// 8-4-4-4-12 hex digits, the third group starting with 4; the variant is not looked at, as in the official SDK.
fn is_uuid_v4(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
        && groups.get(2).is_some_and(|group| group.starts_with('4'))
}
