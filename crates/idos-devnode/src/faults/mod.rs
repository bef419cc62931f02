//! Switches that make the node misbehave, so that clients can be tried against it.

mod json;
mod random;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use json::Json;
use random::Dice;
pub use random::{Mix, RandomFaults};

/// A way to misbehave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Answers an error and does nothing else. What is left out is chosen by the method: a broadcast is refused
    /// with -201 and the transaction code 11, as by a full mempool; anything else with -700.
    Refuse {
        /// The JSON-RPC error code.
        code: Option<i64>,
        /// The error message.
        message: Option<String>,
        /// For broadcasts: the code in the error's `data`, or -201 otherwise.
        transaction_code: Option<u32>,
    },
    /// Answers this and does nothing else, as a proxy or another server that stands in the node's place.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body, of the media type `application/json` whatever it is.
        body: String,
    },
    /// Waits before it does anything.
    Delay {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Does what was asked, waits until a broadcast transaction is in a block, then closes the connection without
    /// an answer.
    HangUpAfterCommit,
    /// Does what was asked, then leaves the connection open and never answers.
    LoseAnswer,
    /// On `user.broadcast`: refuses the transaction as one with a wrong nonce (code 4). On `user.account`:
    /// answers a nonce that is one too high.
    WrongNonce,
    /// Refuses a broadcast transaction with code 11, as a node that has no room for it.
    MempoolFull,
    /// Takes a broadcast transaction and forgets it: it is answered for, and gets into no block. As in kwild, its nonce
    /// counts until the next block.
    DropTransaction,
    /// Takes a broadcast transaction and forgets it and all others that wait for a block, as a node that starts again.
    LoseMempool,
    /// Answers the HTTP status 429 with a `Retry-After`, and does nothing else.
    RateLimited {
        /// When to come again, in seconds.
        retry_after: u32,
    },
    /// On an upload to the blob gateway: answers as if it was kept, and keeps nothing.
    LoseUpload,
    /// On an upload: answers other identifiers than those of what was brought.
    WrongCid,
    /// On an upload: answers another quorum, or none.
    Quorum {
        /// The quorum; left out if absent.
        count: Option<u32>,
    },
    /// On an upload: writes the answer twice, one behind the other.
    AnswerTwice,
    /// On a fetch from the blob gateway: 404, as of a content that is not everywhere yet.
    HideBlob,
    /// On a fetch: other bytes, as many.
    OtherBytes,
    /// On an upload or fetch: ends the session after all has been read, and answers 401. An upload is not kept.
    EndSession,
    /// On a view: shows credentials whose contents the blob gateway still waits for.
    ShowPreliminary,
    /// Closes the connection at once, as a node that is down does; nothing is done. Requests to `/dev/` pass.
    Down,
}

/// A fault, and when it happens.
///
/// The JSON form is what `POST /dev/faults` takes, for example
/// `{"fault":"refuse","transaction_code":201,"method":"user.broadcast","action":"add_user_as_inserter","next":2}`
/// or `{"fault":"answer","status":403,"body":"forbidden"}` or `{"fault":"delay","ms":500}`; the other faults are `hang_up_after_commit`, `lose_answer`, `wrong_nonce`,
/// `mempool_full`, `drop_transaction`, `lose_mempool` and `down`; `rate_limited` with `retry_after`; and with the next
/// schema `lose_upload`, `wrong_cid`, `quorum` with or without `count`, `answer_twice`, `hide_blob`, `other_bytes`,
/// `end_session` and `show_preliminary`. `GET /dev/faults` lists the switches,
/// `DELETE /dev/faults` takes them all away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Json", into = "Json")]
pub struct Switch {
    /// What happens.
    pub fault: Fault,
    /// To which JSON-RPC method, or `blob.upload` or `blob.fetch`; `*` is all requests. Left out, [`Fault::Refuse`],
    /// [`Fault::Answer`], [`Fault::RateLimited`], [`Fault::Delay`] and [`Fault::Down`] happen to all, those of uploads and
    /// fetches to these, [`Fault::EndSession`] to uploads, [`Fault::ShowPreliminary`] to `user.call`, and the others to
    /// `user.broadcast` only.
    pub method: Option<String>,
    /// To which action, where the request calls one.
    pub action: Option<String>,
    /// How many times; without end if left out.
    pub next: Option<u32>,
}

/// The switches of one node. Clones share them.
#[derive(Clone, Default, Debug)]
pub struct Faults(Arc<Mutex<Board>>);

