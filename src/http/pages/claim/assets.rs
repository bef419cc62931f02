//! The files of the page, which are built from `web/` and lie in `web/dist/`.

use std::sync::LazyLock;

use crate::app::version;

/// A file of the page.
pub(super) struct Asset {
    name: &'static str,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// What is in it.
    pub(super) bytes: &'static [u8],
    /// What is in it, by a name that no other content has.
    pub(super) version: String,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// All of them.
static ALL: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    let file = |name, media_type, bytes| Asset { name, media_type, bytes, version: version(bytes) };
    [
        file("claim.js", SCRIPT, include_bytes!("../../../../web/dist/claim.js")),
        file("me.js", SCRIPT, include_bytes!("../../../../web/dist/me.js")),
        file("claim.css", STYLE, include_bytes!("../../../../web/dist/claim.css")),
        file("licences.txt", TEXT, include_bytes!("../../../../web/dist/licences.txt")),
    ]
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
