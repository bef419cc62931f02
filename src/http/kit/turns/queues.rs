//! Who waits, and whose turn is next: no waiting, no clock.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::{Lane, TurnLimits};
use crate::http::kit::limits::RateKey;

/// The newest turn counts as one of so many for how long a turn takes.
const MEMORY: u32 = 16;

/// Where somebody waits.
pub(super) struct Place {
    client: RateKey,
    lane: Lane,
    number: u64,
}

/// One client.
struct Client<W> {
    /// Single requests that are worked on.
    held: usize,
    single: VecDeque<(u64, W)>,
    bulk: VecDeque<(u64, W)>,
}

impl<W> Client<W> {
    fn queue(&mut self, lane: Lane) -> &mut VecDeque<(u64, W)> {
        match lane {
            Lane::Single => &mut self.single,
            Lane::Bulk => &mut self.bulk,
        }
    }
}

/// The queues of all clients.
pub(super) struct Queues<W> {
    limits: TurnLimits,
    next: u64,
    /// Turns that are given, of both kinds.
    held: usize,
    held_by_imports: usize,
    /// Single requests that wait.
    waiting: usize,
    clients: HashMap<RateKey, Client<W>>,
    /// Clients that wait, in the order in which they are served; each stands once.
    single: VecDeque<RateKey>,
    bulk: VecDeque<RateKey>,
    /// How long a single request's turn takes, on average.
    mean: Option<Duration>,
}

impl<W> Queues<W> {
    pub(super) fn new(limits: TurnLimits) -> Self {
        Self {
            limits,
            next: 0,
            held: 0,
            held_by_imports: 0,
            waiting: 0,
            clients: HashMap::new(),
            single: VecDeque::new(),
            bulk: VecDeque::new(),
            mean: None,
        }
    }

    /// Whether no further single request of a client may wait.
    pub(super) fn is_full(&self, client: &RateKey) -> bool {
        let own = self.clients.get(client).map_or(0, |client| client.single.len());
        self.waiting >= self.limits.queue || own >= self.limits.queue_of_client
    }

    /// How long a single request of this client would wait if it came now, from how long turns have taken so far.
    pub(super) fn expected_wait(&self, client: &RateKey) -> Duration {
        let (held, own) =
            self.clients.get(client).map_or((0, 0), |client| (client.held, client.single.len()));
        if own == 0 && held < self.limits.of_client && self.held < self.limits.turns {
            return Duration::ZERO;
        }
        // Of each other client, no more come before it than of its own: they take turns.
        let others = self.single.iter().filter(|other| *other != client);
        let of_others = others.filter_map(|other| self.clients.get(other));
        let before: usize = own + of_others.map(|other| other.single.len().min(own + 1)).sum::<usize>();
        // A turn ends every `mean / turns`; imports leave single requests all but their part.
        let for_singles = self.limits.turns.saturating_sub(self.held_by_imports).max(1);
        let rounds = |ahead: usize, turns: usize| (ahead + 1).div_ceil(turns.max(1));
        let rounds = rounds(before, for_singles).max(rounds(own, self.limits.of_client));
        self.mean.unwrap_or_default().saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
    }

    /// Waits in the queue of a client.
    pub(super) fn join(&mut self, client: RateKey, lane: Lane, who: W) -> Place {
        self.next += 1;
        let number = self.next;
        let new = || Client { held: 0, single: VecDeque::new(), bulk: VecDeque::new() };
        let queue = self.clients.entry(client.clone()).or_insert_with(new).queue(lane);
        queue.push_back((number, who));
        let is_first = queue.len() == 1;
        match lane {
            Lane::Single => self.waiting += 1,
            Lane::Bulk => {}
        }
        if is_first {
            self.ring(lane).push_back(client.clone());
        }
        Place { client, lane, number }
    }

    /// Waits no more. Whose turn has been given is in no queue.
    pub(super) fn leave(&mut self, place: &Place) {
        let Some(client) = self.clients.get_mut(&place.client) else { return };
        let queue = client.queue(place.lane);
        let before = queue.len();
        queue.retain(|(number, _)| *number != place.number);
        if queue.len() < before {
            let is_empty = queue.is_empty();
            if place.lane == Lane::Single {
                self.waiting -= 1;
            }
            if is_empty {
                self.ring(place.lane).retain(|client| *client != place.client);
            }
        }
        self.forget(&place.client);
    }

    /// Whose turn it is, who is out of the queue with it. `None` if nobody may be worked for now.
    pub(super) fn next(&mut self) -> Option<(RateKey, Lane, W)> {
        if self.held >= self.limits.turns {
            return None;
        }
        // An import that got nothing at all would never end.
        let lanes =
            if self.held_by_imports == 0 { [Lane::Bulk, Lane::Single] } else { [Lane::Single, Lane::Bulk] };
        lanes.into_iter().find_map(|lane| self.next_of(lane))
    }

    fn next_of(&mut self, lane: Lane) -> Option<(RateKey, Lane, W)> {
        if lane == Lane::Bulk && self.held_by_imports >= self.limits.of_imports {
            return None;
        }
        let of_client = self.limits.of_client;
        let clients = &self.clients;
        let may = |client: &RateKey| {
            lane == Lane::Bulk || clients.get(client).is_some_and(|client| client.held < of_client)
        };
        let ring = match lane {
            Lane::Single => &mut self.single,
            Lane::Bulk => &mut self.bulk,
        };
        let place = ring.iter().position(may)?;
        let name = ring.remove(place)?;
        let client = self.clients.get_mut(&name)?;
        let (_, who) = client.queue(lane).pop_front()?;
        if !client.queue(lane).is_empty() {
            ring.push_back(name.clone());
        }
        self.held += 1;
        match lane {
            Lane::Single => {
                client.held += 1;
                self.waiting -= 1;
            }
            Lane::Bulk => self.held_by_imports += 1,
        }
        Some((name, lane, who))
    }

    /// Takes back a turn that has taken so long.
    pub(super) fn give_back(&mut self, client: &RateKey, lane: Lane, took: Duration) {
        self.held -= 1;
        match lane {
            Lane::Single => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.held -= 1;
                }
                let mean = self.mean.map_or(took, |mean| (mean * (MEMORY - 1) + took) / MEMORY);
                self.mean = Some(mean);
            }
            Lane::Bulk => self.held_by_imports -= 1,
        }
        self.forget(client);
    }

    /// Forgets a client for whom there is nothing to do.
    fn forget(&mut self, name: &RateKey) {
        let idle =
            |client: &Client<W>| client.held == 0 && client.single.is_empty() && client.bulk.is_empty();
        if self.clients.get(name).is_some_and(idle) {
            self.clients.remove(name);
        }
    }

    fn ring(&mut self, lane: Lane) -> &mut VecDeque<RateKey> {
        match lane {
            Lane::Single => &mut self.single,
            Lane::Bulk => &mut self.bulk,
        }
    }

    /// How many clients are known, and how many wait.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.clients.len(), self.single.len() + self.bulk.len())
    }
}
