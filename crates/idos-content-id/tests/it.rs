//! Identifiers against those that the clients of idOS' blob gateway compute, and texts that are none.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use idos_content_id::{ContentId, Hasher, LEAF, MAX_CONTENT, ParseError, TooLong};
use proptest::prelude::*;
use serde_json::Value;

/// The content of a vector: the text that it gives, or bytes by the file's rule.
fn content(vector: &Value) -> Vec<u8> {
    let length = usize::try_from(vector["length"].as_u64().unwrap()).unwrap();
    match vector["utf8"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => (0..=u8::MAX).map(|i| i.wrapping_mul(31).wrapping_add(7)).cycle().take(length).collect(),
    }
}

#[test]
fn identifiers_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/next/cids.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 14);
    for vector in vectors {
        let content = content(vector);
        let id = ContentId::of(&content).unwrap();
        assert_eq!(id.to_string(), vector["cid"].as_str().unwrap());
        assert_eq!(id.uri(), vector["content_uri"].as_str().unwrap());
        assert_eq!(ContentId::from_uri(vector["content_uri"].as_str().unwrap()), Ok(id));
        for (leaf, wanted) in content.chunks(LEAF).zip(vector["leaf_cids"].as_array().into_iter().flatten()) {
            assert_eq!(ContentId::of(leaf).unwrap().to_string(), wanted["cid"].as_str().unwrap());
            assert_eq!(Some(leaf.len() as u64), wanted["length"].as_u64());
        }
    }
}

#[test]
fn one_byte_more_than_20_mib_is_refused_in_whatever_pieces() {
    let most = vec![7; usize::try_from(MAX_CONTENT).unwrap()];
    let mut hasher = Hasher::new();
    hasher.update(&most);
    assert_eq!(hasher.clone().finish().unwrap().1, MAX_CONTENT);
    hasher.update(b"x");
    assert_eq!(hasher.finish(), Err(TooLong));
    assert_eq!(ContentId::of(&[most, vec![7]].concat()), Err(TooLong));
}

/// The text of 36 bytes with this beginning.
fn text(bytes: &[u8]) -> String {
    format!("b{}", data_encoding::BASE32_NOPAD.encode(bytes).to_lowercase())
}

#[test]
fn nothing_else_is_read_and_the_reason_says_which_part_is_wrong() {
    let right = text(&[&[0x01, 0x55, 0x12, 0x20][..], &[7; 32]].concat());
    assert_eq!(right.parse::<ContentId>().unwrap().to_string(), right);
    let with = |header: &[u8], digest: usize| text(&[header, &vec![7; digest]].concat());
    let last_digit_changed = |digit: char| format!("{}{digit}", &right[..right.len() - 1]);
    for (wrong, reason) in [
        (String::new(), ParseError::Base),
        (right.to_uppercase(), ParseError::Base),
        (format!("B{}", &right[1..]), ParseError::Base),
        (format!("f{}", hex::encode([0x01, 0x55, 0x12, 0x20])), ParseError::Base),
        ("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG".to_owned(), ParseError::Base),
        (format!("b{}", right[1..].to_uppercase()), ParseError::Base32),
        (format!("{right} "), ParseError::Base32),
        (format!("{right}="), ParseError::Base32),
        (format!("{right}/original.blob"), ParseError::Base32),
        // The last digit holds three bits, and two that must be 0.
        (last_digit_changed('b'), ParseError::Base32),
        (format!("b0{}", &right[2..]), ParseError::Base32),
        ("b".to_owned(), ParseError::Length),
        (with(&[0x01], 0), ParseError::Length),
        (with(&[0x01, 0x55], 0), ParseError::Length),
        (with(&[0x01, 0x55, 0x12], 0), ParseError::Length),
        (with(&[0x00, 0x55, 0x12, 0x20], 32), ParseError::Version),
        (with(&[0x12, 0x20], 32), ParseError::Version),
        (with(&[0x02, 0x55, 0x12, 0x20], 32), ParseError::Version),
        (with(&[0x01, 0x71, 0x12, 0x20], 32), ParseError::Codec),
        // The number 0x55 in two bytes.
        (with(&[0x01, 0xd5, 0x00, 0x12, 0x20], 32), ParseError::Codec),
        (with(&[0x01, 0x55, 0x00, 0x20], 32), ParseError::Hash),
        (with(&[0x01, 0x55, 0x13, 0x40], 64), ParseError::Hash),
        (with(&[0x01, 0x55, 0x12, 0x1f], 31), ParseError::Hash),
        (with(&[0x01, 0x55, 0x12, 0x20], 31), ParseError::Length),
        (with(&[0x01, 0x55, 0x12, 0x20], 33), ParseError::Length),
    ] {
        assert_eq!(wrong.parse::<ContentId>(), Err(reason), "{wrong}");
    }
    for wrong in [
        right.clone(),
        format!("IPFS://{right}"),
        format!("ipfs:{right}"),
        format!(" ipfs://{right}"),
        String::new(),
    ] {
        assert_eq!(ContentId::from_uri(&wrong), Err(ParseError::Scheme), "{wrong}");
    }
    assert_eq!(ContentId::from_uri(&format!("ipfs://{right}?x")), Err(ParseError::Base32));
    assert_eq!(ContentId::from_uri(&format!("ipfs:///{right}")), Err(ParseError::Base));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the bytes are cut, and wherever a leaf ends.
    #[test]
    fn in_pieces_it_is_the_same_as_whole(
        around in prop_oneof![Just(0), Just(LEAF), Just(2 * LEAF), Just(5 * LEAF)],
        more in 0..3usize,
        less in 0..3usize,
        mut cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        seed in any::<u8>(),
    ) {
        let length = (around + more).saturating_sub(less);
        let content: Vec<u8> = (0..251).map(|i| i ^ seed).cycle().take(length).collect();
        let mut at: Vec<usize> = cuts.drain(..).map(|cut| cut.index(length + 1)).collect();
        at.sort_unstable();
        let mut hasher = Hasher::new();
        let mut from = 0;
        for to in at.into_iter().chain([length]) {
            hasher.update(&content[from..to]);
            from = to;
        }
        let (id, counted) = hasher.finish().unwrap();
        prop_assert_eq!(id, ContentId::of(&content).unwrap());
        prop_assert_eq!(counted, length as u64);
    }

    /// Whatever is read is written the same.
    #[test]
    fn texts_have_one_spelling(text in "b[a-z2-7]{57,59}") {
        if let Ok(id) = text.parse::<ContentId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    /// Nothing makes reading stop the program.
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = ContentId::from_uri(&text);
        let _ = text.parse::<ContentId>();
    }
}
