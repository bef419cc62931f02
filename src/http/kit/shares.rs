//! Shares: how much of what there is one client, or one address, may hold at once.
//!
//! What is limited for all together would be gone for all as soon as one has taken it. So nobody gets more than a
//! share, however much is free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::http::Extensions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::limits::RateKey;
use super::problem::{Code, Problem};
use super::turns::Turn;
use crate::model::submitter::Submitter;

/// How long a request waits for memory before it is told to come again.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Memory is counted in kibibytes: a semaphore takes at most 2^32 of them at once.
const UNIT: usize = 1024;

/// With so many keys, those are forgotten under which nothing is held.
const SWEEP: usize = 1024;

/// So many percent of something, and at least one.
pub(crate) fn share(whole: usize, percent: u8) -> usize {
    (whole / 100 * usize::from(percent) + whole % 100 * usize::from(percent) / 100).max(1)
}

/// How many of something may be held under each key.
struct PerKey {
    max: usize,
    of: Mutex<HashMap<RateKey, Weak<Semaphore>>>,
}

impl PerKey {
    fn new(max: usize) -> Self {
        Self { max: max.min(Semaphore::MAX_PERMITS), of: Mutex::default() }
    }

    /// What may be held under a key; there for as long as anything of it is held.
    fn of(&self, key: &RateKey) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = of.get(key).and_then(Weak::upgrade) {
            return there;
        }
        if of.len() >= SWEEP {
            of.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.max));
        of.insert(key.clone(), Arc::downgrade(&share));
        share
    }
}

/// Requests that are answered at once, such as those that wait for a result.
pub(crate) struct RequestSlots {
    client: PerKey,
    address: PerKey,
}

/// One of them, until it is dropped.
#[must_use]
pub(crate) struct RequestPermit(
    #[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit,
);

impl RequestSlots {
    /// So many of one client, and so many from one address.
    pub(crate) fn new(client: usize, address: usize) -> Self {
        Self { client: PerKey::new(client), address: PerKey::new(address) }
    }

    /// Takes one for a request of `key`.
    pub(crate) fn acquire(&self, key: &RateKey) -> Result<RequestPermit, Problem> {
        let (each, whose) = match key {
            RateKey::Client(_) => (&self.client, "of one client"),
            RateKey::Address(_) => (&self.address, "from one address"),
        };
        each.of(key).try_acquire_owned().map(RequestPermit).map_err(|_| {
            Problem::new(Code::RateLimited)
                .because(format!("At most {} requests {whose} are answered at the same time.", each.max))
        })
    }
}

/// Imports that run at once.
pub(crate) struct ImportSlots(PerKey);

impl ImportSlots {
    /// So many of one client.
    pub(crate) fn new(of_client: usize) -> Self {
        Self(PerKey::new(of_client))
    }

    /// Takes one for an import of this client.
    pub(crate) fn acquire(&self, client: &RateKey) -> Result<RequestPermit, Problem> {
        self.0.of(client).try_acquire_owned().map(RequestPermit).map_err(|_| {
            Problem::new(Code::RateLimited)
                .because(format!("At most {} imports of one client run at the same time.", self.0.max))
        })
    }
}

/// How many bytes of request bodies may be in memory at once.
pub(crate) struct BodyBudget {
    all: Arc<Semaphore>,
    client: PerKey,
    /// Of what one client may hold, for lines of its imports.
    imports: PerKey,
    address: PerKey,
    max_wait: Duration,
}

/// Some of the budget, until it is dropped, and the turn in which the body is worked on.
pub(crate) struct BodyPermit {
    memory: Vec<OwnedSemaphorePermit>,
    #[expect(dead_code, reason = "held, and given back when dropped")]
    turn: Option<Turn>,
}

impl BodyBudget {
    /// So many bytes for all, and of them so many for the bodies of one client, for the lines of its imports, and for the bodies from
    /// one address.
    pub(crate) fn new(bytes: usize, client: usize, imports: usize, address: usize) -> Self {
        let all = Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        // Shares are rounded up: the largest body must fit into each.
        let each = |bytes: usize| PerKey::new(bytes.div_ceil(UNIT));
        let (client, imports, address) = (each(client), each(imports), each(address));
        Self { all, client, imports, address, max_wait: MAX_WAIT }
    }

    /// Takes `bytes` for the request with these extensions; waits a little for it. Whoever waits for his own
    /// share holds nobody else up.
    pub(crate) async fn acquire(&self, request: &Extensions, bytes: usize) -> Result<BodyPermit, Problem> {
        let client = client_of(request);
        let wanted = [
            (
                client.map(|client| self.client.of(&client)),
                "Too many request bodies of this client are being read.",
            ),
            (
                request.get::<RateKey>().map(|address| self.address.of(address)),
                "Too many request bodies from this address are being read.",
            ),
            (Some(Arc::clone(&self.all)), "Too many request bodies are being read."),
        ];
        let end = tokio::time::Instant::now() + self.max_wait;
        let mut held = BodyPermit { memory: Vec::with_capacity(wanted.len()), turn: None };
        for (share, busy) in wanted {
            let Some(share) = share else { continue };
            match timeout_at(end, share.acquire_many_owned(units(bytes))).await {
                Ok(Ok(permit)) => held.memory.push(permit),
                Ok(Err(_)) | Err(_) => return Err(Problem::new(Code::Overloaded).because(busy)),
            }
        }
        Ok(held)
    }

