//! Mails that are kept in memory, and shown by `dev`.

use std::sync::{Arc, Mutex, PoisonError};

use notice_mail::Composed;

use super::outcome::Outcome;

/// How many are kept: the newest ones.
const KEPT: usize = 1000;

/// Mails that were kept in memory, in the order in which they were sent.
#[derive(Clone, Default)]
pub struct Sent(Arc<Mutex<Vec<Composed>>>);

impl Sent {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Composed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All of them, which are then kept no more.
    #[must_use]
    pub fn take(&self) -> Vec<Composed> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn send(&self, mail: &Composed) -> Outcome {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(mail.clone());
        Outcome::Sent { code: None, enhanced: None }
    }
}
