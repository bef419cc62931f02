//! The mail server.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::section::{Section, require, start_at};
use crate::model::server_url::check_mail_server;

/// Wins over `mail.url`, and over any file.
const URL: &str = "IDOS_ISSUER_MAIL_URL";

/// The mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://user:password@host:465`, `smtp://host:587?tls=required` and the like. Not shown.
    #[serde(default)]
    pub url: Option<Secret>,
    /// A file that holds the URL.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// The sender, such as `Example KYC <kyc@example.com>`.
    pub from: String,
}

/// There is no mail without this section.
impl Section for Option<Mail> {
    fn paths(&mut self, folder: &Path) {
        let file = self.iter_mut().filter_map(|mail| mail.url_file.as_mut());
        file.for_each(|path| start_at(folder, path));
    }

    fn environment(&mut self, environment: &Environment<'_>) -> Result<(), ConfigError> {
        let Some(mail) = self else { return Ok(()) };
        if let Some(path) = &mail.url_file {
            mail.url = Some(Secret::of_file(path)?);
        }
        if let Some(url) = environment.secret(URL) {
            mail.url = Some(url);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let Some(mail) = self else { return Ok(()) };
        if let Some(url) = &mail.url {
            check_mail_server(url.expose()).map_err(|fault| ConfigError::ServerUrl("mail.url", fault))?;
        }
        require(mail.url.is_some(), "mail.url", "must be given, here, in a file or as IDOS_ISSUER_MAIL_URL")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let url = "url = \"smtps://user:password@mail.example.com:465\"";
        refused(&[("mail.url", url, "url = \"Xyzzy\""), ("mail.url", url, "")]);
    }

    #[test]
    fn the_environment_wins_where_there_is_a_section() {
        let set = |name: &str| (name == URL).then(|| "smtp://b.example".to_owned());
        let environment = Environment::new(&set);
        let mut mail = None;
        mail.environment(&environment).unwrap();
        assert!(mail.is_none());
        let url = Some(Secret::new("smtp://a.example".to_owned()));
        let mut mail = Some(Mail { url, url_file: None, from: "a@example.com".to_owned() });
        mail.environment(&environment).unwrap();
        assert_eq!(mail.unwrap().url.unwrap().expose(), "smtp://b.example");
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let url_file = Some("mail_url".into());
        let mut mail = Some(Mail { url: None, url_file, from: "a@example.com".to_owned() });
        mail.paths(Path::new("/etc/issuer"));
        assert_eq!(mail.unwrap().url_file.unwrap(), Path::new("/etc/issuer/mail_url"));
    }
}
