//! Which version of KYC credentials is written where a request does not say.

use std::collections::BTreeMap;

use idos_credential::Kind;

/// What a request asks for that names no version.
pub const KYC: &str = "kyc";

/// What a request asks for that wants version 2, whatever is set. Others are asked for by their kind's name.
pub const KYC_2: &str = "kyc_v2";

/// The version of KYC credentials that is written for each client. What is read is any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KycVersions {
    /// For clients of which nothing else is said.
    pub usual: Kind,
    /// For these clients.
    pub of_clients: BTreeMap<String, Kind>,
}

impl Default for KycVersions {
    /// What the consumers of today read.
    fn default() -> Self {
        Self { usual: Kind::default(), of_clients: BTreeMap::new() }
    }
}

impl KycVersions {
    /// What `client` asks for by `name`.
    #[must_use]
    pub fn asked(&self, client: &str, name: &str) -> Option<Kind> {
        match name {
            KYC => Some(self.of_clients.get(client).copied().unwrap_or(self.usual)),
            KYC_2 => Some(Kind::default()),
            name => name.parse().ok(),
        }
    }

    /// All that can be asked for.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Kind::ISSUED.iter().map(|kind| kind.as_str()).chain([KYC_2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kyc_is_the_version_of_the_client_and_what_is_named_is_what_is_named() {
        let three = Kind::of_kyc_version(3).unwrap();
        let mut versions = KycVersions::default();
        assert_eq!(versions.asked("a", KYC), Kind::of_kyc_version(2));
        versions.of_clients.insert("a".into(), three);
        assert_eq!(versions.asked("a", KYC), Some(three));
        assert_eq!(versions.asked("b", KYC), Kind::of_kyc_version(2));
        for client in ["a", "b"] {
            assert_eq!(versions.asked(client, "kyc_v2"), Kind::of_kyc_version(2));
            assert_eq!(versions.asked(client, "kyc_v3"), Some(three));
            assert_eq!(versions.asked(client, "kyc_v1"), None);
        }
        let kyc: Vec<_> = KycVersions::names().filter(|name| versions.asked("b", name).is_none()).collect();
        assert!(kyc.is_empty(), "{kyc:?}");
    }
}
