//! The server that a URL names, and when there has to be TLS: of SMTP and of IMAP alike.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// When there has to be TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By `STARTTLS`, or else nothing is said.
    StartTls,
    /// By `STARTTLS` if the server offers it: for servers of this machine.
    IfOffered,
    /// Never.
    None,
}

/// The scheme without TLS from the first byte, to which the other one adds an `s`, and the ports of both.
pub(super) struct Protocol {
    pub(super) scheme: &'static str,
    pub(super) port: u16,
    pub(super) implicit_port: u16,
}

/// Where a server is.
#[derive(Debug)]
pub(super) struct Address {
    /// A name, or an IP address; one of version 6 in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
}

/// Why a URL names no server that may be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is none of this protocol.
    Url,
    /// Whoever listens would read everything.
    Plaintext,
}

impl Protocol {
    /// The server of a URL. Without TLS it may only be this machine, unless less is allowed.
    pub(super) fn address(&self, url: &Url, allow_plaintext: bool) -> Result<Address, Unusable> {
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Unusable::Url)?.to_owned();
        let asked = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let is_here = is_here(&host);
        let is_implicit = url.scheme().strip_suffix('s') == Some(self.scheme);
        if !is_implicit && url.scheme() != self.scheme {
            return Err(Unusable::Url);
        }
        let security = match (is_implicit, asked.as_deref()) {
            (true, None) => Security::Implicit,
            (false, None) if is_here => Security::IfOffered,
            (false, None | Some("required")) => Security::StartTls,
            (false, Some("opportunistic")) => Security::IfOffered,
            (false, Some("none")) => Security::None,
            _ => return Err(Unusable::Url),
        };
        if matches!(security, Security::IfOffered | Security::None) && !is_here && !allow_plaintext {
            return Err(Unusable::Plaintext);
        }
        let port = url.port().unwrap_or(if is_implicit { self.implicit_port } else { self.port });
        Ok(Address { host, port, security })
    }
}

/// What a part of a URL says.
pub(super) fn text(part: &str) -> Result<String, Unusable> {
    percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| Unusable::Url)
}

/// Whether it is this machine.
fn is_here(host: &str) -> bool {
    // A scheme that the parser does not know has it leave hosts as they are.
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}
