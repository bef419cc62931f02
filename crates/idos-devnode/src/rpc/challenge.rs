//! Private mode: each view call is signed over a challenge that the node has given out.

use idos_client::encoding::ActionCall;
use idos_client::transaction::payload_digest;
use idos_wallet::{SignatureType, verify_transaction_signature};
use rand_core::{OsRng, RngCore};
use serde_json::json;

use super::{Outcome, RpcError, error};
use crate::gateway::Client;
use crate::shared::Shared;

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
