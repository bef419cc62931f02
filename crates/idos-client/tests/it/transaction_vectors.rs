//! Every transaction that the real JavaScript client made, made again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_client::encoding::{ActionExecution, Value};
use idos_client::transaction::{Body, CONCAT, Draft, EXECUTE, Fee, Signature, Signed, payload_digest};
use idos_wallet::{NearKey, SignatureType, verify_transaction_signature};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::support::inputs;
use crate::support::vectors::{KWIL, bytes, of_kind, signer_of, text, vector};
use crate::value_vectors::value;

#[test]
fn every_transaction_is_the_one_that_the_official_client_made() {
    let mut made = 0;
    for vector in of_kind("execute").filter(|vector| vector.get("js_error").is_none()) {
        let id = text(vector, "id");
        let payload = payload_of(vector);
        assert_eq!(Json::from(payload.len()), vector["payload_len"], "{id}");
        if let Some(expected) = vector["payload_hex"].as_str() {
            assert_eq!(hex::encode(&payload), expected, "{id}");
            assert_eq!(STANDARD.encode(&payload), text(vector, "payload_base64"), "{id}");
        }
        assert_eq!(hex::encode(Sha256::digest(&payload)), text(vector, "payload_sha256"), "{id}");
        assert_eq!(payload_digest(&payload), text(vector, "payload_digest_20"), "{id}");

        let signed = sign(vector, payload);
        assert_eq!(hex::encode(&signed.signature.bytes), text(vector, "signature_hex"), "{id}");
        check_forms(vector, &signed);
        made += 1;
    }
    assert_eq!(made, 41, "all but the negative integer, which the JavaScript client refuses");
}

#[test]
fn payloads_are_read_back_as_they_were_written() {
    for vector in of_kind("execute").filter(|vector| vector.get("payload_hex").is_some()) {
        let id = text(vector, "id");
        let payload = hex::decode(text(vector, "payload_hex")).unwrap();
        let read = ActionExecution::decode(&payload).unwrap();
        if id == "value-untyped/int-42" {
            assert_eq!(read.calls, [[Value::Int8(42)]]);
            continue;
        }
        assert_eq!(read, execution_of(vector), "{id}");
        assert_eq!(read.encode().unwrap(), payload, "{id}");
    }
}

