//! How long credentials are valid.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::validity::{Policy, Risk, Term};

/// The longest that credentials are valid, in terms of the calendar such as `18m`, `2y` or `1y6m`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Validity {
    /// For levels of which nothing else is said.
    pub term: Option<String>,
    /// For levels, by their base or by all of their text.
    pub levels: BTreeMap<String, String>,
    /// For risks: low, standard, high.
    pub risks: BTreeMap<String, String>,
}

impl Default for Validity {
    fn default() -> Self {
        Self { term: None, levels: BTreeMap::new(), risks: [("high".to_owned(), "1y".to_owned())].into() }
    }
}

impl Validity {
    /// The same as terms, once it is checked.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let term = |text: &String| text.parse::<Term>().ok();
        Policy {
            term: self.term.as_ref().and_then(term),
            levels: self
                .levels
                .iter()
                .filter_map(|(level, text)| Some((level.clone(), term(text)?)))
                .collect(),
            risks: self
                .risks
                .iter()
                .filter_map(|(risk, text)| Some((risk.parse::<Risk>().ok()?, term(text)?)))
                .collect(),
        }
    }
}

impl Section for Validity {
    fn check(&self) -> Result<(), ConfigError> {
        const TERM: &str = "must be a term such as 18m, 2y or 1y6m, of 1 month to 100 years";
        const TERMS: &str = "must have terms such as 18m, 2y or 1y6m, of 1 month to 100 years";
        let is_term = |text: &String| text.parse::<Term>().is_ok();
        require(self.term.iter().all(is_term), "validity.term", TERM)?;
        require(self.levels.values().all(is_term), "validity.levels", TERMS)?;
        require(self.risks.values().all(is_term), "validity.risks", TERMS)?;
        let is_level = |name: &String| {
            let mut parts = name.split('+');
            parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        let levels = "must have levels such as plus or plus+liveness";
        require(self.levels.keys().all(is_level), "validity.levels", levels)?;
        let is_risk = |name: &String| name.parse::<Risk>().is_ok();
        require(self.risks.keys().all(is_risk), "validity.risks", "must have risks: low, standard, high")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{example_with, refused};
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("validity.term", "term = \"5y\"", "term = \"Xyzzy\""),
            ("validity.levels", "{ basic = \"1y\"", "{ basic = \"5551d\""),
            ("validity.levels", "{ basic = \"1y\"", "{ \"Xyzzy++\" = \"1y\""),
            ("validity.risks", "risks = { high = \"1y\" }", "risks = { high = \"0y\" }"),
            ("validity.risks", "risks = { high = \"1y\" }", "risks = { Xyzzy = \"1y\" }"),
        ]);
    }

    #[test]
    fn terms_are_read() {
        let policy = example_with("term = \"5y\"", "term = \"18m\"").validity.policy();
        assert_eq!(policy.term, "18m".parse().ok());
        assert_eq!(policy.levels.get("basic"), "1y".parse().ok().as_ref());
        assert_eq!(policy.risks.get(&Risk::High), "1y".parse().ok().as_ref());
        assert_eq!(Validity::default().policy().term, None);
    }
}
