//! Entries in their places: what the chain's hash covers in the clear, and what it covers by commitments.

use rand::RngCore;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Actor, AuditAction, AuditEntry};
use crate::model::ids::{
    AttributeId, ClaimId, IssuanceId, ProfileId, VerificationId, WalletId, WalletLinkId, is_record,
};

/// What a claim's person is called as an actor, before client and claim.
const BY_CLAIM: &str = "claim:";

/// An entry in its place.
///
/// [`hash`](Self::hash) covers place, time, actor, act and the hash before, and two commitments: [`link`](Self::link) to what the
/// entry is about and tells of it, and [`also_link`](Self::also_link) to another record that it names. A commitment is a hash over the
/// texts and 128 random bits. What it covers is let go by emptying texts and salt: then nobody can say what it was, nor try ids until
/// one fits, and the chain holds as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChainedEntry {
    /// Its place, from 1 on, without gaps.
    pub seq: i64,
    /// When: milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// By whom. Of somebody who follows the link of a claim, the client alone.
    pub actor: String,
    /// What.
    pub act: String,
    /// To what; empty if it was let go.
    pub subject: String,
    /// More.
    pub detail: String,
    /// 32 digits of lower-case hex; empty if subject and detail were let go.
    pub salt: String,
    /// The commitment to salt, subject and detail.
    pub link: String,
    /// Another record that the entry names, or a user: in its detail, or as the claim whose link the actor follows. Empty if there is
    /// none, or if it was let go.
    pub also: String,
    /// 32 digits of lower-case hex; empty if there is nothing in [`also`](Self::also).
    pub also_salt: String,
    /// The commitment to that salt and that record; empty if the entry has never named another one.
    pub also_link: String,
    /// The hash of the entry before; empty for the first.
    pub previous: String,
    /// The hash of this entry.
    pub hash: String,
}

impl ChainedEntry {
    /// An entry at its place, behind the one of the hash `previous`.
    #[must_use]
    pub fn new(entry: &AuditEntry, seq: i64, previous: String, rng: &mut dyn RngCore) -> Self {
        let (actor, claim) = match &entry.actor {
            Actor::Claim { client, claim } => (format!("{BY_CLAIM}{client}"), claim.as_str()),
            actor => (actor.to_text(), ""),
        };
        let (mut detail, mut also) = (entry.detail.as_str(), "");
        if entry.act == AuditAction::Erased {
            // It names no record, so that it can stay.
        } else if !claim.is_empty() && claim != entry.subject {
            also = claim;
        } else if names(detail) {
            (detail, also) = ("", detail);
        }
        let mut salt = || {
            let mut bytes = [0; 16];
            rng.fill_bytes(&mut bytes);
            hex::encode(bytes)
        };
        let mut chained = Self {
            seq,
            at: entry.at.unix_millis(),
            actor,
            act: entry.act.as_str().to_owned(),
            subject: entry.subject.clone(),
            detail: detail.to_owned(),
            salt: salt(),
            link: String::new(),
            also: also.to_owned(),
            also_salt: if also.is_empty() { String::new() } else { salt() },
            also_link: String::new(),
            previous,
            hash: String::new(),
        };
        chained.link = chained.committed();
        if !also.is_empty() {
            chained.also_link = chained.also_committed();
        }
        chained.hash = hash(&chained);
        chained
    }

    fn committed(&self) -> String {
        commitment(&[&self.salt, &self.subject, &self.detail])
    }

    fn also_committed(&self) -> String {
        commitment(&[&self.also_salt, &self.also])
    }

    /// Whether what it was about was let go.
    #[must_use]
    pub fn is_let_go(&self) -> bool {
        self.salt.is_empty()
    }

    /// Whether it has named another record, and that was let go.
    #[must_use]
    pub fn also_is_let_go(&self) -> bool {
        self.also_salt.is_empty() && !self.also_link.is_empty()
    }

    /// Whether what stands here is what it was committed to, or was let go: all of it, and none of an entry that says what was let go.
    fn keeps_its_word(&self) -> bool {
        let link = if self.is_let_go() {
            self.subject.is_empty() && self.detail.is_empty() && self.act != AuditAction::Erased.as_str()
        } else {
            self.link == self.committed()
        };
        let also = if self.also_salt.is_empty() {
            self.also.is_empty()
        } else {
            self.also_link == self.also_committed()
        };
        link && also
    }

    /// As people read it: the other record that it names is where the entry was told it.
    #[must_use]
    pub fn told(self) -> ToldEntry {
        let Self { seq, at, mut actor, act, subject, mut detail, also, hash, .. } = self;
        let is_claim = |id: &str| is_record(id, ClaimId::PREFIX);
        if actor.starts_with(BY_CLAIM) && is_claim(&also) {
            actor = format!("{actor}:{also}");
        } else {
            if actor.starts_with(BY_CLAIM) && is_claim(&subject) {
                actor = format!("{actor}:{subject}");
            }
            if detail.is_empty() {
                detail = also;
            }
        }
        ToldEntry { seq, at, actor, act, subject, detail, hash }
    }
}

