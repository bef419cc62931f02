//! Webhooks are believed by their signature over their bytes, and by nothing else.

use identity_vendors::{Account, Proof, Received, Secret, TOLERANCE, Untrusted};
use serde_json::Value;

use crate::recorded::{NOW, Recorded, all};

/// A vector, taken apart.
struct Vector {
    what: String,
    account: Account,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    now: i64,
    /// The header with the signature. Vendors without signatures have none.
    signature: Option<String>,
    /// The verdict without a header, where it is not that the header is missing.
    without: Value,
    /// The header has more than one signature.
    has_several: bool,
    /// `signed`, `unsigned`, or why not.
    verdict: String,
}

impl Vector {
    fn of(recorded: &Recorded, of: &Value) -> Self {
        let headers = of["headers"].as_object().into_iter().flatten();
        Self {
            what: format!("{}: {}", recorded.vendor.name(), of["name"].as_str().unwrap()),
            account: recorded.account(&of["account"]),
            headers: headers.map(|(n, value)| (n.clone(), value.as_str().unwrap().to_owned())).collect(),
            body: recorded.body(of),
            now: of["now"].as_i64().unwrap_or(NOW),
            signature: of["signature"].as_str().map(str::to_owned),
            without: of["without"].clone(),
            has_several: of["hasSeveral"] == true,
            verdict: of["is"].as_str().unwrap().to_owned(),
        }
    }

    fn check(&self, recorded: &Recorded) -> Result<Proof, Untrusted> {
        check_with(recorded, &self.account, &self.headers, &self.body, self.now)
    }

    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(n, _)| n == name).unwrap().1
    }

    fn with(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        value.clone_into(&mut headers.iter_mut().find(|(n, _)| n == name).unwrap().1);
        headers
    }
}

fn check_with(
    recorded: &Recorded,
    account: &Account,
    headers: &[(String, String)],
    body: &[u8],
    now: i64,
) -> Result<Proof, Untrusted> {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let received = Received { headers: &headers, body, now };
    recorded.vendor.authenticate(account, &received).map(|authentic| authentic.proof())
}

fn vectors() -> Vec<(Recorded, Vector)> {
    let mut found = Vec::new();
    for recorded in all() {
        for of in recorded.list("vectors") {
            let vector = Vector::of(&recorded, &of);
            found.push((Recorded { vendor: recorded.vendor, cases: recorded.cases.clone() }, vector));
        }
    }
    found
}

/// Those that are by the secret.
fn signed() -> Vec<(Recorded, Vector)> {
    vectors().into_iter().filter(|(_, vector)| vector.verdict == "signed").collect()
}

fn verdict(result: Result<Proof, Untrusted>) -> String {
    match result {
        Ok(Proof::Signed) => "signed".to_owned(),
        Ok(Proof::None) => "unsigned".to_owned(),
        Err(error) => format!("{error:?}").split('(').next().unwrap().to_owned(),
    }
}

#[test]
fn every_vector_has_its_verdict() {
    for (recorded, vector) in vectors() {
        assert_eq!(verdict(vector.check(&recorded)), vector.verdict, "{}", vector.what);
    }
}

#[test]
fn every_vendor_has_a_vector_or_says_that_it_signs_nothing() {
    for recorded in all() {
        let verdicts: Vec<_> =
            recorded.list("vectors").iter().map(|of| of["is"].as_str().unwrap().to_owned()).collect();
        assert!(
            verdicts.iter().any(|v| v == "signed" || v == "unsigned"),
            "{} has no vector that is right",
            recorded.vendor.name()
        );
    }
}

#[test]
fn a_changed_body_is_wrong_whichever_byte_it_is() {
    for (recorded, vector) in signed() {
        // Not one of the vendor's own that is long: every byte of it would take a while and show the same.
        let step = (vector.body.len() / 200).max(1);
        for at in (0..vector.body.len()).step_by(step) {
            let mut body = vector.body.clone();
            body[at] ^= 1;
            let result = check_with(&recorded, &vector.account, &vector.headers, &body, vector.now);
            // A time within the body is looked at only behind the signature; over canonical JSON, bytes are read first.
            assert!(
                matches!(result, Err(Untrusted::Wrong(_) | Untrusted::Time | Untrusted::OtherTime(_))),
                "{}, byte {at}: {result:?}",
                vector.what
            );
        }
        for body in [&b""[..], b"{}", &vector.body[1..], &[vector.body.as_slice(), b"\n"].concat()] {
            let result = check_with(&recorded, &vector.account, &vector.headers, body, vector.now);
            let is_canonical = vector.account.settings.canonical.is_some();
            assert!(
                is_canonical || matches!(result, Err(Untrusted::Wrong(_))),
                "{}: {result:?}",
                vector.what
            );
        }
    }
}

#[test]
fn a_missing_header_is_missing_and_two_are_repeated() {
    for (recorded, vector) in signed() {
        for (name, _) in &vector.headers {
            let without: Vec<_> = vector.headers.iter().filter(|(n, _)| n != name).cloned().collect();
            let result = check_with(&recorded, &vector.account, &without, &vector.body, vector.now);
            let expected = vector.without[name].as_str().unwrap_or("Missing");
            assert_eq!(verdict(result), expected, "{} without {name}", vector.what);
            let mut twice = vector.headers.clone();
            twice.extend(
                vector.headers.iter().find(|(n, _)| n == name).map(|(n, v)| (n.to_uppercase(), v.clone())),
            );
            let result = check_with(&recorded, &vector.account, &twice, &vector.body, vector.now);
            assert!(
                matches!(result, Err(Untrusted::Repeated(_))),
                "{} twice {name}: {result:?}",
                vector.what
            );
        }
        // Names have no upper and lower case.
        let lower: Vec<_> = vector.headers.iter().map(|(n, v)| (n.to_lowercase(), v.clone())).collect();
        let result = check_with(&recorded, &vector.account, &lower, &vector.body, vector.now);
        assert_eq!(result, Ok(Proof::Signed), "{}", vector.what);
    }
}

