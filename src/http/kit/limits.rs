//! Rate limits: who is counted, and how often they may ask.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::problem::{Code, Problem};

/// After so many requests, those who have not asked for long are forgotten.
const SWEEP: usize = 10_000;

/// The fastest rate there is: the time between two is counted in nanoseconds, and must not be none.
const MAX_PER_SECOND: u32 = 1_000_000_000;

/// For requests whose key is not known, an address has a part of what one client has a second: one of so many.
const UNAUTHENTICATED_DIVISOR: u32 = 5;

/// How many such requests an address may always make at once, if a client may.
const MIN_UNAUTHENTICATED_BURST: u32 = 50;

/// How often a second what one claim's link leads to may ask the node for something, and how often at once: a person signs twice, and
/// some more times if something goes wrong.
const OF_A_CLAIM: (u32, u32) = (1, 40);

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RateKey {
    /// A client, whatever its key.
    Client(String),
    /// Somebody who is not known, by address; IPv6 by the /64 that one customer usually has.
    Address(IpAddr),
}

impl RateKey {
    /// An address.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) >> 64 << 64;
                IpAddr::V6(network.into())
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// How often somebody may ask.
struct RateLimit {
    limiter: DefaultKeyedRateLimiter<RateKey>,
    clock: DefaultClock,
    counted: AtomicUsize,
}

impl RateLimit {
    /// On average so many a second, and so many at once above it.
    fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(at_least_one(per_second.min(MAX_PER_SECOND))).allow_burst(at_least_one(burst));
        Self {
            limiter: RateLimiter::dashmap(quota),
            clock: DefaultClock::default(),
            counted: AtomicUsize::new(0),
        }
    }

    /// Counts a request; or says how long to wait.
    fn count(&self, key: &RateKey) -> Result<(), Duration> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// What is counted of requests.
///
/// Whoever asks is first counted by address, before anything is looked at, so that nobody costs more than that; with a
/// valid key, then by client. What comes without a valid key, and what asks for paths that are not there, is counted
/// a second time, and harder; where that is used up, keys are not looked up for that address for a moment.
pub(crate) struct RateLimits {
    clients: RateLimit,
    /// Not limited where it is not there.
    addresses: Option<RateLimit>,
    unauthenticated: RateLimit,
    claims: RateLimit,
    /// Until when no key of a request from there is looked up, unless it was good before.
    blocked: Mutex<HashMap<RateKey, Instant>>,
}

impl RateLimits {
    /// What one client may do, on average in a second and at once above it, and how many clients' requests one address
    /// may make (0: as many as come).
    pub(crate) fn new(per_second: u32, burst: u32, clients_per_address: u32) -> Self {
        let times = |rate: u32| rate.saturating_mul(clients_per_address);
        let unauthenticated = (burst / 2).max(burst.min(MIN_UNAUTHENTICATED_BURST));
        Self {
            clients: RateLimit::new(per_second, burst),
            addresses: (clients_per_address > 0).then(|| RateLimit::new(times(per_second), times(burst))),
            unauthenticated: RateLimit::new(per_second / UNAUTHENTICATED_DIVISOR, unauthenticated),
            claims: RateLimit::new(OF_A_CLAIM.0, OF_A_CLAIM.1),
            blocked: Mutex::default(),
        }
    }

    /// Counts a request of an address.
    pub(crate) fn count_address(&self, address: &RateKey) -> Result<(), Problem> {
        self.addresses.as_ref().map_or(Ok(()), |rate| rate.count(address).map_err(rate_limited))
    }

    /// Counts a request of a client.
    pub(crate) fn count_client(&self, client: &RateKey) -> Result<(), Problem> {
        self.clients.count(client).map_err(rate_limited)
    }

    /// Counts a request by the link of a claim for which the node is asked.
    pub(crate) fn count_claim(&self, claim: &str) -> Result<(), Problem> {
        self.claims.count(&RateKey::Client(claim.to_owned())).map_err(rate_limited)
    }

    /// Counts a request of an address that nobody is known to have made.
    pub(crate) fn count_unauthenticated(&self, address: &RateKey) -> Result<(), Problem> {
        self.unauthenticated.count(address).map_err(|wait| {
            let now = Instant::now();
            let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
            if blocked.len() >= SWEEP {
                blocked.retain(|_, until| *until > now);
            }
            blocked.insert(address.clone(), now + wait);
            rate_limited(wait)
        })
    }

    /// That a key which comes from this address may be looked up, though it is not known.
    pub(crate) fn check_lookup(&self, address: &RateKey) -> Result<(), Problem> {
        let blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        match blocked.get(address).and_then(|until| until.checked_duration_since(Instant::now())) {
            Some(wait) if !wait.is_zero() => Err(rate_limited(wait)),
            _ => Ok(()),
        }
    }
}

/// A refusal that says when to come again, in whole seconds.
fn rate_limited(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem { retry_after: Some(seconds.max(1)), ..Problem::new(Code::RateLimited) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> RateKey {
        RateKey::Client(name.into())
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_again() {
        let limits = RateLimits::new(1, 2, 8);
        assert!(limits.count_client(&client("a")).is_ok() && limits.count_client(&client("a")).is_ok());
        let problem = limits.count_client(&client("a")).unwrap_err();
        assert_eq!((problem.code, problem.retry_after), (Code::RateLimited, Some(1)));
        assert!(limits.count_client(&client("b")).is_ok(), "others are not held up");
    }

    #[test]
    fn an_address_may_do_what_some_clients_may_or_anything() {
        let (here, there) =
            (RateKey::of_address([10, 0, 0, 1].into()), RateKey::of_address([10, 0, 0, 2].into()));
        let limits = RateLimits::new(1, 2, 3);
        assert_eq!((0..20).filter(|_| limits.count_address(&here).is_ok()).count(), 6);
        assert!(limits.count_address(&there).is_ok(), "others are not held up");
        let limits = RateLimits::new(1, 2, 0);
        assert!((0..20).all(|_| limits.count_address(&here).is_ok()));
    }

    #[test]
    fn where_too_many_unknown_keys_come_from_no_more_are_looked_up() {
        let (here, there) =
            (RateKey::of_address([10, 0, 0, 1].into()), RateKey::of_address([10, 0, 0, 2].into()));
        let limits = RateLimits::new(1, 200, 8);
        assert_eq!(
            (0..200).filter(|_| limits.count_unauthenticated(&here).is_ok()).count(),
            100,
            "half of a client's"
        );
        assert_eq!(limits.check_lookup(&here).unwrap_err().code, Code::RateLimited);
        assert!(limits.check_lookup(&there).is_ok() && limits.count_unauthenticated(&there).is_ok());
    }

    #[test]
    fn as_many_as_can_be_counted_are_as_many_as_come() {
        let limits = RateLimits::new(u32::MAX, u32::MAX, u32::MAX);
        let here = RateKey::of_address([10, 0, 0, 1].into());
        assert!(
            (0..10_000).all(|_| limits.count_address(&here).is_ok() && limits.count_client(&here).is_ok())
        );
    }

    #[test]
    fn addresses_of_one_customer_are_one() {
        let peer = |text: &str| RateKey::of_address(text.parse().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8:0:1::1"), peer("2001:db8:0:2::1"));
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
    }
}
