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

use super::limits::Asker;
use super::problem::{Code, Problem};
use crate::model::submitter::Submitter;

/// How long a request waits for room before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room is counted in kibibytes: a semaphore takes at most 2^32 of them at once.
const UNIT: usize = 1024;

/// With so many askers, those are forgotten who hold nothing.
const SWEEP: usize = 1024;

/// So many percent of something, and at least one.
pub(crate) fn share(whole: usize, percent: u8) -> usize {
    (whole / 100 * usize::from(percent) + whole % 100 * usize::from(percent) / 100).max(1)
}

/// How many of something each asker may hold.
struct Each {
    most: usize,
    of: Mutex<HashMap<Asker, Weak<Semaphore>>>,
}

impl Each {
    fn new(most: usize) -> Self {
        Self { most: most.min(Semaphore::MAX_PERMITS), of: Mutex::default() }
    }

    /// What an asker may hold; there for as long as anything of it is held.
    fn of(&self, asker: &Asker) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = of.get(asker).and_then(Weak::upgrade) {
            return there;
        }
        if of.len() >= SWEEP {
            of.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.most));
        of.insert(asker.clone(), Arc::downgrade(&share));
        share
    }
}

/// Requests that are answered at once, such as those that wait for a result.
pub(crate) struct Requests {
    client: Each,
    address: Each,
}

/// A place among them, until it is dropped.
#[must_use]
pub(crate) struct Place(
    #[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit,
);

impl Requests {
    /// So many of one client, and so many from one address.
    pub(crate) fn new(client: usize, address: usize) -> Self {
        Self { client: Each::new(client), address: Each::new(address) }
    }

    /// Takes a place for a request of `asker`.
    pub(crate) fn place(&self, asker: &Asker) -> Result<Place, Problem> {
        let (each, whose) = match asker {
            Asker::Client(_) => (&self.client, "of one client"),
            Asker::Peer(_) => (&self.address, "from one address"),
        };
        each.of(asker).try_acquire_owned().map(Place).map_err(|_| {
            Problem::new(Code::RateLimited)
                .because(format!("At most {} requests {whose} are answered at the same time.", each.most))
        })
    }
}

/// Room for the bodies of requests.
pub(crate) struct Memory {
    room: Arc<Semaphore>,
    client: Each,
    address: Each,
    patience: Duration,
}

/// Some of the room, until it is dropped.
pub(crate) struct Room(Vec<OwnedSemaphorePermit>);

impl Memory {
    /// So many bytes for all, and of them so many for the bodies of one client and for those from one address.
    pub(crate) fn new(bytes: usize, client: usize, address: usize) -> Self {
        let room = Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        // Shares are rounded up: the largest body must fit into each.
        let each = |bytes: usize| Each::new(bytes.div_ceil(UNIT));
        Self { room, client: each(client), address: each(address), patience: PATIENCE }
    }

    /// Takes room for `bytes` of the request with these extensions; waits a little for it. Whoever waits for his own
    /// share holds nobody else up.
    pub(crate) async fn room(&self, request: &Extensions, bytes: usize) -> Result<Room, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let client = request.get::<Submitter>().map(|caller| Asker::Client(caller.tenant.clone()));
        let wanted = [
            (
                client.map(|client| self.client.of(&client)),
                "Too many request bodies of this client are being read.",
            ),
            (
                request.get::<Asker>().map(|address| self.address.of(address)),
                "Too many request bodies from this address are being read.",
            ),
            (Some(Arc::clone(&self.room)), "Too many request bodies are being read."),
        ];
        let end = tokio::time::Instant::now() + self.patience;
        let mut room = Room(Vec::with_capacity(wanted.len()));
        for (share, busy) in wanted {
            let Some(share) = share else { continue };
            match timeout_at(end, share.acquire_many_owned(units)).await {
                Ok(Ok(permit)) => room.0.push(permit),
                Ok(Err(_)) | Err(_) => return Err(Problem::new(Code::Overloaded).because(busy)),
            }
        }
        Ok(room)
    }
}

