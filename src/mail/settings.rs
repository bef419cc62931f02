//! What the configuration names: templates, pictures, keys, servers.

use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::Certificate;
use notice_mail::{Brand, DkimError, DkimKey, Fault, Link, Logo, NoLogo, Sender, Signer, Templates};
use url::Url;

use super::builtin;
use super::folder::Folder;
use super::sendmail::Sendmail;
use super::server::{self, Address, Protocol, Unusable};
use super::smtp::{Server, Smtp};
use super::transport::Transport;
use crate::config;
use crate::secret_file::{self, SecretFileError};

/// Why mails cannot be written or sent as it is configured. Repeats neither addresses nor secrets.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The setting `mail.url` is none of a mail server.
    #[error("mail.url must be the URL of a mail server, such as smtps://user:password@host:465")]
    Url,
    /// Mails would be read by whoever listens.
    #[error("{0} has mails go without TLS to another machine: leave out tls=…, or set mail.allow_plaintext")]
    Plaintext(&'static str),
    /// The setting `mail.bounces` is no mailbox.
    #[error("mail.bounces must be a folder, or a mailbox, such as imaps://user@host/FOLDER")]
    Bounces,
    /// A folder of a mailbox that cannot be.
    #[error("{0} must be the name of a folder, without control characters")]
    BouncesFolder(&'static str),
    /// The setting `mail.return_path` is no address.
    #[error("mail.return_path must be an address, such as bounces@example.com")]
    ReturnPath,
    /// Nothing can vouch for a server.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The setting `mail.from` is no sender.
    #[error("mail.from must be a sender, such as Example KYC <kyc@example.com>")]
    From,
    /// The setting `mail.reply_to` is none.
    #[error("mail.reply_to must be an address, such as Help <help@example.com>")]
    ReplyTo,
    /// The setting `mail.name` is none.
    #[error("mail.name must be one line of 1 to 80 characters")]
    Name,
    /// A link that is none.
    #[error("{0} must be a URL that begins with https://")]
    Link(&'static str),
    /// A file that cannot be read.
    #[error("{0} names {1}, which cannot be read")]
    File(&'static str, std::path::PathBuf, #[source] std::io::Error),
    /// A logo that is none.
    #[error("mail.logo {0}")]
    Logo(#[source] NoLogo),
    /// Certificates that are none.
    #[error("mail.ca_file must have certificates in PEM")]
    Authorities,
    /// The key of DKIM cannot be read.
    #[error("mail.dkim.key cannot be used")]
    DkimKey(#[source] SecretFileError),
    /// DKIM is not set as it must be.
    #[error("mail.dkim: {0}")]
    Dkim(#[source] DkimError),
    /// Receivers would not count the signature.
    #[error("mail.dkim.domain must be the domain of mail.from, or one above it")]
    DkimDomain,
    /// Templates with faults, each by file and line.
    #[error("mail.templates: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Templates(Vec<Fault>),
    /// A template that asks for more than mails have.
    #[error("a template cannot be rendered: {0}")]
    Template(Fault),
    /// There is no mail server.
    #[error("no mail server is configured")]
    NoServer,
    /// What cannot be written as a mail.
    #[error("this is no mail that can be written")]
    Unwritable,
}

/// The largest template, in bytes.
const LARGEST_TEMPLATE: u64 = 256 * 1024;

/// The templates that are compiled in, with those of a folder over them. The latter are checked with sample data; the former are by a
/// test.
pub(super) fn templates(folder: Option<&Path>) -> Result<Templates, MailError> {
    const SETTING: &str = "mail.templates";

    let mut overrides = Vec::new();
    if let Some(folder) = folder {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| MailError::File(SETTING, path, error)
        };
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // As editors and volumes of Kubernetes leave them behind.
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let size = std::fs::metadata(&path).map_err(failed(&path))?.len();
            if size > LARGEST_TEMPLATE {
                let error = std::io::Error::other("it is too large for a template");
                return Err(failed(&path)(error));
            }
            overrides.push((name, std::fs::read_to_string(&path).map_err(failed(&path))?));
        }
    }
    let is_overridden = !overrides.is_empty();
    overrides.sort();
    let templates =
        Templates::new(builtin::FILES.iter().copied(), overrides).map_err(MailError::Templates)?;
    let faults = if is_overridden { templates.check() } else { Vec::new() };
    if faults.is_empty() { Ok(templates) } else { Err(MailError::Templates(faults)) }
}

pub(super) fn senders(settings: &config::Mail) -> Result<(Sender, Option<Sender>), MailError> {
    let from = settings.from.parse().map_err(|_| MailError::From)?;
    let reply_to =
        settings.reply_to.as_deref().map(str::parse).transpose().map_err(|_| MailError::ReplyTo)?;
    Ok((from, reply_to))
}

/// Where mails that come back go, if not to the sender. A name would be told nobody.
pub(super) fn return_path(settings: &config::Mail) -> Result<Option<Sender>, MailError> {
    let Some(path) = settings.return_path.as_deref().filter(|path| !path.is_empty()) else { return Ok(None) };
    let path: Sender = path.parse().map_err(|_| MailError::ReturnPath)?;
    if path.name().is_none() { Ok(Some(path)) } else { Err(MailError::ReturnPath) }
}

pub(super) fn brand(settings: &config::Mail, from: &Sender) -> Result<Brand, MailError> {
    let link = |url: &Option<Url>, setting| {
        url.clone().map(Link::try_from).transpose().map_err(|_| MailError::Link(setting))
    };
    let logo = settings.logo.as_ref().map(|path| {
        let bytes = std::fs::read(path).map_err(|error| MailError::File("mail.logo", path.clone(), error))?;
        Logo::new(bytes).map_err(MailError::Logo)
    });
    let plain = match &settings.name {
        Some(name) => Brand { name: name.parse().map_err(|_| MailError::Name)?, ..plain_brand(from)? },
        None => plain_brand(from)?,
    };
    Ok(Brand {
        contact_url: link(&settings.contact_url, "mail.contact_url")?,
        privacy_url: link(&settings.privacy_url, "mail.privacy_url")?,
        logo: logo.transpose()?,
        ..plain
    })
}

/// The sender by its name, or else by its domain.
pub(super) fn plain_brand(from: &Sender) -> Result<Brand, MailError> {
    let name = from.name().unwrap_or(from.domain()).parse().map_err(|_| MailError::Name)?;
    Ok(Brand { name, contact_url: None, privacy_url: None, your_data_url: None, logo: None })
}

pub(super) fn signer(settings: &config::Dkim, from: &Sender) -> Result<Signer, MailError> {
    let pem = secret_file::read(&settings.key).map_err(MailError::DkimKey)?;
    let key = DkimKey::from_pem(pem.as_bytes()).map_err(MailError::Dkim)?;
    let signer = Signer::new(&settings.domain, &settings.selector, key).map_err(MailError::Dkim)?;
    if signer.is_for(from.domain()) { Ok(signer) } else { Err(MailError::DkimDomain) }
}

pub(super) fn transport(settings: &config::Mail) -> Result<Transport, MailError> {
    let data_timeout = Duration::from_secs(settings.data_timeout);
    match settings.transport {
        config::MailTransport::Smtp => {
            let url = settings.url.as_ref().ok_or(MailError::Url)?;
            let server = server(settings, url.expose(), data_timeout)?;
            Ok(Transport::Smtp(Smtp::new(server, settings.connections)))
        }
        config::MailTransport::Sendmail => {
            Ok(Transport::Sendmail(Sendmail::new(settings.sendmail.clone(), data_timeout)))
        }
        config::MailTransport::Folder => {
            let folder = settings.folder.clone().unwrap_or_default();
            Ok(Transport::Folder(Folder::new(folder)))
        }
    }
}

/// Ports of RFC 8314 and RFC 6409.
const SMTP: Protocol = Protocol { scheme: "smtp", port: 587, implicit_port: 465 };

fn server(settings: &config::Mail, url: &str, data_timeout: Duration) -> Result<Server, MailError> {
    let refused = |fault| match fault {
        Unusable::Url => MailError::Url,
        Unusable::Plaintext => MailError::Plaintext("mail.url"),
    };
    let url: Url = url.parse().map_err(|_| MailError::Url)?;
    let Address { host, port, security } = SMTP.address(&url, settings.allow_plaintext).map_err(refused)?;
    let text = |part| server::text(part).map_err(refused);
    let login = match url.password() {
        Some(password) => Some(Credentials::new(text(url.username())?, text(password)?)),
        None if url.username().is_empty() => None,
        None => return Err(MailError::Url),
    };
    let authorities = match &settings.ca_file {
        Some(path) => vec![Certificate::from_pem(&authorities(path)?).map_err(|_| MailError::Authorities)?],
        None => Vec::new(),
    };
    let timeout = Duration::from_secs(settings.timeout);
    Ok(Server { host, port, security, login, authorities, timeout, data_timeout })
}

/// The file with certificates that may vouch for servers.
pub(super) fn authorities(path: &Path) -> Result<Vec<u8>, MailError> {
    let pem = std::fs::read(path).map_err(|error| MailError::File("mail.ca_file", path.to_owned(), error))?;
    let has_some = pem.windows(22).any(|window| window == b"-----BEGIN CERTIFICATE");
    if has_some { Ok(pem) } else { Err(MailError::Authorities) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::mail::server::Security;

    fn settings(url: &str) -> config::Mail {
        config::Mail {
            transport: config::MailTransport::Smtp,
            url: Some(Secret::new(url.to_owned())),
            ..config::Mail::example()
        }
    }

    fn read(url: &str, allow_plaintext: bool) -> Result<Server, MailError> {
        let settings = config::Mail { allow_plaintext, ..settings(url) };
        server(&settings, url, Duration::from_secs(1))
    }

    #[test]
    fn mails_go_by_tls_unless_the_server_is_this_machine_or_less_is_allowed() {
        for (url, security, port) in [
            ("smtps://mail.example.com", Security::Implicit, 465),
            ("smtps://mail.example.com:1465", Security::Implicit, 1465),
            ("smtp://mail.example.com", Security::StartTls, 587),
            ("smtp://mail.example.com:25?tls=required", Security::StartTls, 25),
            ("smtp://127.0.0.1:25", Security::IfOffered, 25),
            ("smtp://[::1]", Security::IfOffered, 587),
            ("smtp://localhost?tls=none", Security::None, 587),
            ("smtp://localhost?tls=required", Security::StartTls, 587),
        ] {
            let server = read(url, false).unwrap();
            assert_eq!((server.security, server.port), (security, port), "{url}");
        }
        for host in
            ["mail.example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "[::2]"]
        {
            for tls in ["none", "opportunistic"] {
                let url = format!("smtp://{host}?tls={tls}");
                assert!(matches!(read(&url, false), Err(MailError::Plaintext("mail.url"))), "{url}");
                assert!(read(&url, true).is_ok(), "{url}");
            }
            assert_eq!(read(&format!("smtp://{host}"), true).unwrap().security, Security::StartTls);
        }
        for url in ["smtps://host?tls=none", "smtp://user@host", "smtp://:@", "http://host"] {
            assert!(matches!(read(url, true), Err(MailError::Url)), "{url}");
        }
        let server = read("smtps://us%40er:p%23ss@mail.example.com", false).unwrap();
        assert_eq!(server.login, Some(Credentials::new("us@er".to_owned(), "p#ss".to_owned())));
    }

    #[test]
    fn what_is_set_wrongly_is_named_and_not_repeated() {
        use crate::mail::Mailer;

        let folder = std::env::temp_dir().join(format!("idos-issuer-mail-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&folder).unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let good = || settings("smtps://user:Xyzzy@mail.example.com");
        assert!(Mailer::new(Some(&good())).unwrap().is_there());
        assert!(!Mailer::new(None).unwrap().is_there());
        let link = |text: &str| Some(text.parse().unwrap());
        for (name, settings) in [
            ("mail.from", config::Mail { from: "Xyzzy".to_owned(), ..good() }),
            ("mail.reply_to", config::Mail { reply_to: Some("Xyzzy".to_owned()), ..good() }),
            ("mail.return_path", config::Mail { return_path: Some("Xyzzy".to_owned()), ..good() }),
            (
                "mail.return_path",
                config::Mail { return_path: Some("Xyzzy <a@b.example>".to_owned()), ..good() },
            ),
            ("mail.return_path", config::Mail { return_path: Some("Xyzzyä@b.example".to_owned()), ..good() }),
            ("mail.name", config::Mail { name: Some("Xyzzy\n".repeat(20)), ..good() }),
            ("mail.contact_url", config::Mail { contact_url: link("http://example.com/Xyzzy"), ..good() }),
            ("mail.privacy_url", config::Mail { privacy_url: link("ftp://example.com/Xyzzy"), ..good() }),
            ("mail.logo", config::Mail { logo: Some("/gone".into()), ..good() }),
            ("mail.logo", config::Mail { logo: Some(file("l.svg", b"<svg>Xyzzy")), ..good() }),
            ("mail.ca_file", config::Mail { ca_file: Some(file("ca.pem", b"Xyzzy")), ..good() }),
            ("mail.templates", config::Mail { templates: Some("/gone".into()), ..good() }),
        ] {
            let error = Mailer::new(Some(&settings)).err().unwrap().to_string();
            assert!(error.contains(name) && !error.contains("Xyzzy"), "{name}: {error}");
        }
        let over = folder.join("over");
        std::fs::create_dir(&over).unwrap();
        std::fs::write(over.join(".hidden"), "x").unwrap();
        std::fs::write(over.join("de.toml"), "[expiring]\nsubject = \"{{ nickname }}\"\n").unwrap();
        let overridden = config::Mail { templates: Some(over), ..good() };
        let error = Mailer::new(Some(&overridden)).err().unwrap().to_string();
        assert!(error.contains("de.toml:2: undefined value"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
