//! Files as text: Adobe Ascii85 between `<~` and `~>`, as idOS credentials carry them.
//!
//! Groups of four bytes become five characters from `!` to `u`, most significant first; a short last group of n bytes
//! becomes n + 1 characters. (PostScript Language Reference, 3rd edition, section 3.13.3.) A whole group of zeros may be
//! written as `z`; it is read, and not written: the JavaScript library that consumers use (npm `base85`) gives back too few
//! bytes for it. The same library's encoder damages files whose short last group is all zero; this one writes the
//! regular short form, which its decoder reads.

/// Characters that JSON strings and N-Quads literals both escape, and in the same way.
const QUOTE: u8 = b'"';
const BACKSLASH: u8 = b'\\';

/// A text that is not Ascii85.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// `<~` or `~>` is missing.
    #[error("is not framed by <~ and ~>")]
    NotFramed,
    /// A character outside the alphabet, or `z` inside a group.
    #[error("has a character that is not Ascii85")]
    Character,
    /// A group above 2^32 - 1, or a last group of one character.
    #[error("has a group that is not Ascii85")]
    Group,
}

/// The framed text of `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(encoded_len(bytes.len()));
    encode_into::<false>(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default() // the alphabet is ASCII
}

/// The bytes that a file takes in the text of a credential: framed, and with `"` and `\\` escaped, so it depends on what is in it.
#[must_use]
pub fn len_in_text(bytes: &[u8]) -> usize {
    let mut text = zeroize::Zeroizing::new(Vec::with_capacity(encoded_len(bytes.len()) * 11 / 10));
    encode_escaped(bytes, &mut text);
    text.len()
}

/// Appends the framed text as it stands inside a JSON string or an N-Quads literal: with `"` and `\` escaped.
pub(crate) fn encode_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    encode_into::<true>(bytes, out);
}

/// The most characters that the framed, unescaped text of `len` bytes has.
pub(crate) fn encoded_len(len: usize) -> usize {
    len.div_ceil(4) * 5 + 4
}

fn encode_into<const ESCAPED: bool>(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"<~");
    let (groups, rest) = bytes.as_chunks::<4>();
    for group in groups {
        push_digits::<ESCAPED>(&digits(u32::from_be_bytes(*group)), out);
    }
    if !rest.is_empty() {
        let mut group = [0; 4];
        for (to, from) in group.iter_mut().zip(rest) {
            *to = *from;
        }
        let all = digits(u32::from_be_bytes(group));
        push_digits::<ESCAPED>(all.get(..=rest.len()).unwrap_or_default(), out);
    }
    out.extend_from_slice(b"~>");
}

/// Five digits, most significant first. Two at a time: fewer dependent divisions.
#[expect(clippy::cast_possible_truncation, reason = "each is a remainder below 85")]
fn digits(value: u32) -> [u8; 5] {
    let (high, low) = (value / 7225, value % 7225);
    let (top, mid) = (high / 7225, high % 7225);
    [top, mid / 85, mid % 85, low / 85, low % 85].map(|digit| digit as u8 + b'!')
}

fn push_digits<const ESCAPED: bool>(digits: &[u8], out: &mut Vec<u8>) {
    if !ESCAPED || !digits.iter().any(|d| matches!(*d, QUOTE | BACKSLASH)) {
        out.extend_from_slice(digits);
        return;
    }
    for digit in digits {
        if matches!(*digit, QUOTE | BACKSLASH) {
            out.push(BACKSLASH);
        }
        out.push(*digit);
    }
}

/// The bytes of a framed text. White space inside is skipped.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    let inner = text.strip_prefix("<~").and_then(|t| t.strip_suffix("~>")).ok_or(DecodeError::NotFramed)?;
    let mut out = Vec::with_capacity(inner.len() / 5 * 4 + 4);
    let (mut group, mut filled) = (0_u64, 0_usize);
    for byte in inner.bytes() {
        match byte {
            b'\t'..=b'\r' | b' ' => continue,
            b'z' if filled == 0 => {
                out.extend_from_slice(&[0; 4]);
                continue;
            }
            b'!'..=b'u' => group = group * 85 + u64::from(byte - b'!'),
            _ => return Err(DecodeError::Character),
        }
        filled += 1;
        if filled == 5 {
            let value = u32::try_from(group).map_err(|_| DecodeError::Group)?;
            out.extend_from_slice(&value.to_be_bytes());
            (group, filled) = (0, 0);
        }
    }
    match filled {
        0 => return Ok(out),
        1 => return Err(DecodeError::Group),
        _ => {}
    }
    for _ in filled..5 {
        group = group * 85 + 84;
    }
    let value = u32::try_from(group).map_err(|_| DecodeError::Group)?;
    out.extend(value.to_be_bytes().into_iter().take(filled - 1));
    Ok(out)
}
