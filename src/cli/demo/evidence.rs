//! The demo's result: a file with images beside it, or the example of its kind that is compiled in.

use std::path::Path;

use idos_credential::Kind;
use uuid::Uuid;

use crate::model::evidence::Evidence;

macro_rules! example {
    ($file:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/", $file)).as_slice()
    };
}

/// The text of the example.
pub(in crate::cli) const EXAMPLE: &[u8] = example!("kyc-result.json");

/// The examples of other kinds.
const OTHERS: &[(&str, &[u8])] =
    &[("kyc_v3", example!("kyc-v3-result.json")), ("edd", example!("edd-result.json"))];

fn example_of(kind: Kind) -> Option<&'static [u8]> {
    if kind == Kind::default() {
        return Some(EXAMPLE);
    }
    OTHERS.iter().find(|(name, _)| *name == kind.as_str()).map(|(_, text)| *text)
}

/// The result in a file, or the example of this kind, as it is sent for a user.
pub(in crate::cli) fn load(kind: Kind, path: Option<&Path>, user_id: Uuid) -> Result<Evidence, super::Error> {
    let Some(path) = path else {
        let text = example_of(kind).ok_or("there is no example of this kind: give --evidence")?;
        return Ok(Evidence::parse(kind, text, &user_id.to_string(), &mut example_file)?);
    };
    crate::cli::evidence::of_file(kind, path, user_id)
}

/// An image of the example.
pub(in crate::cli) fn example_file(name: &str) -> Result<Vec<u8>, &'static str> {
    match name {
        "passport.jpg" => Ok(example!("passport.jpg").to_vec()),
        "selfie.jpg" => Ok(example!("selfie.jpg").to_vec()),
        "utility-bill.png" => Ok(example!("utility-bill.png").to_vec()),
        _ => Err("names a file that is not there"),
    }
}
