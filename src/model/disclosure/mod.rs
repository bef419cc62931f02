//! Whether a text that everybody could read says something about a person.
//!
//! What stands in the clear on the network stands there for ever, for everybody who runs a node. So whatever text of a client or
//! an operator is to stand there is looked at first: attributes that are declared harmless, and public notes. Looked
//! for is what can be told by its form with few false alarms; `docs/attributes.md` has the list, with what each rule misses and
//! how often it is mistaken. What a key or a label names is taken at its word.
//!
//! Pure: the time is an argument, and nothing of a text comes back.

mod date;
mod document;
mod email;
mod label;
mod phone;
mod plain;

use crate::model::named::named;
use crate::model::time::Timestamp;

named! {
    /// What a text says about a person. Never the text.
    Disclosed {
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// The number of a document, or of a person at an authority; or the lines of a document that machines read.
        DocumentNumber = "document_number",
        /// The number of a bank account or of a payment card.
        AccountNumber = "account_number",
        /// When somebody was born.
        DateOfBirth = "date_of_birth",
        /// What somebody is called.
        Name = "name",
        /// Where somebody lives.
        Address = "address",
    }
}

impl Disclosed {
    /// In words.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Email => "an e-mail address",
            Self::Phone => "a phone number",
            Self::DocumentNumber => "a document number",
            Self::AccountNumber => "the number of a bank account or card",
            Self::DateOfBirth => "a date of birth",
            Self::Name => "a person's name",
            Self::Address => "a postal address",
        }
    }
}

/// What a text by itself says about a person, if anything: the first that is found. `now` is the time by which a date is one of
/// birth.
#[must_use]
pub fn in_text(text: &str, now: Timestamp) -> Option<Disclosed> {
    plain::readings(text).iter().find_map(|reading| of_reading(reading, now))
}

/// The same of a setting, which has no time: dates are held against the beginning of 2026.
#[must_use]
pub fn in_setting(text: &str) -> Option<Disclosed> {
    const MILLIS: i64 = 1_767_225_600_000;
    in_text(text, Timestamp::from_unix_millis(MILLIS).unwrap_or(Timestamp::EPOCH))
}

/// What a value is, by the name that it stands under: `dateOfBirth`, `user_email`. A value that says only yes or no, and what
/// is told *of* such a thing (`emailVerified`, `documentType`), is none.
#[must_use]
pub fn by_name(name: &str, value: &str) -> Option<Disclosed> {
    label::of_name(&plain::plain(name)).filter(|_| !label::is_flag(value))
}

/// In one reading of a text.
fn of_reading(text: &str, now: Timestamp) -> Option<Disclosed> {
    if email::is_there(text) {
        Some(Disclosed::Email)
    } else if document::machine_readable(text) {
        Some(Disclosed::DocumentNumber)
    } else if date::of_birth(text, now) {
        Some(Disclosed::DateOfBirth)
    } else if document::number(text) {
        Some(Disclosed::DocumentNumber)
    } else if document::account(text) {
        Some(Disclosed::AccountNumber)
    } else if phone::is_there(text) {
        Some(Disclosed::Phone)
    } else {
        label::in_text(text)
    }
}

#[cfg(test)]
mod tests;
