//! The demo's result: a file with images beside it, or the example of its kind that is compiled in.

use std::io::Read as _;
use std::path::Path;

use idos_credential::Kind;
use idos_credential::claim::MAX_FILE_BYTES;
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

pub(super) fn load(kind: Kind, path: Option<&Path>, user_id: Uuid) -> Result<Evidence, super::Error> {
    let user_id = user_id.to_string();
    let Some(path) = path else {
        let text = example_of(kind).ok_or("there is no example of this kind: give --evidence")?;
        return Ok(Evidence::parse(kind, text, &user_id, &mut example_file)?);
    };
    let text = read(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut read_file = |name: &str| {
        // A name, not a path: a result must not reach into the rest of the disk.
        let is_name = Path::new(name).components().count() == 1 && Path::new(name).file_name().is_some();
        if !is_name {
            return Err("must name a file that lies beside the result");
        }
        let path = folder.join(name);
        // Neither a link to elsewhere nor a pipe that never ends.
        if !std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            return Err("names a file that is not there, or is no plain file");
        }
        read(&path).map_err(|_| "names a file that cannot be read, or is larger than 16 MiB")
    };
    Ok(Evidence::parse(kind, &text, &user_id, &mut read_file)?)
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

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MAX_FILE_BYTES as u64;
    if std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)? as u64 > most {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "larger than 16 MiB"));
    }
    Ok(bytes)
}
