//! Where contexts have been: the envelope's and the first ones of subjects have had other addresses.

use crate::envelope::IDOS_CONTEXT;
use crate::kind::Kind;

/// Earlier addresses of the envelope and the first subject context: a commit of the SDK's repository and the
/// folder there.
pub const OLD_CONTEXT_FOLDERS: [&str; 5] = [
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1356fea6672d22deb07fedc5fa427478b2e1654c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/346f14468348e4f3dd00039c89ce9bb49d88777c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1e8421744e037dfd7b0289cb39261c73ab6d643c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/0049d2e93f8913c42398372e2bb65d92bed38ac0/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1bc3503f5302a7e42777076445d5b05fec8db429/packages/issuer-sdk-js/assets/",
];

/// The context that `url` names, under its present address.
#[must_use]
pub fn present_address(url: &str) -> &str {
    let Some(file) = OLD_CONTEXT_FOLDERS.iter().find_map(|folder| url.strip_prefix(folder)) else {
        return url;
    };
    let moved = Kind::ALL.iter().filter(|kind| kind.has_moved()).map(|kind| kind.context());
    let is_it = |context: &&str| context.rsplit_once('/').is_some_and(|(_, name)| name == file);
    std::iter::once(IDOS_CONTEXT).chain(moved).find(is_it).unwrap_or(url)
}
