//! Every view call that the real JavaScript client made: its payload.

use idos_client::encoding::ActionCall;
use idos_client::transaction::payload_digest;

use crate::support::inputs;
use crate::support::vectors::{of_kind, text};

#[test]
fn every_call_is_the_one_that_the_official_client_made() {
    let mut made = 0;
    for vector in of_kind("call") {
        let id = text(vector, "id");
        let (name, arguments) = inputs::view(text(vector, "action"), &vector["inputs"]);
        let call = ActionCall::new(name, arguments);
        let payload = call.encode().unwrap();
        assert_eq!(hex::encode(&payload), text(vector, "payload_hex"), "{id}");
        assert_eq!(payload_digest(&payload), text(vector, "payload_digest_20"), "{id}");
        assert_eq!(ActionCall::decode(&payload).unwrap(), call, "{id}");
        made += 1;
    }
    assert_eq!(made, 11);
}
