//! Mails: how they go out, and who writes.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::section::{Section, require, start_at};
use crate::model::server_url::{check_mail_server, check_mailbox};

/// Wins over `mail.url`, and over any file.
const URL: &str = "IDOS_ISSUER_MAIL_URL";
/// Wins over `mail.bounces_password_file`.
const BOUNCES_PASSWORD: &str = "IDOS_ISSUER_MAIL_BOUNCES_PASSWORD";

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
    /// Where mails that come back go (`MAIL FROM`), if not to the sender.
    #[serde(default)]
    pub return_path: Option<String>,
    /// Where reports of mails that came back are.
    #[serde(default)]
    pub bounces: Option<Bounces>,
    /// A file with the password, where that is a mailbox.
    #[serde(default)]
    pub bounces_password_file: Option<PathBuf>,
    /// The password. Not in the file of the configuration: from its own one, or from the environment.
    #[serde(skip)]
    pub bounces_password: Option<Secret>,
    /// What becomes of a report in a mailbox that has been acted on.
    #[serde(default)]
    pub bounces_then: BouncesThen,
    /// The folder of the mailbox that such a report is moved to.
    #[serde(default)]
    pub bounces_moved_to: Option<String>,
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

/// Where reports of mails that came back are.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub enum Bounces {
    /// A folder of this machine, with one file for each.
    Folder(PathBuf),
    /// A folder of a mailbox, by its URL: `imaps://user@host/FOLDER`. Not shown: somebody may have written a password into it.
    Mailbox(Secret),
}

impl From<String> for Bounces {
    fn from(text: String) -> Self {
        if text.contains("://") { Self::Mailbox(Secret::new(text)) } else { Self::Folder(text.into()) }
    }
}

/// What becomes of a report in a mailbox that has been acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BouncesThen {
    /// It is deleted: it has an address in it, and has done what it is for.
    #[default]
    Delete,
    /// It is marked as seen.
    Seen,
    /// It is moved to another folder.
    Move,
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
            return_path: None,
            bounces: None,
            bounces_password_file: None,
            bounces_password: None,
            bounces_then: BouncesThen::Delete,
            bounces_moved_to: None,
            dkim: None,
        }
    }
}

impl Mail {
    fn check_bounces(&self) -> Result<(), ConfigError> {
        if let Some(Bounces::Mailbox(url)) = &self.bounces {
            check_mailbox(url.expose()).map_err(|fault| ConfigError::ServerUrl("mail.bounces", fault))?;
            require(
                self.bounces_password.is_some() || self.bounces_password_file.is_some(),
                "mail.bounces_password_file",
                "must be given where mail.bounces is a mailbox, or IDOS_ISSUER_MAIL_BOUNCES_PASSWORD",
            )?;
            return require(
                self.bounces_moved_to.is_some() || self.bounces_then != BouncesThen::Move,
                "mail.bounces_moved_to",
                "must be given where mail.bounces_then is move",
            );
        }
        let only = "is only for a mailbox: mail.bounces is none";
        require(self.bounces_password_file.is_none(), "mail.bounces_password_file", only)?;
        require(self.bounces_then == BouncesThen::Delete, "mail.bounces_then", only)?;
        require(self.bounces_moved_to.is_none(), "mail.bounces_moved_to", only)
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
            &mut mail.bounces_password_file,
        ];
        if let Some(Bounces::Folder(path)) = &mut mail.bounces {
            start_at(folder, path);
        }
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
        if let Some(path) = &mail.bounces_password_file {
            mail.bounces_password = Some(Secret::of_file(path)?);
        }
        if let Some(password) = environment.secret(BOUNCES_PASSWORD) {
            mail.bounces_password = Some(password);
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
        mail.check_bounces()?;
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
    fn reports_are_in_a_folder_or_in_a_mailbox_with_a_password() {
        let transport = "transport = \"sendmail\"\n";
        let checked = |more: &str, password: bool| {
            let mut mail = mail(&format!("{transport}{more}"));
            mail.bounces_password = password.then(|| Secret::new("Xyzzy".to_owned()));
            Some(mail).check().map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                format!("{error}{}", cause.unwrap_or_default())
            })
        };
        assert_eq!(checked("bounces = \"/var/mail/new\"", false), Ok(()));
        let mailbox = "bounces = \"imaps://user@host/Bounces\"\n";
        assert_eq!(checked(mailbox, true), Ok(()));
        assert_eq!(checked(&format!("{mailbox}bounces_then = \"seen\""), true), Ok(()));
        let moved = format!("{mailbox}bounces_then = \"move\"\nbounces_moved_to = \"Done\"");
        assert_eq!(checked(&moved, true), Ok(()));
        for (named, more, password) in [
            ("mail.bounces_password_file", mailbox.to_owned(), false),
            ("mail.bounces_moved_to", format!("{mailbox}bounces_then = \"move\""), true),
            ("mail.bounces", "bounces = \"imaps://user:Xyzzy@host\"".to_owned(), true),
            ("mail.bounces", "bounces = \"pop3://user@Xyzzy\"".to_owned(), true),
            ("mail.bounces_then", "bounces = \"new\"\nbounces_then = \"seen\"".to_owned(), false),
            ("mail.bounces_moved_to", "bounces = \"new\"\nbounces_moved_to = \"Xyzzy\"".to_owned(), false),
            ("mail.bounces_password_file", "bounces_password_file = \"Xyzzy\"".to_owned(), false),
        ] {
            let error = checked(&more, password).unwrap_err();
            assert!(error.contains(&format!("the setting {named} ")) && !error.contains("Xyzzy"), "{error}");
        }
        assert!(!format!("{:?}", mail(mailbox)).contains("user@host"));
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
        for (bounces, read) in [("new", "/etc/issuer/new"), ("/var/new", "/var/new")] {
            let mut some = Some(mail_with(bounces));
            some.paths(Path::new("/etc/issuer"));
            assert!(matches!(some.unwrap().bounces, Some(Bounces::Folder(path)) if path == Path::new(read)));
        }
    }

    fn mail_with(bounces: &str) -> Mail {
        mail(&format!("bounces = \"{bounces}\""))
    }
}
