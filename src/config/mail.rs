//! Mails: how they go out, and who writes.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::section::{Section, require, start_at};
use crate::model::server_url::check_mail_server;

/// Wins over `mail.url`, and over any file.
const URL: &str = "IDOS_ISSUER_MAIL_URL";

/// Mails.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// How mails go out.
    #[serde(default)]
    pub transport: MailTransport,
    /// `smtps://user:password@host:465`, `smtp://host:587` and the like. Not shown.
    #[serde(default)]
    pub url: Option<Secret>,
    /// A file that holds the URL.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// Whether mails may go to another machine without TLS.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// Certificates, in PEM, that may vouch for the server beside those that the system trusts.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How many seconds a connection to the server, or its answer, may take.
    #[serde(default = "timeout")]
    pub timeout: u64,
    /// How many seconds a mail may take from its first byte to the answer (RFC 5321, 4.5.3.2.6 asks for ten minutes).
    #[serde(default = "data_timeout")]
    pub data_timeout: u64,
    /// How many connections to the server there are at once.
    #[serde(default = "connections")]
    pub connections: usize,
    /// The program, where `transport` is `sendmail`.
    #[serde(default = "sendmail")]
    pub sendmail: PathBuf,
    /// The folder, where `transport` is `folder`.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// The sender, such as `Example KYC <kyc@example.com>`.
    pub from: String,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// What the sender is called in mails; by default as in `from`.
    #[serde(default)]
    pub name: Option<String>,
    /// Where people turn to.
    #[serde(default)]
    pub contact_url: Option<Url>,
    /// What becomes of people's data.
    #[serde(default)]
    pub privacy_url: Option<Url>,
    /// A PNG or JPEG file that goes along with each mail.
    #[serde(default)]
    pub logo: Option<PathBuf>,
    /// A folder with templates and words that are used in place of those of the same name.
    #[serde(default)]
    pub templates: Option<PathBuf>,
    /// A folder with reports of mails that came back, one file each.
    #[serde(default)]
    pub bounces: Option<PathBuf>,
    /// Signatures.
    #[serde(default)]
    pub dkim: Option<Dkim>,
}

/// How mails go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    /// To a server.
    #[default]
    Smtp,
    /// To a program of this machine.
    Sendmail,
    /// Into a folder.
    Folder,
}

/// Signatures by DKIM, where the server does not sign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    /// The domain that signs: the sender's, or one above it.
    pub domain: String,
    /// Under which name the domain has the public key.
    pub selector: String,
    /// A file with the private key, in PEM.
    pub key: PathBuf,
}

fn timeout() -> u64 {
    60
}

fn data_timeout() -> u64 {
    600
}

fn connections() -> usize {
    4
}

fn sendmail() -> PathBuf {
    "/usr/sbin/sendmail".into()
}

impl Mail {
    /// Settings of a made-up sender that sends nothing, for those who only look at mails.
    #[must_use]
    pub fn example() -> Self {
        Self {
            transport: MailTransport::Folder,
            url: None,
            url_file: None,
            allow_plaintext: false,
            ca_file: None,
            timeout: timeout(),
            data_timeout: data_timeout(),
            connections: connections(),
            sendmail: sendmail(),
            folder: None,
            from: "Example KYC <kyc@example.com>".to_owned(),
            reply_to: None,
            name: None,
            contact_url: "https://kyc.example.com/contact".parse().ok(),
            privacy_url: "https://kyc.example.com/privacy".parse().ok(),
            logo: None,
            templates: None,
            bounces: None,
            dkim: None,
        }
    }
}

/// There is no mail without this section.
impl Section for Option<Mail> {
    fn paths(&mut self, folder: &Path) {
        let Some(mail) = self else { return };
        let files = [
            &mut mail.url_file,
            &mut mail.ca_file,
            &mut mail.folder,
            &mut mail.logo,
            &mut mail.templates,
            &mut mail.bounces,
        ];
        files.into_iter().flatten().chain([&mut mail.sendmail]).for_each(|path| start_at(folder, path));
        mail.dkim.iter_mut().for_each(|dkim| start_at(folder, &mut dkim.key));
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
        require(
            mail.url.is_some() || mail.transport != MailTransport::Smtp,
            "mail.url",
            "must be given, here, in a file or as IDOS_ISSUER_MAIL_URL",
        )?;
        require(
            mail.folder.is_some() || mail.transport != MailTransport::Folder,
            "mail.folder",
            "must be given where mail.transport is folder",
        )?;
        require((1..=600).contains(&mail.timeout), "mail.timeout", "must be from 1 to 600")?;
        require((1..=3600).contains(&mail.data_timeout), "mail.data_timeout", "must be from 1 to 3600")?;
        require((1..=100).contains(&mail.connections), "mail.connections", "must be from 1 to 100")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    fn mail(more: &str) -> Mail {
        toml::from_str(&format!("from = \"a@example.com\"\n{more}")).unwrap()
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let url = "url = \"smtps://user:password@mail.example.com:465\"";
        refused(&[
            ("mail.url", url, "url = \"Xyzzy\""),
            ("mail.url", url, ""),
            ("mail.timeout", "timeout = 60", "timeout = 0"),
            ("mail.data_timeout", "data_timeout = 600", "data_timeout = 3601"),
            ("mail.connections", "connections = 4", "connections = 0"),
        ]);
        for (settings, named) in [("", "mail.url"), ("transport = \"folder\"", "mail.folder")] {
            let error = Some(mail(settings)).check().unwrap_err().to_string();
            assert!(error.contains(&format!("the setting {named} ")), "{error}");
        }
        assert!(Some(mail("transport = \"sendmail\"")).check().is_ok());
    }

    #[test]
    fn the_environment_wins_where_there_is_a_section() {
        let set = |name: &str| (name == URL).then(|| "smtp://b.example".to_owned());
        let environment = Environment::new(&set);
        let mut none: Option<Mail> = None;
        none.environment(&environment).unwrap();
        assert!(none.is_none());
        let mut some = Some(mail("url = \"smtp://a.example\""));
        some.environment(&environment).unwrap();
        assert_eq!(some.unwrap().url.unwrap().expose(), "smtp://b.example");
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let mut some = Some(mail(
            "url_file = \"mail_url\"\nlogo = \"l.png\"\n[dkim]\ndomain = \"d\"\nselector = \"s\"\nkey = \"k\"",
        ));
        some.paths(Path::new("/etc/issuer"));
        let mail = some.unwrap();
        assert_eq!(mail.url_file.unwrap(), Path::new("/etc/issuer/mail_url"));
        assert_eq!(mail.logo.unwrap(), Path::new("/etc/issuer/l.png"));
        assert_eq!(mail.dkim.unwrap().key, Path::new("/etc/issuer/k"));
        assert_eq!(mail.sendmail, Path::new("/usr/sbin/sendmail"));
    }
}
