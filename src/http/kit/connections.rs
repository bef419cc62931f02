//! Which connections are open, and which of them has to go when there are too many.
//!
//! Nobody waits to be let in: where as many are open as may be, the connection that has been idle for longest goes, of the
//! address that has the most; and if none is idle, the new one is closed at once. One address has no more than a share.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::limits::RateKey;

const COUNT: &str = "http_connections_total";
const OPEN: &str = "http_connections_open";

/// Tells what the metrics are.
pub(crate) fn describe() {
    metrics::describe_counter!(
        COUNT,
        "Connections by outcome: taken; refused, since all places or all of the address are taken; dropped while idle, \
         to make room"
    );
    metrics::describe_gauge!(OPEN, "Connections that are open");
}

/// The connections of a listener.
pub(crate) struct Connections {
    max: usize,
    /// From one address.
    share: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, AuditEntry>,
    by_address: HashMap<RateKey, PerAddress>,
}

struct AuditEntry {
    address: RateKey,
    /// Since when it is idle, as a number that grows; not there while a request is answered.
    idle: Option<u64>,
    dropped: CancellationToken,
}

/// The connections from one address.
#[derive(Default)]
struct PerAddress {
    count: usize,
    /// Whether it is a proxy that is trusted.
    trusted: bool,
    /// Those that are idle, by since when.
    idle: BTreeMap<u64, u64>,
}

impl Open {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn count(&self, address: &RateKey) -> usize {
        self.by_address.get(address).map_or(0, |of| of.count)
    }

    fn add(&mut self, address: RateKey, trusted: bool) -> (u64, CancellationToken) {
        let (number, dropped) = (self.number(), CancellationToken::new());
        let of = self.by_address.entry(address.clone()).or_default();
        of.count += 1;
        of.trusted = trusted;
        of.idle.insert(number, number);
        self.connections.insert(number, AuditEntry { address, idle: Some(number), dropped: dropped.clone() });
        metrics::gauge!(OPEN).increment(1.0);
        (number, dropped)
    }

    /// A connection is answered on from now, or not any more. Whether it is still there.
    fn mark(&mut self, number: u64, idle: bool) -> bool {
        let now = self.number();
        let Some(entry) = self.connections.get_mut(&number) else { return false };
        let before = std::mem::replace(&mut entry.idle, idle.then_some(now));
        if let Some(of) = self.by_address.get_mut(&entry.address) {
            before.and_then(|since| of.idle.remove(&since));
            if idle {
                of.idle.insert(now, number);
            }
        }
        true
    }

    fn remove(&mut self, number: u64) -> Option<AuditEntry> {
        let entry = self.connections.remove(&number)?;
        if let Some(of) = self.by_address.get_mut(&entry.address) {
            of.count -= 1;
            entry.idle.and_then(|since| of.idle.remove(&since));
            if of.count == 0 {
                self.by_address.remove(&entry.address);
            }
        }
        metrics::gauge!(OPEN).decrement(1.0);
        Some(entry)
    }

    /// Drops the connection that has been idle for longest: from `address`, or from the one that has the most, and not from
    /// a trusted proxy unless there is no other. Whether there was one.
    fn drop_idle(&mut self, address: Option<&RateKey>) -> bool {
        let of = if let Some(address) = address {
            self.by_address.get(address)
        } else {
            let rank = |of: &&PerAddress| {
                (!of.trusted, of.count, of.idle.keys().next().map(|since| Reverse(*since)))
            };
            self.by_address.values().filter(|of| !of.idle.is_empty()).max_by_key(rank)
        };
        let Some(number) = of.and_then(|of| of.idle.values().next().copied()) else { return false };
        if let Some(entry) = self.remove(number) {
            entry.dropped.cancel();
            count("dropped");
        }
        true
    }
}

fn count(outcome: &'static str) {
    metrics::counter!(COUNT, "outcome" => outcome).increment(1);
}

