//! Sources of personhood: each says of somebody that it is a person, and one person only.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::error::ConfigError;
use super::section::{require, start_at};
use super::sources::is_safe;
use crate::model::submitter::is_plain_name;

/// A source of personhood, as `[[source]]` with `personhood` has it. Which of the settings are its own is said by `KNOWN`; what must
/// hold for their values, by the source itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSource {
    /// Its name: in requests, logs and the audit chain.
    pub name: String,
    /// Which source it is: `brightid`, `face_sign`, `human_passport`, `world_id`, `world_id_v2`.
    pub personhood: String,
    /// The client whose records these are.
    pub client: String,
    /// Where its API is. Its own address, if it has exactly one.
    #[serde(default)]
    pub base_url: Option<Url>,
    /// Whether test data is behind it. It becomes no credentials.
    #[serde(default)]
    pub sandbox: bool,
    /// Whether people of a source for which idOS has no type of subject are written in FaceSign's.
    #[serde(default)]
    pub write_as_face_sign: bool,
    /// How long a verification waits for a proof, in days.
    #[serde(default = "days")]
    pub wait_days: u32,
    /// How long the source may take to answer, in seconds.
    #[serde(default = "seconds")]
    pub timeout: u64,
    /// Requests that the source gets from one process at the same time.
    #[serde(default = "at_once")]
    pub at_once: usize,
    /// The app, or relying party.
    #[serde(default)]
    pub app: Option<String>,
    /// The action: one person, one credential.
    #[serde(default)]
    pub action: Option<String>,
    /// The version of World's proofs that is accepted: `3.0` or `4.0`.
    #[serde(default)]
    pub protocol: Option<String>,
    /// The levels of World's proofs that are accepted.
    #[serde(default)]
    pub levels: Vec<String>,
    /// The issuer schemas of World's proofs of version 4.0 that are accepted.
    #[serde(default)]
    pub issuer_schemas: Vec<u64>,
    /// How old the root of a proof of World's may be, in seconds.
    #[serde(default)]
    pub max_age: Option<u32>,
    /// The scorer of Human Passport.
    #[serde(default)]
    pub scorer: Option<i64>,
    /// A file with the API key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// The score that is wanted.
    #[serde(default)]
    pub threshold: Option<String>,
    /// BrightID's verification, to the letter.
    #[serde(default)]
    pub verification: Option<String>,
    /// The keys of BrightID's nodes that are believed, in base64.
    #[serde(default)]
    pub node_keys: Vec<String>,
    /// How long a verification of BrightID's is good for, in seconds; 0 for ever.
    #[serde(default)]
    pub valid_for: Option<u32>,
    /// Whether the users of BrightID's app are addresses.
    #[serde(default)]
    pub ids_as_hex: Option<bool>,
    /// FaceSign's group of faces.
    #[serde(default)]
    pub group: Option<String>,
    /// A file with the key that opens FaceSign's relay.
    #[serde(default)]
    pub relay_key: Option<PathBuf>,
    /// How alike two scans have to be.
    #[serde(default)]
    pub min_match_level: Option<u8>,
    /// The public keys that FaceSign's tokens are signed with: PEM, or what stands between its lines.
    #[serde(default)]
    pub attestation_keys: Vec<String>,
    /// How old a token of FaceSign's may be, in seconds.
    #[serde(default)]
    pub token_max_age: Option<u32>,
}

fn days() -> u32 {
    30
}

fn seconds() -> u64 {
    15
}

fn at_once() -> usize {
    8
}

/// What a source is configured by.
struct Known {
    name: &'static str,
    /// Where its API is, if that is the same for all.
    base: Option<&'static str>,
    /// Settings that it must have.
    needs: &'static [&'static str],
    /// Settings that it may have.
    takes: &'static [&'static str],
}

const WORLD: Option<&str> = Some("https://developer.worldcoin.org");

