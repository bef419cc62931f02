//! Notices the refusals that the JavaScript client swallows.
//!
//! That client answers a first -901 with a login and the same call again. If the second call is refused, too, it
//! shows its application an object without data instead of an error.

use std::collections::HashSet;

/// How many senders are watched; beyond that all are forgotten, which may lose a warning.
const LIMIT: usize = 10_000;

/// Those who have logged in and not yet made a call that passed.
#[derive(Debug, Default)]
pub(super) struct Watch {
    fresh: HashSet<Vec<u8>>,
}

impl Watch {
    pub(super) fn logged_in(&mut self, sender: &[u8]) {
        if self.fresh.len() >= LIMIT {
            self.fresh.clear();
        }
        self.fresh.insert(sender.to_vec());
    }

    pub(super) fn admitted(&mut self, sender: &[u8]) {
        self.fresh.remove(sender);
    }

    /// Whether this refusal comes right after a login.
    pub(super) fn refused(&mut self, sender: &[u8]) -> bool {
        self.fresh.remove(sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_swallowed_only_right_after_a_login() {
        let mut watch = Watch::default();
        assert!(!watch.refused(b"a"));
        watch.logged_in(b"a");
        assert!(!watch.refused(b"b"));
        assert!(watch.refused(b"a"));
        assert!(!watch.refused(b"a"));
        watch.logged_in(b"a");
        watch.admitted(b"a");
        assert!(!watch.refused(b"a"));
    }
}
