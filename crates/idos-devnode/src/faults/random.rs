//! Misbehaving at random, with a seed.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::Fault;

/// What happens at random to which requests.
///
/// The JSON form is what `POST /dev/faults` takes as its member `random`, for example
/// `{"random":{"seed":7,"broadcast":{"hang_up_after_commit":5,"wrong_nonce":5},"look_up":{"down":2,"down_ms":500}}}`.
/// The same seed gives the same sequence of faults; with several requests at a time it depends on their order which of
/// them each fault meets.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Json")]
pub struct RandomFaults {
    /// Where the sequence begins.
    pub seed: u64,
    /// What happens to `user.broadcast`.
    pub broadcast: Mix,
    /// What happens to `user.tx_query` and `user.account`.
    pub look_up: Mix,
    /// What happens to `user.call` and `user.challenge`, and to the gateway's login.
    pub view: Mix,
}

/// To how many of a hundred requests each fault happens. At most one happens to a request, so all together are at most
/// 100.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    /// [`Fault::Refuse`] with its defaults: a full mempool, or -700.
    pub refuse: u8,
    /// [`Fault::Delay`].
    pub delay: u8,
    /// How long a delay is, in milliseconds.
    pub delay_ms: u64,
    /// [`Fault::HangUpAfterCommit`]; what is no broadcast is done, and not answered.
    pub hang_up_after_commit: u8,
    /// [`Fault::LoseAnswer`].
    pub lose_answer: u8,
    /// [`Fault::WrongNonce`]; not for views.
    pub wrong_nonce: u8,
    /// [`Fault::DropTransaction`]; for broadcasts only.
    pub drop_transaction: u8,
    /// [`Fault::LoseMempool`]; for broadcasts only.
    pub lose_mempool: u8,
    /// [`Fault::Down`].
    pub down: u8,
    /// For how long the node is then down for all requests, in milliseconds; 0 is for the one request.
    pub down_ms: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Json {
    seed: u64,
    broadcast: Mix,
    look_up: Mix,
    view: Mix,
}

impl TryFrom<Json> for RandomFaults {
    type Error = &'static str;

    fn try_from(json: Json) -> Result<Self, Self::Error> {
        let Json { seed, broadcast, look_up, view } = json;
        if [broadcast, look_up, view]
            .iter()
            .any(|mix| mix.faults().map(|(share, _)| u32::from(share)).sum::<u32>() > 100)
        {
            return Err("the shares of one kind of request are at most 100 together");
        }
        if [look_up, view].iter().any(|mix| mix.drop_transaction > 0 || mix.lose_mempool > 0) {
            return Err("drop_transaction and lose_mempool are for broadcasts only");
        }
        if view.wrong_nonce > 0 {
            return Err("wrong_nonce is not for views");
        }
        Ok(Self { seed, broadcast, look_up, view })
    }
}

impl Mix {
    fn faults(&self) -> impl Iterator<Item = (u8, Fault)> {
        let refuse = Fault::Refuse { code: None, message: None, transaction_code: None };
        [
            (self.refuse, refuse),
            (self.delay, Fault::Delay { ms: self.delay_ms }),
            (self.hang_up_after_commit, Fault::HangUpAfterCommit),
            (self.lose_answer, Fault::LoseAnswer),
            (self.wrong_nonce, Fault::WrongNonce),
            (self.drop_transaction, Fault::DropTransaction),
            (self.lose_mempool, Fault::LoseMempool),
            (self.down, Fault::Down),
        ]
        .into_iter()
    }
}

/// Random faults under way.
#[derive(Debug)]
pub(super) struct Dice {
    faults: RandomFaults,
    rng: StdRng,
    down_until: Option<Instant>,
}

impl Dice {
    pub(super) fn new(faults: RandomFaults) -> Self {
        Self { rng: StdRng::seed_from_u64(faults.seed), faults, down_until: None }
    }

    pub(super) fn faults(&self) -> &RandomFaults {
        &self.faults
    }

    /// What happens to a request at `now`.
    pub(super) fn roll(&mut self, method: &str, now: Instant) -> Option<Fault> {
        if self.down_until.is_some_and(|until| now < until) {
            return Some(Fault::Down);
        }
        let mix = match method {
            "user.broadcast" => self.faults.broadcast,
            "user.tx_query" | "user.account" => self.faults.look_up,
            "user.call" | "user.challenge" | "kgw.authn_param" | "kgw.authn" => self.faults.view,
            _ => return None,
        };
        let mut drawn = self.rng.gen_range(0..100_u8);
        let (_, fault) = mix.faults().find(|(share, _)| {
            let is_it = drawn < *share;
            drawn = drawn.saturating_sub(*share);
            is_it
        })?;
        if fault == Fault::Down {
            self.down_until = now.checked_add(Duration::from_millis(mix.down_ms));
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Result<RandomFaults, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_shares_are_kept_and_the_seed_decides() {
        let all = faults(
            r#"{"seed":7,"broadcast":{"refuse":10,"delay":10,"delay_ms":3,"hang_up_after_commit":10,"lose_answer":10,
                "wrong_nonce":10,"drop_transaction":10,"lose_mempool":10,"down":10}}"#,
        )
        .unwrap();
        let draw = |seed| {
            let mut dice = Dice::new(RandomFaults { seed, ..all.clone() });
            let now = Instant::now();
            (0..4000).map(|_| dice.roll("user.broadcast", now)).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        for (_, fault) in all.broadcast.faults() {
            let times = drawn.iter().filter(|drawn| drawn.as_ref() == Some(&fault)).count();
            assert!((300..500).contains(&times), "{fault:?} {times} times");
        }
        let nothing = drawn.iter().filter(|drawn| drawn.is_none()).count();
        assert!((680..920).contains(&nothing), "{nothing}");
    }

    #[test]
    fn a_node_that_goes_down_is_down_for_everybody_and_for_a_while() {
        let mut dice = Dice::new(faults(r#"{"look_up":{"down":100,"down_ms":500}}"#).unwrap());
        let now = Instant::now();
        assert_eq!(dice.roll("user.call", now), None);
        assert_eq!(dice.roll("user.tx_query", now), Some(Fault::Down));
        for method in ["user.call", "user.broadcast", "user.chain_info", ""] {
            assert_eq!(dice.roll(method, now + Duration::from_millis(499)), Some(Fault::Down));
            assert_eq!(dice.roll(method, now + Duration::from_millis(500)), None);
        }
    }

    #[test]
    fn slips_are_refused() {
        for json in [
            r#"{"seed":-1}"#,
            r#"{"broadcasts":{}}"#,
            r#"{"broadcast":{"refused":1}}"#,
            r#"{"broadcast":{"refuse":60,"down":41}}"#,
            r#"{"broadcast":{"refuse":0.5}}"#,
            r#"{"view":{"wrong_nonce":1}}"#,
            r#"{"look_up":{"lose_mempool":1}}"#,
            r#"{"view":{"drop_transaction":1}}"#,
        ] {
            assert!(faults(json).is_err(), "{json}");
        }
        assert_eq!(faults("{}").unwrap(), RandomFaults::default());
    }
}