#[test]
fn a_signature_that_is_cut_or_garbled_is_malformed_and_another_one_is_wrong() {
    for (recorded, vector) in signed() {
        let name = vector.signature.clone().expect("which header has the signature");
        let whole = vector.header(&name).to_owned();
        let check = |value: &str| {
            check_with(&recorded, &vector.account, &vector.with(&name, value), &vector.body, vector.now)
        };
        // The last signature of the header, to its end.
        let (before, last) = whole.split_at(whole.rfind('=').map_or(0, |at| at + 1));
        for cut in [1, 2, last.len() / 2, last.len()] {
            let result = check(&whole[..whole.len() - cut]);
            let is_wrong = vector.has_several && matches!(result, Err(Untrusted::Wrong(_)));
            assert!(
                is_wrong || matches!(result, Err(Untrusted::Malformed(_))),
                "{} less {cut}: {result:?}",
                vector.what
            );
        }
        for garbled in [
            format!("{whole}00"),
            format!("{whole}0"),
            format!("{before}{}", "x".repeat(last.len())),
            format!("{before}{last}\u{e9}"),
        ] {
            let result = check(&garbled);
            let is_wrong = vector.has_several && matches!(result, Err(Untrusted::Wrong(_)));
            assert!(
                is_wrong || matches!(result, Err(Untrusted::Malformed(_))),
                "{}: {result:?}",
                vector.what
            );
        }
        for n in 0..last.len() {
            let digit = if last.as_bytes()[n] == b'0' { "1" } else { "0" };
            let other = format!("{before}{}{digit}{}", &last[..n], &last[n + 1..]);
            let result = check(&other);
            assert!(matches!(result, Err(Untrusted::Wrong(_))), "{}, digit {n}: {result:?}", vector.what);
        }
        assert_eq!(check(&format!("{before}{}", last.to_uppercase())), Ok(Proof::Signed), "{}", vector.what);
    }
}

#[test]
fn each_of_several_secrets_is_taken_and_none_of_none() {
    for (recorded, vector) in signed() {
        let secret = |text: &str| Secret::new(text).unwrap();
        let check = |secrets: Vec<Secret>| {
            let account = Account { webhook_secrets: secrets, ..vector.account.clone() };
            check_with(&recorded, &account, &vector.headers, &vector.body, vector.now)
        };
        let right = vector.account.webhook_secrets[0].clone();
        assert_eq!(check(vec![secret("new"), right.clone()]), Ok(Proof::Signed), "{}", vector.what);
        assert_eq!(check(vec![right, secret("old"), secret("older")]), Ok(Proof::Signed), "{}", vector.what);
        assert!(matches!(check(vec![secret("other")]), Err(Untrusted::Wrong(_))), "{}", vector.what);
        assert_eq!(check(vec![]), Err(Untrusted::NoSecret), "{}", vector.what);
    }
}

#[test]
fn a_signed_time_is_now_or_it_is_told_which_way_it_is_not() {
    let mut timed = 0;
    for (recorded, vector) in signed() {
        let signs_time = recorded.cases["signsTime"].as_bool().expect("signsTime");
        let at = |now| check_with(&recorded, &vector.account, &vector.headers, &vector.body, now);
        if !signs_time {
            assert_eq!(at(vector.now + 10_000_000), Ok(Proof::Signed), "{}", vector.what);
            continue;
        }
        timed += 1;
        assert_eq!(at(vector.now + TOLERANCE), Ok(Proof::Signed), "{}", vector.what);
        assert_eq!(at(vector.now - TOLERANCE), Ok(Proof::Signed), "{}", vector.what);
        assert_eq!(at(vector.now + TOLERANCE + 1), Err(Untrusted::TooOld), "{}", vector.what);
        assert_eq!(at(vector.now - TOLERANCE - 1), Err(Untrusted::TooNew), "{}", vector.what);
        assert_eq!(at(i64::MAX), Err(Untrusted::TooOld), "{}", vector.what);
        assert_eq!(at(i64::MIN), Err(Untrusted::TooNew), "{}", vector.what);
    }
    assert!(timed > 0, "no vendor signs the time");
}

#[test]
fn why_not_names_headers_and_nothing_else() {
    const WORD: &str = "Zq7xKw9vJ4hY2mNbTr5d";
    for (recorded, vector) in signed() {
        for (name, _) in &vector.headers {
            let result =
                check_with(&recorded, &vector.account, &vector.with(name, WORD), &vector.body, vector.now);
            let error = result.map_or_else(|error| format!("{error} {error:?}"), |_| String::new());
            assert!(!error.contains(WORD), "{}: {error}", vector.what);
        }
        let shown = format!("{:?}", vector.account);
        let secrets = ["key", "secret", "token"].map(|name| recorded.cases["account"][name].as_str());
        for secret in secrets.into_iter().flatten() {
            assert!(!shown.contains(secret), "{}", vector.what);
        }
    }
}
