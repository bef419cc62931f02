//! Personal data has a type of its own: it is not printed, and it is wiped.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, Zeroizing};

use super::spelling;

/// A value about a person. `Debug` shows nothing, there is no `Display`, and it is wiped on drop. Every place that
/// reads it says [`expose`](Self::expose).
#[derive(Clone)]
pub struct Personal<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Personal<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value, to be used and not to be kept.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(..)")
    }
}

/// A contact as it is kept: locked, with what it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedContact {
    /// The contact, locked (`src/vault.rs`) for the record that it belongs to.
    pub locked: String,
    /// The keyed hash of its address, and of the client whose record it is.
    pub index: String,
}

/// An e-mail address that mail can be sent to.
#[derive(Clone, Debug)]
pub struct Email(Personal<String>);

impl Email {
    /// The address, as it was given, or else as mail can be sent to it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The spelling under which it is looked up, the same for all spellings of the address: another case, a domain in
    /// its own letters or in ASCII, accents apart from their letters, full width. `src/model/spelling.rs` has the rules.
    #[must_use]
    pub fn for_index(&self) -> Zeroizing<String> {
        spelling::canonical(self.0.expose())
    }

    /// The spellings under which it may have been stored by a version of this service that only put it into lower case.
    #[must_use]
    pub fn for_earlier_index(&self) -> Vec<Zeroizing<String>> {
        spelling::earlier(self.0.expose())
    }
}

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

impl FromStr for Email {
    type Err = &'static str;

    /// Takes what RFC 5321 4.5.3.1 allows in length and what a mail server takes in form. The library that sends
    /// mails decides; what it does not take as it is written, it may take as it is meant.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let fits = |text: &str| {
            text.len() <= LONGEST_EMAIL
                && !text.chars().any(char::is_control)
                && text.parse::<lettre::Address>().is_ok()
        };
        if fits(text) {
            return Ok(Self(Personal::new(text.to_owned())));
        }
        // No more than a few bytes a character are left, whatever was meant.
        let sendable = (text.len() <= 4 * LONGEST_EMAIL).then(|| spelling::sendable(text));
        match sendable {
            Some(meant) if fits(&meant) => Ok(Self(Personal::new(meant.to_string()))),
            _ => Err("must be an e-mail address"),
        }
    }
}

/// The language in which somebody is written to: a language tag such as `pt` or `pt-BR` (BCP 47: language, script, region;
/// RFC 5646 2.2). The language is one that ISO 639 knows, by its shortest code; the region one of ISO 3166-1 or a number
/// of UN M.49.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale(String);

impl Locale {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Locale {
    /// The country of ISO 3166-1, if it names one.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.0.split('-').skip(1).find(|part| part.len() == 2)
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl FromStr for Locale {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split('-').peekable();
        let language = parts.next().is_some_and(is_language);
        parts.next_if(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
        parts.next_if(|part| is_region(part));
        if language && parts.next().is_none() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be a language tag such as en or pt-BR")
        }
    }
}

fn is_language(code: &str) -> bool {
    match code.len() {
        2 => isolang::Language::from_639_1(code).is_some(),
        3 => isolang::Language::from_639_3(code).is_some_and(|language| language.to_639_1().is_none()),
        _ => false,
    }
}

fn is_region(code: &str) -> bool {
    match code.len() {
        2 => idos_credential::is_assigned_country(&code.to_ascii_uppercase()),
        3 => code.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// Whom to write to about a credential.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The address.
    pub email: Email,
    /// The language.
    pub locale: Locale,
}

/// What is to change of a contact: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    /// The address.
    pub email: Option<Email>,
    /// The language.
    pub locale: Option<Locale>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_printed() {
        let contact = Contact { email: "rare@word.example".parse().unwrap(), locale: Locale::default() };
        assert!(!format!("{contact:?}").contains("rare"));
    }

    #[test]
    fn addresses_and_languages_are_checked() {
        for text in ["a@b.example", "A.b+c@sub.b.example", "jürgen@b.example"] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        for text in [
            "",
            "a",
            "a@",
            "@b",
            "a b@c.example",
            "a@b.example\r\nBcc: c@d.example",
            ".",
            "@",
            "a@.",
            "a@b\0.example",
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
        assert!(format!("a@{}.example", "b.".repeat(130)).parse::<Email>().is_err());
        for (text, meant) in [
            ("ana@b.example.", "ana@b.example"),
            ("jose\u{301}@b.example", "josé@b.example"),
            ("ａｎａ＠ｂ．ｅｘａｍｐｌｅ", "ana@b.example"),
            ("ana@MÜNCHEN.example", "ana@MÜNCHEN.example"),
        ] {
            assert_eq!(text.parse::<Email>().unwrap().expose(), meant);
        }
        for text in ["en", "pt-BR", "pt-br", "zh-Hant-TW", "gsw", "es-419", "sr-Latn"] {
            assert!(text.parse::<Locale>().is_ok(), "{text}");
        }
        for text in [
            "",
            "EN",
            "english",
            "en_US",
            "e",
            "en-",
            "../x",
            "xx",
            "qaa",
            "por",
            "en-UK",
            "en-ZZ",
            "pt-PT-PT",
            "pt-Latin",
            "en-US-posix",
            "en\0",
        ] {
            assert!(text.parse::<Locale>().is_err(), "{text}");
        }
    }
}
