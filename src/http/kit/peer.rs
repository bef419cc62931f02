//! Where a request comes from: the address of the connection, or what a trusted proxy says.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::model::network::Network;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever sent a request that came from `peer`.
///
/// Each proxy adds the address that it was called from to the right end of `X-Forwarded-For`. So the list is read from
/// there for as long as those who wrote are trusted; what stands further left may be anybody's invention. An entry
/// that is no address ends the reading: then it is the last proxy that is known.
pub(crate) fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
    let mut last = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    while is_trusted(last) {
        match entries.next().and_then(address) {
            Some(before) => last = before.to_canonical(),
            None => break,
        }
    }
    last
}

/// An entry: an address, which some proxies write with a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    text.parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `10.0.0.0/8` and `fd00::/8` are trusted.
    fn of(peer: &str, lines: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| text.to_owned().try_into().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        origin(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn the_header_of_a_stranger_is_not_believed() {
        assert_eq!(of("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(of("2001:db8::1", &["198.51.100.1"]), "2001:db8::1");
    }

    #[test]
    fn the_last_address_that_a_proxy_was_called_from_counts() {
        assert_eq!(of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.1:1234"]), "198.51.100.1");
        assert_eq!(of("fd00::1", &["[2001:db8::7]:1234"]), "2001:db8::7");
        // What the caller itself wrote stands further left, also in a line of its own.
        assert_eq!(of("10.0.0.1", &["203.0.113.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.9,198.51.100.1 , 10.2.3.4", "fd00::2"]), "198.51.100.1");
    }

    #[test]
    fn without_an_address_it_is_the_last_proxy_that_is_known() {
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["10.0.0.2"]), "10.0.0.2");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, "]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, _hidden, 10.0.0.2"]), "10.0.0.2");
    }
}
