//! HMAC, and why a webhook is not believed.

use hmac::Hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use crate::secret::Secret;

/// How far the vendor's clock and ours may be apart where the time is signed, in seconds. One vendor documents it, and
/// it is what the others' users have agreed on.
pub const TOLERANCE: i64 = 300;

/// A webhook as it arrived.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// Names and values. Names have no upper and lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The bytes of the body as they came, before anything reads them.
    pub body: &'a [u8],
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Why a webhook is not believed. Says which header it is about, and never what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Nothing to check it with.
    #[error("no secret is configured for the webhook")]
    NoSecret,
    /// It is not signed.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// Two answers to one question.
    #[error("the header {0} is there more than once")]
    Repeated(&'static str),
    /// Not what the vendor writes there.
    #[error("the header {0} is malformed")]
    Malformed(&'static str),
    /// An algorithm that is not taken.
    #[error("the header {0} names an algorithm that is unknown or not allowed")]
    Algorithm(&'static str),
    /// Well-formed, and by none of the secrets.
    #[error("the header {0} does not match")]
    Wrong(&'static str),
    /// The signed time is missing or is no time.
    #[error("the signed time is malformed")]
    Time,
    /// The time in the header is not the signed one.
    #[error("the header {0} is not the time that is signed")]
    OtherTime(&'static str),
    /// It is from too long ago, and so may be a repetition.
    #[error("the signed time is too old")]
    TooOld,
    /// It is from the future.
    #[error("the signed time is too new")]
    TooNew,
}

impl<'a> Received<'a> {
    /// The one header of that name.
    pub(crate) fn header(&self, name: &'static str) -> Result<&'a str, Untrusted> {
        self.header_if_any(name)?.ok_or(Untrusted::Missing(name))
    }

    pub(crate) fn header_if_any(&self, name: &'static str) -> Result<Option<&'a str>, Untrusted> {
        let mut values =
            self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let first = values.next();
        if values.next().is_some() { Err(Untrusted::Repeated(name)) } else { Ok(first) }
    }

    /// Whether a signed time, in seconds since 1970, is now.
    pub(crate) fn check_time(&self, signed: i64) -> Result<(), Untrusted> {
        if signed < self.now.saturating_sub(TOLERANCE) {
            Err(Untrusted::TooOld)
        } else if signed > self.now.saturating_add(TOLERANCE) {
            Err(Untrusted::TooNew)
        } else {
            Ok(())
        }
    }
}

/// The hash under an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The HMAC over the parts, one after the other.
    pub(crate) fn hmac(self, secret: &Secret, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Sha1 => mac::<Hmac<Sha1>>(secret, parts),
            Self::Sha256 => mac::<Hmac<Sha256>>(secret, parts),
            Self::Sha512 => mac::<Hmac<Sha512>>(secret, parts),
        }
    }

    /// The same as lower-case hexadecimal.
    pub(crate) fn hmac_hex(self, secret: &Secret, parts: &[&[u8]]) -> String {
        hex::encode(self.hmac(secret, parts))
    }

    /// Whether `given`, in hexadecimal, is by any of the secrets. It takes as long whichever of them it is by, and
    /// however much of it is right.
    pub(crate) fn check(
        self,
        secrets: &[Secret],
        parts: &[&[u8]],
        given: &str,
        header: &'static str,
    ) -> Result<(), Untrusted> {
        if secrets.is_empty() {
            return Err(Untrusted::NoSecret);
        }
        let given = hex::decode(given).map_err(|_| Untrusted::Malformed(header))?;
        if given.len() != self.length() {
            return Err(Untrusted::Malformed(header));
        }
        let matches = secrets
            .iter()
            .fold(Choice::from(0), |found, secret| found | self.hmac(secret, parts).ct_eq(&given));
        if bool::from(matches) { Ok(()) } else { Err(Untrusted::Wrong(header)) }
    }
}

fn mac<M: hmac::Mac + hmac::digest::KeyInit>(secret: &Secret, parts: &[&[u8]]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = <M as hmac::Mac>::new_from_slice(secret.bytes()).expect("a key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Whether two texts are the same, in a time that does not tell how much of them is.
pub(crate) fn same(one: &str, other: &str) -> bool {
    bool::from(one.as_bytes().ct_eq(other.as_bytes()))
}
