//! Who writes.

use idos_file_type::FileType;

use crate::language::steers_direction;
use crate::mail::Link;

/// How the sender shows itself.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Its name, as people know it.
    pub name: Name,
    /// Where people turn to.
    pub contact_url: Option<Link>,
    /// What becomes of people's data.
    pub privacy_url: Option<Link>,
    /// Where people see what is kept about them; reminders lead there.
    pub your_data_url: Option<Link>,
    /// Its picture, which goes along as an attachment, so that nothing is fetched when a mail is read.
    pub logo: Option<Logo>,
}

/// A name: one line of 1 to 80 characters, with none in it that controls or turns text around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// No name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one line of 1 to 80 characters, without any that control or turn text around")]
pub struct NoName;

impl std::str::FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let text = text.trim();
        let is_one = matches!(text.chars().count(), 1..=80)
            && !text
                .chars()
                .any(|c| c.is_control() || steers_direction(c) || matches!(c, '\u{2028}' | '\u{2029}'));
        if is_one { Ok(Self(text.to_owned())) } else { Err(NoName) }
    }
}

/// A picture, small enough to go along with each mail.
#[derive(Clone)]
pub struct Logo {
    bytes: Vec<u8>,
    media_type: &'static str,
}

/// The largest picture, in bytes.
pub const LARGEST_LOGO: usize = 64 * 1024;

/// No logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLogo {
    /// Too large to go along with each mail.
    #[error("must have no more than {LARGEST_LOGO} bytes")]
    Large,
    /// No picture that mail programs show.
    #[error("must be a PNG or a JPEG file")]
    Format,
}

impl Logo {
    /// By its first bytes, PNG or JPEG, which all mail programs show.
    pub fn new(bytes: Vec<u8>) -> Result<Self, NoLogo> {
        match FileType::of(&bytes) {
            Some(kind @ (FileType::Png | FileType::Jpeg)) if bytes.len() <= LARGEST_LOGO => {
                Ok(Self { bytes, media_type: kind.media_type() })
            }
            Some(FileType::Png | FileType::Jpeg) => Err(NoLogo::Large),
            _ => Err(NoLogo::Format),
        }
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `image/png` or `image/jpeg`.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logo({} bytes of {})", self.bytes.len(), self.media_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_line_of_text() {
        for text in
            ["", "  ", "a\nb", "a\r\nBcc: b@example.com", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b", "a\0b"]
        {
            assert_eq!(text.parse::<Name>(), Err(NoName), "{text:?}");
        }
        assert!("ä".repeat(81).parse::<Name>().is_err());
        for text in ["Example KYC", "\"A\" <b> & c", "مثال", &"ä".repeat(80)] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn logos_are_small_pictures() {
        let png = |size: usize| [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![0; size]].concat();
        assert_eq!(Logo::new(png(100)).unwrap().media_type(), "image/png");
        assert_eq!(Logo::new(png(LARGEST_LOGO)).unwrap_err(), NoLogo::Large);
        for bytes in [b"<svg onload=x>".to_vec(), b"%PDF-1.7".to_vec(), Vec::new(), vec![0; 70_000]] {
            assert_eq!(Logo::new(bytes).unwrap_err(), NoLogo::Format);
        }
    }
}
