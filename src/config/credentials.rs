//! What is written.

use std::collections::BTreeMap;

use idos_credential::Kind;
use serde::Deserialize;

use super::error::ConfigError;
use super::section::{Section, require};
use crate::model::kyc_version::KycVersions;
use crate::model::submitter::is_plain_name;

/// What is written where a request does not say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    /// The version of KYC credentials: 2 or 3.
    pub kyc_version: u8,
    /// The version for these clients.
    pub kyc_version_of: BTreeMap<String, u8>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { kyc_version: 2, kyc_version_of: BTreeMap::new() }
    }
}

impl Credentials {
    /// The same as kinds, once it is checked.
    #[must_use]
    pub fn kyc_versions(&self) -> KycVersions {
        let kind = |version: u8| Kind::of_kyc_version(version).unwrap_or_default();
        KycVersions {
            usual: kind(self.kyc_version),
            of_clients: self
                .kyc_version_of
                .iter()
                .map(|(client, version)| (client.clone(), kind(*version)))
                .collect(),
        }
    }
}

impl Section for Credentials {
    fn check(&self) -> Result<(), ConfigError> {
        let is_version = |version: u8| Kind::of_kyc_version(version).is_some();
        require(is_version(self.kyc_version), "credentials.kyc_version", "must be 2 or 3")?;
        require(
            self.kyc_version_of.values().all(|version| is_version(*version)),
            "credentials.kyc_version_of",
            "must have versions that are 2 or 3",
        )?;
        require(
            self.kyc_version_of.keys().all(|client| is_plain_name(client)),
            "credentials.kyc_version_of",
            "must have names of clients: 1 to 64 of a-z, 0-9, . _ -",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{example_with, refused};
    use super::Kind;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("credentials.kyc_version", "kyc_version = 2", "kyc_version = 1"),
            ("credentials.kyc_version_of", "{ onboarding = 3 }", "{ onboarding = 4 }"),
            ("credentials.kyc_version_of", "{ onboarding = 3 }", "{ \"Xyzzy \" = 3 }"),
        ]);
    }

    #[test]
    fn a_client_has_its_own_version() {
        let versions = example_with("kyc_version = 2", "kyc_version = 2").credentials.kyc_versions();
        assert_eq!(versions.asked("onboarding", "kyc"), Kind::of_kyc_version(3));
        assert_eq!(versions.asked("other", "kyc"), Kind::of_kyc_version(2));
        let versions = example_with("kyc_version = 2", "kyc_version = 3").credentials.kyc_versions();
        assert_eq!(versions.asked("other", "kyc"), Kind::of_kyc_version(3));
    }
}
