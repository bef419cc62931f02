//! Grants: the times a write grant carries, the grant itself, and the ids of access grants.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime};
use uuid::{Uuid, uuid};

use crate::actions::DwgMessage;

/// A moment as grants write it: `YYYY-MM-DDThh:mm:ssZ`, in UTC, to the second.
///
/// The node signs and compares the text, so there is exactly one text for each moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GrantTime {
    text: String,
    unix: i64,
}

/// The text is no [`GrantTime`], or the moment lies outside the years 0 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a time in a grant must have the form YYYY-MM-DDThh:mm:ssZ")]
pub struct InvalidGrantTime;

impl GrantTime {
    const FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";

    /// The moment this many seconds after 1970-01-01T00:00:00Z.
    pub fn from_unix(seconds: i64) -> Result<Self, InvalidGrantTime> {
        let moment = DateTime::from_timestamp(seconds, 0).ok_or(InvalidGrantTime)?;
        moment.format(Self::FORMAT).to_string().parse()
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.unix
    }

    /// The text to sign and to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for GrantTime {
    type Err = InvalidGrantTime;

    fn from_str(text: &str) -> Result<Self, InvalidGrantTime> {
        let moment = NaiveDateTime::parse_from_str(text, Self::FORMAT).map_err(|_| InvalidGrantTime)?;
        // The parser also takes signs, single digits and leap seconds; none of them survives this.
        let canonical = text.len() == 20 && moment.format(Self::FORMAT).to_string() == text;
        if !canonical || text.ends_with(":60Z") {
            return Err(InvalidGrantTime);
        }
        Ok(Self { text: text.to_owned(), unix: moment.and_utc().timestamp() })
    }
}

impl fmt::Display for GrantTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A delegated write grant: a user's permission to write one credential, once, within a window of time.
///
/// The user signs the text that the node makes of it ([`message`](Self::message)). The node makes the text again
/// when the credential is written, so every value must then be the same to the letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteGrant {
    /// The grant's id. A grant is used up by its first write, whatever was written.
    pub id: Uuid,
    /// The user's wallet. EVM, XRPL, Stellar: the address. NEAR, `FaceSign`: the public key.
    pub owner: String,
    /// Who will be able to read the copy, as that party's `@caller`: for an Ed25519 key its lower-case hex.
    pub grantee: String,
    /// The issuer's signing key, lower-case hex.
    pub issuer_public_key: String,
    /// Until when the user cannot take the copy's access grant back. A past moment does not lock.
    pub access_grant_timelock: GrantTime,
    not_before: GrantTime,
    not_after: GrantTime,
}

/// A write grant must end after it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a write grant must end after it begins")]
pub struct EmptyWindow;

impl WriteGrant {
    /// A grant that can be used from `not_before` to `not_after`.
    pub fn new(
        id: Uuid,
        parties: GrantParties,
        access_grant_timelock: GrantTime,
        not_before: GrantTime,
        not_after: GrantTime,
    ) -> Result<Self, EmptyWindow> {
        if not_before.unix >= not_after.unix {
            return Err(EmptyWindow);
        }
        let GrantParties { owner, grantee, issuer_public_key } = parties;
        Ok(Self { id, owner, grantee, issuer_public_key, access_grant_timelock, not_before, not_after })
    }

    /// From when on the grant can be used.
    #[must_use]
    pub fn not_before(&self) -> &GrantTime {
        &self.not_before
    }

    /// Until when the grant can be used.
    #[must_use]
    pub fn not_after(&self) -> &GrantTime {
        &self.not_after
    }

    /// The view that makes the text to sign. Always ask the node: its text is not specified.
    #[must_use]
    pub fn message(&self) -> DwgMessage<'_> {
        DwgMessage {
            owner_wallet_identifier: &self.owner,
            grantee_wallet_identifier: &self.grantee,
            issuer_public_key: &self.issuer_public_key,
            id: self.id,
            access_grant_timelock: &self.access_grant_timelock,
            not_usable_before: &self.not_before,
            not_usable_after: &self.not_after,
        }
    }

    /// The id of the access grant that a write under this grant makes for the copy.
    #[must_use]
    pub fn access_grant_id(&self, copy_id: Uuid) -> Uuid {
        access_grant_id(&self.grantee, copy_id, self.access_grant_timelock.unix)
    }
}

/// The three parties of a [`WriteGrant`]; its fields say how each is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantParties {
    /// The user's wallet.
    pub owner: String,
    /// Who gets the copy.
    pub grantee: String,
    /// The issuer's signing key.
    pub issuer_public_key: String,
}

/// The id that a node gives an access grant (`RFC 9562` 5.5, UUID version 5).
///
/// The same grantee, copy and lock give the same id, so a node takes such a grant only once. Letter case of the
/// grantee counts here, although reads ignore it. `locked_until` is in seconds since 1970, 0 for no lock.
#[must_use]
pub fn access_grant_id(grantee: &str, copy_id: Uuid, locked_until: i64) -> Uuid {
    const NAMESPACE: Uuid = uuid!("31276fd4-105f-4ff7-9f64-644942c14b79");
    Uuid::new_v5(&NAMESPACE, format!("{grantee}-{copy_id}-{locked_until}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_exactly_one_text() {
        for (text, unix) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-01-02T03:04:05Z", 1_767_323_045),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            let time: GrantTime = text.parse().unwrap();
            assert_eq!(time.unix(), unix);
            assert_eq!(GrantTime::from_unix(unix).unwrap(), time);
        }
        for text in [
            "",
            "2026-01-02T03:04:05.000Z",
            "2026-01-02T03:04:05+00:00",
            "2026-01-02T03:04:05z",
            "2026-01-02 03:04:05Z",
            "2026-1-02T03:04:05Z",
            "2026-01-02T3:04:05Z",
            "2026-01-02T03:04:60Z",
            "2025-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "+026-01-02T03:04:05Z",
            " 026-01-02T03:04:05Z",
            "12026-01-02T03:04:05Z",
            "2026-01-02T03:04:05Z ",
            "２026-01-02T03:04:05Z",
        ] {
            assert_eq!(text.parse::<GrantTime>(), Err(InvalidGrantTime), "{text:?}");
        }
        assert_eq!(GrantTime::from_unix(i64::MAX), Err(InvalidGrantTime));
        assert_eq!(GrantTime::from_unix(253_402_300_800), Err(InvalidGrantTime), "the year 10000");
    }

    #[test]
    fn a_grant_is_usable_from_a_little_before_its_window_to_its_end() {
        let time = |seconds| GrantTime::from_unix(seconds).unwrap();
        let grant = |from, to| {
            let parties = GrantParties {
                owner: "owner".to_owned(),
                grantee: "grantee".to_owned(),
                issuer_public_key: "issuer".to_owned(),
            };
            WriteGrant::new(Uuid::nil(), parties, time(0), time(from), time(to))
        };

        assert_eq!(grant(1000, 1000), Err(EmptyWindow));
        assert_eq!(grant(1001, 1000), Err(EmptyWindow));
        assert!(grant(1000, 2000).is_ok());
    }
}
