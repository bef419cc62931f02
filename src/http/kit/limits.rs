//! Limits: who asks, and how often they may.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::problem::{Code, Problem};

/// After so many questions, those who have not asked for long are forgotten.
const SWEEP: usize = 10_000;

/// The fastest rate there is: the time between two is counted in nanoseconds, and must not be none.
const MOST_PER_SECOND: u32 = 1_000_000_000;

/// For requests whose key is not known, an address has a part of what one client has a second: one of so many.
const STRANGERS_TO_ONE: u32 = 5;

/// How many such requests an address may always make at once, if a client may.
const STRANGERS_AT_ONCE: u32 = 50;

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
struct Rate {
    limiter: DefaultKeyedRateLimiter<Asker>,
    clock: DefaultClock,
    asked: AtomicUsize,
}

impl Rate {
    /// On average so many a second, and so many at once above it.
    fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(at_least_one(per_second.min(MOST_PER_SECOND))).allow_burst(at_least_one(burst));
        Self {
            limiter: RateLimiter::dashmap(quota),
            clock: DefaultClock::default(),
            asked: AtomicUsize::new(0),
        }
    }

    /// Counts a request; or says how long to wait.
    fn count(&self, asker: &Asker) -> Result<(), Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(asker).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// What is counted of requests.
///
/// Whoever asks is first counted by address, before anything is looked at, so that nobody costs more than that; with a
/// valid key, then by client. What comes without a valid key, and what looks for places that are not there, is counted
/// a second time, and harder; where that is used up, keys are not looked up for that address for a moment.
pub(crate) struct Rates {
    clients: Rate,
    /// Not limited where it is not there.
    addresses: Option<Rate>,
    strangers: Rate,
    /// Until when no key of a request from there is looked up, unless it was good before.
    shut: Mutex<HashMap<Asker, Instant>>,
}

impl Rates {
    /// What one client may do, on average in a second and at once above it, and how many clients' requests one address
    /// may make (0: as many as come).
    pub(crate) fn new(per_second: u32, burst: u32, clients_per_address: u32) -> Self {
        let times = |rate: u32| rate.saturating_mul(clients_per_address);
        let strangers = (burst / 2).max(burst.min(STRANGERS_AT_ONCE));
        Self {
            clients: Rate::new(per_second, burst),
            addresses: (clients_per_address > 0).then(|| Rate::new(times(per_second), times(burst))),
            strangers: Rate::new(per_second / STRANGERS_TO_ONE, strangers),
            shut: Mutex::default(),
        }
    }

    /// Counts a request of an address.
    pub(crate) fn address(&self, address: &Asker) -> Result<(), Problem> {
        self.addresses.as_ref().map_or(Ok(()), |rate| rate.count(address).map_err(come_again))
    }

    /// Counts a request of a client.
    pub(crate) fn client(&self, client: &Asker) -> Result<(), Problem> {
        self.clients.count(client).map_err(come_again)
    }

    /// Counts a request of an address that nobody is known to have made.
    pub(crate) fn stranger(&self, address: &Asker) -> Result<(), Problem> {
        self.strangers.count(address).map_err(|wait| {
            let now = Instant::now();
            let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
            if shut.len() >= SWEEP {
                shut.retain(|_, until| *until > now);
            }
            shut.insert(address.clone(), now + wait);
            come_again(wait)
        })
    }

    /// That a key which comes from this address may be looked up, though it is not known.
    pub(crate) fn open(&self, address: &Asker) -> Result<(), Problem> {
        let shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        match shut.get(address).and_then(|until| until.checked_duration_since(Instant::now())) {
            Some(wait) if !wait.is_zero() => Err(come_again(wait)),
            _ => Ok(()),
        }
    }
}

/// A refusal that says when to come again, in whole seconds.
fn come_again(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem { retry_after: Some(seconds.max(1)), ..Problem::new(Code::RateLimited) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> Asker {
        Asker::Client(name.into())
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_again() {
        let rates = Rates::new(1, 2, 8);
        assert!(rates.client(&client("a")).is_ok() && rates.client(&client("a")).is_ok());
        let problem = rates.client(&client("a")).unwrap_err();
        assert_eq!((problem.code, problem.retry_after), (Code::RateLimited, Some(1)));
        assert!(rates.client(&client("b")).is_ok(), "others are not held up");
    }

    #[test]
    fn an_address_may_do_what_some_clients_may_or_anything() {
        let (here, there) = (Asker::peer([10, 0, 0, 1].into()), Asker::peer([10, 0, 0, 2].into()));
        let rates = Rates::new(1, 2, 3);
        assert_eq!((0..20).filter(|_| rates.address(&here).is_ok()).count(), 6);
        assert!(rates.address(&there).is_ok(), "others are not held up");
        let rates = Rates::new(1, 2, 0);
        assert!((0..20).all(|_| rates.address(&here).is_ok()));
    }

    #[test]
    fn where_too_many_unknown_keys_come_from_no_more_are_looked_up() {
        let (here, there) = (Asker::peer([10, 0, 0, 1].into()), Asker::peer([10, 0, 0, 2].into()));
        let rates = Rates::new(1, 200, 8);
        assert_eq!((0..200).filter(|_| rates.stranger(&here).is_ok()).count(), 100, "half of a client's");
        assert_eq!(rates.open(&here).unwrap_err().code, Code::RateLimited);
        assert!(rates.open(&there).is_ok() && rates.stranger(&there).is_ok());
    }

    #[test]
    fn as_many_as_can_be_counted_are_as_many_as_come() {
        let rates = Rates::new(u32::MAX, u32::MAX, u32::MAX);
        let here = Asker::peer([10, 0, 0, 1].into());
        assert!((0..10_000).all(|_| rates.address(&here).is_ok() && rates.client(&here).is_ok()));
    }

    #[test]
    fn addresses_of_one_customer_are_one() {
        let peer = |text: &str| Asker::peer(text.parse().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8:0:1::1"), peer("2001:db8:0:2::1"));
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
    }
}
