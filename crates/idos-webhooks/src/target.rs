//! Which URLs a webhook may be sent to.

use std::net::IpAddr;

use url::{Host, Url};

use crate::SpecialRange;

/// Names that mean something else on every network, and so nothing on the public one. They are refused early, for
/// the sake of whoever configures them; what they resolve to would be refused as well.
const LOCAL_NAMES: &[&str] = &[
    "localhost", // RFC 6761, section 6.3
    "local",     // RFC 6762
    "internal",  // ICANN board resolution 2024.07.29.06
    "home.arpa", // RFC 8375
];

/// Which targets are taken. The default is what production wants: HTTPS, to the public internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Also addresses that are not public ([`SpecialRange`]), for receivers in one's own network.
    pub allow_private: bool,
    /// Also HTTP without TLS, which shows the body to everyone on the way.
    pub allow_http: bool,
}

/// Why nothing is sent to a target. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither HTTPS nor, where that is allowed, HTTP.
    #[error("is not an https URL")]
    Scheme,
    /// A user name or password, which would be sent along.
    #[error("has a user name or password in it")]
    UserInfo,
    /// No host.
    #[error("names no host")]
    NoHost,
    /// The host is a name for use within a network.
    #[error("names a host of a local network")]
    LocalName,
    /// The host is an address that is not public.
    #[error("is an address that is not public: {0}")]
    Address(&'static SpecialRange),
    /// The host is a name, and one of its addresses is not public.
    #[error("has an address that is not public: {0}")]
    ResolvedAddress(&'static SpecialRange),
}

impl Targets {
    /// Judges all of a URL that can be judged without asking anybody. Says nothing about what a name resolves to:
    /// that is judged at every connection.
    pub fn check_url(self, url: &Url) -> Result<(), Refusal> {
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            _ => return Err(Refusal::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        // The URL standard has read every spelling of an IPv4 address (decimal, octal, short) as the same already.
        let range = match url.host().ok_or(Refusal::NoHost)? {
            Host::Domain(name) => {
                return if !self.allow_private && is_local(name) { Err(Refusal::LocalName) } else { Ok(()) };
            }
            Host::Ipv4(address) => self.refused(address.into()),
            Host::Ipv6(address) => self.refused(address.into()),
        };
        range.map_or(Ok(()), |range| Err(Refusal::Address(range)))
    }

    /// Judges what a name resolves to. One address that is not public spoils all: a public receiver has none, and
    /// which one is connected to is not ours to choose.
    pub(crate) fn check_resolved(self, addresses: &[IpAddr]) -> Result<(), Refusal> {
        let range = addresses.iter().find_map(|address| self.refused(*address));
        range.map_or(Ok(()), |range| Err(Refusal::ResolvedAddress(range)))
    }

    fn refused(self, address: IpAddr) -> Option<&'static SpecialRange> {
        if self.allow_private { None } else { SpecialRange::of(address) }
    }
}

fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    LOCAL_NAMES
        .iter()
        .any(|local| name.strip_suffix(local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}
