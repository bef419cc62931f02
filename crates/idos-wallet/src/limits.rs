//! How long what is looked at may be, so that the work is bounded.

use crate::error::{Field, InvalidProof};

/// The longest message that is looked at, in bytes. The SDK's own have about a hundred, write grants five hundred.
pub const MAX_MESSAGE_LEN: usize = 16 * 1024;
/// The longest signature that is looked at, in bytes. Those of NEAR hold the message, in hexadecimal.
pub const MAX_SIGNATURE_LEN: usize = 40 * 1024;
/// The longest address, or identifier, that is looked at, in bytes.
pub const MAX_ADDRESS_LEN: usize = 256;
/// The longest public key that is looked at, in bytes.
pub const MAX_PUBLIC_KEY_LEN: usize = 256;

/// Refuses a text that is longer, in bytes.
pub(crate) fn check_length(field: Field, text: &str, max: usize) -> Result<(), InvalidProof> {
    if text.len() <= max { Ok(()) } else { Err(InvalidProof::TooLong { field, max }) }
}
