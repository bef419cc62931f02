//! Lanes: many transactions of one write key in flight, in order of nonce.
//!
//! Kwil numbers the transactions of each sender and takes only the next number, so whoever waits for each block writes
//! one credential a block. A lane is held by one process, by lease; it numbers transactions ahead, records hash and
//! nonce of each before it sends it, and does not wait for the block of one before it sends the next.
//!
//! What is recorded and has no known outcome is *looked up*, never guessed ([`Lane::reconcile`]):
//!
//! | the node says | then |
//! |---|---|
//! | it is in a block | the outcome is known |
//! | it is in the mempool | wait |
//! | nothing, and its nonce is used up | it will never be in a block: is its effect there? if not, send anew |
//! | nothing, and its nonce is next | send the same bytes again: the hash is the same, so it cannot be in two blocks |
//! | nothing, and its nonce is beyond the next one (a gap) | send it with the next nonce |
//!
//! Even if all that were wrong, nothing would be doubled: rows are written by ids that were chosen at intake.

use std::collections::{HashMap, VecDeque};
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use idos_client::transaction::TxHash;
use idos_client::{Broadcast, Class, Client, Error, Prepared, Signer, TxState, TxStatus};
use rand::rngs::OsRng;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::{App, NodeError};
use crate::flow::deliver::{self, DeliverError, Plan, Stop, TxSigner};
use crate::flow::{Agreement, one_is_enough};
use crate::keys::Key;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::issuance::{HaltCode, Transaction};
use crate::model::job::{Job, JobState};
use crate::model::retry;
use crate::model::time::Timestamp;
use crate::store::{LaneLease, LeaseEnd, Sending, StoreError};

/// How often blocks are looked for while something is in flight.
const POLL: Duration = Duration::from_millis(250);

/// How long to wait at most before looking for work: other processes make some, too.
const LONGEST_WAIT: Duration = Duration::from_millis(750);

/// How long a transaction that a node has taken may be unknown to it before it counts as lost. Behind a gateway there
/// are several nodes, and one may not have heard of it yet.
const UNHEARD_OF: Duration = Duration::from_secs(3);

/// How long a node may keep silent when it is sent a transaction before another one is asked what became of it. One that
/// hangs would not answer that either, and cost the same time again.
const SILENCE: Duration = Duration::from_secs(10);

/// The longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How often something that is there already, and is not ours as far as the asked node knows, is tried again.
const LAGGING: u32 = 3;

/// Look-ups at the same time, and outcomes that are remembered in one transaction of the database.
const LOOK_UPS: usize = 16;

/// Transactions that are recorded in one of the database, before the first of them is sent.
const RECORDED_AT_ONCE: usize = 16;

/// As many bytes of them are in memory, besides the last one.
const BYTES_AT_ONCE: usize = 1_048_576;

/// Leases of others, and since when they have not been renewed, by this machine's own measure of time. Their ends are moments
/// by clocks that may have jumped, and must not keep a lane for longer than a lease lasts.
#[derive(Default)]
pub(super) struct Watch(Mutex<HashMap<String, (LeaseEnd, Instant)>>);

impl Watch {
    /// The end of a lane's lease, if it has been seen unchanged for as long as a lease lasts.
    async fn stale(&self, app: &App, lane: &str) -> Result<Option<LeaseEnd>, StoreError> {
        let Some(end) = app.store.lease_end(lane).await? else { return Ok(None) };
        let length = Duration::from_millis(u64::try_from(app.lease_millis()).unwrap_or_default());
        let now = Instant::now();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.entry(lane.to_owned()).or_insert((end, now));
        if known.0 != end {
            *known = (end, now);
        }
        Ok(Some(end).filter(|_| known.1.elapsed() >= length))
    }

    async fn take(&self, app: &App, lane: &str) -> Result<Option<LaneLease>, StoreError> {
        let stale = self.stale(app, lane).await?;
        let now = app.clock.now();
        let times = (now, now.plus_millis(app.lease_millis()));
        app.store.take_lane(lane, &app.owner, times, stale).await
    }
}

/// Holds the lane of `key` whenever it can, until `shutdown`.
pub(super) async fn run(app: Arc<App>, key: Key, watch: Arc<Watch>, shutdown: CancellationToken) {
    let name = key.public_hex();
    while !shutdown.is_cancelled() {
        match watch.take(&app, &name).await {
            Ok(Some(lease)) => {
                tracing::debug!(lane = name, "Took the lane");
                let mut lane = Lane::new(&app, &key, lease);
                lane.hold(&shutdown).await;
                if let Err(error) = app.store.release_lane(&lane.lease).await {
                    tracing::warn!(lane = name, "The lane was not given back: {error}");
                }
            }
            Ok(None) => {
                app.lane_records(&name, true); // another process does
                pause(Duration::from_millis(u64::from(app.delivery.lease_seconds) * 100), &shutdown).await;
            }
            Err(error) => {
                tracing::error!(lane = name, cause = error.source(), "The lane cannot be taken: {error}");
                app.lane_records(&name, false);
                pause(Duration::from_secs(2), &shutdown).await;
            }
        }
    }
}