#[derive(Default, Debug)]
struct Board {
    switches: Vec<Switch>,
    random: Option<Dice>,
}

impl Faults {
    /// The next `n` requests that it concerns.
    pub fn next(&self, n: u32, fault: Fault) {
        self.set(Switch { fault, method: None, action: None, next: Some(n) });
    }

    /// Every request that it concerns, until [`Faults::clear`].
    pub fn until_cleared(&self, fault: Fault) {
        self.set(Switch { fault, method: None, action: None, next: None });
    }

    /// Adds a switch. Several may happen to one request; of a kind, the one that was set first.
    pub fn set(&self, switch: Switch) {
        tracing::info!(?switch, "A fault switch was set");
        self.board().switches.push(switch);
    }

    /// Begins to misbehave at random, from the beginning of the seed's sequence. Switches go first: chance has a say in
    /// requests that meet no switch.
    pub fn set_random(&self, faults: RandomFaults) {
        tracing::info!(?faults, "Random faults were set");
        self.board().random = Some(Dice::new(faults));
    }

    /// Takes all switches away, and ends what is random.
    pub fn clear(&self) {
        *self.board() = Board::default();
    }

    /// What is still switched on.
    #[must_use]
    pub fn active(&self) -> Vec<Switch> {
        self.board().switches.clone()
    }

    /// What happens at random, if anything.
    #[must_use]
    pub fn random(&self) -> Option<RandomFaults> {
        self.board().random.as_ref().map(|dice| dice.faults().clone())
    }

    /// Whether a switch asks for the request's action, which costs something to find out.
    pub(crate) fn look_at_actions(&self) -> bool {
        self.board().switches.iter().any(|switch| switch.action.is_some())
    }

    /// What is to happen to a request; counts it. Other requests than JSON-RPC have the empty method.
    pub(crate) fn plan(&self, method: &str, action: Option<&str>) -> Plan {
        let mut plan = Plan::default();
        let mut board = self.board();
        let is_down = |switch: &Switch| switch.fault == Fault::Down;
        let goes_down =
            board.switches.iter().any(|switch| is_down(switch) && switch.concerns(method, action));
        for switch in board.switches.iter_mut().filter(|switch| is_down(switch) == goes_down) {
            if switch.concerns(method, action) && plan.add(&switch.fault) {
                switch.next = switch.next.map(|left| left.saturating_sub(1));
            }
        }
        board.switches.retain(|switch| switch.next != Some(0));
        if plan == Plan::default()
            && let Some(fault) = board.random.as_mut().and_then(|dice| dice.roll(method, Instant::now()))
        {
            plan.add(&fault);
        }
        plan
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // Every change is one operation, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to happen to one request.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(crate) down: bool,
    pub(crate) delay: Option<Duration>,
    pub(crate) refuse: Option<Refuse>,
    pub(crate) answer: Option<(u16, String)>,
    pub(crate) too_many: Option<u32>,
    pub(crate) shows_preliminary: bool,
    pub(crate) blob: Vec<BlobFault>,
    pub(crate) wrong_nonce: bool,
    pub(crate) loss: Option<Loss>,
    pub(crate) ending: Ending,
}

/// What may happen to a request to the blob gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BlobFault {
    /// [`Fault::LoseUpload`].
    Lost,
    /// [`Fault::WrongCid`].
    WrongCid,
    /// [`Fault::Quorum`].
    Quorum(Option<u32>),
    /// [`Fault::AnswerTwice`].
    Twice,
    /// [`Fault::HideBlob`].
    Hidden,
    /// [`Fault::OtherBytes`].
    OtherBytes,
    /// [`Fault::EndSession`].
    EndsSession,
}

/// What a node loses of what it has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Loss {
    /// [`Fault::DropTransaction`].
    Transaction,
    /// [`Fault::LoseMempool`].
    Mempool,
}

/// What becomes of the answer.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// It is sent.
    #[default]
    Answer,
    /// [`Fault::HangUpAfterCommit`].
    HangUp,
    /// [`Fault::LoseAnswer`].
    Silence,
}

/// [`Fault::Refuse`].
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Refuse {
    pub(crate) code: Option<i64>,
    pub(crate) message: Option<String>,
    pub(crate) transaction_code: Option<u32>,
}

