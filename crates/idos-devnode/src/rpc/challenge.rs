//! Private mode: each view call is signed over a challenge that the node has given out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use idos_client::encoding::ActionCall;
use idos_client::transaction::payload_digest;
use idos_wallet::{SignatureType, verify_transaction_signature};
use rand_core::{OsRng, RngCore};
use serde_json::json;

use super::{Outcome, RpcError, error};
use crate::gateway::Client;
use crate::node::Shared;

/// How long a challenge lasts.
const LIFE: TimeDelta = TimeDelta::seconds(30);
/// How many may be asked for in one second.
const PER_SECOND: u32 = 60;

/// Challenges that were given out and not used.
#[derive(Default)]
pub(crate) struct Challenges(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// When each ends.
    challenges: HashMap<[u8; 32], DateTime<Utc>>,
    /// The second, and how many were given out in it.
    pace: (i64, u32),
}

/// What a client signs in private mode, and the signature.
pub(super) struct SignedCall<'a> {
    pub(super) payload: &'a [u8],
    pub(super) challenge: &'a [u8],
    pub(super) signature: &'a [u8],
}

pub(super) fn challenge(node: &Shared) -> Outcome {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    if !node.challenges.give_out(bytes, node.config.clock.now()) {
        return Err(RpcError::new(error::CHALLENGE_RATE, "too many challenge requests"));
    }
    Ok(json!({ "challenge": hex::encode(bytes) }).into())
}

/// Whether the client signed this call over one of our challenges, which is used up.
pub(super) fn verify(
    node: &Shared,
    client: Client<'_>,
    call: &ActionCall<'_>,
    signed: &SignedCall<'_>,
) -> Result<(), RpcError> {
    if signed.signature.is_empty() || client.sender.is_empty() {
        let message = "signed call message with challenge required";
        return Err(RpcError::new(error::NO_CHALLENGE, message));
    }
    let challenge: [u8; 32] = signed
        .challenge
        .try_into()
        .map_err(|_| RpcError::new(error::CHALLENGE_LENGTH, "incorrect challenge data length"))?;
    match node.challenges.use_up(&challenge) {
        None => return Err(RpcError::new(error::NO_CHALLENGE, "invalid challenge")),
        Some(ends) if ends < node.config.clock.now() => {
            return Err(RpcError::new(error::CHALLENGE_EXPIRED, "challenge expired"));
        }
        Some(_) => {}
    }
    let text = format!(
        "Kwil view call.\n\nNamespace: {}\nMethod: {}\nDigest: {}\nChallenge: {}\n",
        call.namespace,
        call.action,
        payload_digest(signed.payload),
        hex::encode(challenge)
    );
    let wrong = || RpcError::new(error::CALL_SIGNATURE, "invalid signature on call message");
    let auth_type: SignatureType = client.signature_type.parse().map_err(|_| wrong())?;
    verify_transaction_signature(auth_type, client.sender, text.as_bytes(), signed.signature)
        .map_err(|_| wrong())?;
    Ok(())
}

impl Challenges {
    /// False if that is too many too fast. Forgets those that have ended.
    fn give_out(&self, challenge: [u8; 32], now: DateTime<Utc>) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.timestamp();
        let given = if open.pace.0 == second { open.pace.1 } else { 0 };
        if given >= PER_SECOND {
            return false;
        }
        open.pace = (second, given + 1);
        open.challenges.retain(|_, ends| *ends >= now);
        open.challenges.insert(challenge, now + LIFE);
        true
    }

    fn use_up(&self, challenge: &[u8; 32]) -> Option<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).challenges.remove(challenge)
    }
}
