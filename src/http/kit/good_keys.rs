//! Which API keys were good lately.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keys that were good when they were last looked up, as hashes under a secret of this process. Whether a key is good is
/// asked anew each time: they only tell what is not a guess.
#[derive(Default)]
pub(crate) struct GoodKeys {
    hasher: RandomState,
    hashes: Mutex<HashSet<u64>>,
}

/// With so many, they are forgotten, and noted anew as they come.
const MAX_GOOD_KEYS: usize = 10_000;

impl GoodKeys {
    pub(crate) fn has(&self, text: &str) -> bool {
        self.hashes().contains(&self.hasher.hash_one(text))
    }

    pub(crate) fn note(&self, text: &str, good: bool) {
        let (hash, mut hashes) = (self.hasher.hash_one(text), self.hashes());
        if !good {
            hashes.remove(&hash);
        } else if !hashes.contains(&hash) {
            if hashes.len() >= MAX_GOOD_KEYS {
                hashes.clear();
            }
            hashes.insert(hash);
        }
    }

    fn hashes(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_for_as_long_as_they_are_good() {
        let keys = GoodKeys::default();
        assert!(!keys.has("a"));
        keys.note("a", true);
        keys.note("b", false);
        assert!(keys.has("a") && !keys.has("b"));
        keys.note("a", false);
        assert!(!keys.has("a"));
        for number in 0..3 * MAX_GOOD_KEYS {
            keys.note(&number.to_string(), true);
        }
        assert!(keys.hashes().len() <= MAX_GOOD_KEYS);
    }
}
