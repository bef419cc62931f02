//! URLs in which the user and the password of a server stand: of PostgreSQL, of a mail server, and of a mailbox.
//!
//! A password with `#`, `/` or `?` in it, written as it is, ends the part of the URL that names the server (RFC 3986,
//! section 3.2). What is left of it would then be taken for a host, a port, a database or a parameter: asked for in DNS,
//! logged, repeated in errors. So such a URL is refused before anybody uses it.

use percent_encoding::percent_decode_str;
use url::Url;

/// Why such a URL cannot be used. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// As some tools write settings.
    #[error("stands in quotation marks: leave them out")]
    Quoted,
    /// Several lines, or other control characters.
    #[error("has a line break, a tab or another control character in it")]
    ControlCharacter,
    /// No PostgreSQL, and no SQLite.
    #[error("must begin with sqlite:// or postgres://")]
    NotADatabase,
    /// No mail server.
    #[error("must begin with smtps:// or smtp://")]
    NotAMailServer,
    /// No mailbox.
    #[error("must be a folder, or a mailbox that begins with imaps:// or imap://")]
    NotAMailbox,
    /// A mailbox of nobody.
    #[error("names no user: imaps://USER@HOST/FOLDER, with @ within USER written as %40")]
    NoUser,
    /// A password where none belongs, since this setting is shown.
    #[error("has a password in it, which belongs in a file of its own, or into the environment")]
    Password,
    /// The part with user, password and host ends too early.
    #[error(
        "has @ or # behind the server's name. In user and password, write % as %25, @ as %40, # as %23, / as %2F, ? as \
         %3F, : as %3A and a blank as %20; also elsewhere, @ and # must be written so"
    )]
    TornApart,
    /// No port.
    #[error(
        "has a port that is no number from 0 to 65535, or a user or password in which characters are not \
         percent-encoded: write % as %25, @ as %40, # as %23, / as %2F, ? as %3F, : as %3A and a blank as %20"
    )]
    Port,
    /// No host.
    #[error(
        "has no host, or one that is none; or a user or password in which characters are not percent-encoded: write % as \
         %25, @ as %40, # as %23, / as %2F, ? as %3F, : as %3A and a blank as %20"
    )]
    Host,
    /// What it encodes is no text.
    #[error("is percent-encoded in a way that gives no text: a % that means itself is written as %25")]
    Encoding,
    /// A parameter that means nothing.
    #[error("has a parameter (behind ?) that means nothing here; a ? in user or password is written as %3F")]
    Parameter,
    /// A parameter whose value is none.
    #[error("has a parameter (behind ?) with a value that it cannot have")]
    ParameterValue,
    /// A path that no URL can hold.
    #[error("names a file in a way that no URL can: write % as %25, # as %23, ? as %3F and a blank as %20")]
    File,
}

/// Values of `sslmode` (PostgreSQL's documentation of libpq, section SSL support).
const SSL_MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// The parameters that sqlx knows. It ignores others, and logs them together with their values.
fn postgres_parameter(name: &str, value: &str) -> Result<(), UrlFault> {
    let is_possible = match name {
        "sslmode" | "ssl-mode" => SSL_MODES.iter().any(|mode| mode.eq_ignore_ascii_case(value)),
        "port" => value.parse::<u16>().is_ok(),
        "statement-cache-capacity" => value.parse::<usize>().is_ok(),
        "hostaddr" => value.parse::<std::net::IpAddr>().is_ok(),
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey" | "ssl-key"
        | "host" | "dbname" | "user" | "password" | "application_name" | "options" => true,
        name if name.starts_with("options[") && name.ends_with(']') => true,
        _ => return Err(UrlFault::Parameter),
    };
    if is_possible { Ok(()) } else { Err(UrlFault::ParameterValue) }
}

/// The URL of a database.
pub fn check_database(url: &str) -> Result<(), UrlFault> {
    is_bare(url)?;
    let is_postgres = ["postgres://", "postgresql://"].iter().any(|start| url.starts_with(start));
    if is_postgres {
        check_server(url, postgres_parameter)
    } else if url.starts_with("sqlite:") {
        url.parse::<Url>().map(|_| ()).map_err(|_| UrlFault::File)
    } else {
        Err(UrlFault::NotADatabase)
    }
}

