//! What vendors of identity verification send, and answer.
//!
//! An error names places, never values: tried by planting a rare word into one text of the input after the other.

use hex::encode;
use identity_vendors::{
    Account, Answer, Base, Canonical, Case, CaseId, Environment, FileType, FilesBase, Finding, Inquiry,
    LARGEST_FILE, Outcome, Proof, Received, Schema, Script, Secret, Settings, Step, Untrusted, Vendor,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::input::{flipped, text};

/// A word that nothing has in it that is shown.
const WORD: &str = "Zq7xKw9vJ4hY2mNbTr5d";

/// When all of it happens.
const NOW: i64 = 1_767_323_045;

/// Those of the recorded payloads, and the one that this target signs with.
const SECRETS: &[&str] = &[
    "fuzz",
    "whsec_test",
    "SoMe_SeCrEt_KeY",
    "wbhsec_test",
    "YKOC6mkBxi6yK2zlUIrLMvsJMFEZObP5",
    "_ABC123abc123ABC123abc123ABC123_",
    "abcdef12-abcd-abcd-abcd-abcdef012345",
    "didit_test",
    "idenfy_test",
    "cc_test",
];

const KEY: &str = "veriff-key";

fn account(secrets: &[&str]) -> Account {
    let secret = |text: &str| Secret::new(text).expect("a secret");
    let files = ["https://files.withpersona.com", "https://media.example", "https://files.example"];
    Account {
        environment: Environment::Live,
        webhook_secrets: secrets.iter().map(|text| secret(text)).collect(),
        key: secret(KEY),
        secret: Some(secret("secret")),
        token: Some(secret("token")),
        user_agent: "Fuzz/1.0".to_owned(),
        files: files.iter().map(|text| FilesBase::new(text).expect("a base")).collect(),
        settings: Settings {
            allow_sha1: true,
            canonical: Some(Canonical::Text),
            completed_is_approved: false,
        },
    }
}

/// The vendor that the first line names, and what follows.
fn vendor(data: &[u8]) -> Option<(Vendor, &[u8])> {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    Some((Vendor::by_name(text(parts.next()?)?)?, parts.next()?))
}

/// Webhooks. The first line names the vendor; headers follow, one a line, an empty line, and the body.
///
/// What is believed is believed again, and not when a bit of it is turned over, or by other secrets. What we sign ourselves is
/// believed, and read without repeating any of it.
pub fn vendor_webhooks(data: &[u8]) {
    let Some((vendor, rest)) = vendor(data) else { return };
    let at = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
    let Some(head) = text(&rest[..at]) else { return };
    let body = rest.get(at + 2..).unwrap_or_default();
    let headers: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();

    let (known, unknown) = (account(SECRETS), account(&["another"]));
    let check = |account: &Account, headers: &[(&str, &str)], body: &[u8]| {
        vendor.authenticate(account, &Received { headers, body, now: NOW }).map(|authentic| authentic.proof())
    };
    let proof = check(&known, &headers, body);
    assert_eq!(check(&known, &headers, body), proof);
    if proof == Ok(Proof::Signed) {
        assert!(check(&unknown, &headers, body).is_err());
        // A signature over canonical JSON does not tell how it is written.
        let is_canonical = !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-signature"))
            && headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-signature-v2"));
        if !body.is_empty() && !is_canonical {
            assert!(check(&known, &headers, &flipped(body, data.len())).is_err());
        }
    }
    let planted: Vec<(&str, String)> =
        headers.iter().map(|(name, value)| (*name, format!("{WORD}{value}"))).collect();
    let planted: Vec<(&str, &str)> = planted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if let Err(error) = check(&known, &planted, body) {
        check_silent(&format!("{error} {error:?}"));
    }

    let ours = account(&["fuzz"]);
    read_signed(vendor, &ours, body);
    each_planted(body, &|planted| read_signed(vendor, &ours, planted));
}

/// Signs a webhook as each of the vendors does, at once, and reads it.
fn read_signed(vendor: Vendor, account: &Account, body: &[u8]) {
    let over_body = hmac(&[body]);
    let persona = format!("t={NOW},v1={}", hmac(&[NOW.to_string().as_bytes(), b".", body]));
    let headers = [
        ("X-Payload-Digest", over_body.as_str()),
        ("Persona-Signature", &persona),
        ("X-SHA2-Signature", &over_body),
        ("X-HMAC-SIGNATURE", &over_body),
        ("X-AUTH-CLIENT", KEY),
        ("X-Signature", &over_body),
        ("Idenfy-Signature", &over_body),
        ("ComplyCube-Signature", &over_body),
    ];
    let received = Received { headers: &headers, body, now: NOW };
    match vendor.authenticate(account, &received) {
        Ok(authentic) => match authentic.notice() {
            Ok(notice) => {
                // Ids of the vendor's are to be shown; they say nothing of a person.
                let reference = notice.case.as_ref().map(|case| &case.reference);
                let (at, environment) = (notice.happened_at, notice.environment);
                check_silent(&format!("{:?} {reference:?} {at:?} {environment:?}", notice.event));
                assert!(notice.delivery.as_str().len() <= 150);
            }
            Err(fault) => check_silent(&format!("{fault} {fault:?}")),
        },
        // The one vendor that has the time in the body.
        Err(error) => {
            assert!(matches!(error, Untrusted::Time | Untrusted::TooOld | Untrusted::TooNew), "{error}");
        }
    }
}

/// HMAC-SHA-256 (RFC 2104) with the secret `fuzz`, in hexadecimal.
fn hmac(parts: &[&[u8]]) -> String {
    let mut key = [0_u8; 64];
    key[..4].copy_from_slice(b"fuzz");
    let mut inner = Sha256::new_with_prefix(key.map(|byte| byte ^ 0x36));
    for part in parts {
        inner.update(part);
    }
    let outer = Sha256::new_with_prefix(key.map(|byte| byte ^ 0x5c)).chain_update(inner.finalize());
    encode(outer.finalize())
}

/// Results. The first line names the vendor, the second one the case, the third one its scope, if any; a JSON list of the answers
/// follows, in the order in which they are asked for.
///
/// Every request stays below its base; the same answers come to the same; a level is not higher than the checks; nothing is
/// shown of what was answered.
pub fn vendor_results(data: &[u8]) {
    let Some((vendor, rest)) = vendor(data) else { return };
    let mut lines = rest.splitn(3, |byte| *byte == b'\n');
    let mut line = || text(lines.next()?);
    let (Some(id), Some(scope)) = (line(), line()) else { return };
    let Ok(id) = CaseId::new(id) else { return };
    let case = Case { scope: CaseId::new(scope).ok(), ..Case::new(id) };
    let answers = lines.next().unwrap_or_default();
    let shown = run(vendor, &case, answers);
    assert_eq!(run(vendor, &case, answers), shown);
    each_planted(answers, &|planted| check_silent(&run(vendor, &case, planted)));
}

/// All that is shown of a conversation.
fn run(vendor: Vendor, case: &Case, answers: &[u8]) -> String {
    let Ok(answers) = serde_json::from_slice::<Vec<Value>>(answers) else { return String::new() };
    let account = account(SECRETS);
    let mut inquiry = Inquiry::new(vendor, &account, case.clone());
    let mut answers = answers.into_iter();
    loop {
        match inquiry.next(NOW) {
            Err(fault) => return format!("{fault} {fault:?}"),
            Ok(Step::Done(finding)) => return tell(vendor, &account, &finding),
            Ok(Step::Ask(request)) => {
                assert!(request.base == Base::Api && is_below(&request.path), "{request:?}");
                let Some(answer) = answers.next() else { return "more is wanted".to_owned() };
                let body = serde_json::to_vec(&answer).expect("JSON");
                if let Err(fault) = inquiry.answer(&Answer { status: 200, headers: &[], body: &body }) {
                    return format!("{fault} {fault:?}");
                }
            }
        }
    }
}

fn tell(vendor: Vendor, account: &Account, finding: &Finding) -> String {
    let mut shown = vec![format!("{finding:?}")];
    let Outcome::Approved(person) = &finding.outcome else { return shown.concat() };
    for media in &person.media {
        let request = vendor.media_request(account, media, NOW).expect("a request");
        assert!(is_below(&request.path), "{request:?}");
        assert!(!matches!(request.base, Base::Files(_)) || request.headers.is_empty());
        // No answer that was JSON is a file.
        let answer = Answer { status: 200, headers: &[], body: b"{\"data\":\"/9j/\"}" };
        if let Ok(file) = vendor.media(account, media, &answer) {
            assert!(file.bytes.len() <= LARGEST_FILE && FileType::of(&file.bytes) == Some(file.file_type));
        }
        shown.push(format!("{media:?} {:?}", Base::Api));
    }
    for schema in [Schema::V2, Schema::V3] {
        for script in [Script::Latin, Script::Native] {
            match person.claims(schema, script) {
                Ok(claims) => {
                    let (level, checks) = (claims.level, person.checks);
                    assert!(checks.document && (claims.first_name.is_some() || claims.family_name.is_some()));
                    assert!((!level.plus || checks.address) && (!level.liveness || checks.liveness));
                    assert!((!level.email || checks.email) && (!level.phone_number || checks.phone));
                    shown.push(format!("{claims:?} {level}"));
                }
                Err(refusals) => {
                    assert!(!refusals.is_empty());
                    shown.extend(refusals.iter().map(|refusal| format!("{refusal} {refusal:?}")));
                }
            }
        }
    }
    shown.concat()
}

/// Whether a path changes neither the host nor the folder of what it is put behind.
pub(crate) fn is_below(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains("/../")
        && !path.contains(['#', ' ', '\\'])
}

/// With the word in one text after the other, and as a member of one object after the other.
pub(crate) fn each_planted(json: &[u8], read: &dyn Fn(&[u8])) {
    /// No more, so that a large input does not take for ever.
    const MOST: usize = 64;
    let Ok(json) = serde_json::from_slice::<Value>(json) else { return };
    for place in 0..MOST {
        let mut planted = json.clone();
        if !plant(&mut planted, &mut place.clone()) {
            return;
        }
        read(&serde_json::to_vec(&planted).expect("JSON"));
    }
}

fn plant(value: &mut Value, left: &mut usize) -> bool {
    match value {
        Value::String(text) => {
            let is_here = *left == 0;
            if is_here {
                text.push_str(WORD);
            }
            *left = left.saturating_sub(1);
            is_here
        }
        Value::Array(items) => items.iter_mut().any(|item| plant(item, left)),
        Value::Object(members) => members.values_mut().any(|member| plant(member, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

pub(crate) fn check_silent(shown: &str) {
    assert!(!shown.contains(WORD), "it repeats a value: {shown}");
}
