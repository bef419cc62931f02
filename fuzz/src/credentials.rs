//! The strict verifier.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use idos_credential::kind::present_address;
use idos_credential::strict_json::Json;
use idos_credential::{AcceptedIssuer, ErasureReceipt, Timestamp, VerificationKey, verify};

/// The key of the SDK's vectors.
const VECTOR_KEY: &str = "z6Mkp2kwy7pmTRftiprun5oKbs9RzNe2rD5koAYPX481gRLB";
/// The issuer of the SDK's vectors.
const VECTOR_ISSUER: &str = "https://vc-issuers.example.com/idos";

/// Foreign credentials: whatever verifies by the key of the vectors says nothing but what a vector says.
///
/// A proof covers a set of values, so that is what is compared; see the documentation of `idos_credential`.
pub fn verify_credential(data: &[u8]) {
    let named = AcceptedIssuer::of_url(VECTOR_ISSUER, vector_key()).expect("a URL");
    let any = verify(data, &[AcceptedIssuer::any_name(vector_key())], vector_time());
    let by_name = verify(data, &[named], vector_time());
    if let Ok(verified) = &by_name {
        assert_eq!(any.as_ref(), Ok(verified), "a name only narrows");
    }
    if any.is_ok() {
        let json = Json::parse(data).expect("it was verified");
        assert!(SIGNED.contains(&values(&json)), "the vectors' issuer did not sign this");
    }
    let padded = verify(&[data, b"\n "].concat(), &[AcceptedIssuer::any_name(vector_key())], vector_time());
    assert_eq!(padded.ok(), any.ok(), "white space means nothing");
    let receipt = ErasureReceipt::verify(data, &[AcceptedIssuer::any_name(vector_key())], vector_time());
    assert!(receipt.is_err(), "the vectors' issuer has signed no receipt of an erasure");
}

pub(crate) fn vector_key() -> VerificationKey {
    VerificationKey::from_multibase(VECTOR_KEY).expect("a key")
}

/// When the vectors were made.
pub(crate) fn vector_time() -> Timestamp {
    "2026-08-10T12:34:56.789Z".parse().expect("a moment")
}

/// The values of every credential that the vectors' issuer signed.
static SIGNED: LazyLock<Vec<BTreeSet<String>>> = LazyLock::new(|| {
    let mut places =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|place| place.join("tests/vectors/sdk/vc"));
    let folder = places.find(|folder| folder.is_dir()).expect("the vectors are there");
    let files = std::fs::read_dir(folder).expect("they can be read");
    let texts = files.map(|file| std::fs::read(file.expect("a file").path()).expect("a vector"));
    texts.map(|text| values(&Json::parse(&text).expect("JSON"))).collect()
});

fn values(json: &Json) -> BTreeSet<String> {
    match json {
        Json::Text(text) => BTreeSet::from([one_spelling(text)]),
        Json::List(items) => items.iter().flat_map(values).collect(),
        Json::Object(members) => members.iter().flat_map(|(_, value)| values(value)).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) => BTreeSet::new(),
    }
}

/// The same thing may have two names: contexts that moved, ids with a prefix of the W3C context.
fn one_spelling(text: &str) -> String {
    let prefixes = [
        ("xsd:", "http://www.w3.org/2001/XMLSchema#"),
        ("cred:", "https://www.w3.org/2018/credentials#"),
        ("sec:", "https://w3id.org/security#"),
    ];
    let expanded =
        prefixes.iter().find_map(|(prefix, iri)| Some(format!("{iri}{}", text.strip_prefix(prefix)?)));
    expanded.unwrap_or_else(|| present_address(text).to_owned())
}
