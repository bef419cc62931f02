use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};

use super::*;

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn found(text: &str) -> Option<Disclosed> {
    in_text(text, now())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_about_a_person_is_told_by_kind() {
    for (kind, texts) in [
        (
            Disclosed::Email,
            &[
                "erika@example.com",
                "Erika <erika.muster+kyc@mail.example.co.uk>",
                "jürgen@bücher.example",
                "x@xn--bcher-kva.example",
                "ｅｒｉｋａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
                "erika\u{200b}@example.com",
                "\"erika m\"@example.com",
                "erika@[192.0.2.1]",
                "erika (at) example (dot) com",
                "erika[at]example.com",
                "mailto:erika@example.com?subject=a",
                "https://a.example/?m=erika%40example.com",
                "{\"a\":[{\"b\":\"erika\\u0040example.com\"}]}",
                "ZXJpa2FAZXhhbXBsZS5jb20=",
                "6572696b61406578616d706c652e636f6d",
                "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImVyaWthQGV4YW1wbGUuY29tIn0.x",
                "@erika@social.example",
                "git@example.com",
            ][..],
        ),
        (
            Disclosed::Phone,
            &[
                "+4915123456789",
                "+49 151 2345-6789",
                "+49 (0)151 23456789",
                "call +1 (202) 555-0143 now",
                "tel:+1-202-555-0143",
                "https://wa.me/+351912345678",
                "0049 151 23456789",
                "+351.912.345.678",
                "+٣٥١٩١٢٣٤٥٦٧٨",
                "(202) 555-0143",
                "202-555-0143",
                "202 555 0143",
                "0151 23456789",
                "(030) 123 456 78",
                "030/12345678",
                "phone: 912345678",
                "{\"phoneNumber\": 912345678}",
            ],
        ),
        (
            Disclosed::DocumentNumber,
            &[
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
                "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
                "7408122F1204159UTO<<<<<<<<<<<6",
                "L01X00T47",
                "C01X00T478",
                "AB1234567",
                "X1234567",
                "12AB34567",
                "YA1234567",
                "CA12345AB",
                "AAA123456",
                "passport no. 123456789",
                "Reisepass: L01X00T4",
                "123-45-6789",
                "my ssn is 123456789",
                "12345678Z",
                "X1234567L",
            ],
        ),
        (
            Disclosed::AccountNumber,
            &[
                "DE89370400440532013000",
                "DE89 3704 0044 0532 0130 00",
                "pay to GB82 WEST 1234 5698 7654 32 please",
                "FR14 2004 1010 0505 0001 3M02 606",
                "no9386011117947",
                "4111 1111 1111 1111",
                "5500-0000-0000-0004",
            ],
        ),
        (
            Disclosed::DateOfBirth,
            &[
                "1984-01-26",
                "1984-1-26",
                "1984/01/26",
                "26.01.1984",
                "26. 1. 1984",
                "01/26/1984",
                "26/01/1984",
                "26-01-1984",
                "19840126",
                "1984-01-26T00:00:00Z",
                "1984-01-25T23:00:00.000Z",
                "1970-01-01",
                "26 January 1984",
                "January 26th, 1984",
                "26. Jan. 1984",
                "26 de enero de 1984",
                "26JAN1984",
                "1984年1月26日",
                "1984. 01. 26.",
                "1er février 1984",
                "born 26.1.84",
                "dob: 26 Jan 84",
                "{\"birthYear\": 1984}",
                "２６．０１．１９８４",
            ],
        ),
        (
            Disclosed::Name,
            &["firstName: Erika", "lastName=Mustermann&x=1", "{\"family_name\":\"Mustermann\"}"],
        ),
        (Disclosed::Address, &["street: Heidestrasse 17", "{\"postalCode\":\"51147\"}"]),
    ] {
        for text in texts {
            assert_eq!(found(text), Some(kind), "{text}");
        }
    }
}

#[test]
fn what_is_harmless_is_let_through() {
    for text in [
        "",
        "true",
        "plus+liveness+email+phoneNumber",
        "kyc",
        "PT",
        "DE",
        "pt-BR",
        "EUR",
        "1.0.0-beta.2",
        "2026.11.30",
        "v2026.1.3",
        "1.2.84",
        "10.1.84.3",
        "192.168.1.20",
        "127.0.0.1:8080",
        "2001:db8::1",
        "2026-11-30",
        "2026-11-30T08:15:30.123Z",
        "2026-11-30T08:15:30+01:00",
        "2040-01-20",
        "2012-05-01",
        "1970-01-01T00:00:00.000Z",
        "20261130",
        "V20261130",
        "20261130T0815",
        "1764490530",
        "1764490530123",
        "1500000.00",
        "+1500000.00",
        "+12.50",
        "1,234,567.89",
        "12 500 000 EUR",
        "EUR1000000",
        "1000000EUR",
        "EUR123456",
        "USD 250000.00",
        "0.00000001",
        "ISO27001",
        "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11",
        "19840126-4cbe-4c2b-8ea3-0b0c1b2f1a11",
        "01JAVZ3Y6Q8W2S4X6B8D0F2H4K",
        "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp",
        "https://kyc.example.com/idos/issuers/1",
        "https://a.example/icon@2x.png?size=20",
        "git@github.com:org/repo.git",
        "@idos-network/kwil-js@0.1.3",
        "user@localhost",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "urn:uuid:9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11",
        "email: verified",
        "passport: checked",
        "documentType=PASSPORT",
        "{\"emailVerified\":true,\"level\":\"plus\",\"count\":3}",
        "iss_01JAVZ3Y6Q8W2S4X6B8D0F2H4K",
        "case-2026-11-30-0007",
        "4111111111111111",
        "1A2B3C4D",
        "DEADBEEF",
        "FLAG<<SHIFT",
        "A<<B",
        "000000123456",
        "0000-0001",
        "Example KYC GmbH, since 1999",
        "risk 3/10, 2 of 5",
    ] {
        assert_eq!(found(text), None, "{text}");
    }
}

#[test]
fn names_are_taken_at_their_word() {
    for (name, kind) in [
        ("email", Disclosed::Email),
        ("userEmail", Disclosed::Email),
        ("EMAIL_ADDRESS", Disclosed::Email),
        ("email-hash", Disclosed::Email),
        ("kyc.phoneNumber", Disclosed::Phone),
        ("mobile", Disclosed::Phone),
        ("dateOfBirth", Disclosed::DateOfBirth),
        ("DateOfBirth", Disclosed::DateOfBirth),
        ("birth_date", Disclosed::DateOfBirth),
        ("DOB", Disclosed::DateOfBirth),
        ("ｄｏｂ", Disclosed::DateOfBirth),
        ("idDocumentNumber", Disclosed::DocumentNumber),
        ("passport", Disclosed::DocumentNumber),
        ("IBAN", Disclosed::AccountNumber),
        ("firstName", Disclosed::Name),
        ("name", Disclosed::Name),
        ("residential address line", Disclosed::Address),
        ("address", Disclosed::Address),
    ] {
        assert_eq!(by_name(name, "whatever"), Some(kind), "{name}");
        assert_eq!(by_name(name, "true"), None, "{name}");
    }
    for name in [
        "",
        "emailVerified",
        "phone_verified",
        "documentType",
        "passportCountry",
        "planName",
        "issuerName",
        "walletAddress",
        "level",
        "kycLevel",
        "nationality",
        "tier",
        "birthdayDiscountAllowed",
        "documentDate",
        "mailboxes",
        "namespace",
    ] {
        assert_eq!(by_name(name, "whatever"), None, "{name}");
    }
}

/// Values of one kind that say nothing about anybody, made at random.
type Harmless = (&'static str, fn(&mut StdRng) -> String);

const CORPUS: &[Harmless] = &[
    ("UUID", |rng| crate::model::ids::random_uuid(rng).to_string()),
    ("ULID", |rng| crate::model::ids::JobId::new(now(), rng).to_string()),
    ("SHA-256", |rng| hex::encode(rng.r#gen::<[u8; 32]>())),
    ("git hash", |rng| hex::encode(rng.r#gen::<[u8; 20]>())[..rng.gen_range(7..=40)].to_owned()),
    ("EVM address", |rng| format!("0x{}", hex::encode(rng.r#gen::<[u8; 20]>()))),
    ("base64", |rng| base64_of(rng)),
    ("base58", |rng| bs58_of(rng)),
    ("version", |rng| format!("{}.{}.{}", rng.gen_range(0..40), rng.gen_range(0..40), rng.gen_range(0..200))),
    ("time", |rng| {
        let millis = now().unix_millis() + rng.gen_range(-300_000_000_000_i64..300_000_000_000);
        let time = Timestamp::from_unix_millis(millis).unwrap().to_string();
        if rng.r#gen() { time } else { time[..10].to_owned() }
    }),
    ("Unix time", |rng| rng.gen_range(1_400_000_000_u64..2_100_000_000).to_string()),
    ("country", |rng| ["PT", "DE", "USA", "BRA", "fr-CA"][rng.gen_range(0..5)].to_owned()),
    ("level", |rng| {
        ["basic", "plus+liveness", "plus+liveness+email+phoneNumber", "human"][rng.gen_range(0..4)].to_owned()
    }),
    ("URL", |rng| {
        format!(
            "https://kyc.example.com/v{}/cases/{}?page={}",
            rng.gen_range(1..9),
            rng.next_u32(),
            rng.gen_range(0..99)
        )
    }),
    ("amount", |rng| {
        let amount = f64::from(rng.next_u32() >> rng.gen_range(0..24)) / 100.0;
        [
            format!("{amount:.2}"),
            format!("{amount:.2} EUR"),
            format!("+{amount:.2}"),
            format!("EUR{amount:.0}"),
        ][rng.gen_range(0..4)]
        .clone()
    }),
    ("number", |rng| (rng.next_u64() >> rng.gen_range(0..60)).to_string()),
    ("IP address", |rng| std::net::Ipv4Addr::from(rng.next_u32()).to_string()),
];

fn base64_of(rng: &mut StdRng) -> String {
    use base64::Engine as _;
    let mut bytes = vec![0; rng.gen_range(16..48)];
    rng.fill_bytes(&mut bytes);
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn bs58_of(rng: &mut StdRng) -> String {
    const LETTERS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    (0..rng.gen_range(32..=44)).map(|_| char::from(LETTERS[rng.gen_range(0..LETTERS.len())])).collect()
}

/// The rates stand in `docs/attributes.md`.
#[test]
fn false_alarms_are_few() {
    const EACH: u32 = 5_000;
    let mut rng = StdRng::seed_from_u64(6);
    for (kind, make) in CORPUS {
        let alarms: Vec<_> =
            (0..EACH).map(|_| make(&mut rng)).filter_map(|text| Some((found(&text)?, text))).collect();
        println!("{kind}: {} of {EACH} {:?}", alarms.len(), alarms.iter().take(3).collect::<Vec<_>>());
        // One in a thousand.
        assert!(alarms.len() <= 5, "{kind}: {} of {EACH}: {:?}", alarms.len(), &alarms[..5]);
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>(), name in any::<String>()) {
        let _ = (in_text(&text, now()), by_name(&name, &text));
    }

    #[test]
    fn text_of_the_suspicious_kind_is_read(text in "[0-9+@.<= :/()\\-A-Ta-z%\"{}\\[\\]äß\\u{660}]{0,60}") {
        let _ = in_text(&text, now());
    }

    #[test]
    fn addresses_are_found_in_any_text(local in "[a-z0-9._+-]{0,12}[a-z0-9]", domain in "[a-wyz0-9]{3,10}", top in "[a-z]{2,6}", before in "[a-zA-Z ]{0,10} ", after in "[ ,;)!?][ -~]{0,10}") {
        prop_assert_eq!(in_text(&format!("{before}{local}@{domain}.{top}{after}"), now()), Some(Disclosed::Email));
    }

    #[test]
    fn dates_of_birth_are_found_in_any_order(year in 1900_i32..=2009, month in 1_u32..=12, day in 1_u32..=28, order in 0_usize..6) {
        let text = [
            format!("{year}-{month:02}-{day:02}"),
            format!("{day:02}.{month:02}.{year}"),
            format!("{month}/{day}/{year}"),
            format!("{year}{month:02}{day:02}"),
            format!("on {day}-{month}-{year}, they say"),
            format!("{year}/{month:02}/{day:02} 10:00"),
        ];
        prop_assert_eq!(in_text(&text[order], now()), Some(Disclosed::DateOfBirth), "{}", text[order]);
    }

    #[test]
    fn later_dates_are_none(days in -5_000_i64..20_000) {
        let at = now().plus_millis(days * 86_400_000).to_string();
        prop_assert_eq!(in_text(&at, now()), None);
        prop_assert_eq!(in_text(&at[..10], now()), None);
    }

    #[test]
    fn numbers_with_a_country_code_are_found(code in prop::sample::select(vec!["49", "351", "33", "55", "91", "7", "1", "380"]), digits in "[2-9][0-9]{9}", gap in "[ \\-.]?") {
        let digits = if code == "380" { &digits[..9] } else { &digits };
        let text = format!("+{code}{gap}{}{gap}{}", &digits[..3], &digits[3..]);
        prop_assert_eq!(in_text(&text, now()), Some(Disclosed::Phone), "{}", text);
    }

    #[test]
    fn accounts_are_found_however_they_are_grouped(bban in "[0-9]{18}", size in 2_usize..=6) {
        let value = format!("{bban}131400").bytes().fold(0_u32, |sum, b| (sum * 10 + u32::from(b - b'0')) % 97);
        let iban = format!("DE{:02}{bban}", 98 - value);
        let grouped: Vec<_> = iban.as_bytes().chunks(size).map(|part| std::str::from_utf8(part).unwrap()).collect();
        for text in [iban.clone(), grouped.join(" "), grouped.join("-"), format!("to {} soon", grouped.join(" "))] {
            let what = in_text(&text, now());
            prop_assert!(what.is_some(), "{}", text);
        }
    }
}
