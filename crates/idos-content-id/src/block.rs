//! The block over several leaves: dag-pb with the `UnixFS` description of the file.
//!
//! Formats: ipld.io, "DAG-PB" (links stand before the data, and a link without a name has an empty one), and `UnixFS` 1,
//! `unixfs.proto`. Written by hand, since it is three messages that are never read.

use crate::id::{Codec, ContentId};
use crate::limits::LEAF;

/// Type `File` of `UnixFS`.
const FILE: u64 = 2;

/// A field's number and its wire type, as Protocol Buffers put them before a value.
const fn varint(field: u8) -> u8 {
    field << 3
}

const fn bytes(field: u8) -> u8 {
    field << 3 | 2
}

/// The root over the leaves' digests, of a content of `length` bytes.
pub(crate) fn root(leaves: &[[u8; 32]], length: u64) -> Vec<u8> {
    let mut left = length;
    let sizes: Vec<u64> = leaves
        .iter()
        .map(|_| {
            let size = left.min(LEAF as u64);
            left -= size;
            size
        })
        .collect();

    let mut root = Vec::new();
    for (digest, size) in leaves.iter().zip(&sizes) {
        let mut link = Vec::new();
        put_bytes(&mut link, 1, &ContentId::new(Codec::Raw, *digest).to_bytes());
        put_bytes(&mut link, 2, b"");
        put_number(&mut link, 3, *size);
        put_bytes(&mut root, 2, &link);
    }
    let mut file = Vec::new();
    put_number(&mut file, 1, FILE);
    put_number(&mut file, 3, length);
    for size in &sizes {
        put_number(&mut file, 4, *size);
    }
    put_bytes(&mut root, 1, &file);
    root
}

fn put_number(message: &mut Vec<u8>, field: u8, value: u64) {
    message.push(varint(field));
    put_varint(message, value);
}

fn put_bytes(message: &mut Vec<u8>, field: u8, value: &[u8]) {
    message.push(bytes(field));
    put_varint(message, value.len() as u64);
    message.extend_from_slice(value);
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_varint(message: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return message.push(low & 0x7f);
        }
        message.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sha2::{Digest, Sha256};

    use super::*;

    /// The blocks themselves, not just their hashes: byte for byte what the importer of the gateway's clients makes.
    #[test]
    fn roots_are_those_of_the_vectors() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/next/cids.json")).unwrap();
        let mut seen = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            let Some(wanted) = vector["root_block_sha256"].as_str() else { continue };
            let length = usize::try_from(vector["length"].as_u64().unwrap()).unwrap();
            let bytes = (0..=u8::MAX).map(|i| i.wrapping_mul(31).wrapping_add(7));
            let content: Vec<u8> = bytes.cycle().take(length).collect();
            let leaves: Vec<[u8; 32]> =
                content.chunks(LEAF).map(|leaf| Sha256::digest(leaf).into()).collect();
            let root = root(&leaves, length as u64);
            assert_eq!(hex::encode(Sha256::digest(&root)), wanted, "{length}");
            assert_eq!(Some(root.len() as u64), vector["root_block_length"].as_u64(), "{length}");
            if let Some(block) = vector["root_block_hex"].as_str() {
                assert_eq!(hex::encode(&root), block, "{length}");
            }
            seen += 1;
        }
        assert_eq!(seen, 7);
    }
}
