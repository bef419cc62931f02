//! Names as vendors write them.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::refusal::{Refusal, RefusalCode};

/// Words for a missing name. People are called Null and None; nobody is called these.
const PLACEHOLDERS: &[&str] =
    &["UNKNOWN", "UNDEFINED", "N/A", "NOT AVAILABLE", "NO FIRST NAME", "NO LAST NAME"];

/// First name unknown and last name unknown, as visas of the United States have it where there is only one name.
const NO_FIRST: &str = "FNU";
const NO_FAMILY: &str = "LNU";

/// A person's names in one script. Wiped on drop.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Name {
    /// Given name.
    pub first: Option<String>,
    /// Further given names, where the vendor has them apart.
    pub middle: Option<String>,
    /// Family name. People with one name have it here or as the first one, as their document does.
    pub family: Option<String>,
}

impl Name {
    /// Of what a vendor has: texts without a letter (`-`, `.`) are no names.
    pub(crate) fn new(first: Option<&str>, middle: Option<&str>, family: Option<&str>) -> Self {
        let part = |text: Option<&str>| {
            text.map(str::trim).filter(|text| text.chars().any(char::is_alphabetic)).map(str::to_owned)
        };
        let mut name = Self { first: part(first), middle: part(middle), family: part(family) };
        if name.first.as_deref() == Some(NO_FIRST) && name.family.is_some() {
            name.first = None;
        }
        if name.family.as_deref() == Some(NO_FAMILY) && name.first.is_some() {
            name.family = None;
        }
        name
    }

    /// Neither a first nor a family name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none() && self.family.is_none()
    }

    /// Whether it has all parts that another one has.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let covered = |own: &Option<String>, its: &Option<String>| own.is_some() || its.is_none();
        !self.is_empty() && covered(&self.first, &other.first) && covered(&self.family, &other.family)
    }

    /// What no document has as a name.
    pub(crate) fn check(&self, refusals: &mut Vec<Refusal>) {
        for (part, field) in
            [(&self.first, "firstName"), (&self.middle, "middleName"), (&self.family, "familyName")]
        {
            let Some(text) = part else { continue };
            if text.chars().any(|c| c == '<' || c.is_control() || c.is_numeric()) {
                refusals.push(Refusal::new(RefusalCode::NameMalformed, field));
            } else if PLACEHOLDERS.iter().any(|word| text.eq_ignore_ascii_case(word)) {
                refusals.push(Refusal::new(RefusalCode::NamePlaceholder, field));
            }
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}
