//! Wallet ownership proofs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_wallet::{
    ContractCall, ContractVerdict, EvmKey, FaceSignKey, NearKey, OwnershipProof, SignatureType, StellarKey,
    WalletKey, WalletType, XrplKey, caller_of, verify_signed_by, verify_transaction_signature,
};

use crate::input::{Bytes, flipped, lines};

/// Foreign proofs. Lines: the wallet's type, its address, its public key (`-` for none), the signature, the message.
///
/// A proof that verifies does so for one type only, is also the wallet's by its identifier, and is no proof any
/// more after a change.
pub fn wallet_proof(data: &[u8]) {
    let Some([wallet_type, address, public_key, signature, message]) = lines(data) else { return };
    let public_key = (public_key != "-").then_some(public_key);
    let proof = |wallet_type| OwnershipProof { wallet_type, address, public_key, message, signature };

    let valid: Vec<_> = WalletType::ALL.into_iter().filter(|t| proof(*t).verify().is_ok()).collect();
    assert!(valid.len() <= 1, "one proof for wallets of several types: {valid:?}");
    if let Ok(named) = wallet_type.parse::<WalletType>() {
        assert_eq!(named.as_str(), wallet_type);
    }
    if let Some(wallet_type) = valid.first() {
        check_valid(&proof(*wallet_type), data.len());
    }
    // The same as a contract's: what is asked is a selector and whole words, and whatever is answered is judged.
    if let Ok(call) = ContractCall::new(address, message, signature) {
        let words = call.data().len() - "0x12345678".len();
        assert!(call.to().is_none() || words.is_multiple_of(64));
        for answer in [message, signature, "0x", ""] {
            let is_valid = call.judge(answer) == ContractVerdict::Valid;
            assert!(!is_valid || answer.len() == if call.to().is_some() { 66 } else { 4 });
        }
    }
}

/// Proofs and transactions of wallets whose keys are part of the input.
///
/// Bytes: the wallet's type, 16 bits that choose the bit to change, 32 of the key, 32 of a nonce, the message.
pub fn wallet_signed(data: &[u8]) {
    let mut input = Bytes(data);
    let (Some(kind), Some(bit), Some(seed), Some(nonce)) =
        (input.byte(), input.u16(), input.array(), input.array())
    else {
        return;
    };
    let key = wallet_key(kind, seed);

    let message = String::from_utf8_lossy(input.0);
    let (address, public_key) = (key.address(), key.public_key());
    let proof = OwnershipProof {
        wallet_type: key.wallet_type(),
        address: &address,
        public_key: public_key.as_deref(),
        message: &message,
        signature: &key.sign_message(&message, nonce),
    };
    if message.is_empty() || message.len() > idos_wallet::MAX_MESSAGE_LEN {
        assert!(proof.verify().is_err());
    } else {
        assert_eq!(proof.verify(), Ok(()));
        check_valid(&proof, usize::from(bit));
    }

    let (sender, text) = (key.sender(), message.as_bytes());
    let signature = key.sign_transaction(text, nonce);
    let verify = |t, text: &[u8], signature: &[u8]| verify_transaction_signature(t, &sender, text, signature);
    let own = key.signature_type();
    assert_eq!(verify(own, text, &signature), Ok(key.caller()));
    assert_eq!(caller_of(own, &sender), Ok(key.caller()));
    assert!(verify(own, &[text, b"x"].concat(), &signature).is_err(), "a longer text");
    let changed = changed(&signature, usize::from(bit), key.wallet_type());
    assert!(verify(own, text, &changed).is_err(), "a changed signature");
    for other in SignatureType::ALL.into_iter().filter(|other| *other != own) {
        assert!(verify(other, text, &signature).is_err(), "a signature of {own} counts as {other}");
    }
}

fn wallet_key(kind: u8, seed: [u8; 32]) -> WalletKey {
    match kind % 7 {
        0 => WalletKey::Evm(EvmKey::from_seed(seed)),
        1 => WalletKey::Near(NearKey::from_seed(seed)),
        2 => WalletKey::Near(NearKey::from_seed(seed).with_account("alice.near")),
        3 => WalletKey::Xrpl(XrplKey::ed25519_from_seed(seed)),
        4 => WalletKey::Xrpl(XrplKey::secp256k1_from_seed(seed)),
        5 => WalletKey::Stellar(StellarKey::from_seed(seed)),
        _ => WalletKey::FaceSign(FaceSignKey::from_seed(seed)),
    }
}

fn check_valid(proof: &OwnershipProof<'_>, bit: usize) {
    let identifier = match proof.wallet_type {
        WalletType::Near | WalletType::FaceSign => proof.public_key.expect("it was verified by its key"),
        WalletType::Evm | WalletType::Xrpl | WalletType::Stellar => proof.address,
    };
    let signed_by = |message: &str, signature: &str| {
        verify_signed_by(proof.wallet_type, identifier, proof.public_key, message, signature)
    };
    assert_eq!(signed_by(proof.message, proof.signature), Ok(()));

    let longer = format!("{}x", proof.message);
    assert!(OwnershipProof { message: &longer, ..*proof }.verify().is_err(), "a longer message");
    assert!(signed_by(&longer, proof.signature).is_err(), "a longer message");

    for bit in [bit, bit * 31 + 7] {
        let signature = changed_text(proof.signature, bit, proof.wallet_type);
        assert!(OwnershipProof { signature: &signature, ..*proof }.verify().is_err(), "{signature}");
        assert!(signed_by(proof.message, &signature).is_err(), "{signature}");
    }
}

/// The signature's text after a bit of the signature was turned over.
fn changed_text(signature: &str, bit: usize, wallet_type: WalletType) -> String {
    let (prefix, digits) = match signature.strip_prefix("0x") {
        Some(digits) => ("0x", digits),
        None => ("", signature),
    };
    match hex::decode(digits) {
        Ok(bytes) => format!("{prefix}{}", hex::encode(changed(&bytes, bit, wallet_type))),
        Err(_) => STANDARD.encode(flipped(&STANDARD.decode(signature).expect("base64"), bit)),
    }
}

/// The signature with a bit turned over. In those of NEAR not one of the message inside: it is not looked at, since
/// the claimed message takes its place.
pub(crate) fn changed(signature: &[u8], bit: usize, wallet_type: WalletType) -> Vec<u8> {
    const MESSAGE: usize = 10;
    let ignored = match signature.get(MESSAGE - 4..).and_then(<[u8]>::first_chunk) {
        Some(len) if wallet_type == WalletType::Near => u32::from_le_bytes(*len) as usize,
        _ => 0,
    };
    let byte = bit / 8 % (signature.len() - ignored);
    let byte = if byte < MESSAGE { byte } else { byte + ignored };
    flipped(signature, byte * 8 + bit % 8)
}