async fn pause(time: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = sleep(time) => {}
        () = shutdown.cancelled() => {}
    }
}

/// A transaction that is recorded, and whose outcome is not known yet.
struct InFlight {
    job: Job,
    nonce: u64,
    hash: TxHash,
    bytes: usize,
    /// Since when a node has had it, as far as we know; `None` if none has, or nobody knows.
    taken: Option<AcceptedBy>,
    /// When it was last looked at though its block did not seem to have come.
    looked_at: Option<Instant>,
}

/// That a node has a transaction.
#[derive(Clone, Copy)]
struct AcceptedBy {
    since: Instant,
    /// Which one, as the client counts them.
    node: usize,
}

impl AcceptedBy {
    fn now(client: &Client) -> Self {
        Self { since: Instant::now(), node: client.preferred_node() }
    }
}

/// Which transaction of a job, and of the lane.
#[derive(Clone, Copy)]
struct Numbered {
    nonce: u64,
    attempt: u32,
}

/// What sending came to.
enum Sent {
    /// A node has it.
    Accepted,
    /// The lane must find out where it stands before it sends anything more.
    Unsure,
    /// Nothing was sent, and the nonce is free.
    NotAtAll,
    /// Nothing was sent, and nothing can be at the moment.
    Backpressure,
}

/// What sending several came to.
enum Went {
    /// A node has all of them, if there were some.
    All { sent_some: bool },
    /// The node wants one of them not at all; those behind it have to have other nonces.
    Refused,
    /// There is no knowing what became of one of them, or the node takes no more for now.
    Stopped { sent_some: bool },
}

struct Lane<'a> {
    app: &'a App,
    name: String,
    signer: Signer,
    lease: LaneLease,
    renewed: Instant,
    flights: VecDeque<InFlight>,
    /// The nonce of the next transaction; `None` until it is known.
    next: Option<u64>,
    /// Since when a nonce of ours is taken at the asked node by something that it does not know by our hash.
    unknown_since: Option<Instant>,
    failures: u32,
}

impl<'a> Lane<'a> {
    fn new(app: &'a App, key: &Key, lease: LaneLease) -> Self {
        Self {
            app,
            name: key.public_hex(),
            signer: key.signer(),
            lease,
            renewed: Instant::now(),
            flights: VecDeque::new(),
            next: None,
            unknown_since: None,
            failures: 0,
        }
    }

    /// Sends and confirms until the lane is lost or `shutdown`.
    async fn hold(&mut self, shutdown: &CancellationToken) {
        if let Err(error) = self.load().await {
            tracing::error!(
                lane = self.name,
                cause = error.source(),
                "What is in flight cannot be read: {error}"
            );
            self.app.lane_records(&self.name, false);
            return pause(Duration::from_secs(2), shutdown).await;
        }
        let app = self.app;
        while !shutdown.is_cancelled() {
            let work = app.store.news().for_lanes();
            tokio::pin!(work);
            work.as_mut().enable();
            match self.turn().await {
                Ok(busy) => {
                    self.failures = 0;
                    app.lane_records(&self.name, true);
                    let wait = if self.flights.is_empty() { LONGEST_WAIT } else { POLL };
                    if !busy {
                        tokio::select! {
                            () = work => {}
                            () = sleep(wait) => {}
                            () = shutdown.cancelled() => {}
                        }
                    }
                }
                // Another process holds the lane, or has changed a job of it (an operator's command does): nothing is
                // recorded by us any more until all is read again.
                Err(DeliverError::Store(StoreError::Stale)) => return,
                // What the database has done of it is not known: a commit may have been answered to nobody. It is read
                // again.
                Err(DeliverError::Store(error)) => {
                    tracing::error!(
                        lane = self.name,
                        cause = error.source(),
                        "The lane is given up: {error}"
                    );
                    app.lane_records(&self.name, false);
                    return pause(Duration::from_secs(1), shutdown).await;
                }
                Err(error) => {
                    self.failures += 1;
                    let time = Duration::from_millis(250 << self.failures.min(6)).min(LONGEST_PAUSE);
                    tracing::warn!(lane = self.name, cause = error.source(), "The lane pauses: {error}");
                    // Only a lane that is kept may pause: if this fails as well, it is lost in time.
                    let _ = self.renew(true).await;
                    pause(time, shutdown).await;
                    self.next = None;
                }
            }
            metrics::gauge!("lane_in_flight", "lane" => self.short_name()).set(as_gauge(self.flights.len()));
        }
    }

    fn short_name(&self) -> String {
        self.name.get(..8).unwrap_or_default().to_owned()
    }