impl Plan {
    /// False if something of this kind is to happen already.
    fn add(&mut self, fault: &Fault) -> bool {
        let set = |flag: &mut bool| !std::mem::replace(flag, true);
        match fault {
            Fault::Refuse { code, message, transaction_code } => {
                let (code, transaction_code) = (*code, *transaction_code);
                first(&mut self.refuse, || Refuse { code, message: message.clone(), transaction_code })
            }
            Fault::Answer { status, body } => first(&mut self.answer, || (*status, body.clone())),
            Fault::MempoolFull => {
                first(&mut self.refuse, || Refuse { code: None, message: None, transaction_code: Some(11) })
            }
            Fault::Delay { ms } => first(&mut self.delay, || Duration::from_millis(*ms)),
            Fault::DropTransaction => first(&mut self.loss, || Loss::Transaction),
            Fault::LoseMempool => first(&mut self.loss, || Loss::Mempool),
            Fault::HangUpAfterCommit | Fault::LoseAnswer if self.ending != Ending::Answer => false,
            Fault::HangUpAfterCommit => {
                self.ending = Ending::HangUp;
                true
            }
            Fault::LoseAnswer => {
                self.ending = Ending::Silence;
                true
            }
            Fault::RateLimited { retry_after } => first(&mut self.too_many, || *retry_after),
            Fault::LoseUpload => self.add_blob(BlobFault::Lost),
            Fault::WrongCid => self.add_blob(BlobFault::WrongCid),
            Fault::Quorum { count } => self.add_blob(BlobFault::Quorum(*count)),
            Fault::AnswerTwice => self.add_blob(BlobFault::Twice),
            Fault::HideBlob => self.add_blob(BlobFault::Hidden),
            Fault::OtherBytes => self.add_blob(BlobFault::OtherBytes),
            Fault::EndSession => self.add_blob(BlobFault::EndsSession),
            Fault::ShowPreliminary => set(&mut self.shows_preliminary),
            Fault::WrongNonce => set(&mut self.wrong_nonce),
            Fault::Down => set(&mut self.down),
        }
    }
}

impl Plan {
    fn add_blob(&mut self, fault: BlobFault) -> bool {
        let kind = std::mem::discriminant(&fault);
        let is_first = self.blob.iter().all(|there| std::mem::discriminant(there) != kind);
        if is_first {
            self.blob.push(fault);
        }
        is_first
    }

    /// Whether this is to happen.
    pub(crate) fn has(&self, fault: BlobFault) -> bool {
        self.blob.contains(&fault)
    }
}

/// Fills an empty place; false if it is taken.
fn first<T>(place: &mut Option<T>, value: impl FnOnce() -> T) -> bool {
    let is_free = place.is_none();
    if is_free {
        *place = Some(value());
    }
    is_free
}

impl Fault {
    /// What it happens to if nobody says. `None`: everything.
    fn usual_method(&self) -> Option<&'static str> {
        match self {
            Self::Refuse { .. }
            | Self::Answer { .. }
            | Self::RateLimited { .. }
            | Self::Delay { .. }
            | Self::Down => None,
            Self::LoseUpload
            | Self::WrongCid
            | Self::Quorum { .. }
            | Self::AnswerTwice
            | Self::EndSession => Some("blob.upload"),
            Self::HideBlob | Self::OtherBytes => Some("blob.fetch"),
            Self::ShowPreliminary => Some("user.call"),
            Self::HangUpAfterCommit
            | Self::LoseAnswer
            | Self::WrongNonce
            | Self::MempoolFull
            | Self::DropTransaction
            | Self::LoseMempool => Some("user.broadcast"),
        }
    }
}

