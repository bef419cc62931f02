//! Limits: how often somebody may ask, and how much may be in memory at once.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{Code, Problem};

/// How long a request waits for room before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room is counted in kibibytes: a semaphore takes at most 2^32 of them at once.
const UNIT: usize = 1024;

/// After so many questions, those who have not asked for long are forgotten.
const SWEEP: usize = 10_000;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    /// A client, whatever its key.
    Client(String),
    /// Somebody who is not known, by address; IPv6 by the /64 that one customer usually has.
    Peer(IpAddr),
}

impl Asker {
    /// An address.
    pub(crate) fn peer(address: IpAddr) -> Self {
        Self::Peer(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) >> 64 << 64;
                IpAddr::V6(network.into())
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// How often somebody may ask.
pub(crate) struct Rates {
    limiter: DefaultKeyedRateLimiter<Asker>,
    clock: DefaultClock,
    asked: AtomicUsize,
}

impl Rates {
    /// On average so many a second, and so many at once above it.
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self {
            limiter: RateLimiter::dashmap(quota),
            clock: DefaultClock::default(),
            asked: AtomicUsize::new(0),
        }
    }

    /// Counts a request.
    pub(crate) fn count(&self, asker: &Asker) -> Result<(), Problem> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(asker).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Problem { retry_after: Some(seconds.max(1)), ..Problem::new(Code::RateLimited) }
        })
    }
}

/// Room for the bodies of requests.
pub(crate) struct Memory {
    room: Arc<Semaphore>,
    patience: Duration,
}

/// Some of the room, until it is dropped.
pub(crate) struct Room(OwnedSemaphorePermit);

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        let room = Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        Self { room, patience: PATIENCE }
    }

    /// Takes room for `bytes`; waits a little for it.
    pub(crate) async fn room(&self, bytes: usize) -> Result<Room, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        match tokio::time::timeout(self.patience, Arc::clone(&self.room).acquire_many_owned(units)).await {
            Ok(Ok(permit)) => Ok(Room(permit)),
            Ok(Err(_)) | Err(_) => {
                Err(Problem::new(Code::Overloaded).because("Too many request bodies are being read."))
            }
        }
    }
}

impl Room {
    /// Gives back what is more than `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let surplus = self.0.num_permits().saturating_sub(bytes.div_ceil(UNIT));
        drop(self.0.split(surplus));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_often_is_told_when_to_come_again() {
        let rates = Rates::new(1, 2);
        let (a, b) = (Asker::Client("a".into()), Asker::peer([10, 0, 0, 1].into()));
        assert!(rates.count(&a).is_ok() && rates.count(&a).is_ok());
        let problem = rates.count(&a).unwrap_err();
        assert_eq!((problem.code, problem.retry_after), (Code::RateLimited, Some(1)));
        assert!(rates.count(&b).is_ok(), "others are not held up");
    }

    #[test]
    fn addresses_of_one_customer_are_one() {
        let peer = |text: &str| Asker::peer(text.parse().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8:0:1::1"), peer("2001:db8:0:2::1"));
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
    }

    #[tokio::test]
    async fn room_is_limited_and_given_back() {
        let memory = Memory { patience: Duration::from_millis(10), ..Memory::new(8 * UNIT) };
        let mut first = memory.room(8 * UNIT).await.unwrap();
        assert_eq!(memory.room(1).await.err().unwrap().code, Code::Overloaded);
        first.shrink(UNIT + 1);
        let second = memory.room(6 * UNIT).await.unwrap();
        assert!(memory.room(1).await.is_err());
        drop((first, second));
        assert!(memory.room(8 * UNIT).await.is_ok());
    }
}
