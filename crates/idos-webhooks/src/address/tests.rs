use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Every way to write an IPv4 address as an IPv6 address that leads there.
fn wrappings(address: Ipv4Addr) -> [Ipv6Addr; 3] {
    let bits = u128::from(address.to_bits());
    let prefix = |text: &str| text.parse::<Ipv6Addr>().unwrap().to_bits();
    [
        Ipv6Addr::from_bits(prefix("::ffff:0:0") | bits),
        Ipv6Addr::from_bits(prefix("64:ff9b::") | bits),
        Ipv6Addr::from_bits(prefix("2002::") | bits << 80),
    ]
}

fn tables() -> impl Iterator<Item = &'static SpecialRange> {
    V4.iter().chain(V6)
}

#[test]
fn ranges_begin_where_they_say() {
    for range in tables() {
        assert_eq!(range.net, range.net.trunc(), "{range}");
    }
}

#[test]
fn no_range_is_hidden_by_one_before_it() {
    let ranges: Vec<_> = tables().collect();
    for (position, range) in ranges.iter().enumerate() {
        for earlier in &ranges[..position] {
            assert!(!earlier.net.contains(&range.net), "{earlier} hides {range}");
        }
    }
}

#[test]
fn ranges_are_refused_from_the_first_to_the_last_address() {
    for range in tables() {
        assert!(SpecialRange::of(range.net.network()).is_some(), "{range}");
        assert!(SpecialRange::of(range.net.broadcast()).is_some(), "{range}");
    }
}

#[test]
fn the_neighbours_of_the_ranges_are_public() {
    let public = [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.1.255",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::",
        "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:200::",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        "2003::",
        "2606:4700::1",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
    ];
    for address in public {
        assert_eq!(SpecialRange::of(ip(address)), None, "{address}");
    }
}

#[test]
fn known_traps_are_refused_by_name() {
    let traps = [
        ("0.0.0.0", "this network"),
        ("127.1.2.3", "loopback"),
        ("169.254.169.254", "metadata of a cloud machine"),
        ("169.254.170.2", "link-local"),
        ("100.100.100.200", "shared by carriers (CGNAT)"), // metadata of Alibaba Cloud
        ("192.0.0.192", "protocol assignments"),           // metadata of Oracle Cloud
        ("168.63.129.16", "the host of an Azure machine"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("::8.8.8.8", "IPv4-compatible"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "metadata of a cloud machine"),
        ("::ffff:0:127.0.0.1", "IPv4-translated"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b:1::10.0.0.1", "local NAT64"),
        ("2002:7f00:1::1", "loopback"),
        ("2002:a9fe:a9fe::", "metadata of a cloud machine"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
        ("fd00:ec2::254", "unique-local"), // metadata of AWS
        ("fe80::1", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("4000::1", "outside of global unicast"),
        ("64:ff9b:0:0:0:1::", "outside of global unicast"),
    ];
    for (address, purpose) in traps {
        assert_eq!(SpecialRange::of(ip(address)).map(|range| range.purpose), Some(purpose), "{address}");
    }
}

#[test]
fn a_range_says_what_it_is_and_who_says_so() {
    assert_eq!(SpecialRange::of(ip("10.1.2.3")).unwrap().to_string(), "private (RFC 1918)");
}

/// What the standard library calls unfit. It knows fewer ranges, so this holds one way only.
fn std_refuses(address: IpAddr) -> bool {
    let private = match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.octets()[0] == 0
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    private || address.is_loopback() || address.is_unspecified() || address.is_multicast()
}

/// Addresses of which about half are in a range: uniform ones would nearly all be public or unallocated.
fn address() -> impl Strategy<Value = IpAddr> {
    let near =
        (prop::sample::select(tables().collect::<Vec<_>>()), any::<u128>()).prop_map(|(range, noise)| {
            match range.net {
                IpNet::V4(net) => {
                    #[expect(clippy::cast_possible_truncation, reason = "noise of as many bits as there are")]
                    let noise = noise as u32;
                    Ipv4Addr::from_bits(net.network().to_bits() | noise & net.hostmask().to_bits()).into()
                }
                IpNet::V6(net) => {
                    Ipv6Addr::from_bits(net.network().to_bits() | noise & net.hostmask().to_bits()).into()
                }
            }
        });
    prop_oneof![
        near,
        any::<Ipv4Addr>().prop_map(IpAddr::from),
        any::<Ipv6Addr>().prop_map(IpAddr::from),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits >> 3 | 1 << 125).into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_in_a_range_is_refused(address in address()) {
        let in_range = tables().any(|range| range.net.contains(&address));
        prop_assert!(!in_range || SpecialRange::of(address).is_some());
        prop_assert!(!std_refuses(address) || SpecialRange::of(address).is_some());
    }

    #[test]
    fn public_ipv4_addresses_are_those_in_no_range(address in any::<Ipv4Addr>()) {
        let in_range = V4.iter().any(|range| range.net.contains(&IpAddr::from(address)));
        prop_assert_eq!(SpecialRange::of(address.into()).is_some(), in_range);
    }

    #[test]
    fn an_address_within_another_is_judged_for_itself(address in address()) {
        if let IpAddr::V4(v4) = address {
            for wrapped in wrappings(v4) {
                prop_assert_eq!(SpecialRange::of(wrapped.into()), SpecialRange::of(address), "{}", wrapped);
            }
        }
    }

    #[test]
    fn nothing_beyond_global_unicast_is_public_but_what_wraps_a_public_address(bits in any::<u128>()) {
        let address = Ipv6Addr::from_bits(bits);
        prop_assert!(bits >> 125 == 1 || wrapped(address).is_some() || SpecialRange::of(address.into()).is_some());
    }
}
