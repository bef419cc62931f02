//! Keys of a list: with names, and with times in which they are used.

use idos_client::SignError;
use idos_credential::key::statement;
use idos_credential::{SignedCredential, Unsigned, VerificationMethod};

use super::Key;
use crate::config::KeyEntry;
use crate::cores::aside;
use crate::model::time::Timestamp;

/// When a key is used for something new. What it has signed holds beyond that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// From when on; ever since if `None`.
    pub from: Option<Timestamp>,
    /// Until when, exclusively; without end if `None`.
    pub until: Option<Timestamp>,
}

impl Validity {
    /// Whether it is used at this time.
    #[must_use]
    pub fn covers(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

impl From<&KeyEntry> for Validity {
    fn from(entry: &KeyEntry) -> Self {
        Self { from: entry.valid_from, until: entry.valid_until }
    }
}

/// A key that signs credentials, with the names that it has in them.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// As what others know it.
    pub method: VerificationMethod,
    /// When it signs.
    pub validity: Validity,
    /// What signs.
    pub key: Key,
}

impl SigningKey {
    /// Signs a credential that was built for this key, which checks the signature itself.
    pub async fn sign_credential(&self, unsigned: Unsigned) -> Result<SignedCredential, SignError> {
        let signature = self.key.sign_unchecked(unsigned.to_sign()).await?;
        // All of the text is hashed.
        let signed = aside(unsigned.most_text(), move || unsigned.signed(&signature)).await;
        signed.map_err(|error| self.key.failed(error.into()))?.map_err(|_| self.key.wrong())
    }

    /// Signs what the issuer states about its own records.
    pub async fn sign_statement(&self, text: &str) -> Result<[u8; 64], SignError> {
        self.key.sign(statement(text).as_bytes()).await
    }
}

/// A key that writes to the node: it signs rows of credentials, and transactions.
#[derive(Clone, Debug)]
pub struct WriteKey {
    /// When new work is given to it.
    pub validity: Validity,
    /// What signs.
    pub key: Key,
}

impl WriteKey {
    /// A key without an end.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { validity: Validity::default(), key }
    }
}

/// Of keys that are used at this time, the one that came last.
pub(super) fn current(keys: &[SigningKey], now: Timestamp) -> Option<&SigningKey> {
    let from = |key: &SigningKey| key.validity.from.map_or(i64::MIN, Timestamp::unix_millis);
    // Of two that came at once, the first of the list.
    keys.iter().filter(|key| key.validity.covers(now)).rev().max_by_key(|key| from(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn key(seed: u8, from: Option<&str>, until: Option<&str>) -> SigningKey {
        let key = Key::from_seed(&[seed; 32]);
        let validity = Validity { from: from.map(at), until: until.map(at) };
        SigningKey { method: VerificationMethod::of_did_key(key.public()), validity, key }
    }

    #[test]
    fn the_key_that_came_last_signs_while_it_is_valid() {
        let (march, may) = ("2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z");
        let keys = [key(1, None, Some(may)), key(2, Some(march), None), key(3, Some(march), None)];
        let signs = |keys: &[SigningKey], now: &str| {
            current(keys, at(now)).map(|key| keys.iter().position(|k| k.method == key.method).unwrap())
        };
        assert_eq!(signs(&keys, "2026-02-28T23:59:59Z"), Some(0));
        assert_eq!(signs(&keys, march), Some(1));
        assert_eq!(signs(&keys[..1], "2026-04-30T23:59:59Z"), Some(0));
        assert_eq!(signs(&keys[..1], may), None);
        assert_eq!(signs(&keys[1..], "2026-02-01T00:00:00Z"), None);
    }
}
