//! A webhook that is signed as its vendor does, and is about nothing: to try a door that takes webhooks.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::{Header, Proof};
use crate::account::Account;
use crate::fault::Fault;
use crate::secret::Secret;

/// A webhook to be sent as it is, by POST. It says of a case of the caller's invention that it has begun: nobody knows the case, and
/// nothing comes of it ([`crate::Event::Progress`]).
#[derive(Clone)]
pub struct Sample {
    /// Names and values.
    pub headers: Vec<Header>,
    /// The body, exactly: it is signed.
    pub body: Vec<u8>,
    /// Whether there is a signature.
    pub proof: Proof,
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Sample").field("headers", &names).field("proof", &self.proof).finish_non_exhaustive()
    }
}

/// What an adapter makes of a sample: the body's members, and which headers there are over its bytes.
pub(crate) struct Told<'a> {
    /// The case, which is the event's id and the reference, too.
    pub(crate) case: &'a str,
    /// When it happens, in seconds since 1970.
    pub(crate) at: i64,
    /// Whose webhook it is.
    pub(crate) account: &'a Account,
}

impl Told<'_> {
    /// The time as most vendors write it: `2026-01-02T03:04:05.000Z`.
    pub(crate) fn time(&self) -> String {
        self.moment().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The same for vendors with a way of their own.
    pub(crate) fn moment(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.at, 0).unwrap_or_default()
    }

    /// What it is signed with: the first of the secrets.
    pub(crate) fn secret(&self) -> Result<&Secret, Fault> {
        self.account.webhook_secrets.first().ok_or(Fault::NoKey("webhook secret"))
    }
}

/// The bytes of a body, without blanks, as vendors write them.
pub(crate) fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
