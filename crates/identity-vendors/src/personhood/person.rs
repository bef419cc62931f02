//! Who was found to be a person, as far as it has to be known.

use std::fmt;

use zeroize::Zeroizing;

use crate::account::Environment;
use crate::date::Moment;
use crate::secret::Secret;
use crate::signature::Hash;

/// What the keyed hash is for, so that no other use of the same key meets it.
const PURPOSE: &[u8] = b"identity-vendors personhood 1";

/// What a source calls one person in one place: nullifier, wallet, id within the app, id of a face. Wiped on drop, and shown
/// to nobody: an identifier of a person, and for a face of a special kind.
#[derive(Clone)]
pub struct PersonId(Zeroizing<Vec<u8>>);

impl PersonId {
    /// `parts`: who speaks, for which action, and the id in its one spelling.
    pub(super) fn new(parts: &[&[u8]]) -> Self {
        let mut all = Zeroizing::new(PURPOSE.to_vec());
        for part in parts {
            // The length, so that no two lists of parts are the same bytes.
            all.extend_from_slice(&(part.len() as u64).to_be_bytes());
            all.extend_from_slice(part);
        }
        Self(all)
    }

    /// All that may be kept: HMAC-SHA-256 under a key of the operator's. The same for the same person and action, however
    /// the id was spelled; without the key it tells nothing of the person.
    #[must_use]
    pub fn keyed_hash(&self, key: &Secret) -> [u8; 32] {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(Hash::Sha256.hmac(key, &[&self.0])) {
            *to = from;
        }
        hash
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonId(..)")
    }
}

/// A score, in hundred-thousandths: sources write five decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub u64);

impl Score {
    /// Digits, and at most five of them behind a point.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 5 {
            return None;
        }
        let decimals: u64 = format!("{decimals:0<5}").parse().ok()?;
        whole.parse::<u64>().ok()?.checked_mul(100_000)?.checked_add(decimals).map(Self)
    }
}

/// What a source says of one person.
#[derive(Clone)]
pub struct Person {
    /// For the hash that holds one person to one credential.
    pub id: PersonId,
    /// How the person was verified, in the source's word: `orb`, `schema-1`, `score`, a verification of BrightID's, `uniqueness`.
    pub level: String,
    /// Where the source gives one.
    pub score: Option<Score>,
    /// Whether people or test data are behind it.
    pub environment: Environment,
    /// When the source found so, where it says when.
    pub issued_at: Option<Moment>,
    /// When it was checked here.
    pub checked_at: Moment,
    /// Until when the source vouches for it. No credential may hold longer. None where the source does not say.
    pub expires: Option<Moment>,
    /// The source says that it was asked about this person and action before. So it is for a repeated request of the same
    /// user as well: who has the person's hash decides.
    pub seen_before: bool,
    pub(super) subject: Option<Zeroizing<String>>,
}

impl Person {
    /// The id that idOS' credential of this source has as `faceSignUserId`. None for sources for which idOS has no type of
    /// subject: today all but FaceSign.
    #[must_use]
    pub fn face_sign_user_id(&self) -> Option<&str> {
        self.subject.as_ref().map(|subject| subject.as_str())
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("environment", &self.environment)
            .field("checked_at", &self.checked_at)
            .field("seen_before", &self.seen_before)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_only_if_all_parts_are() {
        let key = Secret::new("key").unwrap();
        let hash = |parts: &[&[u8]]| PersonId::new(parts).keyed_hash(&key);
        // By another implementation: what is kept must mean the same in every version.
        let kept = "e6a40818bbf69f8e81f4883f6ef3b2c65e1138a5accf5398b7b4336ceaf953d3";
        assert_eq!(hex::encode(hash(&[b"a", b"b"])), kept);
        for other in [&[b"ab".as_slice(), b""], &[b"", b"ab"], &[b"a", b"c"], &[b"b", b"a"]] {
            assert_ne!(hash(&[b"a", b"b"]), hash(other));
        }
        assert_ne!(hash(&[b"a"]), PersonId::new(&[b"a"]).keyed_hash(&Secret::new("other").unwrap()));
    }

    #[test]
    fn scores_have_five_decimals_at_most() {
        for (text, score) in
            [("27.12300", 2_712_300), ("0", 0), ("20.1", 2_010_000), ("0.00001", 1), ("007", 700_000)]
        {
            assert_eq!(Score::read(text), Some(Score(score)), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,5",
            "1.000001",
            "NaN",
            " 1",
            "1.5.5",
            "99999999999999999999",
            "184467440737096",
        ] {
            assert_eq!(Score::read(text), None, "{text}");
        }
    }
}
