//! Senders of transactions, gateway logins and view calls.

use crate::*;

#[test]
fn a_sender_of_another_form_is_refused_by_name() {
    for key in wallets() {
        let (kind, sender) = (key.signature_type(), key.sender());
        assert_eq!(caller_of(kind, &sender), Ok(key.caller()));
        let longer = [&sender[..], &[0]].concat();
        for bad in [&[], &sender[1..], &sender[..sender.len() - 1], &longer[..], &[b'G'; 56], &[0xFF; 56]] {
            assert_eq!(caller_of(kind, bad).unwrap_err().field(), Field::Sender, "{kind}");
            let error = verify_transaction_signature(kind, bad, b"text", &[0; 64]).unwrap_err();
            assert_eq!(error.field(), Field::Sender, "{kind}");
        }
    }
}

#[test]
fn a_signature_of_another_scheme_by_the_same_secret_is_refused() {
    let text = MESSAGE.as_bytes();
    // XRPL's Ed25519 wallets sign plainly, as FaceSign's do.
    let mut wallets = wallets();
    wallets.retain(|key| key.sender()[0] != 0xED);
    assert_eq!(wallets.len(), 5);

    for (i, key) in wallets.iter().enumerate() {
        for (j, other) in wallets.iter().enumerate() {
            let signature = other.sign_transaction(text, NONCE);
            let verified =
                verify_transaction_signature(key.signature_type(), &key.sender(), text, &signature);
            assert_eq!(verified.is_ok(), i == j, "{key:?} {other:?}");
        }
    }
}
