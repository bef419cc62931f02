//! Hex, base64 and multibase.

use base64::Engine as _;
use base64::alphabet::{self, Alphabet};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{Curve, Encoding, SecretKeyError, Spelling, exact, of_bytes, wanted};

/// Multicodec prefixes, as varints, of secret keys.
const SECRET: [([u8; 2], Curve); 2] = [([0x80, 0x26], Curve::Ed25519), ([0x82, 0x26], Curve::X25519)];
/// Multicodec prefixes, as varints, of public keys.
const PUBLIC: [([u8; 2], Curve); 2] = [([0xed, 0x01], Curve::Ed25519), ([0xec, 0x01], Curve::X25519)];
/// How many characters 32 and 64 bytes are in base64, without and with padding.
const BASE64_LENGTHS: [usize; 4] = [43, 44, 86, 88];
/// Longest multibase text: well above 66 bytes in base58.
const MAX_MULTIBASE: usize = 128;

/// Without what means nothing: a byte order mark, white space around, one pair of quotation marks.
pub(super) fn bare(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let quoted = ['"', '\''].into_iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark));
    quoted.map_or(text, str::trim)
}

pub(super) fn read(curve: Curve, text: &str) -> Result<(Zeroizing<[u8; 32]>, Spelling), SecretKeyError> {
    let text = without_white_space(text);
    if text.starts_with(['z', 'u']) && !BASE64_LENGTHS.contains(&text.len()) {
        return secret_multibase(curve, &text);
    }
    let (bytes, encoding) = decode(&text)?;
    of_bytes(curve, &bytes, encoding)
}

/// Bytes in hex or base64.
pub(super) fn decode(text: &str) -> Result<(Zeroizing<Vec<u8>>, Encoding), SecretKeyError> {
    let text = without_white_space(text);
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = prefixed.unwrap_or(&text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let bytes = hex::decode(digits).map_err(|_| SecretKeyError::OddHex)?;
        return Ok((Zeroizing::new(bytes), Encoding::Hex));
    }
    // One base64 text of 4096 begins with 0x by chance.
    let is_meant_as_hex = prefixed.is_some() && !BASE64_LENGTHS.contains(&text.len());
    if is_meant_as_hex || matches!(text.len(), 64 | 128) {
        return Err(SecretKeyError::NotHex);
    }
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let bytes = base64(alphabet).decode(text.as_bytes()).map_err(|_| SecretKeyError::Unknown)?;
    Ok((Zeroizing::new(bytes), Encoding::Base64))
}

/// A secret key of this curve in multibase.
pub(super) fn secret_multibase(
    curve: Curve,
    text: &str,
) -> Result<(Zeroizing<[u8; 32]>, Spelling), SecretKeyError> {
    let bytes = multibase(text)?;
    let (prefix, key) = bytes.split_first_chunk::<2>().ok_or(SecretKeyError::Multibase)?;
    if PUBLIC.iter().any(|(of, _)| of == prefix) {
        return Err(SecretKeyError::PublicKey);
    }
    let (_, found) = SECRET.iter().find(|(of, _)| of == prefix).ok_or(SecretKeyError::Multibase)?;
    wanted(*found, curve)?;
    of_bytes(curve, key, Encoding::Multibase)
}

/// A public key of this curve in multibase.
pub(super) fn public_multibase(curve: Curve, text: &str) -> Result<[u8; 32], SecretKeyError> {
    let bytes = multibase(text)?;
    let (prefix, key) = bytes.split_first_chunk::<2>().ok_or(SecretKeyError::Multibase)?;
    let (_, found) = PUBLIC.iter().find(|(of, _)| of == prefix).ok_or(SecretKeyError::Multibase)?;
    wanted(*found, curve)?;
    Ok(*exact(key, Encoding::Multibase)?)
}

/// The two bases that keys are written in (W3C Controlled Identifiers, section 2.4).
fn multibase(text: &str) -> Result<Zeroizing<Vec<u8>>, SecretKeyError> {
    let bytes = match text.split_at_checked(1) {
        Some(("z", digits)) if digits.len() <= MAX_MULTIBASE => bs58::decode(digits).into_vec().ok(),
        Some(("u", digits)) if digits.len() <= MAX_MULTIBASE => URL_SAFE_NO_PAD.decode(digits).ok(),
        _ => None,
    };
    bytes.map(Zeroizing::new).ok_or(SecretKeyError::Multibase)
}

fn without_white_space(text: &str) -> Zeroizing<String> {
    let mut bare = Zeroizing::new(String::with_capacity(text.len()));
    bare.extend(text.chars().filter(|c| !c.is_ascii_whitespace()));
    bare
}

/// Padded or not; bits that stand for nothing must be zero.
fn base64(alphabet: &Alphabet) -> GeneralPurpose {
    const EITHER: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, EITHER)
}
