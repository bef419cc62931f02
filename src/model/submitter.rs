//! Who submits: for which tenant, and by which way.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::audit::Actor;
use super::ids::{ApiKeyId, ClaimId, StaffId};

/// Whoever asks a flow for something. The records that come of it are the tenant's; the way tells who answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    /// The client whose records these are: whatever its way, it sees all of its own, and nobody else's.
    pub tenant: String,
    /// By which way.
    pub origin: Origin,
}

/// By which way something is submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Over the API, with this key of the tenant's.
    ApiKey(ApiKeyId),
    /// By a configured source, such as a vendor of KYC results, that brings in results for the tenant.
    Source(SourceName),
    /// By the person who follows the link of this claim of the tenant's.
    Claim(ClaimId),
    /// By a token that this consumer of the relay has signed.
    Consumer(Uuid),
    /// By somebody who works at the console.
    Staff(StaffId),
    /// By the person whom the records are about, on their own page.
    Person,
    /// By somebody with access to the command line.
    Operator,
}

impl Submitter {
    /// How the submitter is written down.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &self.origin {
            Origin::ApiKey(key) => {
                Actor::Client { client: self.tenant.clone(), key: key.as_str().to_owned() }
            }
            Origin::Source(source) => {
                Actor::Source { client: self.tenant.clone(), source: source.as_str().to_owned() }
            }
            Origin::Claim(claim) => {
                Actor::Claim { client: self.tenant.clone(), claim: claim.as_str().to_owned() }
            }
            Origin::Consumer(consumer) => {
                Actor::Consumer { client: self.tenant.clone(), consumer: consumer.to_string() }
            }
            Origin::Staff(staff) => Actor::Staff { staff: staff.as_str().to_owned() },
            Origin::Person => Actor::Person,
            Origin::Operator => Actor::Operator,
        }
    }

    /// Within which its `Idempotency-Key`s are different from each other. All keys of a tenant's share one scope, so that a
    /// request can be repeated with a key's successor; what a vendor calls its results never meets what the tenant chose.
    ///
    /// Neither tenants nor sources have a NUL in their names, and headers have none.
    #[must_use]
    pub fn idempotency_scope(&self) -> String {
        match &self.origin {
            Origin::ApiKey(_) => self.tenant.clone(),
            Origin::Source(source) => format!("{}\0source\0{source}", self.tenant),
            Origin::Claim(claim) => format!("{}\0claim\0{claim}", self.tenant),
            Origin::Consumer(consumer) => format!("{}\0consumer\0{consumer}", self.tenant),
            Origin::Staff(staff) => format!("{}\0staff\0{staff}", self.tenant),
            Origin::Person => format!("{}\0person", self.tenant),
            Origin::Operator => format!("{}\0operator", self.tenant),
        }
    }
}

/// The name of a configured source: a plain name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceName(String);

impl SourceName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is no plain name. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 64 of a-z, 0-9, . _ -")]
pub struct NotAName;

impl FromStr for SourceName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        if is_plain_name(text) { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

/// Whether a text is a name as tenants and sources have: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`. So it can stand in the
/// audit chain, where `:` parts names from each other.
#[must_use]
pub fn is_plain_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_written_down_and_has_keys_of_its_own() {
        let of = |origin| Submitter { tenant: "acme".to_owned(), origin };
        let key: ApiKeyId = "key_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let all = [
            (of(Origin::ApiKey(key)), "client:acme:key_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            (of(Origin::Source("vendor".parse().unwrap())), "source:acme:vendor"),
            (of(Origin::Source("other".parse().unwrap())), "source:acme:other"),
            (
                of(Origin::Claim("clm_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap())),
                "claim:acme:clm_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            ),
            (of(Origin::Consumer(Uuid::from_u128(7))), "consumer:acme:00000000-0000-0000-0000-000000000007"),
            (
                of(Origin::Staff("stf_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap())),
                "staff:stf_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            ),
            (of(Origin::Person), "person"),
            (of(Origin::Operator), "operator"),
        ];
        for (submitter, written) in &all {
            assert_eq!(submitter.actor().to_text(), *written);
        }
        let scopes: std::collections::HashSet<_> =
            all.iter().map(|(one, _)| one.idempotency_scope()).collect();
        assert_eq!(scopes.len(), all.len());
        // What was hashed before there were other ways must be found again.
        assert_eq!(all[0].0.idempotency_scope(), "acme");
    }

    #[test]
    fn a_name_is_plain() {
        for name in ["a", "a.b_c-9", &"a".repeat(64)] {
            assert_eq!(name.parse::<SourceName>().unwrap().as_str(), name);
        }
        for wrong in ["", "A", "a b", "a:b", "a\0b", "é", &"a".repeat(65)] {
            assert_eq!(wrong.parse::<SourceName>(), Err(NotAName));
        }
    }
}
