//! Configuration: one TOML file and a few environment variables, which win. `config.example.toml` lists every setting.
//!
//! A section is a file: its settings and defaults, which of them are paths, which the environment sets, and what must hold.
//! [`Config`] is the list of them.

mod audit;
mod claims;
mod console;
mod controller;
mod credentials;
mod database;
mod delivery;
mod environment;
mod erasure;
mod error;
mod evidence;
mod http;
mod issuer;
mod keys;
mod mail;
mod node;
mod notes;
mod notices;
mod oidc;
mod person_page;
mod persons;
mod relay;
mod renewal;
mod retention;
mod secret;
mod section;
mod source_list;
mod sources;
mod telemetry;
#[cfg(test)]
mod testing;
mod validity;
mod wallets;
mod webhooks;

use std::path::Path;

use serde::Deserialize;

pub use audit::Audit;
pub use claims::Claims;
pub use console::Console;
pub use controller::Controller;
pub use credentials::Credentials;
pub use database::Database;
pub use delivery::Delivery;
pub use environment::{api_key, log_filter, no_color};
pub use erasure::Erasure;
pub use error::ConfigError;
pub use evidence::Evidence;
pub use http::{Http, is_here};
pub use issuer::Issuer;
pub use keys::{KeyEntry, KeyFiles};
pub use mail::{Bounces, BouncesThen, Dkim, Mail, MailTransport};
pub use node::Node;
pub use notes::Notes;
pub use notices::Notices;
pub use oidc::Oidc;
pub use person_page::PersonPage;
pub use persons::PersonSource;
pub use relay::{Journey, Relay};
pub use renewal::Renewal;
pub use retention::Retention;
pub use secret::Secret;
pub use source_list::Sources;
pub use sources::Source;
pub use telemetry::Telemetry;
pub use validity::Validity;
pub use wallets::{EvmEndpoint, Wallets};
pub use webhooks::{Webhook, WebhookPolicy};

use crate::model::notes::NotesForm;
use environment::Environment;
use section::Section;

/// Makes [`Config`] of its sections, and asks each what a section answers.
macro_rules! sections {
    ($($(#[$attribute:meta])* pub $name:ident: $section:ty,)+) => {
        /// What a deployment settles.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $($(#[$attribute])* pub $name: $section,)+
        }

        impl Config {
            fn start_paths_at(&mut self, folder: &Path) {
                $(self.$name.paths(folder);)+
            }

            fn take_environment(&mut self, environment: &Environment<'_>) -> Result<(), ConfigError> {
                $(self.$name.environment(environment)?;)+
                Ok(())
            }

            fn check(&self) -> Result<(), ConfigError> {
                $(self.$name.check()?;)+
                Ok(())
            }
        }
    };
}

sections! {
    /// The idOS node.
    pub node: Node,
    /// Who issues.
    pub issuer: Issuer,
    /// What stands beside credentials, readable by everybody.
    #[serde(default)]
    pub notes: Notes,
    /// What is written where a request does not say.
    #[serde(default)]
    pub credentials: Credentials,
    /// How long credentials are valid.
    #[serde(default)]
    pub validity: Validity,
    /// What is done with results.
    #[serde(default)]
    pub evidence: Evidence,
    /// Where the keys are.
    pub keys: KeyFiles,
    /// The database.
    #[serde(default)]
    pub database: Database,
    /// The HTTP API.
    #[serde(default)]
    pub http: Http,
    /// How long each kind of record is kept.
    #[serde(default)]
    pub retention: Retention,
    /// What is written into the audit chain besides what is done.
    #[serde(default)]
    pub audit: Audit,
    /// Who is responsible for the processing.
    #[serde(default)]
    pub controller: Controller,
    /// Proofs of wallets.
    #[serde(default)]
    pub wallets: Wallets,
    /// Delivery to the node.
    #[serde(default)]
    pub delivery: Delivery,
    /// Endpoints to which events are sent.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    /// How webhooks are sent.
    #[serde(default)]
    pub webhook_policy: WebhookPolicy,
    /// Accounts with vendors of KYC results, and sources of personhood.
    #[serde(default)]
    pub source: Sources,
    /// The mail server.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// When people are told that their credentials end.
    #[serde(default)]
    pub notices: Notices,
    /// Where the link of a reminder leads.
    #[serde(default)]
    pub renewal: Renewal,
    /// Links by which people have credentials brought into their profiles.
    #[serde(default)]
    pub claims: Claims,
    /// The page on which people see what is kept about them.
    #[serde(default)]
    pub person_page: PersonPage,
    /// Pages for those who work here.
    #[serde(default)]
    pub console: Console,
    /// The OpenID provider at which people sign in to it.
    #[serde(default)]
    pub openid: Option<Oidc>,
    /// What consumers of upstream's hosted issuer call.
    #[serde(default)]
    pub relay: Relay,
    /// Requests of people to have erased what is kept about them.
    #[serde(default)]
    pub erasure: Erasure,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads `path`, then the environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::parse(path)?;
        config.take_environment(&Environment::of_process())?;
        config.check()?;
        Ok(config)
    }

    /// Reads `path` alone, for what must not reach what the environment names: a development service.
    pub fn load_file_only(path: &Path) -> Result<Self, ConfigError> {
        let config = Self::parse(path)?;
        config.check()?;
        Ok(config)
    }

    /// What the public notes of this issuer's credentials have in common.
    #[must_use]
    pub fn notes_form(&self) -> NotesForm {
        let Notes { types, documents } = self.notes.clone();
        NotesForm { issuer_name: self.issuer.name.clone(), types, documents }
    }

    fn parse(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable(path.to_owned(), e))?;
        Self::parse_text(&text, path)
    }

    /// What [`load_file_only`](Self::load_file_only) makes of a file `path` with this text.
    pub fn of_text(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config = Self::parse_text(text, path)?;
        config.check()?;
        Ok(config)
    }

    fn parse_text(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| before.matches('\n').count() + 1);
            ConfigError::Invalid {
                path: path.to_owned(),
                line: line.map(|line| format!(", line {line}")).unwrap_or_default(),
                problem: names_only(error.message()),
            }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.start_paths_at(folder);
        Ok(config)
    }
}

