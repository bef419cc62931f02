//! Whose records somebody sees who works here: one client's, or everybody's.

use std::fmt;
use std::str::FromStr;

use super::submitter::{NotAName, is_plain_name};

/// Whose records are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All clients'.
    Everybodys,
    /// This client's.
    Of(String),
}

impl Whose {
    /// Whether a client's records are among them.
    #[must_use]
    pub fn sees(&self, client: &str) -> bool {
        match self {
            Self::Everybodys => true,
            Self::Of(own) => own == client,
        }
    }

    /// The same, narrowed to one client that was asked for. What may not be seen is nobody's: no client has an empty name.
    #[must_use]
    pub fn narrowed(&self, to: Option<&str>) -> Self {
        match to {
            None => self.clone(),
            Some(client) if self.sees(client) => Self::Of(client.to_owned()),
            Some(_) => Self::Of(String::new()),
        }
    }

    /// As it is kept: a client's name, or `*`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Everybodys => "*",
            Self::Of(client) => client,
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Whose {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        match text {
            "*" => Ok(Self::Everybodys),
            name if is_plain_name(name) => Ok(Self::Of(name.to_owned())),
            _ => Err(NotAName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sees_more_than_is_theirs() {
        let all: Whose = "*".parse().unwrap();
        let own: Whose = "acme".parse().unwrap();
        assert!(all.sees("acme") && all.sees("other"));
        assert!(own.sees("acme") && !own.sees("other") && !own.sees("") && !own.sees("*"));
        assert_eq!(all.narrowed(Some("other")), Whose::Of("other".to_owned()));
        assert_eq!(all.narrowed(None), all);
        assert_eq!(own.narrowed(None), own);
        assert!(!own.narrowed(Some("other")).sees("other"));
        assert!(!own.narrowed(Some("*")).sees("other"));
        for whose in [all, own] {
            assert_eq!(whose.to_string().parse(), Ok(whose));
        }
        for wrong in ["", "**", "A", "a/b"] {
            assert_eq!(wrong.parse::<Whose>(), Err(NotAName));
        }
    }
}
