//! Ids of our own records: a prefix that tells the kind, and a ULID that sorts by time.

use std::fmt;
use std::str::FromStr;

use rand::RngCore;
use ulid::Ulid;
use uuid::{Uuid, Variant};

use crate::model::time::Timestamp;

/// The text is no id of the kind that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an id of this kind")]
pub struct NotAnId;

fn ulid(now: Timestamp, rng: &mut dyn RngCore) -> String {
    let mut random = [0; 16];
    rng.fill_bytes(&mut random[6..]);
    let time = u64::try_from(now.unix_millis()).unwrap_or_default();
    Ulid::from_parts(time, u128::from_be_bytes(random)).to_string()
}

/// The time of a ULID.
fn made_at(ulid: &str) -> Timestamp {
    let millis = Ulid::from_string(ulid).map(|ulid| i64::try_from(ulid.timestamp_ms()).unwrap_or_default());
    millis.ok().and_then(|millis| Timestamp::from_unix_millis(millis).ok()).unwrap_or(Timestamp::EPOCH)
}

/// When a record was made, as its id says, of whichever kind it is; `None` if it is none of ours.
#[must_use]
pub fn time_of(id: &str) -> Option<Timestamp> {
    let (_, ulid) = id.split_once('_')?;
    is_ulid(ulid).then(|| made_at(ulid))
}

/// Whether it is a ULID as it is written: readers take other spellings, too, and one record has one id.
fn is_ulid(text: &str) -> bool {
    Ulid::from_string(text).is_ok_and(|ulid| ulid.to_string() == text)
}

/// Whether a text is an id that begins with this prefix, as [`new`](IssuanceId::new) writes it.
#[must_use]
pub fn is_record(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(is_ulid)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &str = $prefix;

            /// A fresh id.
            #[must_use]
            pub fn new(now: Timestamp, rng: &mut dyn RngCore) -> Self {
                Self(format!("{}{}", $prefix, ulid(now, rng)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// When it was made, as it says itself.
            #[must_use]
            pub fn made_at(&self) -> Timestamp {
                made_at(self.0.strip_prefix($prefix).unwrap_or_default())
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let rest = text.strip_prefix($prefix).ok_or(NotAnId)?;
                if is_ulid(rest) { Ok(Self(text.to_owned())) } else { Err(NotAnId) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// One issuance: a result that is to become a credential.
    IssuanceId, "iss_"
}
id! {
    /// One request to create a profile.
    ProfileId, "prf_"
}
id! {
    /// One request to add a wallet to a profile.
    WalletId, "wal_"
}
id! {
    /// One request to write an attribute into a profile.
    AttributeId, "att_"
}
id! {
    /// One wallet that somebody proves, or is to prove.
    WalletLinkId, "lnk_"
}
id! {
    /// One verification of a person at a vendor.
    VerificationId, "ver_"
}
id! {
    /// One link by which a person has a credential brought into their profile.
    ClaimId, "clm_"
}
id! {
    /// One request to erase what is kept about a person.
    CaseId, "era_"
}
id! {
    /// One piece of background work.
    JobId, "job_"
}
id! {
    /// One event, as webhooks carry it.
    EventId, "evt_"
}
id! {
    /// One notice that a credential ends.
    NoticeId, "ntc_"
}
id! {
    /// One request to bring on all that has stopped for one reason.
    BulkResumeId, "blk_"
}
id! {
    /// One API key; a part of its text.
    ApiKeyId, "key_"
}
id! {
    /// One visit of a person to their own page. It opens nothing.
    VisitId, "vis_"
}
id! {
    /// Somebody who works at the console.
    StaffId, "stf_"
}
id! {
    /// Something that one of them has proposed, and that waits for another.
    ProposalId, "pro_"
}
id! {
    /// One session of theirs. It opens nothing.
    SessionId, "ses_"
}

/// A fresh UUID of version 4.
#[must_use]
pub fn random_uuid(rng: &mut dyn RngCore) -> Uuid {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Whether a UUID can be a user's id: only those of version 4 are, since the user's key derivation takes no other.
#[must_use]
pub fn is_user_id(id: Uuid) -> bool {
    id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn ids_sort_by_time_and_read_back() {
        let mut rng = StdRng::seed_from_u64(1);
        let early = IssuanceId::new(Timestamp::from_unix_millis(1_000).unwrap(), &mut rng);
        let late = IssuanceId::new(Timestamp::from_unix_millis(1_001).unwrap(), &mut rng);
        assert!(early < late);
        assert_eq!(late.made_at().unix_millis(), 1_001);
        assert_eq!(time_of(late.as_str()), Some(late.made_at()));
        assert_eq!((time_of("nobody's"), time_of("iss_x")), (None, None));
        let now = Timestamp::from_unix_millis(1_795_944_000_123).unwrap();
        assert_eq!(EventId::new(now, &mut rng).made_at(), now);
        let beyond: EventId = "evt_7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse().unwrap();
        assert_eq!(beyond.made_at().unix_millis(), (1 << 48) - 1);
        assert_eq!(early.as_str().len(), 4 + 26);
        assert_eq!(early.as_str().parse::<IssuanceId>(), Ok(early.clone()));
        assert_eq!(early.as_str().parse::<ProfileId>(), Err(NotAnId));
        for text in ["", "iss_", "iss_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "iss_0000000000000000000000000l", "iss_00"]
        {
            assert_eq!(text.parse::<IssuanceId>(), Err(NotAnId), "{text}");
        }
        assert_eq!(early.as_str().to_lowercase().parse::<IssuanceId>(), Err(NotAnId));
        let lower = format!("iss_{}", early.as_str()[4..].to_lowercase());
        assert_eq!(lower.parse::<IssuanceId>(), Err(NotAnId), "one record has one id");
    }
}
