//! Which addresses are no place for a webhook.
//!
//! The tables follow the IANA special-purpose address registries (RFC 6890) and the multicast and reserved blocks.
//! Where a registry allows a few public addresses within a block of protocol assignments (anycast of PCP, TURN, AMT,
//! AS112) the whole block is refused all the same: no receiver of webhooks is there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A range of addresses that a webhook is not sent to, unless private targets are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialRange {
    /// The range.
    pub net: IpNet,
    /// What it is for.
    pub purpose: &'static str,
    /// What says so.
    pub source: &'static str,
}

/// Narrow ranges stand before wide ones that contain them, so that the first that fits says most.
#[rustfmt::skip]
const V4: &[SpecialRange] = &[
    v4([0, 0, 0, 0], 8, "this network", "RFC 1122, section 3.2.1.3"),
    v4([10, 0, 0, 0], 8, "private", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "shared by carriers (CGNAT)", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "loopback", "RFC 1122, section 3.2.1.3"),
    v4([168, 63, 129, 16], 32, "the host of an Azure machine", "Microsoft, \"What is IP address 168.63.129.16?\""),
    v4([169, 254, 169, 254], 32, "metadata of a cloud machine", "AWS, Azure, Google Cloud and others"),
    v4([169, 254, 0, 0], 16, "link-local", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "private", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "protocol assignments", "RFC 6890"),
    v4([192, 0, 2, 0], 24, "documentation", "RFC 5737"),
    v4([192, 88, 99, 0], 24, "6to4 relays", "RFC 7526"),
    v4([192, 168, 0, 0], 16, "private", "RFC 1918"),
    v4([198, 18, 0, 0], 15, "benchmarking", "RFC 2544"),
    v4([198, 51, 100, 0], 24, "documentation", "RFC 5737"),
    v4([203, 0, 113, 0], 24, "documentation", "RFC 5737"),
    v4([224, 0, 0, 0], 4, "multicast", "RFC 5771"),
    v4([255, 255, 255, 255], 32, "broadcast", "RFC 919"),
    v4([240, 0, 0, 0], 4, "reserved", "RFC 1112, section 4"),
];

#[rustfmt::skip]
const V6: &[SpecialRange] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "unspecified", "RFC 4291, section 2.5.2"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback", "RFC 4291, section 2.5.3"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "IPv4-compatible", "RFC 4291, section 2.5.5.1"),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, "IPv4-translated", "RFC 2765, section 2.1"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "local NAT64", "RFC 8215"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discarded", "RFC 6666"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo", "RFC 4380"),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "benchmarking", "RFC 5180"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "protocol assignments", "RFC 2928"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation", "RFC 3849"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation", "RFC 9637"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing", "RFC 9602"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique-local", "RFC 4193"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local", "RFC 4291, section 2.5.6"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local", "RFC 3879"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast", "RFC 4291, section 2.7"),
];

/// Of IPv6 only this much is handed out as global unicast; the rest may become anything.
const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const NO_UNICAST: SpecialRange =
    v6([0; 8], 0, "outside of global unicast", "RFC 4291, section 2.4, and IANA's IPv6 address space");

/// IPv6 addresses that stand for an IPv4 address, with the position of its first 16 bits: such an address is as good
/// as the one inside, since that is where a packet ends up.
#[rustfmt::skip]
const WRAPPED: &[(Ipv6Net, usize)] = &[
    // IPv4-mapped: RFC 4291, section 2.5.5.2
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), 6),
    // NAT64: RFC 6052, section 2.1
    (Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96), 6),
    // 6to4: RFC 3056, section 2
    (Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), 1),
];

const fn v4(ip: [u8; 4], prefix: u8, purpose: &'static str, source: &'static str) -> SpecialRange {
    let net = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_octets(ip), prefix));
    SpecialRange { net, purpose, source }
}

const fn v6(ip: [u16; 8], prefix: u8, purpose: &'static str, source: &'static str) -> SpecialRange {
    let net = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_segments(ip), prefix));
    SpecialRange { net, purpose, source }
}

impl SpecialRange {
    /// The range that makes an address, or the IPv4 address inside it, none of the public internet.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<&'static Self> {
        match address {
            IpAddr::V4(_) => V4.iter().find(|range| range.net.contains(&address)),
            IpAddr::V6(v6) => {
                if let Some(inner) = wrapped(v6) {
                    return Self::of(inner.into());
                }
                let unknown = (!GLOBAL_UNICAST.contains(&v6)).then_some(&NO_UNICAST);
                V6.iter().find(|range| range.net.contains(&address)).or(unknown)
            }
        }
    }
}

impl fmt::Display for SpecialRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.purpose, self.source)
    }
}

fn wrapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (_, position) = WRAPPED.iter().find(|(net, _)| net.contains(&address))?;
    let segments = address.segments();
    let (high, low) = (segments.get(*position)?, segments.get(position + 1)?);
    Some(Ipv4Addr::from_bits(u32::from(*high) << 16 | u32::from(*low)))
}

#[cfg(test)]
mod tests;
