//! Text of a fixed number of bytes.

/// `N` bytes in hexadecimal of either case, and nothing else.
pub(crate) fn hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}
