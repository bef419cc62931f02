//! The content hash: SHA-256 of the whole text of a credential, as access grants carry it. It binds every value to its
//! field, which the proof does not (docs/consumers.md).

use sha2::{Digest as _, Sha256};

/// A content hash that a text is expected to have.
pub(super) struct ContentHash([u8; 32]);

/// What comparing a text with a content hash says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    /// The hash is that of exactly these bytes.
    Same,
    /// It would be, without the line break at their end.
    SameWithoutLineBreak,
    /// It is another.
    Other,
}

impl ContentHash {
    /// From 64 hexadecimal digits, of either case.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash)
            .map_err(|_| "--content-hash must be 64 hexadecimal digits: a SHA-256, without 0x")?;
        Ok(Self(hash))
    }

    pub(super) fn compare(&self, text: &[u8]) -> Comparison {
        let is_of = |text: &[u8]| <[u8; 32]>::from(Sha256::digest(text)) == self.0;
        let without = text.strip_suffix(b"\n").map(|text| text.strip_suffix(b"\r").unwrap_or(text));
        if is_of(text) {
            Comparison::Same
        } else if without.is_some_and(is_of) {
            Comparison::SameWithoutLineBreak
        } else {
            Comparison::Other
        }
    }
}

impl Comparison {
    /// Why the answer is no, if it is.
    pub(super) fn problem(self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::SameWithoutLineBreak => Some(
                "its content hash is another; without the line break at its end, which an editor may have added, it \
                 has the one that was given",
            ),
            Self::Other => {
                Some("its content hash is another: this is not the text that the hash was taken of")
            }
        }
    }

    /// For machines.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::SameWithoutLineBreak => "same_without_line_break",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_bytes_count_and_a_line_break_is_told_from_another_text() {
        let upper = "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"; // of "hello"
        for hash in [upper.to_owned(), upper.to_lowercase()] {
            let hash = ContentHash::parse(&hash).unwrap();
            for (text, expected) in [
                ("hello", Comparison::Same),
                ("hello\n", Comparison::SameWithoutLineBreak),
                ("hello\r\n", Comparison::SameWithoutLineBreak),
                ("hello\n\n", Comparison::Other),
                ("hello\r", Comparison::Other),
                ("hello ", Comparison::Other),
                ("\nhello", Comparison::Other),
                ("\u{feff}hello", Comparison::Other),
                ("Hello", Comparison::Other),
                ("", Comparison::Other),
            ] {
                assert_eq!(hash.compare(text.as_bytes()), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let good = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        for text in [
            "",
            "x",
            &good[1..],
            &format!("{good}0"),
            &format!("{good}00"),
            &format!("0x{good}"),
            &format!(" {good}"),
            &format!("{good}\n"),
            &good.replace('2', "g"),
            &"é".repeat(32),
        ] {
            assert!(ContentHash::parse(text).is_err(), "{text:?}");
        }
    }
}