impl Room {
    /// Gives back what is more than `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        for permit in &mut self.0 {
            let surplus = permit.num_permits().saturating_sub(bytes.div_ceil(UNIT));
            drop(permit.split(surplus));
        }
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
        request.insert(Asker::peer(address.into()));
        request
    }

    fn memory(units: usize, client: usize, address: usize) -> Memory {
        let patience = Duration::from_millis(10);
        Memory { patience, ..Memory::new(units * UNIT, client * UNIT, address * UNIT) }
    }

    #[test]
    fn a_share_is_a_part_and_never_nothing() {
        assert_eq!((share(2048, 50), share(2048, 75), share(10, 100), share(3, 1)), (1024, 1536, 10, 1));
        assert_eq!(share(usize::MAX, 100), usize::MAX);
    }

    #[tokio::test]
    async fn room_is_limited_and_given_back() {
        let (memory, a) = (memory(8, 8, 8), request("a", [10, 0, 0, 1]));
        let mut first = memory.room(&a, 8 * UNIT).await.unwrap();
        assert_eq!(memory.room(&a, 1).await.err().unwrap().code, Code::Overloaded);
        first.shrink(UNIT + 1);
        let second = memory.room(&a, 6 * UNIT).await.unwrap();
        assert!(memory.room(&a, 1).await.is_err());
        drop((first, second));
        assert!(memory.room(&a, 8 * UNIT).await.is_ok());
    }

    #[tokio::test]
    async fn nobody_takes_more_room_than_a_share() {
        let memory = memory(8, 4, 6);
        let (a, b) = (request("a", [10, 0, 0, 1]), request("b", [10, 0, 0, 1]));
        let of_a = memory.room(&a, 4 * UNIT).await.unwrap();
        let full = memory.room(&a, 1).await.err().unwrap();
        assert!(full.detail.unwrap().contains("of this client"));
        let of_b = memory.room(&b, 2 * UNIT).await.unwrap();
        let full = memory.room(&b, 1).await.err().unwrap();
        assert!(full.detail.unwrap().contains("from this address"));
        let elsewhere = memory.room(&request("b", [10, 0, 0, 2]), 2 * UNIT).await.unwrap();
        let full = memory.room(&request("c", [10, 0, 0, 3]), 1).await.err().unwrap();
        assert_eq!(full.detail.unwrap(), "Too many request bodies are being read.");
        drop((of_a, of_b, elsewhere));
        assert!(memory.room(&a, 4 * UNIT).await.is_ok());
    }

    #[test]
    fn nobody_takes_more_places_than_a_share() {
        let requests = Requests::new(2, 3);
        for asker in [Asker::Client("a".into()), Asker::Client("b".into())] {
            let places: Vec<_> = (0..5).filter_map(|_| requests.place(&asker).ok()).collect();
            assert_eq!(places.len(), 2);
            let refused = requests.place(&asker).err().unwrap();
            assert_eq!(refused.code, Code::RateLimited);
            assert!(refused.detail.unwrap().contains("2 requests of one client"));
            drop(places);
            assert!(requests.place(&asker).is_ok());
        }
        let address = Asker::peer([10, 0, 0, 1].into());
        let places: Vec<_> = (0..5).filter_map(|_| requests.place(&address).ok()).collect();
        assert_eq!(places.len(), 3);
    }

    #[test]
    fn who_holds_nothing_is_forgotten() {
        let each = Each::new(1);
        let held = each.of(&Asker::Client("held".into()));
        for number in 0..10 * SWEEP {
            each.of(&Asker::Client(number.to_string()));
        }
        assert!(each.of.lock().unwrap().len() <= SWEEP + 1);
        assert!(Arc::ptr_eq(&held, &each.of(&Asker::Client("held".into()))));
    }
}
