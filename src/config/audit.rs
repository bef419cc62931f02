//! What is written into the audit chain besides what is done.

use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::audit::Views;

/// What is written into the audit chain besides what is done.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Whose looks at records are written down: `staff`, `all` or `none`.
    pub views: String,
}

impl Default for Audit {
    fn default() -> Self {
        Self { views: Views::Staff.as_str().to_owned() }
    }
}

impl Audit {
    /// Whose looks at records are written down.
    #[must_use]
    pub fn views(&self) -> Views {
        self.views.parse().unwrap_or(Views::Staff)
    }
}

impl Section for Audit {
    fn check(&self) -> Result<(), ConfigError> {
        require(self.views.parse::<Views>().is_ok(), "audit.views", "must be staff, all or none")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[("audit.views", "views = \"staff\"", "views = \"Xyzzy\"")]);
    }
}
