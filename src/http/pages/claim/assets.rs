//! The files of the page, which are built from `web/` and lie in `web/dist/`.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// A file of the page.
pub(super) struct Asset {
    name: &'static str,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// What is in it.
    pub(super) bytes: &'static [u8],
}

/// What is in a file, by a name that no other content has.
pub(super) fn version(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes)).get(..16).unwrap_or_default().to_owned()
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// All of them.
const ALL: &[Asset] = &[
    Asset { name: "claim.js", media_type: SCRIPT, bytes: include_bytes!("../../../../web/dist/claim.js") },
    Asset { name: "claim.css", media_type: STYLE, bytes: include_bytes!("../../../../web/dist/claim.css") },
    Asset {
        name: "licences.txt",
        media_type: "text/plain; charset=utf-8",
        bytes: include_bytes!("../../../../web/dist/licences.txt"),
    },
];

/// The versions of script and stylesheet, as the page names them.
pub(super) static VERSIONS: LazyLock<(String, String)> = LazyLock::new(|| {
    let of = |name| find(name).map(|asset| version(asset.bytes)).unwrap_or_default();
    (of("claim.js"), of("claim.css"))
});

/// The file of this name.
pub(super) fn find(name: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is built and not named here is one that browsers do not get.
    #[test]
    fn every_file_of_the_build_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist");
        let mut there: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        let mut named: Vec<_> = ALL.iter().map(|asset| asset.name.to_owned()).collect();
        named.sort();
        assert_eq!(there, named);
    }
}