/// An entry as people read it: with all that is still known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldEntry {
    /// Its place, from 1 on, without gaps.
    pub seq: i64,
    /// When: milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// By whom, as [`Actor::to_text`] writes it.
    pub actor: String,
    /// What.
    pub act: String,
    /// To what; empty if it was let go.
    pub subject: String,
    /// More.
    pub detail: String,
    /// The hash of this entry.
    pub hash: String,
}

/// What the records are called that can be erased, by what their ids begin with.
const KINDS: [(&str, &str); 7] = [
    (IssuanceId::PREFIX, "issuance"),
    (ProfileId::PREFIX, "profile"),
    (WalletId::PREFIX, "wallet"),
    (AttributeId::PREFIX, "attribute"),
    (WalletLinkId::PREFIX, "wallet_link"),
    (VerificationId::PREFIX, "verification"),
    (ClaimId::PREFIX, "claim"),
];

/// Before the id of a user.
const USER: &str = "user:";

/// Whether a detail is the name of a record, or of a user, which can be forgotten by itself.
fn names(detail: &str) -> bool {
    detail.starts_with(USER) || KINDS.iter().any(|(prefix, _)| is_record(detail, prefix))
}

/// Of which kind a record is, by its id: what is said of it where its name must not stand.
#[must_use]
pub fn kind_of(subject: &str) -> &'static str {
    let kind = KINDS.iter().find(|(prefix, _)| subject.starts_with(prefix));
    kind.map_or(if subject.starts_with(USER) { "user" } else { "record" }, |(_, kind)| kind)
}

/// A commitment to texts, of which the first is a salt: SHA-256, in lower-case hex, of the JSON array of them.
#[must_use]
pub fn commitment(texts: &[&str]) -> String {
    hex::encode(Sha256::digest(serde_json::to_vec(texts).unwrap_or_default()))
}

#[derive(Serialize)]
struct Hashed<'a>(i64, i64, &'a str, &'a str, &'a str, &'a str, &'a str);

/// The hash of an entry in its place: SHA-256, in lower-case hex, of the JSON array of place, time, actor, act, the two
/// commitments and the previous hash. Anybody can compute it; what only the issuer can is a [`Checkpoint`](super::Checkpoint).
#[must_use]
pub fn hash(entry: &ChainedEntry) -> String {
    let ChainedEntry { seq, at, actor, act, link, also_link, previous, .. } = entry;
    let json =
        serde_json::to_vec(&Hashed(*seq, *at, actor, act, link, also_link, previous)).unwrap_or_default();
    hex::encode(Sha256::digest(json))
}

/// A place in the chain, from which it is followed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The last entry so far; 0 before the first.
    pub seq: i64,
    /// Its hash; empty before the first.
    pub hash: String,
}

