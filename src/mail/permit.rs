//! Leave to hand a mail over, which is asked for at the last moment.

use std::pin::Pin;

use super::outcome::{Cause, Outcome, Stage};

/// What is waited for before anybody is told the mail: of SMTP, before `DATA`. If it says no, nothing is sent.
pub type Permit<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// The outcome where a [`Permit`] was not given.
pub(super) const NOT_PERMITTED: Outcome = Outcome::NotSent { stage: Stage::Data, cause: Cause::Local };