/// A parser's message, if all that it repeats are names of settings.
fn names_only(message: &str) -> String {
    let names = ["unknown field ", "missing field ", "duplicate key"];
    if names.iter().any(|start| message.starts_with(start)) {
        message.to_owned()
    } else {
        "is not TOML, or a setting has a value of a wrong kind".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{EXAMPLE, full_example, is_setting, parse};
    use super::*;

    #[test]
    fn the_example_is_true() {
        let example = parse(EXAMPLE).unwrap();
        example.check().unwrap();
        let least = "[node]\nurl = \"https://a.example\"\n[issuer]\nname = \"A\"\n\
                     [keys]\nsigning = \"s\"\nwrite = \"w\"\nencryption = \"e\"\n";
        let default = parse(least).unwrap();
        assert_eq!(example.database.url.expose(), default.database.url.expose());
        let shown = |config: &Config| {
            let Config {
                node,
                notes,
                validity,
                evidence,
                database,
                http,
                retention,
                delivery,
                webhooks,
                wallets,
                webhook_policy,
                source,
                mail,
                notices,
                claims,
                person_page,
                console,
                erasure,
                telemetry,
                ..
            } = config;
            let node = (
                &node.fallback_urls,
                &node.chain_id,
                node.plain_http,
                node.timeout_seconds,
                node.block_patience_seconds,
                node.must_agree,
            );
            format!(
                "{:#?}",
                (
                    node,
                    (notes, validity),
                    evidence,
                    database,
                    http,
                    retention,
                    delivery,
                    wallets,
                    // No tuple of more than twelve is shown.
                    (
                        webhooks,
                        webhook_policy,
                        source,
                        mail,
                        notices,
                        claims,
                        person_page,
                        console,
                        erasure,
                        telemetry
                    )
                )
            )
        };
        assert_eq!(shown(&example), shown(&default), "the example gives defaults");

        let full = parse(&full_example()).unwrap();
        full.check().unwrap();
        assert!(full.mail.is_some() && full.webhooks.len() == 1 && full.source.len() == 1);
    }

    /// Every structure refuses settings that it does not know, and says which it knows.
    #[test]
    fn the_example_is_complete() {
        let full = full_example();
        let sections: Vec<_> = full.lines().filter(|line| line.starts_with('[')).collect();
        let mut seen = 0;
        for section in [""].iter().chain(&sections) {
            let stranger = "stranger = 1";
            let text = match *section {
                "" => format!("{stranger}\n{full}"),
                section => full.replacen(section, &format!("{section}\n{stranger}"), 1),
            };
            let error = parse(&text).unwrap_err().message().to_owned();
            let (_, known) = error.split_once("expected ").unwrap();
            for name in known.split('`').skip(1).step_by(2) {
                let is_there = match *section {
                    "" => sections.iter().any(|there| there.trim_matches(['[', ']']) == name),
                    section => {
                        let start = full.find(section).unwrap() + section.len();
                        let settings = full[start..].split("\n[").next().unwrap();
                        settings.lines().any(|line| line.starts_with(&format!("{name} = ")))
                    }
                };
                assert!(is_there, "{section} {name} is not in config.example.toml");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }

    /// Each setting has a sentence before it.
    #[test]
    fn the_example_explains_itself() {
        let mut previous = "";
        for line in EXAMPLE.lines() {
            let setting = line.strip_prefix("# ").unwrap_or(line);
            if is_setting(setting) && !setting.starts_with('[') {
                assert!(previous.starts_with("# ") && !is_setting(&previous[2..]), "{line}");
            }
            previous = line;
        }
    }

    #[test]
    fn mistakes_are_named() {
        let folder = std::env::temp_dir().join(format!("idos-issuer-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config.toml");
        std::fs::write(&path, "[node]\nurl = \"https://a.example\"\nsecret = \"Xyzzy\"\n").unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("unknown field"), "{error}");
        assert!(!error.contains("Xyzzy"));
        for wrong in ["url = \"Xyzzy\"", "url = 5551234", "url = Xyzzy"] {
            std::fs::write(&path, format!("[node]\n{wrong}\n")).unwrap();
            let error = Config::load(&path).unwrap_err().to_string();
            assert!(
                error.contains("line 2") && !error.contains("Xyzzy") && !error.contains("5551234"),
                "{error}"
            );
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