/// All sources that can be configured.
const KNOWN: &[Known] = &[
    Known {
        name: "brightid",
        base: None,
        needs: &["app", "verification", "node_keys", "valid_for"],
        takes: &["ids_as_hex"],
    },
    Known {
        name: "face_sign",
        base: None,
        needs: &["group"],
        takes: &["relay_key", "min_match_level", "attestation_keys", "token_max_age"],
    },
    Known {
        name: "human_passport",
        base: Some("https://api.passport.xyz"),
        needs: &["scorer", "key", "action", "threshold"],
        takes: &[],
    },
    Known {
        name: "world_id",
        base: WORLD,
        needs: &["app", "action", "protocol"],
        takes: &["levels", "issuer_schemas", "max_age"],
    },
    Known { name: "world_id_v2", base: WORLD, needs: &["app", "action", "levels"], takes: &["max_age"] },
];

impl PersonSource {
    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.name == self.personhood)
    }

    /// Where the source's API is; nothing where none is asked.
    #[must_use]
    pub fn base(&self) -> Option<Url> {
        let own = self.known().and_then(|known| known.base?.parse().ok());
        self.base_url.clone().or(own)
    }

    /// Has relative paths start at `folder`.
    pub(super) fn paths(&mut self, folder: &Path) {
        let Self { key, relay_key, .. } = self;
        key.iter_mut().chain(relay_key).for_each(|path| start_at(folder, path));
    }

    /// The settings that are not every source's, and whether they are given.
    fn given(&self) -> [(&'static str, bool); 18] {
        [
            ("app", self.app.is_some()),
            ("action", self.action.is_some()),
            ("protocol", self.protocol.is_some()),
            ("levels", !self.levels.is_empty()),
            ("issuer_schemas", !self.issuer_schemas.is_empty()),
            ("max_age", self.max_age.is_some()),
            ("scorer", self.scorer.is_some()),
            ("key", self.key.is_some()),
            ("threshold", self.threshold.is_some()),
            ("verification", self.verification.is_some()),
            ("node_keys", !self.node_keys.is_empty()),
            ("valid_for", self.valid_for.is_some()),
            ("ids_as_hex", self.ids_as_hex.is_some()),
            ("group", self.group.is_some()),
            ("relay_key", self.relay_key.is_some()),
            ("min_match_level", self.min_match_level.is_some()),
            ("attestation_keys", !self.attestation_keys.is_empty()),
            ("token_max_age", self.token_max_age.is_some()),
        ]
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        const NAME: &str = "must have 1 to 64 of a-z, 0-9, . _ -";
        require(is_plain_name(&self.name), "source.name", NAME)?;
        require(is_plain_name(&self.client), "source.client", NAME)?;
        let Some(known) = self.known() else {
            let problem = "must be brightid, face_sign, human_passport, world_id or world_id_v2";
            return require(false, "source.personhood", problem);
        };
        for (name, is_given) in self.given() {
            let is_needed = known.needs.contains(&name);
            let is_its = is_needed || known.takes.contains(&name);
            require(
                is_its || !is_given,
                format!("source.{name}"),
                "is not taken by this source of personhood",
            )?;
            require(
                is_given || !is_needed,
                format!("source.{name}"),
                "must be given for this source of personhood",
            )?;
        }
        let is_asked = self.group.is_none() || self.relay_key.is_some();
        require(
            is_asked || !self.attestation_keys.is_empty(),
            "source.relay_key",
            "must be given, or attestation_keys, or both: without them nothing is taken",
        )?;
        require(
            !is_asked || self.base().is_some(),
            "source.base_url",
            "must be given: this source has no address that is the same for all",
        )?;
        require(
            self.base().is_none_or(|url| is_safe(&url)),
            "source.base_url",
            "must be https:// and a host, without a user, a query or a fragment (http:// for this machine alone)",
        )?;
        require((1..=3650).contains(&self.wait_days), "source.wait_days", "must be between 1 and 3650")?;
        require((1..=120).contains(&self.timeout), "source.timeout", "must be between 1 and 120")?;
        require(self.at_once > 0, "source.at_once", "must be at least 1")?;
        if let Some(protocol) = &self.protocol {
            let (is_old, is_new) = (protocol == "3.0", protocol == "4.0");
            require(is_old || is_new, "source.protocol", "must be 3.0 or 4.0")?;
            require(
                is_old != self.levels.is_empty(),
                "source.levels",
                "must be given for proofs of version 3.0, and for those alone",
            )?;
            require(
                is_new != self.issuer_schemas.is_empty(),
                "source.issuer_schemas",
                "must be given for proofs of version 4.0, and for those alone",
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{full_example, parse};
    use super::*;

    fn example(name: &str) -> PersonSource {
        let sources = parse(&full_example()).unwrap().source;
        sources.persons.iter().find(|source| source.personhood == name).unwrap().clone()
    }

    /// Every source, and of each every setting that it takes.
    #[test]
    fn the_example_has_each_source_with_all_that_it_takes() {
        for known in KNOWN {
            let example = example(known.name);
            example.check().unwrap();
            for (name, is_given) in example.given() {
                // World's proofs of version 3.0 have levels, those of 4.0 schemas.
                let is_its = known.needs.contains(&name) || known.takes.contains(&name);
                let of_other = known.name == "world_id" && ["levels", "max_age"].contains(&name);
                assert_eq!(is_given, is_its && !of_other, "{} {name}", known.name);
            }
        }
    }

    fn refused(source: &PersonSource, setting: &str) {
        let error = source.check().unwrap_err().to_string();
        assert!(error.contains(&format!("the setting source.{setting} ")), "{error}");
        assert!(!error.contains("Xyzzy"), "{error}");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let world = || example("world_id");
        refused(&PersonSource { name: "Xyzzy".into(), ..world() }, "name");
        refused(&PersonSource { client: "Xyzzy".into(), ..world() }, "client");
        refused(&PersonSource { personhood: "Xyzzy".into(), ..world() }, "personhood");
        refused(&PersonSource { base_url: "http://xyzzy.example".parse().ok(), ..world() }, "base_url");
        refused(&PersonSource { base_url: None, ..example("brightid") }, "base_url");
        refused(&PersonSource { protocol: Some("Xyzzy".into()), ..world() }, "protocol");
        refused(&PersonSource { protocol: Some("3.0".into()), ..world() }, "levels");
        refused(&PersonSource { levels: vec!["orb".into()], ..world() }, "levels");
        refused(&PersonSource { issuer_schemas: Vec::new(), ..world() }, "issuer_schemas");
        refused(&PersonSource { wait_days: 0, ..world() }, "wait_days");
        refused(&PersonSource { timeout: 0, ..world() }, "timeout");
        refused(&PersonSource { at_once: 0, ..world() }, "at_once");
        let neither = PersonSource { relay_key: None, attestation_keys: Vec::new(), ..example("face_sign") };
        refused(&neither, "relay_key");
        for known in KNOWN {
            for needed in known.needs {
                let text = full_example();
                let start = text.find(&format!("personhood = \"{}\"", known.name)).unwrap();
                let (before, after) = text.split_at(start);
                let line = after.lines().find(|line| line.starts_with(&format!("{needed} = "))).unwrap();
                let config = parse(&format!("{before}{}", after.replacen(line, "", 1))).unwrap();
                let found = config.source.persons.iter().find(|one| one.personhood == known.name).unwrap();
                refused(found, needed);
            }
        }
        // What is another source's is taken by none.
        refused(&PersonSource { scorer: Some(1), ..world() }, "scorer");
        refused(&PersonSource { action: Some("Xyzzy".into()), ..example("brightid") }, "action");
    }

    #[test]
    fn settings_of_vendors_are_unknown_to_sources_of_personhood() {
        let text = full_example().replacen(
            "personhood = \"world_id\"",
            "personhood = \"world_id\"\nscript = \"latin\"",
            1,
        );
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains("unknown field `script`"), "{error}");
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let mut face_sign = example("face_sign");
        face_sign.paths(Path::new("/etc/issuer"));
        assert_eq!(face_sign.relay_key.as_deref(), Some(Path::new("/etc/issuer/keys/facesign-relay.pem")));
        let mut passport = example("human_passport");
        passport.paths(Path::new("/etc/issuer"));
        assert_eq!(passport.key.as_deref(), Some(Path::new("/etc/issuer/keys/passport.key")));
    }
}