    /// What an earlier holder has left in flight.
    async fn load(&mut self) -> Result<(), StoreError> {
        self.flights.clear();
        for job in self.app.store.in_flight(&self.name).await? {
            let hash = job.tx_hash.as_deref().and_then(|hash| hash.parse().ok());
            // Not in the way of others: their nonces are looked up at the node.
            let (Some(nonce), Some(hash)) = (job.nonce, hash) else {
                tracing::error!(job.id = %job.id, "A job was sent, and has no nonce or hash: it is passed over");
                continue;
            };
            self.flights.push_back(InFlight { job, nonce, hash, bytes: 0, taken: None, looked_at: None });
        }
        Ok(())
    }

    /// One round: find out, confirm, send. Whether there was something to do.
    async fn turn(&mut self) -> Result<bool, DeliverError> {
        self.renew(false).await?;
        if self.flights.is_empty() && self.next.is_none() && !self.has_work().await? {
            return Ok(false);
        }
        let client = self.app.idos().await?;
        let settled = self.confirm(client).await?;
        if self.next.is_none() {
            self.reconcile(client).await?;
        }
        let has_sent = self.send(client).await?;
        Ok(settled > 0 || has_sent)
    }

    async fn renew(&mut self, force: bool) -> Result<(), StoreError> {
        let third = Duration::from_millis(u64::from(self.app.delivery.lease_seconds) * 333);
        if force || self.renewed.elapsed() > third {
            let until = self.app.clock.now().plus_millis(self.app.lease_millis());
            self.app.store.keep_lane(&self.lease, until).await?;
            self.renewed = Instant::now();
        }
        Ok(())
    }

    async fn has_work(&self) -> Result<bool, StoreError> {
        Ok(!self.app.store.due_in_lane(&self.name, self.app.clock.now(), 1).await?.is_empty())
    }

    /// Looks for the outcome of what is in flight, in order: what comes later cannot be in a block before what comes
    /// first. Gives how many have one.
    async fn confirm(&mut self, client: &Client) -> Result<usize, DeliverError> {
        let mut settled = 0;
        if self.flights.front().is_none_or(|flight| flight.taken.is_none()) {
            return Ok(settled);
        }
        // To ask for the account is cheap; the node's answer about a transaction holds all of it.
        let mut in_blocks = client.account(&self.signer).await?.nonce;
        self.renew(false).await?;
        loop {
            let is_early = self.flights.front().is_some_and(|flight| flight.nonce > in_blocks);
            if is_early && !self.is_overdue() {
                return Ok(settled);
            }
            let hashes: Vec<_> = self
                .flights
                .iter()
                .take_while(|flight| flight.taken.is_some() && (is_early || flight.nonce <= in_blocks))
                // One first: what the account says may be known to a node that the others are behind.
                .take(if is_early || settled == 0 { 1 } else { LOOK_UPS })
                .map(|flight| flight.hash)
                .collect();
            if hashes.is_empty() {
                return Ok(settled);
            }
            let mut states: VecDeque<_> =
                futures_util::future::join_all(hashes.iter().map(|hash| client.transaction(*hash)))
                    .await
                    .into();
            settled += self.settle_together(client, &mut states).await?;
            for state in states {
                match state?.map(|status| status.state) {
                    Some(TxState::Pending) => {
                        self.turn_away_from_one_that_is_cut_off(client);
                        return Ok(settled);
                    }
                    None => {
                        let unheard_of = |flight: &InFlight| {
                            flight.taken.is_some_and(|taken| taken.since.elapsed() > UNHEARD_OF)
                        };
                        if self.flights.front().is_some_and(unheard_of) {
                            tracing::warn!(
                                lane = self.name,
                                "A transaction that was taken is not known any more"
                            );
                            self.next = None;
                        }
                        return Ok(settled);
                    }
                    Some(state) => {
                        let Some(flight) = self.flights.pop_front() else { return Ok(settled) };
                        if is_early {
                            // The node that told of the account is behind: more of them may be in blocks.
                            in_blocks = flight.nonce + LOOK_UPS as u64;
                        }
                        self.settle(client, flight, state).await?;
                        settled += 1;
                    }
                }
                self.renew(false).await?;
            }
        }
    }

    /// Whether the first one in flight is to be looked at by itself, though its block does not seem to have come: once in a while, if it has
    /// waited for long; when it has waited for longer than nodes are given; and each time while it is not known what has become of one.
    fn is_overdue(&mut self) -> bool {
        let patience = self.app.block_patience();
        let Some(front) = self.flights.front_mut() else { return false };
        let Some(taken) = front.taken else { return false };
        let waits = taken.since.elapsed();
        let is_overdue = waits > UNHEARD_OF
            && front.looked_at.is_none_or(|looked_at| {
                let is_too_long = waits > patience && looked_at.duration_since(taken.since) <= patience;
                looked_at.elapsed() > UNHEARD_OF || is_too_long || self.unknown_since.is_some()
            });
        if is_overdue {
            front.looked_at = Some(Instant::now());
        }
        is_overdue
    }

