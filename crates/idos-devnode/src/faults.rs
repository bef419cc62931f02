//! Switches that make the node misbehave, so that clients can be tried against it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

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
    /// Closes the connection at once, as a node that is down does; nothing is done. Requests to `/dev/` pass.
    Down,
}

/// A fault, and when it happens.
///
/// The JSON form is what `POST /dev/faults` takes, for example
/// `{"fault":"refuse","transaction_code":201,"method":"user.broadcast","action":"add_user_as_inserter","next":2}`
/// or `{"fault":"delay","ms":500}`; the other faults are `hang_up_after_commit`, `lose_answer`, `wrong_nonce` and
/// `down`. `GET /dev/faults` lists the switches, `DELETE /dev/faults` takes them all away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Json", into = "Json")]
pub struct Switch {
    /// What happens.
    pub fault: Fault,
    /// To which JSON-RPC method; `*` is all requests. Left out, [`Fault::HangUpAfterCommit`],
    /// [`Fault::LoseAnswer`] and [`Fault::WrongNonce`] happen to `user.broadcast` only, the others to all.
    pub method: Option<String>,
    /// To which action, where the request calls one.
    pub action: Option<String>,
    /// How many times; without end if left out.
    pub next: Option<u32>,
}

/// The switches of one node. Clones share them.
#[derive(Clone, Default, Debug)]
pub struct Faults(Arc<Mutex<Vec<Switch>>>);

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
        self.switches().push(switch);
    }

    /// Takes all switches away.
    pub fn clear(&self) {
        self.switches().clear();
    }

    /// What is still switched on.
    #[must_use]
    pub fn active(&self) -> Vec<Switch> {
        self.switches().clone()
    }

    /// Whether a switch asks for the request's action, which costs something to find out.
    pub(crate) fn look_at_actions(&self) -> bool {
        self.switches().iter().any(|switch| switch.action.is_some())
    }

    /// What is to happen to a request; counts it. Other requests than JSON-RPC have the empty method.
    pub(crate) fn plan(&self, method: &str, action: Option<&str>) -> Plan {
        let mut plan = Plan::default();
        let mut switches = self.switches();
        let is_down = |switch: &Switch| switch.fault == Fault::Down;
        let goes_down = switches.iter().any(|switch| is_down(switch) && switch.concerns(method, action));
        for switch in switches.iter_mut().filter(|switch| is_down(switch) == goes_down) {
            if switch.concerns(method, action) && plan.add(&switch.fault) {
                switch.next = switch.next.map(|left| left.saturating_sub(1));
            }
        }
        switches.retain(|switch| switch.next != Some(0));
        plan
    }

    fn switches(&self) -> MutexGuard<'_, Vec<Switch>> {
        // Every change is one operation on the list, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to happen to one request.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(crate) down: bool,
    pub(crate) delay: Option<Duration>,
    pub(crate) refuse: Option<Refuse>,
    pub(crate) wrong_nonce: bool,
    pub(crate) ending: Ending,
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
            Fault::Refuse { code, message, transaction_code } if self.refuse.is_none() => {
                let (code, transaction_code) = (*code, *transaction_code);
                self.refuse = Some(Refuse { code, message: message.clone(), transaction_code });
                true
            }
            Fault::Delay { ms } if self.delay.is_none() => {
                self.delay = Some(Duration::from_millis(*ms));
                true
            }
            Fault::HangUpAfterCommit if self.ending == Ending::Answer => {
                self.ending = Ending::HangUp;
                true
            }
            Fault::LoseAnswer if self.ending == Ending::Answer => {
                self.ending = Ending::Silence;
                true
            }
            Fault::Refuse { .. } | Fault::Delay { .. } | Fault::HangUpAfterCommit | Fault::LoseAnswer => {
                false
            }
            Fault::WrongNonce => set(&mut self.wrong_nonce),
            Fault::Down => set(&mut self.down),
        }
    }
}

impl Switch {
    fn concerns(&self, method: &str, action: Option<&str>) -> bool {
        let of_method = match (self.method.as_deref(), &self.fault) {
            (Some("*"), _) | (None, Fault::Refuse { .. } | Fault::Delay { .. } | Fault::Down) => true,
            (Some(wanted), _) => wanted == method,
            (None, _) => method == "user.broadcast",
        };
        of_method && (self.action.is_none() || self.action.as_deref() == action)
    }
}

/// A switch as `/dev/faults` takes it. Unknown members are refused, or a slip of the pen would be a switch that
/// never ends.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    fault: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction_code: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Refuse,
    Delay,
    HangUpAfterCommit,
    LoseAnswer,
    WrongNonce,
    Down,
}

impl TryFrom<Json> for Switch {
    type Error = &'static str;

    fn try_from(json: Json) -> Result<Self, Self::Error> {
        let Json { fault, code, message, transaction_code, ms, method, action, next } = json;
        let has_details = code.is_some() || message.is_some() || transaction_code.is_some();
        if has_details && fault != Name::Refuse {
            return Err("code, message and transaction_code are for refuse only");
        }
        if ms.is_some() && fault != Name::Delay {
            return Err("ms is for delay only");
        }
        if next == Some(0) {
            return Err("next must be at least 1");
        }
        let fault = match fault {
            Name::Refuse => Fault::Refuse { code, message, transaction_code },
            Name::Delay => Fault::Delay { ms: ms.ok_or("delay needs ms")? },
            Name::HangUpAfterCommit => Fault::HangUpAfterCommit,
            Name::LoseAnswer => Fault::LoseAnswer,
            Name::WrongNonce => Fault::WrongNonce,
            Name::Down => Fault::Down,
        };
        Ok(Self { fault, method, action, next })
    }
}

impl From<Switch> for Json {
    fn from(switch: Switch) -> Self {
        let Switch { fault, method, action, next } = switch;
        let name = match &fault {
            Fault::Refuse { .. } => Name::Refuse,
            Fault::Delay { .. } => Name::Delay,
            Fault::HangUpAfterCommit => Name::HangUpAfterCommit,
            Fault::LoseAnswer => Name::LoseAnswer,
            Fault::WrongNonce => Name::WrongNonce,
            Fault::Down => Name::Down,
        };
        let ms = if let Fault::Delay { ms } = fault { Some(ms) } else { None };
        let (code, message, transaction_code) = match fault {
            Fault::Refuse { code, message, transaction_code } => (code, message, transaction_code),
            _ => (None, None, None),
        };
        Self { fault: name, code, message, transaction_code, ms, method, action, next }
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
    fn the_json_form_comes_back_and_slips_are_refused() {
        for json in [
            r#"{"fault":"down"}"#,
            r#"{"fault":"delay","ms":500,"method":"*","next":3}"#,
            r#"{"fault":"refuse","code":-201,"message":"broadcast error","transaction_code":4}"#,
            r#"{"fault":"hang_up_after_commit","action":"add_user_as_inserter","next":1}"#,
        ] {
            assert_eq!(serde_json::to_string(&parse(json).unwrap()).unwrap(), json);
        }
        for json in [
            "{}",
            r#"{"fault":"sleep"}"#,
            r#"{"fault":"delay"}"#,
            r#"{"fault":"down","ms":1}"#,
            r#"{"fault":"down","code":1}"#,
            r#"{"fault":"down","next":0}"#,
            r#"{"fault":"down","nxt":1}"#,
        ] {
            assert!(parse(json).is_err(), "{json}");
        }
    }
}
