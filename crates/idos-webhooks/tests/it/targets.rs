//! Which URLs are taken, before anything is sent.

use std::net::{IpAddr, Ipv4Addr};

use idos_webhooks::{Refusal, SpecialRange, Targets};
use proptest::prelude::*;
use url::Url;

const STRICT: Targets = Targets { allow_private: false, allow_http: false };

fn check(targets: Targets, url: &str) -> Result<(), Refusal> {
    targets.check_url(&url.parse::<Url>().unwrap())
}

fn range(address: &str) -> &'static SpecialRange {
    SpecialRange::of(address.parse().unwrap()).unwrap()
}

#[test]
fn public_https_targets_are_taken() {
    for url in [
        "https://receiver.example/hook?token=x",
        "https://receiver.example.:8443/",
        "https://xn--bcher-kva.example/",
        "https://mylocal/",
        "https://local.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::8.8.8.8]/",
    ] {
        assert_eq!(check(STRICT, url), Ok(()), "{url}");
    }
}

#[test]
fn http_is_taken_only_where_it_is_allowed_and_nothing_else_ever() {
    let with_http = Targets { allow_http: true, ..STRICT };
    assert_eq!(check(STRICT, "http://receiver.example/"), Err(Refusal::Scheme));
    assert_eq!(check(with_http, "http://receiver.example/"), Ok(()));
    for url in
        ["ftp://receiver.example/", "file:///etc/passwd", "ws://receiver.example/", "data:,x", "gopher://x/"]
    {
        assert_eq!(check(with_http, url), Err(Refusal::Scheme), "{url}");
    }
}

#[test]
fn user_names_and_passwords_are_refused() {
    for url in
        ["https://user@receiver.example/", "https://:password@receiver.example/", "https://a:b@8.8.8.8/"]
    {
        assert_eq!(check(STRICT, url), Err(Refusal::UserInfo), "{url}");
    }
}

#[test]
fn names_of_local_networks_are_refused_however_they_are_written() {
    for name in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "metadata.google.internal",
        "printer.local",
        "nas.home.arpa.",
        "%6cocalhost",
        "ｌocalhost",
    ] {
        assert_eq!(check(STRICT, &format!("https://{name}/")), Err(Refusal::LocalName), "{name}");
    }
}

#[test]
fn every_spelling_of_an_inner_address_is_refused() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:0001::]",
    ] {
        let url = format!("https://{host}:8443/x");
        assert_eq!(check(STRICT, &url), Err(Refusal::Address(range("127.0.0.1"))), "{host}");
    }
    for (host, address) in [("[::1]", "::1"), ("[::]", "::"), ("0", "0.0.0.0"), ("[fe80::1]", "fe80::1")] {
        let url = format!("https://{host}/");
        assert_eq!(check(STRICT, &url), Err(Refusal::Address(range(address))), "{host}");
    }
}

#[test]
fn hosts_that_only_other_readers_take_for_addresses_are_no_urls() {
    for host in ["127.0.0.1.1", "256.0.0.1", "0x100000000", "[fe80::1%25eth0]", "127.0.0.08"] {
        assert!(format!("https://{host}/").parse::<Url>().is_err(), "{host}");
    }
}

#[test]
fn private_targets_are_taken_where_they_are_allowed() {
    let private = Targets { allow_private: true, ..STRICT };
    for url in ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.0.0.1:8443/hook"] {
        assert_eq!(check(private, url), Ok(()), "{url}");
    }
    assert_eq!(check(private, "http://127.0.0.1/"), Err(Refusal::Scheme));
}

#[test]
fn a_refusal_repeats_nothing() {
    for url in ["https://tok3n:tok3n@receiver.example/tok3n", "ftp://tok3n/", "https://10.9.8.7/tok3n"] {
        let refusal = check(STRICT, url).unwrap_err();
        let said = format!("{refusal} {refusal:?}");
        assert!(!said.contains("tok3n") && !said.contains("10.9.8.7"), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spelling_makes_no_difference(
        address in prop_oneof![any::<[u8; 4]>(), (Just(10), any::<[u8; 3]>()).prop_map(|(a, [b, c, d])| [a, b, c, d])],
    ) {
        let address = Ipv4Addr::from(address);
        let bits = address.to_bits();
        let [a, b, c, d] = address.octets();
        let expected = SpecialRange::of(IpAddr::V4(address)).map_or(Ok(()), |range| Err(Refusal::Address(range)));
        let hosts = [
            address.to_string(),
            bits.to_string(),
            format!("{bits:#x}"),
            format!("0{bits:o}"),
            format!("0{a:o}.{b:#x}.{c}.{d}"),
            format!("{a}.{}", bits & 0x00ff_ffff),
            format!("{a}.{b}.{}", bits & 0xffff),
            format!("[::ffff:{address}]"),
            format!("[64:ff9b::{address}]"),
            format!("[2002:{:x}:{:x}::1]", bits >> 16, bits & 0xffff),
        ];
        for host in hosts {
            prop_assert_eq!(check(STRICT, &format!("https://{host}/")), expected, "{}", host);
        }
    }
}
