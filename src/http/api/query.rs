//! Query parameters: each known by name, and given at most once.

use std::str::FromStr;

use url::form_urlencoded;

use crate::http::problem::{Code, Fault, Place, Problem};

/// Most items of a list.
const MOST_ITEMS: u32 = 200;

/// Items of a list if nobody says.
const USUAL_ITEMS: u32 = 50;

/// The parameters of a request.
pub(super) struct Query {
    given: Vec<(&'static str, String)>,
    faults: Vec<Fault>,
}

impl Query {
    /// Reads `text`, in which no others than `names` may stand.
    pub(super) fn of(text: Option<&str>, names: &'static [&'static str]) -> Result<Self, Problem> {
        let mut query = Self { given: Vec::new(), faults: Vec::new() };
        for (name, value) in form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            // An unknown name came from outside, so it is not repeated.
            let Some(name) = names.iter().find(|known| **known == name) else {
                return Err(Problem::new(Code::InvalidRequest)
                    .because(format!("The query has a parameter that is not known; there are: {}.", names.join(", "))));
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
        self.faults.push(Fault { place: Place::Parameter(name), detail: detail.into() });
    }

    /// A parameter, as `T` reads it.
    pub(super) fn read<T: FromStr>(&mut self, name: &'static str, phrase: &'static str) -> Option<T> {
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

    /// How many items are wanted.
    pub(super) fn limit(&mut self) -> u32 {
        let limit = self.read::<u32>("limit", "must be a whole number from 1 to 200").unwrap_or(USUAL_ITEMS);
        if !(1..=MOST_ITEMS).contains(&limit) {
            self.fault("limit", "must be a whole number from 1 to 200");
        }
        limit
    }

    /// How many seconds the caller waits.
    pub(super) fn wait(&mut self) -> u64 {
        self.read::<u32>("wait", "must be a whole number of seconds").unwrap_or_default().into()
    }

    /// That nothing is wrong.
    pub(super) fn end(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem { errors: self.faults, ..Problem::new(Code::InvalidRequest) })
    }
}