    /// Remembers the outcomes of those in front that went well, in one transaction where they are alike, and takes their states
    /// away. Gives how many.
    async fn settle_together(
        &mut self,
        client: &Client,
        states: &mut VecDeque<Result<Option<TxStatus>, Error>>,
    ) -> Result<usize, DeliverError> {
        let height = |state: &Result<Option<TxStatus>, Error>| match state {
            Ok(Some(TxStatus { state: TxState::Succeeded { height }, .. })) => Some(*height),
            _ => None,
        };
        let done: Vec<_> = self
            .flights
            .iter()
            .zip(states.iter().map_while(height))
            .map(|(flight, height)| {
                let transaction = Transaction { hash: flight.hash.to_string(), height: Some(height) };
                (&flight.job, transaction)
            })
            .collect();
        // Other nodes are asked about each by itself.
        if done.len() < 2 || !one_is_enough(self.app, client) {
            return Ok(0);
        }
        match deliver::all_written(self.app, &self.lease, &done).await {
            Ok(true) => {}
            Ok(false) => return Ok(0),
            Err(error @ StoreError::Stale) => return Err(error.into()),
            // One of them is to blame, or the database is away: alone, it will be seen.
            Err(error) => {
                tracing::debug!(lane = self.name, "Outcomes are remembered one by one: {error}");
                return Ok(0);
            }
        }
        let count = done.len();
        states.drain(..count);
        let settled: Vec<_> = self.flights.drain(..count).collect();
        for flight in &settled {
            self.app.forget_said_done(&flight.job.id);
            self::count("succeeded");
            self.note_delivery(&flight.job);
        }
        self.renew(false).await?;
        Ok(count)
    }

    fn note_delivery(&self, job: &Job) {
        let took = self.app.clock.now().unix_millis() - job.created_at.unix_millis();
        metrics::histogram!("delivery_seconds", "work" => job.work.as_str())
            .record(Duration::from_millis(u64::try_from(took).unwrap_or_default()));
    }

    /// A node that is cut off from the others still takes transactions, and says for ever that they wait. What waits for
    /// too long is looked for, and if it is not there sent, at another node.
    fn turn_away_from_one_that_is_cut_off(&mut self, client: &Client) {
        let patience = self.app.block_patience();
        let Some(taken) = self.flights.front().and_then(|flight| flight.taken) else { return };
        if taken.since.elapsed() > patience && client.turn_away_from(taken.node) {
            tracing::warn!(
                lane = self.name,
                "A transaction waits too long for its block; asking another node"
            );
            self.next = None;
        }
    }