impl Connections {
    /// At most `max` at once, and `share` from one address.
    pub(crate) fn new(max: usize, share: usize) -> Arc<Self> {
        Arc::new(Self { max, share, open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection from `address`, if there is a slot. A proxy that is trusted speaks for many: its connections
    /// are counted, but may be all of them.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr, trusted: bool) -> Option<ConnectionSlot> {
        let address = RateKey::of_address(address);
        let mut open = self.open();
        let its_share = !trusted && open.count(&address) >= self.share;
        let full = its_share || open.connections.len() >= self.max;
        if full && !open.drop_idle(its_share.then_some(&address)) {
            count("refused");
            return None;
        }
        let (number, dropped) = open.add(address, trusted);
        count("taken");
        Some(ConnectionSlot { connections: Arc::clone(self), number, dropped })
    }

    /// Drops the connection that has been idle for longest, where the operating system gives no further one.
    pub(crate) fn drop_one_idle(&self) {
        self.open().drop_idle(None);
    }
}

/// One of the connections that may be open, until it is dropped.
pub(crate) struct ConnectionSlot {
    connections: Arc<Connections>,
    number: u64,
    /// Cancelled when the connection has to go.
    pub(crate) dropped: CancellationToken,
}

/// A request that is being answered, until this is dropped: meanwhile its connection does not go.
pub(crate) struct Busy(Arc<ConnectionSlot>);

impl ConnectionSlot {
    /// A request has come. `None` if the connection has to go, and has lost its slot already.
    pub(crate) fn busy(self: &Arc<Self>) -> Option<Busy> {
        self.connections.open().mark(self.number, false).then(|| Busy(Arc::clone(self)))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.connections.open().mark(self.0.number, true);
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.connections.open().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [u8; 4] = [10, 0, 0, 1];
    const THERE: [u8; 4] = [10, 0, 0, 2];

    fn take(connections: &Arc<Connections>, address: [u8; 4]) -> Option<Arc<ConnectionSlot>> {
        connections.take(address.into(), false).map(Arc::new)
    }

    #[test]
    fn an_address_has_a_share_and_its_own_idle_ones_go_first() {
        let connections = Connections::new(8, 3);
        let there = take(&connections, THERE).unwrap();
        let here: Vec<_> = (0..3).map(|_| take(&connections, HERE).unwrap()).collect();
        let busy = here[0].busy().unwrap();
        let fourth = take(&connections, HERE).unwrap();
        let dropped: Vec<_> = here.iter().map(|slot| slot.dropped.is_cancelled()).collect();
        assert_eq!(dropped, [false, true, false], "the oldest that is idle");
        assert!(here[1].busy().is_none(), "it has no slot any more");
        let _all_busy = [here[2].busy().unwrap(), fourth.busy().unwrap()];
        assert!(take(&connections, HERE).is_none(), "none is idle");
        assert!(take(&connections, THERE).is_some() && !there.dropped.is_cancelled(), "others get in");
        drop(busy);
        assert!(take(&connections, HERE).is_some() && here[0].dropped.is_cancelled());
    }

    #[test]
    fn where_all_places_are_taken_who_has_most_loses_one() {
        let connections = Connections::new(4, 3);
        let there = take(&connections, THERE).unwrap();
        let here: Vec<_> = (0..3).map(|_| take(&connections, HERE).unwrap()).collect();
        let third = take(&connections, [10, 0, 0, 3]).unwrap();
        assert!(!there.dropped.is_cancelled(), "though it is older");
        assert!(here[0].dropped.is_cancelled());
        let _busy: Vec<_> = [&there, &third, &here[1], &here[2]].map(|slot| slot.busy().unwrap()).into();
        assert!(take(&connections, [10, 0, 0, 4]).is_none());
    }

    #[test]
    fn of_addresses_that_have_as_many_the_oldest_connection_goes() {
        let connections = Connections::new(50, 3);
        let slots: Vec<_> = (0..50).map(|last| take(&connections, [10, 0, 1, last]).unwrap()).collect();
        drop(slots[0].busy().unwrap());
        let _next = [take(&connections, HERE).unwrap(), take(&connections, THERE).unwrap()];
        let dropped: Vec<_> = (0..50).filter(|n| slots[*n].dropped.is_cancelled()).collect();
        assert_eq!(dropped, [1, 2]);
    }

    #[test]
    fn places_are_given_back() {
        let connections = Connections::new(4, 2);
        for _ in 0..100 {
            let slots = [take(&connections, HERE).unwrap(), take(&connections, THERE).unwrap()];
            let busy = slots[0].busy();
            drop((slots, busy));
        }
        let open = connections.open();
        assert!(open.connections.is_empty() && open.by_address.is_empty());
    }

    #[test]
    fn a_trusted_proxy_may_have_all() {
        let connections = Connections::new(4, 1);
        let slots: Vec<_> = (0..4).map(|_| connections.take(HERE.into(), true).unwrap()).collect();
        assert!(slots.iter().all(|slot| !slot.dropped.is_cancelled()));
        let there = take(&connections, THERE).unwrap();
        assert!(slots[0].dropped.is_cancelled());
        // It may have the most, and is still not the one that has to go.
        let next = take(&connections, [10, 0, 0, 3]).unwrap();
        assert!(there.dropped.is_cancelled() && !next.dropped.is_cancelled());
        assert_eq!(slots.iter().filter(|slot| slot.dropped.is_cancelled()).count(), 1);
    }
}