    /// Takes `bytes` for a line of an import that this client sends from this address, however long that takes: what is held by lines
    /// before it is given back without it.
    pub(crate) async fn acquire_for_line(
        &self,
        (client, address): (&RateKey, &RateKey),
        bytes: usize,
    ) -> BodyPermit {
        let wanted = [
            self.imports.of(client),
            self.client.of(client),
            self.address.of(address),
            Arc::clone(&self.all),
        ];
        let mut held = BodyPermit { memory: Vec::with_capacity(wanted.len()), turn: None };
        for share in wanted {
            // None of them is ever closed.
            held.memory.extend(share.acquire_many_owned(units(bytes)).await);
        }
        held
    }
}

/// The client whose request has these extensions, once it is known.
pub(crate) fn client_of(request: &Extensions) -> Option<RateKey> {
    request.get::<Submitter>().map(|caller| RateKey::Client(caller.tenant.clone()))
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl BodyPermit {
    /// Gives back what is more than `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        for permit in &mut self.memory {
            let surplus = permit.num_permits().saturating_sub(bytes.div_ceil(UNIT));
            drop(permit.split(surplus));
        }
    }

    /// The same, to be worked on in this turn.
    pub(crate) fn in_turn(self, turn: Turn) -> Self {
        Self { turn: Some(turn), ..self }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;

    use super::*;
    use crate::model::ids::ApiKeyId;
    use crate::model::submitter::Origin;

    /// A request of this client from this address.
    fn request(client: &str, address: [u8; 4]) -> Extensions {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut request = Extensions::new();
        let key = ApiKeyId::new(now, &mut OsRng);
        request.insert(Submitter { tenant: client.to_owned(), origin: Origin::ApiKey(key) });
        request.insert(RateKey::of_address(address.into()));
        request
    }

    fn budget(units: usize, client: usize, address: usize) -> BodyBudget {
        let max_wait = Duration::from_millis(10);
        BodyBudget {
            max_wait,
            ..BodyBudget::new(units * UNIT, client * UNIT, (client / 2) * UNIT, address * UNIT)
        }
    }

    #[test]
    fn a_share_is_a_part_and_never_nothing() {
        assert_eq!((share(2048, 50), share(2048, 75), share(10, 100), share(3, 1)), (1024, 1536, 10, 1));
        assert_eq!(share(usize::MAX, 100), usize::MAX);
    }

    #[tokio::test]
    async fn room_is_limited_and_given_back() {
        let (budget, a) = (budget(8, 8, 8), request("a", [10, 0, 0, 1]));
        let mut first = budget.acquire(&a, 8 * UNIT).await.unwrap();
        assert_eq!(budget.acquire(&a, 1).await.err().unwrap().code, Code::Overloaded);
        first.shrink(UNIT + 1);
        let second = budget.acquire(&a, 6 * UNIT).await.unwrap();
        assert!(budget.acquire(&a, 1).await.is_err());
        drop((first, second));
        assert!(budget.acquire(&a, 8 * UNIT).await.is_ok());
    }

    #[tokio::test]
    async fn nobody_takes_more_room_than_a_share() {
        let budget = budget(8, 4, 6);
        let (a, b) = (request("a", [10, 0, 0, 1]), request("b", [10, 0, 0, 1]));
        let of_a = budget.acquire(&a, 4 * UNIT).await.unwrap();
        let full = budget.acquire(&a, 1).await.err().unwrap();
        assert!(full.detail.unwrap().contains("of this client"));
        let of_b = budget.acquire(&b, 2 * UNIT).await.unwrap();
        let full = budget.acquire(&b, 1).await.err().unwrap();
        assert!(full.detail.unwrap().contains("from this address"));
        let elsewhere = budget.acquire(&request("b", [10, 0, 0, 2]), 2 * UNIT).await.unwrap();
        let full = budget.acquire(&request("c", [10, 0, 0, 3]), 1).await.err().unwrap();
        assert_eq!(full.detail.unwrap(), "Too many request bodies are being read.");
        drop((of_a, of_b, elsewhere));
        assert!(budget.acquire(&a, 4 * UNIT).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn lines_of_imports_wait_for_a_part_of_their_clients_share() {
        let budget = budget(8, 4, 8);
        let (a, here) = (RateKey::Client("a".into()), RateKey::of_address([10, 0, 0, 1].into()));
        let line = budget.acquire_for_line((&a, &here), 2 * UNIT).await;
        let further = budget.acquire_for_line((&a, &here), 1);
        assert!(tokio::time::timeout(Duration::from_hours(1), further).await.is_err());
        let request = budget.acquire(&request("a", [10, 0, 0, 1]), 2 * UNIT).await.unwrap();
        drop((line, request));
        let _line = budget.acquire_for_line((&a, &here), 2 * UNIT).await;
    }

    #[test]
    fn nobody_takes_more_permits_than_a_share() {
        let slots = RequestSlots::new(2, 3);
        for key in [RateKey::Client("a".into()), RateKey::Client("b".into())] {
            let permits: Vec<_> = (0..5).filter_map(|_| slots.acquire(&key).ok()).collect();
            assert_eq!(permits.len(), 2);
            let refused = slots.acquire(&key).err().unwrap();
            assert_eq!(refused.code, Code::RateLimited);
            assert!(refused.detail.unwrap().contains("2 requests of one client"));
            drop(permits);
            assert!(slots.acquire(&key).is_ok());
        }
        let address = RateKey::of_address([10, 0, 0, 1].into());
        let permits: Vec<_> = (0..5).filter_map(|_| slots.acquire(&address).ok()).collect();
        assert_eq!(permits.len(), 3);
    }

    #[test]
    fn who_holds_nothing_is_forgotten() {
        let each = PerKey::new(1);
        let held = each.of(&RateKey::Client("held".into()));
        for number in 0..10 * SWEEP {
            each.of(&RateKey::Client(number.to_string()));
        }
        assert!(each.of.lock().unwrap().len() <= SWEEP + 1);
        assert!(Arc::ptr_eq(&held, &each.of(&RateKey::Client("held".into()))));
    }
}