impl Switch {
    fn concerns(&self, method: &str, action: Option<&str>) -> bool {
        let of_method = match self.method.as_deref().or_else(|| self.fault.usual_method()) {
            None | Some("*") => true,
            Some(wanted) => wanted == method,
        };
        of_method && (self.action.is_none() || self.action.as_deref() == action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Switch, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_switch_is_counted_down_by_the_requests_that_it_concerns() {
        let faults = Faults::default();
        faults.next(2, Fault::HangUpAfterCommit);
        assert_eq!(faults.plan("user.account", None), Plan::default());
        assert_eq!(faults.plan("user.broadcast", None).ending, Ending::HangUp);
        assert_eq!(faults.plan("user.broadcast", None).ending, Ending::HangUp);
        assert_eq!(faults.plan("user.broadcast", None), Plan::default());
        assert!(faults.active().is_empty());
    }

    #[test]
    fn two_of_a_kind_happen_one_after_the_other() {
        let faults = Faults::default();
        faults.next(1, Fault::Delay { ms: 1 });
        faults.next(1, Fault::Delay { ms: 2 });
        faults.next(1, Fault::LoseAnswer);
        let first = faults.plan("user.broadcast", None);
        assert_eq!((first.delay, first.ending), (Some(Duration::from_millis(1)), Ending::Silence));
        let second = faults.plan("user.broadcast", None);
        assert_eq!((second.delay, second.ending), (Some(Duration::from_millis(2)), Ending::Answer));
    }

    #[test]
    fn a_node_that_is_down_spends_no_other_switch() {
        let faults = Faults::default();
        faults.next(1, Fault::LoseAnswer);
        faults.next(1, Fault::Down);
        assert_eq!(faults.plan("user.broadcast", None), Plan { down: true, ..Plan::default() });
        assert_eq!(faults.plan("user.broadcast", None).ending, Ending::Silence);
    }

    #[test]
    fn switches_may_be_for_one_method_and_one_action() {
        let faults = Faults::default();
        faults.set(parse(r#"{"fault":"refuse","method":"user.call","action":"get_user"}"#).unwrap());
        assert!(faults.look_at_actions());
        assert!(faults.plan("user.call", Some("has_profile")).refuse.is_none());
        assert!(faults.plan("user.broadcast", Some("get_user")).refuse.is_none());
        assert!(faults.plan("user.call", Some("get_user")).refuse.is_some());
        assert!(faults.plan("user.call", Some("get_user")).refuse.is_some());
        faults.clear();
        assert!(faults.plan("user.call", Some("get_user")).refuse.is_none());
    }

    #[test]
    fn chance_has_no_say_where_there_is_a_switch() {
        let faults = Faults::default();
        let always = Mix { refuse: 100, ..Mix::default() };
        faults.set_random(RandomFaults { view: always, ..RandomFaults::default() });
        faults.next(1, Fault::Delay { ms: 1 });
        let plan = faults.plan("user.call", None);
        assert_eq!((plan.delay, plan.refuse), (Some(Duration::from_millis(1)), None));
        assert!(faults.plan("user.call", None).refuse.is_some());
        assert_eq!(faults.plan("user.broadcast", None), Plan::default());
        faults.clear();
        assert_eq!(faults.random(), None);
        assert_eq!(faults.plan("user.call", None), Plan::default());
    }

    #[test]
    fn the_json_form_comes_back_and_slips_are_refused() {
        for json in [
            r#"{"fault":"down"}"#,
            r#"{"fault":"mempool_full","next":2}"#,
            r#"{"fault":"drop_transaction"}"#,
            r#"{"fault":"lose_mempool"}"#,
            r#"{"fault":"rate_limited","retry_after":3}"#,
            r#"{"fault":"lose_upload","next":1}"#,
            r#"{"fault":"wrong_cid"}"#,
            r#"{"fault":"quorum"}"#,
            r#"{"fault":"quorum","count":1}"#,
            r#"{"fault":"answer_twice"}"#,
            r#"{"fault":"hide_blob","next":3}"#,
            r#"{"fault":"other_bytes"}"#,
            r#"{"fault":"end_session","method":"blob.fetch"}"#,
            r#"{"fault":"show_preliminary"}"#,
            r#"{"fault":"delay","ms":500,"method":"*","next":3}"#,
            r#"{"fault":"answer","status":403,"body":"forbidden","next":1}"#,
            r#"{"fault":"refuse","code":-201,"message":"broadcast error","transaction_code":4}"#,
            r#"{"fault":"hang_up_after_commit","action":"add_user_as_inserter","next":1}"#,
        ] {
            assert_eq!(serde_json::to_string(&parse(json).unwrap()).unwrap(), json);
        }
        for json in [
            "{}",
            r#"{"fault":"sleep"}"#,
            r#"{"fault":"delay"}"#,
            r#"{"fault":"answer","body":""}"#,
            r#"{"fault":"answer","status":99,"body":""}"#,
            r#"{"fault":"down","status":403}"#,
            r#"{"fault":"down","ms":1}"#,
            r#"{"fault":"down","code":1}"#,
            r#"{"fault":"down","next":0}"#,
            r#"{"fault":"down","nxt":1}"#,
            r#"{"fault":"rate_limited"}"#,
            r#"{"fault":"down","retry_after":1}"#,
            r#"{"fault":"lose_upload","count":1}"#,
        ] {
            assert!(parse(json).is_err(), "{json}");
        }
    }
}
