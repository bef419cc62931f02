//! Where contexts have been: the envelope's and the first ones of subjects have had other addresses.

/// The context of what idOS credentials say besides the data model.
pub const IDOS_CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credentials-v1.json";

/// The second one: it is protected, so that what it says of `approvedAt` differs, and it has `kycLevel`.
pub const IDOS_CONTEXT_2: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credentials-v2.json";

/// Earlier addresses of the envelope and the first subject context: a commit of the SDK's repository and the
/// folder there.
pub const OLD_CONTEXT_FOLDERS: [&str; 5] = [
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1356fea6672d22deb07fedc5fa427478b2e1654c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/346f14468348e4f3dd00039c89ce9bb49d88777c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1e8421744e037dfd7b0289cb39261c73ab6d643c/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/0049d2e93f8913c42398372e2bb65d92bed38ac0/packages/%40credentials/assets/",
    "https://raw.githubusercontent.com/idos-network/idos-sdk-js/1bc3503f5302a7e42777076445d5b05fec8db429/packages/issuer-sdk-js/assets/",
];
