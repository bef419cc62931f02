//! The serialized form of a transaction, which is hashed.
//!
//! Two kinds of lengths meet here: blobs have a zig-zag varint before them (a negative length would mean nil),
//! texts a plain varint. The form is never sent, so it is written straight into the hasher.

use sha2::{Digest as _, Sha256};

use super::Signed;

/// Something that bytes can be written into.
pub(super) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

/// Counts bytes.
pub(super) struct Length(pub(super) usize);

impl Sink for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for Sha256 {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

pub(super) fn transaction(sink: &mut dyn Sink, tx: &Signed) {
    sink.put(&0_u16.to_le_bytes());
    blob(sink, |sink| {
        text(sink, &tx.signature.bytes);
        text(sink, tx.signature.signature_type.as_bytes());
    });
    blob(sink, |sink| {
        text(sink, tx.body.description.as_bytes());
        blob(sink, |sink| sink.put(&tx.body.payload));
        text(sink, tx.body.payload_type.as_bytes());
        sink.put(&[1]); // there is a fee; a 0 would mean that there is none
        text(sink, tx.body.fee.as_str().as_bytes());
        sink.put(&tx.body.nonce.to_le_bytes());
        text(sink, tx.body.chain_id.as_bytes());
    });
    text(sink, tx.serialization.as_bytes());
    blob(sink, |sink| sink.put(&tx.sender));
}

/// Writes what `write` writes, with its length as a zig-zag varint before it.
fn blob(sink: &mut dyn Sink, write: impl Fn(&mut dyn Sink)) {
    let mut len = Length(0);
    write(&mut len);
    varint(sink, (len.0 as u64) << 1);
    write(sink);
}

fn text(sink: &mut dyn Sink, bytes: &[u8]) {
    varint(sink, bytes.len() as u64);
    sink.put(bytes);
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn varint(sink: &mut dyn Sink, mut number: u64) {
    while number >= 0x80 {
        sink.put(&[number.to_le_bytes()[0] | 0x80]);
        number >>= 7;
    }
    sink.put(&[number.to_le_bytes()[0]]);
}
