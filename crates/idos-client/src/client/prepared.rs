//! Transactions that are ready to be sent.

use bytes::Bytes;
use idos_wallet::SignatureType;

use crate::Error;
use crate::actions::Action;
use crate::encoding::{ActionExecution, NAMESPACE, Value};
use crate::signer::Signer;
use crate::transaction::{
    Body, CONCAT, EXECUTE, Fee, MAX_DESCRIPTION, MAX_TRANSACTION, Signature, Signed, TxHash,
};

/// The largest request that a node takes, in bytes.
const MAX_REQUEST: usize = 6_000_000;

/// A signed transaction inside the request that sends it.
///
/// Record hash and nonce before sending: they are what a lost answer is looked up by.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    hash: TxHash,
    nonce: u64,
    sender: Vec<u8>,
    /// The request that waits for a block. Holds the payload once, as base64.
    request: Bytes,
}

/// What a transaction says besides its action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TxTerms<'a> {
    /// The network.
    pub chain_id: &'a str,
    /// The account's nonce plus one.
    pub nonce: u64,
    /// The fee offered.
    pub fee: Fee,
}

// A request is HEAD, the transaction, and one of the tails. Ids are there to match answers to requests that share
// a connection; over HTTP each request has its own.
const HEAD: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"user.broadcast","params":{"tx":"#;
const WAIT: &[u8] = br#","sync":1}}"#;
const ACCEPT: &[u8] = br#","sync":0}}"#;

/// A transaction that is to be signed: who holds the key signs [`sign_text`](Self::sign_text), wherever that is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsignedTransaction {
    body: Body,
    sender: Vec<u8>,
    signature_type: SignatureType,
}

impl UnsignedTransaction {
    /// A transaction of `signer`'s that does all of these actions, or none of them.
    ///
    /// There should be one at least: given none, a node runs the action once without arguments. Needs no node.
    pub fn new<A: Action>(signer: &Signer, actions: &[A], terms: TxTerms<'_>) -> Result<Self, Error> {
        Self::described(signer, actions, terms, A::DESCRIPTION.to_owned())
    }

    /// The same with another description, so that it is another transaction: signatures are deterministic.
    pub(super) fn anew<A: Action>(
        signer: &Signer,
        actions: &[A],
        terms: TxTerms<'_>,
        attempt: u32,
    ) -> Result<Self, Error> {
        Self::described(signer, actions, terms, format!("{} (attempt {attempt})", A::DESCRIPTION))
    }

    fn described<A: Action>(
        signer: &Signer,
        actions: &[A],
        terms: TxTerms<'_>,
        description: String,
    ) -> Result<Self, Error> {
        let payload = payload(actions)?;
        check_size("description", description.len(), MAX_DESCRIPTION)?;
        let body = Body {
            description,
            payload,
            payload_type: EXECUTE.to_owned(),
            fee: terms.fee,
            nonce: terms.nonce,
            chain_id: terms.chain_id.to_owned(),
        };
        Ok(Self { body, sender: signer.sender(), signature_type: signer.signature_type() })
    }

    /// The text to sign.
    #[must_use]
    pub fn sign_text(&self) -> String {
        self.body.sign_text()
    }

    /// Puts the signature over [`sign_text`](Self::sign_text) in. It is not checked here; a node does.
    ///
    /// The payload is written once, hashed twice (for the signed text and for the transaction's hash) and put into the
    /// request once.
    pub fn signed(self, signature: Vec<u8>) -> Result<Prepared, Error> {
        let signature_type = self.signature_type.as_str().to_owned();
        Prepared::from_signed(&Signed {
            signature: Signature { bytes: signature, signature_type },
            body: self.body,
            sender: self.sender,
            serialization: CONCAT.to_owned(),
        })
    }

    /// Has it signed.
    pub async fn sign(self, signer: &Signer) -> Result<Prepared, Error> {
        let signature = signer.sign(&self.sign_text()).await?;
        self.signed(signature)
    }
}

impl Prepared {
    fn from_signed(tx: &Signed) -> Result<Self, Error> {
        check_size("transaction", tx.serialized_len(), MAX_TRANSACTION)?;
        let mut request = Vec::with_capacity(HEAD.len() + tx.json_capacity() + WAIT.len());
        request.extend_from_slice(HEAD);
        tx.write_json(&mut request);
        request.extend_from_slice(WAIT);
        check_size("request", request.len(), MAX_REQUEST)?;
        Ok(Self { hash: tx.hash(), nonce: tx.body.nonce, sender: tx.sender.clone(), request: request.into() })
    }

    /// The transaction's name on the network.
    #[must_use]
    pub fn hash(&self) -> TxHash {
        self.hash
    }

    /// The transaction's nonce.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// The transaction in JSON, to be kept. Sending the same transaction twice cannot do its action twice.
    #[must_use]
    pub fn transaction_json(&self) -> &[u8] {
        self.request.get(HEAD.len()..self.request.len().saturating_sub(WAIT.len())).unwrap_or_default()
    }

    /// The whole request that waits for a block: what goes over the wire.
    #[must_use]
    pub fn request(&self) -> &Bytes {
        &self.request
    }

    /// The request that returns as soon as the node has taken the transaction.
    pub(super) fn request_without_waiting(&self) -> Bytes {
        [HEAD, self.transaction_json(), ACCEPT].concat().into()
    }

    pub(super) fn sender(&self) -> &[u8] {
        &self.sender
    }

    /// Hands the texts among the arguments to `use_texts`, for striking them out of error messages.
    pub(super) fn with_texts<T>(&self, use_texts: impl FnOnce(&[&str]) -> T) -> T {
        with_texts_of(self.transaction_json(), use_texts)
    }
}

/// Does not show the transaction.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("hash", &self.hash)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}

/// The texts among the arguments of a transaction in JSON; none if it cannot be read.
pub(super) fn with_texts_of<T>(transaction: &[u8], use_texts: impl FnOnce(&[&str]) -> T) -> T {
    let Ok(tx) = serde_json::from_slice::<Signed>(transaction) else { return use_texts(&[]) };
    let Ok(execution) = ActionExecution::decode(&tx.body.payload) else { return use_texts(&[]) };
    let texts: Vec<_> = execution.calls.iter().flatten().filter_map(Value::as_text).collect();
    use_texts(&texts)
}

/// The payload of one action, called once for each of `actions`.
pub(super) fn payload<A: Action>(actions: &[A]) -> Result<Vec<u8>, Error> {
    let calls = actions.iter().map(Action::arguments).collect();
    let execution = ActionExecution { namespace: NAMESPACE, action: A::NAME, calls };
    // Before anything is allocated: the largest payloads are as large as memory.
    check_size("transaction", execution.encoded_len(), MAX_TRANSACTION)?;
    Ok(execution.encode()?)
}

fn check_size(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(Error::TooLarge { what, size, limit }) }
}
