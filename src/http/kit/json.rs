//! Strict reading of JSON bodies: members of objects, each by its name and with its JSON pointer. All that is wrong with a body is
//! found at once, and pointed at.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::Request;
use idos_credential::Invalid;
pub(crate) use idos_credential::strict_json::Json;
use uuid::Uuid;

use super::body;
use super::problem::{self, Code, Fault, Location, Problem};
use super::state::Api;

/// What is said of a user id that is none.
pub(crate) const USER_ID: &str = "must be a UUID of version 4, as 8-4-4-4-12 hexadecimal digits";

/// Reads an object without members.
pub(crate) fn nothing(json: &Json) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", &[], &mut faults);
    faults.into_result(object.map(|_| ()))
}

/// Reads JSON, or says why it is none.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, Problem> {
    parse_of("body", bytes)
}

/// The same of something that is not the whole body: `what` it is.
pub(crate) fn parse_of(what: &str, bytes: &[u8]) -> Result<Json, Problem> {
    Json::parse(bytes)
        .map_err(|error| Problem::new(Code::InvalidRequest).because(format!("The {what} {error}.")))
}

/// Reads a body that has nothing to say: none at all, or `{}`.
pub(crate) async fn read_nothing(api: &Api, request: Request) -> Result<(), Problem> {
    match body::read_json_if_any(api, request).await? {
        Some(body) => nothing(&parse(&body.bytes)?),
        None => Ok(()),
    }
}

/// What is wrong with a body so far.
#[derive(Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) {
        self.0.push(Fault { location: Location::Pointer(pointer.into()), detail: detail.into() });
    }

    /// Adds refused fields that lie below `parent`.
    pub(crate) fn extend(&mut self, parent: &str, invalid: Invalid) {
        self.0.extend(problem::faults(parent, invalid));
    }

    /// What was read, if nothing is wrong.
    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::fields(self.0)),
        }
    }
}

/// A JSON object, of which these members are known.
pub(crate) struct Object<'j> {
    at: String,
    members: &'j [(String, Json)],
    names: &'static [&'static str],
}

impl<'j> Object<'j> {
    /// `json` as an object with no other members than `names`.
    pub(crate) fn of(
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

    /// The JSON pointer of a member.
    pub(crate) fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// A member that may be missing.
    pub(crate) fn get(&self, name: &'static str) -> Option<&'j Json> {
        debug_assert!(self.names.contains(&name), "{name} is in no table");
        self.members.iter().find(|(there, _)| there == name).map(|(_, value)| value)
    }

    /// A member that must be there.
    pub(crate) fn required(&self, name: &'static str, faults: &mut Faults) -> Option<&'j Json> {
        let found = self.get(name);
        if found.is_none() {
            faults.add(self.pointer(name), "is required");
        }
        found
    }

    /// A text that may be missing, with what some type reads of it.
    pub(crate) fn optional<T>(
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
    pub(crate) fn parsed<T>(
        &self,
        name: &'static str,
        faults: &mut Faults,
        phrase: impl Into<Cow<'static, str>>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let read = self.required(name, faults)?.as_text().and_then(read);
        if read.is_none() {
            faults.add(self.pointer(name), phrase);
        }
        read
    }

    /// A text that must be there, as `T` reads it.
    pub(crate) fn read<T: FromStr>(
        &self,
        name: &'static str,
        faults: &mut Faults,
        phrase: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        self.parsed(name, faults, phrase, |text| text.parse().ok())
    }

    /// A text of at most `most` bytes that must be there, is not empty, and has no NUL: it goes to the node, whose
    /// database (PostgreSQL) has none in its texts. All else that is Unicode it takes.
    pub(crate) fn text(&self, name: &'static str, most: usize, faults: &mut Faults) -> Option<String> {
        let text = self.required(name, faults)?.as_text();
        if text.is_some_and(|text| text.contains('\0')) {
            faults.add(self.pointer(name), "must not have a NUL (U+0000) in it: the network cannot keep one");
            return None;
        }
        let fits = text.filter(|text| (1..=most).contains(&text.len()));
        if fits.is_none() {
            faults.add(self.pointer(name), format!("must be a text of 1 to {most} bytes"));
        }
        fits.map(str::to_owned)
    }

    /// The same, if it is there.
    pub(crate) fn optional_text(
        &self,
        name: &'static str,
        most: usize,
        faults: &mut Faults,
    ) -> Option<String> {
        self.get(name)?;
        self.text(name, most, faults)
    }

    /// A whole number within these bounds, if it is there. `300.0` is one: JSON has one kind of number.
    pub(crate) fn optional_whole(
        &self,
        name: &'static str,
        bounds: RangeInclusive<u32>,
        faults: &mut Faults,
    ) -> Option<u32> {
        let given = match self.get(name)? {
            Json::Number(number) => Some(*number),
            _ => None,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates, and what is another number afterwards was none"
        )]
        let whole = given
            .map(|number| number as u32)
            .filter(|whole| given == Some(f64::from(*whole)) && bounds.contains(whole));
        if whole.is_none() {
            let (least, most) = bounds.into_inner();
            faults.add(self.pointer(name), format!("must be a whole number from {least} to {most}"));
        }
        whole
    }

    /// The user's id.
    pub(crate) fn user_id(&self, name: &'static str, faults: &mut Faults) -> Option<Uuid> {
        self.parsed(name, faults, USER_ID, |text| {
            uuid(text).filter(|id| id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122)
        })
    }
}

/// A UUID as idOS writes it, with hyphens.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}
