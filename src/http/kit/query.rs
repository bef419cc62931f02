//! Query parameters: each known by name, and given at most once.

use std::str::FromStr;

use url::form_urlencoded;

use super::problem::{Code, Fault, Location, Problem};

/// Items of a list if nobody says.
const DEFAULT_LIMIT: u32 = 50;

/// The parameters of a request.
pub(crate) struct Query {
    given: Vec<(&'static str, String)>,
    faults: Vec<Fault>,
}

impl Query {
    /// Reads `text`, in which no others than `names` may stand.
    pub(crate) fn of(text: Option<&str>, names: &'static [&'static str]) -> Result<Self, Problem> {
        let mut query = Self { given: Vec::new(), faults: Vec::new() };
        for (name, value) in form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            // An unknown name came from outside, so it is not repeated.
            let Some(name) = names.iter().find(|known| **known == name) else {
                return Err(Problem::new(Code::InvalidRequest).because(format!(
                    "The query has a parameter that is not known; there are: {}.",
                    names.join(", ")
                )));
            };
            if query.given.iter().any(|(given, _)| given == name) {
                query.fault(name, "is given twice");
            } else {
                query.given.push((name, value.into_owned()));
            }
        }
        Ok(query)
    }

    fn fault(&mut self, name: &'static str, detail: &'static str) {
        self.faults.push(Fault { location: Location::Parameter(name), detail: detail.into() });
    }

    /// A parameter, as `T` reads it.
    pub(crate) fn read<T: FromStr>(&mut self, name: &'static str, phrase: &'static str) -> Option<T> {
        let value = self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| value.parse());
        match value {
            Some(Ok(value)) => Some(value),
            Some(Err(_)) => {
                self.fault(name, phrase);
                None
            }
            None => None,
        }
    }

    /// The names of the parameters that choose, for what is written down of it.
    pub(crate) fn filters(&self) -> Vec<&'static str> {
        let names = self.given.iter().map(|(name, _)| *name);
        names.filter(|name| !["cursor", "limit", "wait"].contains(name)).collect()
    }

    /// How many items are wanted.
    pub(crate) fn limit(&mut self) -> u32 {
        self.read("limit", "must be a whole number from 1 to 200")
            .map_or(DEFAULT_LIMIT, |WholeNumber::<1, 200>(limit)| limit)
    }

    /// How many seconds the caller waits.
    pub(crate) fn wait(&mut self) -> u64 {
        self.read("wait", "must be a whole number from 0 to 600")
            .map_or(0, |WholeNumber::<0, 600>(seconds)| seconds.into())
    }

    /// That nothing is wrong.
    pub(crate) fn end(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem { errors: self.faults, ..Problem::new(Code::InvalidRequest) })
    }
}

/// A whole number within bounds, in plain digits.
struct WholeNumber<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> FromStr for WholeNumber<MIN, MAX> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = if text.starts_with('+') { Err(()) } else { text.parse().map_err(|_| ()) }?;
        if (MIN..=MAX).contains(&number) { Ok(Self(number)) } else { Err(()) }
    }
}
