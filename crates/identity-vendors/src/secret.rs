//! What is shared with a vendor.

use std::fmt;

use zeroize::Zeroizing;

/// Why a text is no secret. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a secret: it is empty, or has white space around it or control characters in it, as of a line's end"
)]
pub struct InvalidSecret;

/// A webhook's secret, an API key or a key that requests are signed with. It is wiped from memory after use, and shows
/// itself to nobody.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// As the vendor shows it, to the letter: text that is read as hexadecimal or base64 nowhere.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSecret> {
        let text = Zeroizing::new(text.into());
        let is_plain =
            !text.is_empty() && text.trim().len() == text.len() && !text.contains(char::is_control);
        if is_plain { Ok(Self(text)) } else { Err(InvalidSecret) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