/// The URL of a mail server.
pub fn check_mail_server(url: &str) -> Result<(), UrlFault> {
    is_bare(url)?;
    if !["smtps://", "smtp://"].iter().any(|start| url.starts_with(start)) {
        return Err(UrlFault::NotAMailServer);
    }
    check_server(url, mail_parameter)
}

/// The URL of a mailbox (RFC 5092), whose password stands elsewhere.
pub fn check_mailbox(url: &str) -> Result<(), UrlFault> {
    is_bare(url)?;
    if !["imaps://", "imap://"].iter().any(|start| url.starts_with(start)) {
        return Err(UrlFault::NotAMailbox);
    }
    check_server(url, mail_parameter)?;
    let parsed: Url = url.parse().map_err(|_| UrlFault::Host)?;
    if parsed.host_str().unwrap_or_default().is_empty() {
        Err(UrlFault::Host)
    } else if parsed.password().is_some() {
        Err(UrlFault::Password)
    } else if parsed.username().is_empty() {
        Err(UrlFault::NoUser)
    } else {
        Ok(())
    }
}

/// The parameter that says when there has to be TLS.
fn mail_parameter(name: &str, value: &str) -> Result<(), UrlFault> {
    match (name, value) {
        ("tls", "required" | "opportunistic" | "none") => Ok(()),
        ("tls", _) => Err(UrlFault::ParameterValue),
        _ => Err(UrlFault::Parameter),
    }
}

fn is_bare(url: &str) -> Result<(), UrlFault> {
    if url.is_empty() {
        Err(UrlFault::Empty)
    } else if url.starts_with(['"', '\'', '`']) {
        Err(UrlFault::Quoted)
    } else if url.chars().any(char::is_control) {
        // Parsers of URLs leave them out without a word.
        Err(UrlFault::ControlCharacter)
    } else {
        Ok(())
    }
}

