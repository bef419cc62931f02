//! Why something stops.

use std::borrow::Cow;

use crate::model::issuance::HaltCode;

/// Why something stops.
#[derive(Clone, Debug)]
pub struct Stop {
    /// What its record says.
    pub code: HaltCode,
    /// What the log says besides: the node's words, or what is wrong with what was kept. No values.
    pub cause: Cow<'static, str>,
}

impl Stop {
    /// For this reason.
    #[must_use]
    pub fn new(code: HaltCode, cause: impl Into<Cow<'static, str>>) -> Self {
        Self { code, cause: cause.into() }
    }
}
