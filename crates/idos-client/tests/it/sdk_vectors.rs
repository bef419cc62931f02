//! Transactions of the official SDK itself, run unmodified.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_client::Signer;
use idos_client::encoding::{ActionCall, ActionExecution};
use idos_client::transaction::{Signed, payload_digest};
use serde_json::Value as Json;

use crate::support::inputs;
use crate::support::vectors::{bytes, read, text};

#[test]
fn the_sdks_transactions_are_made_again() {
    let file = read("sdk/kwil_tx.json");
    let signer = Signer::from_seed(&bytes(text(&file, "signer_seed_hex")));
    assert_eq!(signer.caller(), text(&file, "signer_public_key_hex"));
    let mut made = 0;
    for vector in file["vectors"].as_array().unwrap().iter().filter(|v| v.get("broadcast_tx").is_some()) {
        let name = text(vector, "name");
        let action = match name {
            "upsert_wallet_as_inserter_empty_public_key" => "upsert_wallet_as_inserter",
            name => name.split('/').next().unwrap(),
        };
        let written = inputs::action(action, &vector["input"]).unwrap();
        let payload = ActionExecution::once(written.name, written.arguments).encode().unwrap();
        assert_eq!(hex::encode(&payload), text(vector, "payload_hex"), "{name}");
        assert_eq!(payload_digest(&payload), text(vector, "payload_sha256_first20_hex"), "{name}");

        let tx: Signed = serde_json::from_value(vector["broadcast_tx"].clone()).unwrap();
        assert_eq!(tx.body.payload, payload, "{name}");
        assert_eq!(tx.body.description, written.description, "{name}");
        assert_eq!(tx.body.sign_text(), text(vector, "signed_message"), "{name}");
        assert_eq!(tx.signature.bytes, signer.sign_here(&tx.body.sign_text()).unwrap(), "{name}");
        assert_eq!(tx.sender, signer.sender(), "{name}");
        made += 1;
    }
    assert_eq!(made, 4);
}

#[test]
fn the_sdks_call_is_made_again() {
    let file = read("sdk/kwil_tx.json");
    let call = file["vectors"].as_array().unwrap().iter().find(|v| v.get("call_message").is_some()).unwrap();
    let (name, arguments) = inputs::view("has_profile", &call["input"]);
    let payload = ActionCall::new(name, arguments).encode().unwrap();
    assert_eq!(STANDARD.encode(payload), call["call_message"]["body"]["payload"].as_str().unwrap());
}

#[test]
fn the_sdks_writes_under_a_grant_have_our_fields_in_our_order() {
    let file = read("sdk/insertable.json");
    let written = file["create_credentials_by_dwg"].as_array().unwrap();
    assert_eq!(written.len(), 2);
    for case in written {
        let call: &Json = &case["kwil_execute_call"];
        let ours = inputs::action(text(call, "name"), &call["inputs"]).unwrap();
        assert_eq!(ours.description, text(call, "description"));
        assert_eq!(ours.arguments.len(), call["inputs"].as_object().unwrap().len());
    }
}
