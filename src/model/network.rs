//! Networks by address.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// A network such as `10.0.0.0/8` or `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

/// What is no network. Does not repeat it.
#[derive(Debug, thiserror::Error)]
#[error("is no network such as 10.0.0.0/8, and no address")]
pub struct NoNetwork;

impl TryFrom<String> for Network {
    type Error = NoNetwork;

    fn try_from(text: String) -> Result<Self, NoNetwork> {
        let one = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| one()).map(Self).map_err(|_| NoNetwork)
    }
}

impl Network {
    /// Whether an address belongs to it. An IPv4 address that is written as an IPv6 one is the same address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, NoNetwork> {
        text.to_owned().try_into()
    }

    #[test]
    fn addresses_belong_to_networks() {
        for (of, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::1", "::1", "127.0.0.1"),
        ] {
            let of = network(of).unwrap();
            assert!(of.contains(inside.parse().unwrap()), "{inside}");
            assert!(!of.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn what_is_none_is_refused_and_not_repeated() {
        for text in ["", "Xyzzy", "10.0.0.0/33", "10.0.0/8", "proxy.example", "10.0.0.1:80"] {
            assert!(!network(text).unwrap_err().to_string().contains("Xyzzy"), "{text}");
        }
    }
}