    /// Remembers the outcome of a transaction that is in a block. On failure it stays in flight, to be looked at again.
    async fn settle(
        &mut self,
        client: &Client,
        flight: InFlight,
        state: TxState,
    ) -> Result<(), DeliverError> {
        let outcome = match state {
            TxState::Pending => Ok(()),
            TxState::Succeeded { height } => {
                let transaction = Transaction { hash: flight.hash.to_string(), height: Some(height) };
                count("succeeded");
                self.succeeded(&flight.job, Some(transaction)).await
            }
            TxState::Failed { rejection, .. } => {
                count("failed");
                if rejection.is_wrong_nonce() {
                    // It was behind one that got lost. Its nonce is unused, and so are those behind it.
                    self.next = None;
                }
                self.failed(client, &flight.job, &Error::Failed(rejection)).await
            }
        };
        match outcome {
            Err(DeliverError::Store(StoreError::Unreadable(what))) => self.set_aside(&flight.job, what).await,
            Err(error) => {
                self.flights.push_front(flight);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Puts off a job whose record cannot be read: a newer program has written it, and can. Whether its transaction was in a
    /// block is looked up again then.
    async fn set_aside(&self, job: &Job, what: &'static str) -> Result<(), DeliverError> {
        tracing::error!(lane = self.name, job.id = %job.id, "What a job is about cannot be read: {what}");
        let due = retry::due(self.app.clock.now(), job.attempts.max(4), None, &mut OsRng);
        Ok(deliver::later(self.app, &self.lease, job, due, "its record cannot be read").await?)
    }

    /// A node says that a job is done. It is when enough of them show it.
    async fn succeeded(&self, job: &Job, transaction: Option<Transaction>) -> Result<(), DeliverError> {
        match deliver::is_agreed(self.app, &self.signer, job).await? {
            Agreement::Enough => self.app.forget_said_done(&job.id),
            Agreement::NotYet => {
                return deliver::not_agreed(self.app, &self.lease, job, transaction.as_ref()).await;
            }
            Agreement::Never => {
                tracing::error!(
                    lane = self.name,
                    job.id = %job.id,
                    "Nodes do not agree whether something is there: nothing of it is forgotten, and another one is asked"
                );
                metrics::counter!("nodes_disagree_total").increment(1);
                self.app.forget_said_done(&job.id);
                let client = self.app.idos().await?;
                client.turn_away_from(client.preferred_node());
                return deliver::not_agreed(self.app, &self.lease, job, transaction.as_ref()).await;
            }
        }
        deliver::succeeded(self.app, &self.lease, job, transaction).await?;
        self.note_delivery(job);
        Ok(())
    }

    /// A transaction did nothing. If what it was to write is there already, that is as good as success.
    async fn failed(&self, client: &Client, job: &Job, error: &Error) -> Result<(), DeliverError> {
        if error.conflict().is_some() {
            if deliver::is_done(self.app, client, &self.signer, job).await? {
                return self.succeeded(job, None).await;
            }
            // What is there may be our own row, at a node that the asked one has not caught up with.
            if job.attempts < LAGGING && job.work.may_be_seen() {
                let due = self.app.clock.now().plus_millis(3_000);
                return Ok(
                    deliver::later(self.app, &self.lease, job, due, "something is there already").await?
                );
            }
        }
        if error.is_wrong_nonce() {
            let now = self.app.clock.now();
            return Ok(
                deliver::later(self.app, &self.lease, job, now, "its nonce was not the next one").await?
            );
        }
        deliver::refused(self.app, &self.lease, job, error).await
    }

    /// Finds out where everything in flight stands, sends again what got lost, and so learns the next nonce. The table
    /// is in the module's documentation.
    async fn reconcile(&mut self, client: &Client) -> Result<(), DeliverError> {
        let committed = client.account(&self.signer).await?.nonce;
        let mut expected = client.pending_account(&self.signer).await?.nonce.max(committed) + 1;
        let mut left = std::mem::take(&mut self.flights);
        let mut is_unknown = false;
        while let Some(mut flight) = left.pop_front() {
            let state = match client.transaction(flight.hash).await {
                Ok(status) => status.map(|status| status.state),
                Err(error) => return Err(self.put_back(flight, left, error.into())),
            };
            let step = match state {
                Some(TxState::Pending) => {
                    flight.taken = Some(AcceptedBy::now(client));
                    expected = expected.max(flight.nonce + 1);
                    self.flights.push_back(flight);
                    continue;
                }
                Some(state) => {
                    // `settle` puts it to the front on failure; what was found before it has lower nonces.
                    if let Err(error) = self.settle(client, flight, state).await {
                        self.flights.extend(left);
                        self.sort();
                        return Err(error);
                    }
                    continue;
                }
                None if flight.nonce <= committed => {
                    self.begin_anew(client, &flight.job).await.map(|()| Sent::NotAtAll)
                }
                None if flight.nonce < expected => {
                    // Its nonce is taken in a mempool, maybe by itself, at a node that was not asked.
                    is_unknown = true;
                    self.flights.push_back(flight);
                    continue;
                }
                None => self.send_again(client, &mut flight, expected).await,
            };
            match step {
                Err(DeliverError::Store(StoreError::Unreadable(what))) => {
                    if let Err(error) = self.set_aside(&flight.job, what).await {
                        return Err(self.put_back(flight, left, error));
                    }
                }
                Ok(Sent::Accepted) => {
                    expected = flight.nonce + 1;
                    self.flights.push_back(flight);
                }
                Ok(Sent::NotAtAll) => {}
                Ok(Sent::Unsure | Sent::Backpressure) => {
                    self.flights.push_back(flight);
                    self.flights.extend(left);
                    self.sort();
                    return Ok(());
                }
                Err(error) => return Err(self.put_back(flight, left, error)),
            }
            self.renew(false).await?;
        }
        if self.flights.iter().all(|flight| flight.taken.is_some()) {
            self.next = Some(expected);
        }
        if is_unknown {
            self.turn_away_from_one_that_knows_another(client);
        } else {
            self.unknown_since = None;
        }
        Ok(())
    }

    /// A node that is cut off may hold an earlier attempt with the same nonce, and would say for ever that the nonce is taken.
    fn turn_away_from_one_that_knows_another(&mut self, client: &Client) {
        let since = *self.unknown_since.get_or_insert_with(Instant::now);
        if since.elapsed() > self.app.block_patience() && client.turn_away_from(client.preferred_node()) {
            tracing::warn!(
                lane = self.name,
                "A nonce is taken for too long by another transaction; asking another node"
            );
            self.unknown_since = None;
            self.next = None;
        }
    }

    fn put_back(&mut self, flight: InFlight, left: VecDeque<InFlight>, error: DeliverError) -> DeliverError {
        self.flights.push_back(flight);
        self.flights.extend(left);
        self.sort();
        error
    }

    fn sort(&mut self) {
        self.flights.make_contiguous().sort_by_key(|flight| flight.nonce);
    }

    /// Whether the effect of a job is there. `None` if the node says something else than yes or no: then the job has been
    /// stopped or put off, so that it is not in the way of others.
    async fn is_done(&self, client: &Client, job: &Job) -> Result<Option<bool>, DeliverError> {
        match deliver::is_done(self.app, client, &self.signer, job).await {
            Ok(done) => Ok(Some(done)),
            Err(DeliverError::Node(NodeError::Node(error))) if !is_away(&error) => {
                deliver::refused(self.app, &self.lease, job, &error).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A transaction whose nonce another one has used up: it will never be in a block.
    async fn begin_anew(&self, client: &Client, job: &Job) -> Result<(), DeliverError> {
        match self.is_done(client, job).await? {
            Some(true) => return self.succeeded(job, None).await,
            Some(false) => {}
            None => return Ok(()),
        }
        let now = self.app.clock.now();
        Ok(deliver::later(self.app, &self.lease, job, now, "its nonce was used by another transaction")
            .await?)
    }

    /// Sends what is recorded once more: with its own nonce if that is the next one, else with the one that is.
    async fn send_again(
        &self,
        client: &Client,
        flight: &mut InFlight,
        nonce: u64,
    ) -> Result<Sent, DeliverError> {
        match self.is_done(client, &flight.job).await? {
            Some(true) => {
                self.succeeded(&flight.job, None).await?;
                return Ok(Sent::NotAtAll);
            }
            Some(false) => {}
            None => return Ok(Sent::NotAtAll),
        }
        let mut attempt = flight.job.attempts;
        if nonce != flight.nonce {
            attempt += 1;
        }
        let numbered = Numbered { nonce, attempt };
        let Some(mut prepared) = self.prepare(client, &flight.job, numbered, true).await? else {
            return Ok(Sent::NotAtAll);
        };
        if prepared.hash() != flight.hash {
            if attempt == flight.job.attempts {
                // Not what was recorded: the grant is another one, for instance. Then it is another attempt.
                let numbered = Numbered { nonce, attempt: attempt + 1 };
                let anew = self.prepare(client, &flight.job, numbered, true).await?;
                let Some(anew) = anew else { return Ok(Sent::NotAtAll) };
                prepared = anew;
            }
            flight.job = self.record(&flight.job, &prepared).await?;
            flight.nonce = nonce;
            flight.hash = prepared.hash();
        }
        flight.bytes = prepared.request().len();
        let sent = self.broadcast(client, &flight.job, &prepared).await?;
        flight.taken = matches!(sent, Sent::Accepted).then(|| AcceptedBy::now(client));
        Ok(sent)
    }

    /// The transaction to send, if the plan is to send one; else the plan is carried out. `absent`: whether its effect is
    /// known not to be there.
    async fn prepare(
        &self,
        client: &Client,
        job: &Job,
        Numbered { nonce, attempt }: Numbered,
        absent: bool,
    ) -> Result<Option<Box<Prepared>>, DeliverError> {
        let tx_signer = TxSigner { client, signer: &self.signer, nonce, attempt };
        let mut plan = deliver::prepare(self.app, job, &tx_signer, absent).await;
        if matches!(plan, Ok(Plan::LookFirst)) {
            match self.is_done(client, job).await? {
                Some(true) => {
                    self.succeeded(job, None).await?;
                    return Ok(None);
                }
                Some(false) => plan = deliver::prepare(self.app, job, &tx_signer, true).await,
                None => return Ok(None),
            }
        }
        match plan {
            Ok(Plan::Send(prepared)) => return Ok(Some(prepared)),
            // Nobody looks twice.
            Ok(Plan::LookFirst) => {}
            Ok(Plan::Drop) => deliver::finish(self.app, &self.lease, job).await?,
            Ok(Plan::Halt(stop)) => deliver::halt_in_lane(self.app, &self.lease, job, stop).await?,
            Ok(Plan::Later(due)) => {
                deliver::later(self.app, &self.lease, job, due, "the write grant begins later").await?;
            }
            // It cannot even be built.
            Err(DeliverError::Node(NodeError::Node(error))) if error.class() == Class::Refused => {
                deliver::refused(self.app, &self.lease, job, &error).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// Records a transaction before it is sent. Gives the job as it is then.
    async fn record(&self, job: &Job, prepared: &Prepared) -> Result<Job, StoreError> {
        let mut recorded = job.clone();
        self.record_all(&mut [(&mut recorded, prepared)]).await?;
        Ok(recorded)
    }

    /// The same for several, all of them or none. Changes the jobs to what they are then.
    async fn record_all(&self, all: &mut [(&mut Job, &Prepared)]) -> Result<(), StoreError> {
        let now = self.app.clock.now();
        let mut tx = self.app.store.begin().await?;
        tx.hold_lane(&self.lease, now.plus_millis(self.app.lease_millis())).await?;
        let sendings: Vec<_> = all
            .iter()
            .map(|(job, prepared)| Sending {
                job,
                nonce: prepared.nonce(),
                tx_hash: prepared.hash().to_string(),
            })
            .collect();
        tx.record_sendings(&sendings, now).await?;
        for Sending { job, nonce, tx_hash } in &sendings {
            tx.record(
                &AuditEntry::new(now, Actor::Service, AuditAction::Sending, &job.subject)
                    .detail(format!("tx:{tx_hash} nonce:{nonce}")),
            )
            .await?;
        }
        tx.commit().await?;
        for (job, prepared) in all.iter_mut() {
            job.state = JobState::Sent;
            job.nonce = Some(prepared.nonce());
            job.tx_hash = Some(prepared.hash().to_string());
            job.sent_at = Some(now);
            job.attempts += 1;
            job.reason = None;
        }
        Ok(())
    }

    async fn broadcast(&self, client: &Client, job: &Job, prepared: &Prepared) -> Result<Sent, DeliverError> {
        let (start, node) = (Instant::now(), client.preferred_node());
        let Err(error) = client.broadcast(prepared, Broadcast::Accept).await else {
            return Ok(Sent::Accepted);
        };
        if error.is_wrong_nonce() {
            tracing::debug!(lane = self.name, "The next nonce is another one");
            return Ok(Sent::Unsure);
        }
        if is_in_between(&error) {
            count("refused");
            tracing::warn!(lane = self.name, "Something before the node answers: {error}");
            return Ok(Sent::Backpressure);
        }
        match error.class() {
            Class::Unknown { .. } => {
                count("unknown");
                tracing::debug!(lane = self.name, cause = error.source(), "{error}");
                if start.elapsed() > SILENCE && client.turn_away_from(node) {
                    tracing::warn!(lane = self.name, "A node keeps silent; asking another one");
                }
                Ok(Sent::Unsure)
            }
            // Not even in a mempool: the nonce is free.
            Class::Refused => {
                count("refused");
                self.failed(client, job, &error).await?;
                Ok(Sent::NotAtAll)
            }
            Class::Retry => {
                count("refused");
                tracing::warn!(lane = self.name, cause = error.source(), "The node takes nothing: {error}");
                Ok(Sent::Backpressure)
            }
        }
    }

    /// Sends what is due, as much as may be in flight. Whether there may be more to do at once.
    async fn send(&mut self, client: &Client) -> Result<bool, DeliverError> {
        let mut has_sent = false;
        while let Some(nonce) = self.next {
            let room = (self.app.delivery.in_flight as usize).saturating_sub(self.flights.len());
            let bytes: usize = self.flights.iter().map(|flight| flight.bytes).sum();
            if room == 0 || bytes >= self.app.delivery.in_flight_bytes {
                break;
            }
            let limit = u32::try_from(room.min(RECORDED_AT_ONCE)).unwrap_or(1);
            let due = self.app.store.due_in_lane(&self.name, self.app.clock.now(), limit).await?;
            if due.is_empty() {
                break;
            }
            let most_bytes = (self.app.delivery.in_flight_bytes - bytes).min(BYTES_AT_ONCE);
            let flights = self.prepare_all(client, due, nonce, most_bytes).await?;
            match self.send_all(client, flights).await? {
                Went::All { sent_some } => has_sent |= sent_some,
                Went::Refused => return Ok(true),
                Went::Stopped { sent_some } => return Ok(has_sent || sent_some),
            }
        }
        Ok(has_sent)
    }

    /// What is to be sent of these jobs, from this nonce on, and until there are so many bytes; recorded. What is not to be sent is
    /// seen to.
    async fn prepare_all(
        &mut self,
        client: &Client,
        due: Vec<Job>,
        mut nonce: u64,
        most_bytes: usize,
    ) -> Result<VecDeque<(InFlight, Box<Prepared>)>, DeliverError> {
        let mut to_send: Vec<(Job, Box<Prepared>)> = Vec::new();
        let mut bytes = 0;
        for job in due {
            if bytes >= most_bytes {
                break;
            }
            // The node may have to be asked about each.
            self.renew(false).await?;
            let numbered = Numbered { nonce, attempt: job.attempts + 1 };
            let prepared = match self.prepare(client, &job, numbered, false).await {
                Err(DeliverError::Store(StoreError::Unreadable(what))) => {
                    self.set_aside(&job, what).await?;
                    None
                }
                // Those before it are sent; then it is the first, and its fault is met again.
                Err(error) if !to_send.is_empty() && !matches!(error, DeliverError::Store(_)) => {
                    tracing::debug!(lane = self.name, "Fewer are sent at once: {error}");
                    break;
                }
                prepared => prepared?,
            };
            if let Some(prepared) = prepared {
                nonce += 1;
                bytes += prepared.request().len();
                to_send.push((job, prepared));
            }
        }
        if to_send.is_empty() {
            return Ok(VecDeque::new());
        }
        let mut all: Vec<_> = to_send.iter_mut().map(|(job, prepared)| (job, &**prepared)).collect();
        self.record_all(&mut all).await?;
        let flight = |(job, prepared): (Job, Box<Prepared>)| {
            let (nonce, hash, bytes) = (prepared.nonce(), prepared.hash(), prepared.request().len());
            (InFlight { job, nonce, hash, bytes, taken: None, looked_at: None }, prepared)
        };
        Ok(to_send.into_iter().map(flight).collect())
    }

    /// Sends what is recorded, one after the other. What is not sent, because one before it was not taken, stays in flight: it is
    /// looked up, and sent again with the nonce that is free then.
    async fn send_all(
        &mut self,
        client: &Client,
        mut left: VecDeque<(InFlight, Box<Prepared>)>,
    ) -> Result<Went, DeliverError> {
        let mut sent_some = false;
        while let Some((mut flight, prepared)) = left.pop_front() {
            let sent = self.broadcast(client, &flight.job, &prepared).await;
            if matches!(sent, Ok(Sent::Accepted)) {
                flight.taken = Some(AcceptedBy::now(client));
                self.next = Some(flight.nonce + 1);
                self.flights.push_back(flight);
                sent_some = true;
                if let Err(error) = self.renew(false).await {
                    self.flights.extend(left.into_iter().map(|(flight, _)| flight));
                    return Err(error.into());
                }
                continue;
            }
            if !matches!(sent, Ok(Sent::NotAtAll)) {
                self.flights.push_back(flight);
            } else if left.is_empty() {
                // Its nonce is free.
                return Ok(Went::Refused);
            }
            self.flights.extend(left.into_iter().map(|(flight, _)| flight));
            self.next = None;
            return match sent? {
                Sent::NotAtAll => Ok(Went::Refused),
                Sent::Backpressure => {
                    pause_a_little().await;
                    Ok(Went::Stopped { sent_some })
                }
                Sent::Accepted | Sent::Unsure => Ok(Went::Stopped { sent_some }),
            };
        }
        Ok(Went::All { sent_some })
    }
}

/// A node that takes nothing is left alone for a moment.
async fn pause_a_little() {
    sleep(Duration::from_millis(500)).await;
}

/// Whether there is no answer at all, or none of a node: then no question has one.
fn is_away(error: &Error) -> bool {
    match error {
        Error::Unreachable(_)
        | Error::NoAnswer(_)
        | Error::HttpStatus(_)
        | Error::NotJson
        | Error::Config(_) => true,
        error => is_in_between(error),
    }
}

/// Whether it is not the node that answers, but a proxy or a gateway before it: that says nothing about the transaction.
fn is_in_between(error: &Error) -> bool {
    match error {
        Error::HttpStatus(status) => *status != 413,
        Error::Node { code, .. } => matches!(code, -904..=-900 | -32601),
        _ => false,
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("transactions_total", "outcome" => outcome).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
fn as_gauge(count: usize) -> f64 {
    count as f64
}

/// Sees to what was to go by the lane of a write key that is not in the configuration any more: nobody else would. Any
/// delegate may send what another one has sealed, so it goes by another lane; only an edit needs the very key.
pub(super) async fn adopt_orphans(app: &App, watch: &Watch) -> Result<(), DeliverError> {
    let mut outcome = Ok(());
    for lane in app.store.lanes_with_work().await? {
        if app.write_key(&lane).is_some() {
            continue;
        }
        // Another process may still have the key.
        let Some(lease) = watch.take(app, &lane).await? else { continue };
        let adopted = adopt_all(app, &lease, app.clock.now()).await;
        app.store.release_lane(&lease).await?;
        // One lane that cannot be seen to does not keep the others from their turn.
        if let Err(error) = adopted {
            outcome = Err(error);
        }
    }
    outcome
}

async fn adopt_all(app: &App, lease: &LaneLease, now: Timestamp) -> Result<(), DeliverError> {
    let mut jobs = app.store.in_flight(&lease.write_key).await?;
    jobs.extend(app.store.due_in_lane(&lease.write_key, now, 1000).await?);
    for job in jobs {
        tracing::warn!(job.id = %job.id, "The write key of this work is not in the configuration");
        if job.work.needs_its_key() {
            let stop = Stop::new(HaltCode::KeyMissing, "the write key is not in the configuration");
            match deliver::halt_in_lane(app, lease, &job, stop).await {
                Err(StoreError::Unreadable(what)) => {
                    tracing::error!(job.id = %job.id, "What a job is about cannot be read: {what}");
                }
                halted => halted?,
            }
            continue;
        }
        let other = app.write_key_for(&job.subject).public_hex();
        let mut tx = app.store.begin().await?;
        tx.hold_lane(lease, app.clock.now().plus_millis(app.lease_millis())).await?;
        tx.move_job(&job, &other, now).await?;
        tx.commit().await?;
    }
    Ok(())
}