fn check_server(url: &str, parameter: impl Fn(&str, &str) -> Result<(), UrlFault>) -> Result<(), UrlFault> {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let behind = rest.get(authority.len()..).unwrap_or_default();
    // Whatever was written before the @ of the host is in `authority`, or the URL is torn apart.
    if behind.contains(['@', '#']) {
        return Err(UrlFault::TornApart);
    }
    let parsed: Url = url.parse().map_err(|error| match error {
        url::ParseError::InvalidPort => UrlFault::Port,
        _ => UrlFault::Host,
    })?;
    let (password, host) = (parsed.password().unwrap_or_default(), parsed.host_str().unwrap_or_default());
    let is_text = |text: &str| percent_decode_str(text).decode_utf8().is_ok();
    if ![parsed.username(), password, host, parsed.path()].into_iter().all(is_text) {
        return Err(UrlFault::Encoding);
    }
    parsed.query_pairs().try_for_each(|(name, value)| parameter(&name, &value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_any_characters_is_read_whole_or_refused() {
        let raw = [
            "pa#Xyzzy",
            "pa/Xyzzy",
            "pa?Xyzzy",
            "12#Xyzzy",
            "12/Xyzzy",
            "12?Xyzzy",
            "p@ss/Xyzzy",
            "p@ss#Xyzzy",
            "p@ss?Xyzzy",
            "#Xyzzy",
            "/Xyzzy",
            "?Xyzzy",
            "p:a/Xyzzy",
            "1/sslmode=Xyzzy",
            "1?sslmode=Xyzzy",
            "1?user=Xyzzy",
            "1?options=Xyzzy",
            "a b/Xyzzy",
            "a%/Xyzzy",
            "[/Xyzzy",
            "/@Xyzzy",
            "#@@Xyzzy",
        ];
        for password in raw {
            for url in [
                format!("postgres://user:{password}@host/name"),
                format!("postgresql://user:{password}@host:5432/name?sslmode=require"),
                format!("postgres://user{password}:x@host/name"),
                format!("postgres://user:{password}@127.0.0.1:5432"),
            ] {
                assert_eq!(check_database(&url), Err(UrlFault::TornApart), "{url}");
            }
            assert_eq!(
                check_mail_server(&format!("smtps://user:{password}@host:465")),
                Err(UrlFault::TornApart)
            );
        }
        // What the rules of URLs let pass is read whole.
        for password in
            ["p@ss", "p:ss", "p ss", "p@:ss", "pä", "p%zz", "100%", "%", "p&=+s", "[x]", "p\\s", "%23%2F%3F"]
        {
            let url = format!("postgres://user:{password}@host/name");
            assert_eq!(check_database(&url), Ok(()), "{url}");
            let parsed: Url = url.parse().unwrap();
            assert_eq!(parsed.host_str(), Some("host"), "{url}");
            assert_eq!(check_mail_server(&format!("smtp://user:{password}@host:587?tls=required")), Ok(()));
        }
    }

    #[test]
    fn urls_that_are_none_say_how() {
        for (url, fault) in [
            ("", UrlFault::Empty),
            ("mysql://Xyzzy", UrlFault::NotADatabase),
            ("postgres:Xyzzy", UrlFault::NotADatabase),
            ("host=Xyzzy user=a", UrlFault::NotADatabase),
            ("\"postgres://Xyzzy\"", UrlFault::Quoted),
            ("'postgres://Xyzzy'", UrlFault::Quoted),
            ("postgres://user:a\nXyzzy@host/name", UrlFault::ControlCharacter),
            ("postgres://user:a\tXyzzy@host/name", UrlFault::ControlCharacter),
            ("postgres://user:x@host:Xyzzy/name", UrlFault::Port),
            ("postgres://user:x@host:99999/name", UrlFault::Port),
            ("postgres://Xyzzy:abc", UrlFault::Port),
            ("postgres://user:Xyzzy@/name", UrlFault::Host),
            ("postgres://user:Xyzzy@ho st/name", UrlFault::Host),
            ("postgres://user:Xyzzy@[::1/name", UrlFault::Host),
            ("postgres://user:%ffXyzzy@host/name", UrlFault::Encoding),
            ("postgres://user:x@host/%ffXyzzy", UrlFault::Encoding),
            ("postgres://user:x@host/name?Xyzzy", UrlFault::Parameter),
            ("postgres://user:x@host/name?connect_timeout=5551234", UrlFault::Parameter),
            ("postgres://user:x@host/name?sslmode=Xyzzy", UrlFault::ParameterValue),
            ("postgres://user:x@host/name?port=Xyzzy", UrlFault::ParameterValue),
            ("postgres://user:x@host/na@Xyzzy", UrlFault::TornApart),
            ("sqlite://a b", UrlFault::File),
        ] {
            assert_eq!(check_database(url), Err(fault), "{url}");
            assert!(!fault.to_string().contains("Xyzzy") && !fault.to_string().contains("5551234"));
        }
        for url in [
            "postgres:///name?host=/run/postgresql&user=a%40b",
            "postgres://host",
            "postgres://[::1]:5432/name",
            "postgresql://%2Frun%2Fpostgresql/name",
            "postgres://a:b@host/name?sslmode=verify-full&sslrootcert=/ca.pem&options[search_path]=x&options=-c%20a=b",
            "sqlite://idos-issuer.db",
            "sqlite:///data/with a blank/idos.db?mode=rw",
            "sqlite::memory:",
        ] {
            assert_eq!(check_database(url), Ok(()), "{url}");
        }
        assert_eq!(check_mail_server("http://host"), Err(UrlFault::NotAMailServer));
        assert_eq!(check_mail_server("smtp://host?tls=Xyzzy"), Err(UrlFault::ParameterValue));
        assert_eq!(check_mail_server("smtp://host?Xyzzy"), Err(UrlFault::Parameter));
    }

    #[test]
    fn a_mailbox_has_a_user_and_no_password() {
        for url in
            ["imaps://user@host", "imaps://a%40b@host:1993/INBOX", "imap://a@b@host/In%2FOut?tls=required"]
        {
            assert_eq!(check_mailbox(url), Ok(()), "{url}");
        }
        for (url, fault) in [
            ("", UrlFault::Empty),
            ("pop3://Xyzzy", UrlFault::NotAMailbox),
            ("imaps://user:Xyzzy@host", UrlFault::Password),
            ("imaps://user:@host:Xyzzy", UrlFault::Port),
            ("imaps://host/Xyzzy", UrlFault::NoUser),
            ("imaps://user@/Xyzzy", UrlFault::Host),
            ("imaps://us#er@Xyzzy", UrlFault::TornApart),
            ("imaps://user@host/%ffXyzzy", UrlFault::Encoding),
            ("imaps://user@host?tls=Xyzzy", UrlFault::ParameterValue),
            ("imaps://user@host?Xyzzy", UrlFault::Parameter),
        ] {
            assert_eq!(check_mailbox(url), Err(fault), "{url}");
            assert!(!fault.to_string().contains("Xyzzy"));
        }
    }
}
