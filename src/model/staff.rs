//! Staff: who works at the console, what they may do there, and the sessions in which they do it.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use rand::RngCore;
use unicode_normalization::UnicodeNormalization as _;

use super::audit::Actor;
use super::ids::{SessionId, StaffId};
use super::named::named;
use super::personal::Personal;
use super::submitter::is_plain_name;
use super::time::Timestamp;

named! {
    /// What somebody may do. Each may do what those before it may.
    Role {
        /// See records.
        Viewer = "viewer",
        /// Decide about records.
        Compliance = "compliance",
        /// Make keys, and say who works here.
        Admin = "admin",
    }
}

named! {
    /// What somebody has shown in a session.
    Stage {
        /// The password alone, which opens nothing but the question for a code.
        Password = "password",
        /// A code too.
        Full = "full",
    }
}

named! {
    /// The languages of the console, by their codes (ISO 639).
    ConsoleLanguage {
        /// English.
        En = "en",
        /// German.
        De = "de",
    }
}

/// Whose records somebody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    All,
    /// This client's.
    Client(String),
}

impl Reach {
    /// Whether the records of a client are seen.
    #[must_use]
    pub fn sees(&self, client: &str) -> bool {
        self.client().is_none_or(|own| own == client)
    }

    /// The client whose records alone are seen; `None` if everybody's are.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Client(client) => Some(client),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.client().unwrap_or("*"))
    }
}

/// The text names neither a client nor everybody. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a client (1 to 64 of a-z, 0-9, . _ -), or * for all")]
pub struct NoReach;

impl FromStr for Reach {
    type Err = NoReach;

    fn from_str(text: &str) -> Result<Self, NoReach> {
        match text {
            "*" => Ok(Self::All),
            client if is_plain_name(client) => Ok(Self::Client(client.to_owned())),
            _ => Err(NoReach),
        }
    }
}

/// Somebody who works at the console.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// What they sign in with: a plain name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whose records they see.
    pub reach: Reach,
    /// The hash of their password, with its parameters.
    pub password: Option<Personal<String>>,
    /// The secret of their one-time codes, locked (`src/vault.rs`).
    pub locked_totp: Option<String>,
    /// The time step of the last code that was taken.
    pub totp_step: i64,
    /// When they followed their invitation to its end: they sign in from then on.
    pub accepted_at: Option<Timestamp>,
    /// The hash of the token of their invitation, and until when that works.
    pub invitation: Option<(String, Timestamp)>,
    /// The language that they have chosen, if not the one of their browser.
    pub language: Option<ConsoleLanguage>,
    /// The time zone in which they read times; UTC without one.
    pub time_zone: Option<Tz>,
    /// Who they are at an identity provider: its URL, and its name for them.
    pub identity: Option<(String, String)>,
    /// When they signed in last.
    pub signed_in_at: Option<Timestamp>,
    /// Counts every change: who writes has seen the one before.
    pub version: i64,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// When something of this changed last.
    pub updated_at: Timestamp,
}

impl Staff {
    /// Somebody who is known since `now`: with nothing yet that lets them in, and no choices of their own. The id comes of
    /// `rng`.
    #[must_use]
    pub fn new(name: String, role: Role, reach: Reach, now: Timestamp, rng: &mut dyn RngCore) -> Self {
        Self {
            id: StaffId::new(now, rng),
            name,
            role,
            reach,
            password: None,
            locked_totp: None,
            totp_step: 0,
            accepted_at: None,
            invitation: None,
            language: None,
            time_zone: None,
            identity: None,
            signed_in_at: None,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// How they are written down.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Staff { staff: self.id.as_str().to_owned() }
    }
}

/// A session: what a cookie in a browser stands for.
#[derive(Clone, Debug)]
pub struct StaffSession {
    /// Its id, by which it is listed and ended; it opens nothing.
    pub id: SessionId,
    /// The hash of its token.
    pub hash: String,
    /// Whose it is.
    pub staff: StaffId,
    /// What they have shown.
    pub stage: Stage,
    /// When they gave a code last.
    pub factor_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, whatever happens.
    pub ends_at: Timestamp,
    /// Since when it is.
    pub created_at: Timestamp,
}

/// How often somebody has tried to come in, and failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// So often in a row.
    pub failures: i64,
    /// Nobody is let try before.
    pub pause_until: Timestamp,
    /// When the last one was.
    pub at: Timestamp,
}

/// The fewest characters that a password has (NIST SP 800-63B-4, 3.1.1.2, asks for 8 beside a second factor, and for 15 without).
const SHORTEST_PASSWORD: usize = 12;

/// The most characters that a password has.
const LONGEST_PASSWORD: usize = 128;

/// Why a password is not taken. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short, or too long to be typed.
    #[error("must have 12 to 128 characters")]
    Length,
    /// It is made of few different characters.
    #[error("must have at least 5 different characters")]
    Monotonous,
    /// It has the login name in it.
    #[error("must not have the login name in it")]
    Name,
}

/// A password as it is hashed: the same for all ways to type it (NFKC, as NIST SP 800-63B-4, 3.1.1.2, asks).
#[must_use]
pub fn typed_password(text: &str) -> Personal<String> {
    Personal::new(text.nfkc().collect())
}

/// Whether a password may be chosen by somebody of this name.
pub fn check_password(password: &str, name: &str) -> Result<(), WeakPassword> {
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&password.chars().count()) {
        return Err(WeakPassword::Length);
    }
    let different: std::collections::BTreeSet<_> = password.chars().collect();
    if different.len() < 5 {
        return Err(WeakPassword::Monotonous);
    }
    if name.len() > 2 && password.to_lowercase().contains(name) {
        return Err(WeakPassword::Name);
    }
    Ok(())
}

/// A login name as it is looked up: people write it with capitals, and with a blank behind it.
#[must_use]
pub fn login_name(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        assert!(Role::Viewer < Role::Compliance && Role::Compliance < Role::Admin);
        assert!(Role::ALL.is_sorted());
    }

    #[test]
    fn one_clients_records_are_one_clients() {
        let acme: Reach = "acme".parse().unwrap();
        assert!(acme.sees("acme") && !acme.sees("other") && !acme.sees("*") && !acme.sees(""));
        let all: Reach = "*".parse().unwrap();
        assert!(all.sees("acme") && all.to_string() == "*" && acme.to_string() == "acme");
        for wrong in ["", "**", "a b", "Acme", "acme,other"] {
            assert_eq!(wrong.parse::<Reach>(), Err(NoReach), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_long_and_is_not_the_name() {
        assert_eq!(check_password("correct horse battery", "anna"), Ok(()));
        assert_eq!(check_password("elf Zeichen", "anna"), Err(WeakPassword::Length));
        assert_eq!(check_password(&"ab".repeat(65), "anna"), Err(WeakPassword::Length));
        assert_eq!(check_password("abababababab", "anna"), Err(WeakPassword::Monotonous));
        assert_eq!(check_password("xx ANNA 12345678", "anna"), Err(WeakPassword::Name));
        assert_eq!(check_password("ünïcödé ßtraße", "anna"), Ok(()), "characters are counted, not bytes");
        assert_eq!(typed_password("u\u{308}ber").expose(), "über");
        assert_eq!(login_name(" Anna "), "anna");
    }
}