#[test]
fn drafts_for_price_estimates_are_read_although_half_of_them_is_null() {
    let trace = vector("add_user_as_inserter")["rpc_trace"].as_array().unwrap();
    let asked = trace.iter().find(|step| step["request"]["method"] == "user.estimate_price").unwrap();
    let tx = &asked["request"]["params"]["tx"];

    let draft: Draft = serde_json::from_value(tx.clone()).unwrap();

    assert_eq!(draft.body.nonce, None);
    assert_eq!(draft.body.fee, None);
    assert_eq!(draft.signature.as_ref().unwrap().bytes, None);
    let ours = Draft::unsigned(draft.body.payload.clone().unwrap(), draft.sender.clone());
    assert_eq!(ours, draft);
    assert_eq!(serde_json::to_value(&ours).unwrap(), *tx);
    assert!(serde_json::from_value::<Signed>(tx.clone()).is_err(), "a draft is not a transaction");
    assert_eq!(serde_json::from_str::<Draft>("{}").unwrap(), Draft::default());
    serde_json::from_str::<Draft>(r#"{"signature":null,"body":{"payload":null},"sender":null}"#).unwrap();
}

#[test]
fn malformed_transactions_are_errors_that_do_not_repeat_them() {
    let good = &vector("add_user_as_inserter")["broadcast_params"]["tx"];
    serde_json::from_value::<Signed>(good.clone()).unwrap();
    let spoilt = [
        ("/body/payload", Json::from("AAA*secret")),
        ("/body/payload", Json::from("AAA")),
        ("/body/fee", Json::from("-1")),
        ("/body/fee", Json::from("007")),
        ("/body/fee", Json::from("1".repeat(79))),
        ("/body/nonce", Json::from(-7)),
        ("/body/nonce", Json::from("7")),
        ("/sender", Json::from("secret")),
        ("/signature/sig", Json::Null),
    ];
    for (pointer, value) in spoilt {
        let mut tx = good.clone();
        *tx.pointer_mut(pointer).unwrap() = value;
        let error = serde_json::from_value::<Signed>(tx).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{pointer}: {error}");
    }
}

fn check_forms(vector: &Json, signed: &Signed) {
    let id = text(vector, "id");
    assert_eq!(signed.body.sign_text(), text(vector, "sign_text"), "{id}");
    assert_eq!(hex::encode(signed.body.sign_text()), text(vector, "sign_text_utf8_hex"), "{id}");

    let serialized = signed.serialize();
    assert_eq!(Json::from(serialized.len()), vector["tx_serialized_len"], "{id}");
    assert_eq!(serialized.len(), signed.serialized_len(), "{id}");
    if let Some(expected) = vector["tx_serialized_hex"].as_str() {
        assert_eq!(hex::encode(&serialized), expected, "{id}");
    }
    let hash = signed.hash();
    assert_eq!(hash.to_string(), text(vector, "tx_hash"), "{id}");
    // What JavaScript applications get to see: the hex digits taken for base64.
    if let Some(shown) = vector["js_returned_tx_hash"].as_str() {
        assert_eq!(hex::encode(STANDARD.decode(hash.to_string()).unwrap()), shown, "{id}");
    }

    let mut json = Vec::new();
    signed.write_json(&mut json);
    assert!(json.len() <= signed.json_capacity(), "{id}");
    let json: Json = serde_json::from_slice(&json).unwrap();
    assert_eq!(json, serde_json::to_value(signed).unwrap(), "{id}");
    assert_eq!(serde_json::from_value::<Signed>(json.clone()).unwrap(), *signed, "{id}");
    if vector["payload_hex"].is_string() {
        assert_eq!(json, vector["broadcast_params"]["tx"], "{id}");
    }

    let signature_type: SignatureType = signed.signature.signature_type.parse().unwrap();
    let text = signed.body.sign_text();
    verify_transaction_signature(signature_type, &signed.sender, text.as_bytes(), &signed.signature.bytes)
        .unwrap_or_else(|error| panic!("{id}: {error}"));
}

fn sign(vector: &Json, payload: Vec<u8>) -> Signed {
    let wanted = &vector["broadcast_params"]["tx"]["body"];
    let body = Body {
        description: text(vector, "description").to_owned(),
        payload,
        payload_type: EXECUTE.to_owned(),
        fee: Fee::zero(),
        nonce: wanted["nonce"].as_u64().unwrap(),
        chain_id: text(&KWIL["meta"], "chain_id").to_owned(),
    };
    let signer = signer_of(vector);
    let signature = match vector["nep413_nonce_hex"].as_str() {
        None => signer.sign_here(&body.sign_text()).unwrap(),
        // The captured nonce; ours is made from the text.
        Some(nonce) => NearKey::from_seed(bytes(text(&KWIL["keys"], "issuer_signing_seed_hex")))
            .sign_transaction(body.sign_text().as_bytes(), bytes(nonce)),
    };
    Signed {
        signature: Signature {
            bytes: signature,
            signature_type: signer.signature_type().as_str().to_owned(),
        },
        body,
        sender: signer.sender(),
        serialization: CONCAT.to_owned(),
    }
}

/// The payload of a vector, made by us: but for a guessed integer, which carries its number of digits. We do not
/// guess types, and read such a payload only.
fn payload_of(vector: &'static Json) -> Vec<u8> {
    if text(vector, "id") == "value-untyped/int-42" {
        return hex::decode(text(vector, "payload_hex")).unwrap();
    }
    let execution = execution_of(vector);
    let payload = execution.encode().unwrap();
    assert_eq!(payload.len(), execution.encoded_len());
    payload
}

/// The execution that a vector describes, from the typed action where there is one.
fn execution_of(vector: &'static Json) -> ActionExecution<'static> {
    let name = text(vector, "action");
    if text(vector, "id") == "two-calls-in-one-tx" {
        let ids = vector["inputs"].as_array().unwrap();
        let call = |id: &Json| vec![Value::Uuid(id[0].as_str().unwrap().parse::<Uuid>().unwrap())];
        let calls = ids.iter().map(call).collect();
        return ActionExecution { calls, ..ActionExecution::once("remove_credential", Vec::new()) };
    }
    if let Some(written) = inputs::action(name, &vector["inputs"]) {
        assert_eq!(written.name, name);
        assert_eq!(written.description, text(vector, "description"), "{name}");
        assert_eq!(Json::from(written.types), vector["argument_types"], "{name}");
        return ActionExecution::once(written.name, written.arguments);
    }
    match name {
        "x" => ActionExecution::once(name, vec![value(vector)]),
        "action_costing_gas" => ActionExecution::once(name, Vec::new()),
        other => panic!("no typed action for {other}"),
    }
}
