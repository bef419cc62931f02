//! Members of JSON objects, each by its name and with its place.

use std::borrow::Cow;
use std::str::FromStr;

use idos_credential::Invalid;
use idos_credential::strict_json::Json;
use uuid::Uuid;

use crate::http::problem::{self, Fault, Place, Problem};

/// What is wrong with a body so far.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) {
        self.0.push(Fault { place: Place::Pointer(pointer.into()), detail: detail.into() });
    }

    /// Adds refused fields that lie below `parent`.
    pub(super) fn extend(&mut self, parent: &str, invalid: Invalid) {
        self.0.extend(problem::faults(parent, invalid));
    }

    /// What was read, if nothing is wrong.
    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::fields(self.0)),
        }
    }
}

/// A JSON object, of which these members are known.
pub(super) struct Object<'j> {
    at: String,
    members: &'j [(String, Json)],
    names: &'static [&'static str],
}

impl<'j> Object<'j> {
    /// `json` as an object with no other members than `names`.
    pub(super) fn of(
        json: &'j Json,
        at: impl Into<String>,
        names: &'static [&'static str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let at = at.into();
        let Json::Object(members) = json else {
            faults.add(at, "must be an object");
            return None;
        };
        // The name came from outside, so it is not repeated.
        if members.iter().any(|(name, _)| !names.contains(&name.as_str())) {
            faults.add(at.clone(), "has a member that is not known");
        }
        Some(Self { at, members, names })
    }

    /// The place of a member.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// A member that may be missing.
    pub(super) fn get(&self, name: &'static str) -> Option<&'j Json> {
        debug_assert!(self.names.contains(&name), "{name} is in no table");
        self.members.iter().find(|(there, _)| there == name).map(|(_, value)| value)
    }

    /// A member that must be there.
    pub(super) fn required(&self, name: &'static str, faults: &mut Faults) -> Option<&'j Json> {
        let found = self.get(name);
        if found.is_none() {
            faults.add(self.place(name), "is required");
        }
        found
    }

    /// A text that may be missing, with what some type reads of it.
    pub(super) fn maybe<T>(
        &self,
        name: &'static str,
        faults: &mut Faults,
        phrase: impl Into<Cow<'static, str>>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.get(name)?;
        self.parsed(name, faults, phrase, read)
    }

    /// A text that must be there, with what some type reads of it; `phrase` says what it must be.
    pub(super) fn parsed<T>(
        &self,
        name: &'static str,
        faults: &mut Faults,
        phrase: impl Into<Cow<'static, str>>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let read = self.required(name, faults)?.as_text().and_then(read);
        if read.is_none() {
            faults.add(self.place(name), phrase);
        }
        read
    }

    /// A text that must be there, as `T` reads it.
    pub(super) fn read<T: FromStr>(
        &self,
        name: &'static str,
        faults: &mut Faults,
        phrase: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        self.parsed(name, faults, phrase, |text| text.parse().ok())
    }

    /// A text of at most `most` bytes that must be there, is not empty, and has no NUL: it goes to the node, whose
    /// database (PostgreSQL) has none in its texts. All else that is Unicode it takes.
    pub(super) fn text(&self, name: &'static str, most: usize, faults: &mut Faults) -> Option<String> {
        let text = self.required(name, faults)?.as_text();
        if text.is_some_and(|text| text.contains('\0')) {
            faults.add(self.place(name), "must not have a NUL (U+0000) in it: the network cannot keep one");
            return None;
        }
        let fits = text.filter(|text| (1..=most).contains(&text.len()));
        if fits.is_none() {
            faults.add(self.place(name), format!("must be a text of 1 to {most} bytes"));
        }
        fits.map(str::to_owned)
    }

    /// The same, if it is there.
    pub(super) fn maybe_text(&self, name: &'static str, most: usize, faults: &mut Faults) -> Option<String> {
        self.get(name)?;
        self.text(name, most, faults)
    }

    /// The user's id.
    pub(super) fn user_id(&self, name: &'static str, faults: &mut Faults) -> Option<Uuid> {
        self.parsed(name, faults, super::USER_ID, |text| {
            uuid(text).filter(|id| id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122)
        })
    }
}

/// A UUID as idOS writes it, with hyphens.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// A text that names who reads, as the network knows them ([`idos_wallet::is_caller`]).
pub(super) fn caller(text: &str) -> Option<String> {
    idos_wallet::is_caller(text).then(|| text.to_owned())
}

/// What is said of a grantee that is none.
pub(super) const CALLER: &str = "must be an Ed25519 public key (64 hexadecimal digits), an EVM address (0x and 40 digits), \
     an XRPL address (r…), a NEAR public key (ed25519:…, not an account) or a Stellar address (G…)";