impl Link {
    /// Goes on to `entry`, if it is the next one, and keeps its word. The place where it does not is the error.
    pub fn follow(&mut self, entry: &ChainedEntry) -> Result<(), i64> {
        let next = self.seq.saturating_add(1);
        if entry.seq != next
            || entry.previous != self.hash
            || hash(entry) != entry.hash
            || !entry.keeps_its_word()
        {
            return Err(next);
        }
        self.seq = next;
        self.hash.clone_from(&entry.hash);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;
    use crate::model::time::Timestamp;

    const ISSUANCE: &str = "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const CLAIM: &str = "clm_01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn first(actor: Actor, act: AuditAction, subject: &str, detail: &str) -> ChainedEntry {
        let at = Timestamp::EPOCH.plus_millis(2);
        let entry = AuditEntry::new(at, actor, act, subject).detail(detail);
        ChainedEntry::new(&entry, 1, String::new(), &mut StdRng::seed_from_u64(1))
    }

    fn by_claim() -> Actor {
        Actor::Claim { client: "acme".to_owned(), claim: CLAIM.to_owned() }
    }

    #[test]
    fn every_column_of_every_entry_is_held_by_the_chain() {
        let first = first(Actor::Service, AuditAction::ClaimUsed, CLAIM, ISSUANCE);
        assert_eq!(Link::default().follow(&first), Ok(()));
        let changes: [fn(&mut ChainedEntry); 15] = [
            |entry| entry.seq = 2,
            |entry| entry.at = 3,
            |entry| entry.actor = "operator".to_owned(),
            |entry| entry.act = "sealed".to_owned(),
            |entry| entry.subject.push('1'),
            |entry| entry.detail.push('x'),
            |entry| entry.salt.push('0'),
            |entry| entry.link.push('0'),
            |entry| entry.also.push('1'),
            |entry| entry.also_salt.push('0'),
            |entry| entry.also_link.push('0'),
            |entry| entry.previous.push('0'),
            |entry| entry.hash.push('0'),
            |entry| entry.also_link.clear(),
            // What moves from one column into the next.
            |entry| {
                entry.detail.push('V');
                entry.subject.pop();
            },
        ];
        for (place, change) in changes.iter().enumerate() {
            let mut entry = first.clone();
            change(&mut entry);
            assert_eq!(Link::default().follow(&entry), Err(1), "change {place}");
            // Nor does it help to compute the hash anew: the next entry has the old one, and so have checkpoints.
            entry.hash = hash(&entry);
            assert!(
                entry.hash != first.hash || Link::default().follow(&entry).is_err() || entry == first,
                "change {place}"
            );
        }
    }

    #[test]
    fn what_is_let_go_is_let_go_as_a_whole() {
        let first = first(Actor::Service, AuditAction::ClaimUsed, CLAIM, ISSUANCE);
        let emptied = |columns: &[&str]| {
            let mut entry = first.clone();
            for column in columns {
                match *column {
                    "subject" => entry.subject.clear(),
                    "detail" => entry.detail.clear(),
                    "salt" => entry.salt.clear(),
                    "also" => entry.also.clear(),
                    _ => entry.also_salt.clear(),
                }
            }
            entry
        };
        for whole in [
            vec!["subject", "detail", "salt"],
            vec!["also", "alsoSalt"],
            vec!["subject", "detail", "salt", "also", "alsoSalt"],
        ] {
            assert_eq!(Link::default().follow(&emptied(&whole)), Ok(()), "{whole:?}");
        }
        for part in [vec!["subject"], vec!["salt"], vec!["subject", "detail"], vec!["also"], vec!["alsoSalt"]]
        {
            assert_eq!(Link::default().follow(&emptied(&part)), Err(1), "{part:?}");
        }
        let entry = emptied(&["also", "alsoSalt"]);
        assert!(!entry.is_let_go() && entry.also_is_let_go());
    }

    #[test]
    fn an_entry_that_tells_what_was_let_go_names_nothing_and_stays() {
        let mut erased = first(by_claim(), AuditAction::Erased, "claim", "1-3");
        assert_eq!((erased.actor.as_str(), erased.also_link.as_str()), ("claim:acme", ""));
        assert_eq!(Link::default().follow(&erased), Ok(()));
        for column in [&mut erased.subject, &mut erased.detail, &mut erased.salt] {
            column.clear();
        }
        assert_eq!(Link::default().follow(&erased), Err(1));
    }

    #[test]
    fn it_is_told_as_it_was_said() {
        let user = "user:8f4b0e0e-7f6a-4a52-8f0e-1c2d3e4f5a6b";
        for (actor, act, subject, detail, also) in [
            (by_claim(), AuditAction::Received, ISSUANCE, "kyc", CLAIM),
            (by_claim(), AuditAction::ClaimUsed, CLAIM, ISSUANCE, ISSUANCE),
            (by_claim(), AuditAction::GrantReceived, CLAIM, "", ""),
            (by_claim(), AuditAction::ClaimIdentified, CLAIM, user, user),
            (Actor::Service, AuditAction::ClaimMade, CLAIM, ISSUANCE, ISSUANCE),
            (Actor::Operator, AuditAction::NoticeResent, ISSUANCE, "ntc_01ARZ3NDEKTSV4RRFFQ69G5FAV", ""),
            (Actor::Service, AuditAction::Halted, ISSUANCE, "iss_not_an_id", ""),
            (Actor::Staff { staff: "stf_1".to_owned() }, AuditAction::RecordViewed, ISSUANCE, "", ""),
            // Both: the claim of the actor can be forgotten by itself, and what the detail names with the rest.
            (by_claim(), AuditAction::WalletLinkProven, "lnk_1", ISSUANCE, CLAIM),
        ] {
            let entry = first(actor.clone(), act, subject, detail);
            assert_eq!(Link::default().follow(&entry), Ok(()));
            assert_eq!(entry.also, also, "{act}");
            assert!(!entry.actor.contains("clm_"), "{act}");
            let told = entry.told();
            assert_eq!(
                (told.actor.as_str(), told.subject.as_str(), told.detail.as_str()),
                (actor.to_text().as_str(), subject, detail)
            );
        }
    }

    #[test]
    fn salts_are_of_128_bits_and_each_is_another() {
        let mut rng = StdRng::seed_from_u64(7);
        let entry = AuditEntry::new(Timestamp::EPOCH, Actor::Service, AuditAction::ClaimMade, CLAIM);
        let entry = entry.detail(ISSUANCE);
        let mut seen = std::collections::HashSet::new();
        for seq in 1..=50 {
            let chained = ChainedEntry::new(&entry, seq, String::new(), &mut rng);
            for salt in [chained.salt, chained.also_salt] {
                assert_eq!(hex::decode(&salt).unwrap().len(), 16);
                assert!(seen.insert(salt));
            }
        }
    }
}
