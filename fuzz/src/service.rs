//! What callers, receivers and operators hand to the service.
//!
//! A problem names places, never values. That is tried by planting a rare word into one text of the input after the
//! other: no problem may hold a part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::Subject;
use idos_credential::kind::wallet_linkage::MOST_WALLETS;
use idos_credential::sealing::SealedCredential;
use idos_credential::stored::{StoredCredential, StoredRow};
use idos_credential::{ContentReference, SealedContent};
use idos_issuer::config::Config;
use idos_issuer::http::foreign::{self, Body, PageBody, Parts};
use idos_issuer::http::problem::Problem;
use idos_issuer::model::disclosure;
use idos_issuer::model::evidence::{Evidence, members};
use idos_issuer::model::ids::{ApiKeyId, AttributeId, EventId, IssuanceId, JobId, ProfileId, WalletId};
use idos_issuer::model::issuance::{Kind, Reference, State};
use idos_issuer::model::personal::{Email, Locale, Personal};
use idos_issuer::model::submission::{Authority, Given, SignedGrant, Submission};
use idos_issuer::model::wallet_link::account;
use idos_issuer::vault::Vault;
use idos_webhooks::{Headers, LONGEST_WAIT, Message, Secret, Secrets, TOLERANCE, Targets, parse_retry_after};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::input::{Fixed, flipped, lines, text};

/// A word that no problem has in it. Letters and digits alone: it fits wherever a text does.
const WORD: &str = "Zq7xKw9vJ4hY2mNbTr5d";

/// The largest file, in bytes.
const MAX_FILE: usize = 1000;

/// A submission in JSON.
///
/// Reading it twice gives the same; a file is no larger than allowed; what is refused is pointed at, without values.
pub fn http_submission(data: &[u8]) {
    let read = |bytes: &[u8]| foreign::submission(bytes, None, MAX_FILE);
    check_submission(data, &read);
}

/// A submission in parts. The first line is the content type.
///
/// The parts together are no larger than the body, and have plain names; what is refused says so without values. And as
/// [`http_submission()`].
pub fn http_multipart(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(content_type), Some(body)) = (lines.next().and_then(text), lines.next()) else { return };
    let read = |body: &[u8]| foreign::multipart(content_type, body, MAX_FILE);
    let whole = read(body);
    match (&whole, read(body)) {
        (Ok(one), Ok(other)) => assert_eq!(*one, other),
        (Err(one), Err(other)) => assert_eq!(one.body(""), other.body("")),
        _ => panic!("it is read in two ways"),
    }
    if let Err(problem) = &whole {
        check_problem(problem);
    }
    let with_word = [body, WORD.as_bytes()].concat();
    for changed in [with_word, body.iter().flat_map(|byte| spread(*byte)).collect()] {
        if let Err(problem) = read(&changed) {
            check_problem(&problem);
        }
    }
    let Ok((submission, parts)) = whole else { return };
    let sizes = submission.len() + parts.values().map(Vec::len).sum::<usize>();
    assert!(sizes <= body.len() && parts.len() <= 8);
    assert!(parts.values().all(|part| part.len() <= MAX_FILE));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    assert!(parts.keys().all(|name| (1..=128).contains(&name.len()) && name.bytes().all(is_plain)));
    // Every name stands in the body, and what cannot be read in one way is not guessed.
    assert!(parts.keys().all(|name| body.windows(name.len()).any(|there| there == name.as_bytes())));
    let read = |bytes: &[u8]| foreign::submission(bytes, Some(parts.clone()), MAX_FILE);
    check_submission(&submission, &read);
    let renamed: Parts = parts.into_iter().map(|(name, part)| (format!("{name}{WORD}"), part)).collect();
    if let Err(problem) = foreign::submission(&submission, Some(renamed), MAX_FILE) {
        check_problem(&problem);
    }
}

/// A quoted text gets the rare word put into it: names of parts, of files, of types.
fn spread(byte: u8) -> Vec<u8> {
    if byte == b'"' { [b"\"", WORD.as_bytes()].concat() } else { vec![byte] }
}

fn check_submission(data: &[u8], read: &dyn Fn(&[u8]) -> Result<Submission, Problem>) {
    check_planted(data, &|bytes| read(bytes).err());
    match (read(data), read(data)) {
        (Ok(submission), Ok(again)) => {
            let told = tell(submission);
            assert!(told.iter().all(|(name, text)| *name != "file" || text.len() <= 2 * MAX_FILE));
            assert_eq!(told, tell(again));
        }
        (Err(one), Err(other)) => assert_eq!(one.body(""), other.body("")),
        _ => panic!("it is read in two ways"),
    }
}

/// What was read of a result, and that it keeps the rules.
fn tell_result(evidence: &Evidence, user_id: Uuid) -> Vec<(&'static str, String)> {
    assert!(evidence.subject.check(Some(evidence.approved_at)).is_ok());
    let mut told = vec![("approved", evidence.approved_at.to_string())];
    match &evidence.subject {
        Subject::KycV2(subject) => {
            assert_eq!(subject.id, format!("uuid:{user_id}"));
            told.push(("file", hex::encode(&subject.selfie_file)));
            told.push(("file", hex::encode(&subject.id_document_front_file)));
            told.push(("name", subject.first_name.clone().unwrap_or_default()));
        }
        Subject::FaceSign(subject) => told.push(("name", subject.face_sign_user_id.clone())),
        Subject::WalletLinkage(_) => panic!("such a kind is made of links: Given::Wallets"),
        Subject::KycV3(_) | Subject::EddV1(_) => {
            let subject = &evidence.subject;
            assert_eq!(subject.id(), Some(format!("uuid:{user_id}").as_str()));
            assert!(subject.kyc_level().is_none_or(|level| level <= 3));
            assert!(evidence.expires_at.is_none() || subject.kind().envelope_has("expirationDate"));
            told.push(("level", subject.level()));
            told.push(("bytes", subject.file_bytes().to_string()));
            assert!(!format!("{subject:?}").contains(':'), "subjects are not printed");
        }
    }
    told
}

/// What was read, and that it keeps the rules.
fn tell(submission: Submission) -> Vec<(&'static str, String)> {
    let mut told = vec![("user", submission.user_id.to_string())];
    let kind = submission.evidence.kind();
    match submission.evidence {
        Given::Result(evidence) => told.extend(tell_result(&evidence, submission.user_id)),
        Given::Wallets { links, .. } => {
            assert!(kind.lists_wallets() && (1..=MOST_WALLETS).contains(&links.len()));
            let different: BTreeSet<_> = links.iter().map(ToString::to_string).collect();
            assert_eq!(different.len(), links.len(), "each of them once");
            told.extend(links.iter().map(|id| ("link", id.to_string())));
        }
    }
    if let Authority::WriteGrant { grant, copy_for } = submission.authority {
        told.extend(grant.map(|grant| ("grant", tell_grant(&grant))));
        told.extend(copy_for.map(|copy| ("copy", copy.grantee)));
    }
    if let Some(contact) = submission.contact {
        assert!(!format!("{contact:?}").contains(contact.email.expose()), "addresses are not printed");
        told.push(("contact", contact.email.expose().to_owned()));
        told.push(("locale", contact.locale.as_str().to_owned()));
    }
    told.extend(submission.reference.map(|reference| ("reference", reference.into_string())));
    told
}

fn tell_grant(signed: &SignedGrant) -> String {
    let grant = &signed.grant;
    assert!(grant.not_before().unix() < grant.not_after().unix());
    let (owner, signature) = (signed.owner.identifier(), signed.signature.expose());
    format!("{} {} {} {owner} {signature}", grant.id, grant.owner, grant.grantee)
}

/// The bodies of other requests. The first line is the path, with `{id}` for ids.
///
/// Reading them twice gives the same; what is refused is pointed at, without values; a profile's proof holds.
pub fn http_bodies(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(path), Some(body)) = (lines.next().and_then(text), lines.next()) else { return };
    check_planted(body, &|bytes| foreign::body(path, bytes).err());
    match (foreign::body(path, body), foreign::body(path, body)) {
        (Ok(one), Ok(other)) => assert_eq!(tell_body(&one), tell_body(&other)),
        (Err(one), Err(other)) => assert_eq!(one.body(""), other.body("")),
        _ => panic!("it is read in two ways"),
    }
}

/// The bodies that the claim page sends. The first line is the path, with `{token}` for the token.
///
/// Reading them twice gives the same; what is refused is pointed at, without values; a profile's proof holds, and nothing is longer
/// or waits longer than it may.
pub fn page_bodies(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(path), Some(body)) = (lines.next().and_then(text), lines.next()) else { return };
    check_planted(body, &|bytes| foreign::page_body(path, bytes)?.err());
    match (foreign::page_body(path, body), foreign::page_body(path, body)) {
        (Some(Ok(one)), Some(Ok(other))) => assert_eq!(tell_page(&one), tell_page(&other)),
        (Some(Err(one)), Some(Err(other))) => assert_eq!(one.body(""), other.body("")),
        (None, None) => {}
        _ => panic!("it is read in two ways"),
    }
}

fn tell_page(body: &PageBody) -> String {
    match body {
        PageBody::Wait(seconds, seen) => {
            assert!(*seconds <= 60 && seen.as_ref().is_none_or(|seen| (1..=64).contains(&seen.len())));
            format!("{seconds} {seen:?}")
        }
        PageBody::Wallet(owner) => {
            // A short name of an account may be a part of what is printed.
            let address = owner.address.expose();
            assert!(address.len() < 20 || !format!("{owner:?}").contains(address), "wallets are not printed");
            owner.identifier().to_owned()
        }
        PageBody::SignIn(owner, nonce, signature) => {
            assert!(!nonce.is_empty() && !nonce.contains('\0') && nonce.len() <= 16 * 1024);
            format!("{} {nonce} {}", owner.identifier(), signature.expose())
        }
        PageBody::Profile(key, wallet) => {
            assert!(wallet.proof().verify().is_ok());
            format!("{key} {}", wallet.address.expose())
        }
        PageBody::Grant(signed) => tell_grant(signed),
    }
}

fn tell_body(body: &Body) -> String {
    match body {
        Body::LookUp(by) | Body::ContactLookUp(by) => by.clone(),
        Body::NewProfile(new) => {
            assert!(new.wallet.proof().verify().is_ok());
            assert_eq!(new.user_id.get_version_num(), 4);
            new.encryption_key.to_base64()
        }
        Body::GrantOffer(owner, seconds, grantee) => {
            assert!((300..=2_592_000).contains(seconds));
            format!("{} {seconds} {grantee:?}", owner.identifier())
        }
        Body::SignedGrant(signed) => tell_grant(signed),
        Body::NewLink(new) => {
            assert!(new.chain.is_none() || !new.in_profile, "a contract is in no profile");
            let listed = account(&new.wallet, new.chain);
            assert!(!new.for_credential || listed.is_ok(), "what is kept can be listed");
            format!("{} {} {:?}", new.user_id, new.wallet.identifier(), new.chain)
        }
        Body::LinkAnswer(answer) => {
            format!("{} {:?}", answer.signature.expose(), answer.public_key.as_ref().map(Personal::expose))
        }
        Body::Resumption(signed) => signed.as_ref().map(|signed| tell_grant(signed)).unwrap_or_default(),
        Body::Nothing => String::new(),
    }
}

/// Reads `data`, and then again for each of its first texts and members with the rare word in it.
fn check_planted(data: &[u8], read: &dyn Fn(&[u8]) -> Option<Problem>) {
    if let Some(problem) = read(data) {
        assert!(problem.detail.is_some() || !problem.errors.is_empty(), "a refusal has a reason");
        check_problem(&problem);
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        // No JSON: the word may stand anywhere.
        let middle = data.len() / 2;
        let planted = [&data[..middle], WORD.as_bytes(), &data[middle..]].concat();
        read(&planted).iter().for_each(check_problem);
        return;
    };
    for place in 0..48 {
        let mut planted = value.clone();
        let mut left = place;
        if !plant(&mut planted, &mut left) {
            return;
        }
        read(planted.to_string().as_bytes()).iter().for_each(check_problem);
    }
}

/// Puts the word into the text, or adds it to the members of the object, at which `left` comes to nothing.
fn plant(value: &mut Value, left: &mut usize) -> bool {
    let is_here = *left == 0;
    match value {
        Value::String(text) if is_here => {
            let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            text.insert_str(middle, WORD);
            return true;
        }
        Value::Object(members) if is_here => {
            members.insert(WORD.to_owned(), WORD.into());
            return true;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => return false,
        _ => {}
    }
    if !matches!(value, Value::Array(_)) {
        *left -= 1;
    }
    match value {
        Value::Array(items) => items.iter_mut().any(|item| plant(item, left)),
        Value::Object(members) => members.values_mut().any(|member| plant(member, left)),
        _ => false,
    }
}

fn check_problem(problem: &Problem) {
    let body = problem.body("");
    let shown = format!("{}\n{problem:?}", text(&body).expect("it is JSON"));
    check_silent(&shown);
    assert!(problem.code.status().is_client_error());
    assert!(body.len() < 100_000, "an answer is no longer than its list of places");
}

/// That nothing of the word is repeated.
fn check_silent(shown: &str) {
    for part in WORD.as_bytes().windows(8) {
        let part = text(part).expect("ASCII");
        assert!(!shown.contains(part), "it repeats what came from outside: {shown}");
    }
}

/// Headers, one `Name: value` a line; `?` and a query is a line of its own.
///
/// What is made of them is plain text of a bounded length; problems are without values.
pub fn http_headers(data: &[u8]) {
    let mut queries = Vec::new();
    let mut headers = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Some(query) = line.strip_prefix(b"?") {
            queries.extend(text(query));
        } else if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            headers.extend(text(&line[..colon]).map(|name| (name, line[colon + 1..].trim_ascii())));
        }
    }
    let read = foreign::headers(headers.iter().copied());
    assert!((1..=64).contains(&read.request_id.len()));
    assert!(read.request_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
    if let Some((id, secret)) = &read.api_key {
        assert_eq!(*secret, 43);
        assert!(id.as_str().starts_with("key_"));
    }
    match &read.idempotency_key {
        Ok(key) => assert!((1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())),
        Err(problem) => check_problem(problem),
    }
    let planted: Vec<_> =
        headers.iter().map(|(name, value)| (*name, [*value, b" ", WORD.as_bytes()].concat())).collect();
    let again = foreign::headers(planted.iter().map(|(name, value)| (*name, value.as_slice())));
    check_silent(&format!("{again:?}"));

    for query in queries {
        match (foreign::issuance_query(query), foreign::issuance_query(query)) {
            (Ok(limit), Ok(same)) => assert!((1..=200).contains(&limit) && limit == same),
            (Err(problem), Err(_)) => check_problem(&problem),
            _ => panic!("it is read in two ways"),
        }
        for planted in [
            format!("{query}{WORD}"),
            query.replace('=', &format!("={WORD}")),
            query.replace('=', &format!("{WORD}=")),
        ] {
            foreign::issuance_query(&planted).err().iter().for_each(check_problem);
        }
    }
}

/// Texts with a form of their own: ids, states, references, addresses, languages.
///
/// What is taken is written back the same, is of a bounded length, and stays in one line.
pub fn short_texts(data: &[u8]) {
    let Some(text) = text(data) else { return };
    macro_rules! same {
        ($($kind:ty),*) => {
            $(if let Ok(id) = text.parse::<$kind>() {
                assert_eq!(id.to_string(), text);
                assert_eq!(text.parse::<$kind>().as_ref(), Ok(&id));
            })*
        };
    }
    same!(IssuanceId, ProfileId, WalletId, AttributeId, JobId, EventId, ApiKeyId, Kind, State);

    let _ = (disclosure::in_setting(text), disclosure::by_name(text, text));

    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.into_string(), text);
        assert!(text.len() <= 128 && !text.contains('@') && text.is_ascii());
    }
    if let Ok(locale) = text.parse::<Locale>() {
        assert_eq!(locale.as_str(), text);
        assert!(
            (2..=11).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        );
    }
    match text.parse::<Email>() {
        Ok(email) => {
            // As it was given, or as it is meant; that is one address.
            let kept = email.expose();
            assert!(kept.len() <= 254 && kept.contains('@') && !kept.chars().any(char::is_control));
            let again = kept.parse::<Email>().expect("it was one");
            let index = email.for_index();
            assert_eq!((again.expose(), &*again.for_index()), (kept, &*index));
            assert!(!format!("{email:?}").contains(text));
            assert!(email.for_earlier_index().iter().any(|spelling| **spelling == kept.to_lowercase()));
            // Whoever writes the address in capitals is found, too.
            if let Ok(capitals) = text.to_ascii_uppercase().parse::<Email>() {
                assert_eq!(*capitals.for_index(), *index);
            }
        }
        Err(problem) => check_silent(problem),
    }
    match idos_wallet::address_types(text) {
        Ok(types) => {
            assert!(!types.is_empty() && text.len() <= idos_wallet::MAX_ADDRESS_LEN && text.is_ascii());
            assert!(!text.chars().any(|c| c.is_whitespace() || c.is_control()));
        }
        Err(no) => {
            let of_type = idos_wallet::WalletType::ALL.map(|known| idos_wallet::check_address(known, text));
            let [_, near, others @ ..] = of_type;
            // The one type whose names can look like another's digits.
            assert!(
                others.iter().all(Result::is_err)
                    && (near.is_err() || text.bytes().all(|b| b.is_ascii_alphanumeric()))
            );
            assert!(no.to_string().len() < 1000);
        }
    }
    for planted in [format!("{text}{WORD}"), format!("{WORD}{text}"), format!("{WORD} {text}")] {
        check_silent(
            &idos_wallet::address_types(&planted).err().map(|no| no.to_string()).unwrap_or_default(),
        );
        check_silent(planted.parse::<Email>().err().unwrap_or_default());
        check_silent(planted.parse::<Locale>().err().unwrap_or_default());
        check_silent(planted.parse::<Reference>().err().unwrap_or_default());
    }
}

/// What lies locked. Lines: the place, the locked text.
///
/// Nothing unlocks but what was locked, where it was locked; and that whatever it is.
pub fn vault_unlock(data: &[u8]) {
    let Some([place, locked]) = lines(data) else { return };
    let vault = Vault::new(&[Zeroizing::new([7; 32]), Zeroizing::new([8; 32])]).expect("there are keys");
    // The seeds have some that were locked under these keys.
    if let Ok(secret) = vault.unlock(place, locked) {
        assert_eq!(locked.split('.').count(), 4);
        assert!(secret.len() <= locked.len());
        assert!(vault.unlock(&format!("{place}/"), locked).is_err());
    }
    for planted in
        [format!("{WORD}{locked}"), format!("v1.{WORD}.{locked}"), locked.replace('.', &format!(".{WORD}"))]
    {
        if let Err(error) = vault.unlock(place, &planted) {
            check_silent(&format!("{error} {error:?}"));
        }
    }

    let mut rng = Fixed::of(data);
    let sealed = vault.lock(place, locked.as_bytes(), &mut rng).expect("it is short");
    assert_eq!(sealed.split('.').nth(1), Some(vault.key_id()));
    assert_eq!(vault.unlock(place, &sealed).expect("it was locked here").as_slice(), locked.as_bytes());
    if let Ok(changed) = String::from_utf8(flipped(sealed.as_bytes(), data.len() * 131)) {
        assert!(vault.unlock(place, &changed).is_err(), "{changed}");
    }
}

/// A sealed credential as a store may give it back. Lines: content hash, key, and five columns for each of one or two
/// rows.
///
/// What is revived is what was stored; what is refused names columns, without values.
pub fn stored_credential(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let Some(([content_hash, issuer_auth_public_key], rows)) = lines.split_first_chunk() else { return };
    let row = |columns: &[String]| {
        let [content, encryptor_public_key, public_notes, public_notes_signature, broader_signature] =
            <[String; 5]>::try_from(columns.to_vec()).ok()?;
        // What names a content at the gateway stands for it.
        let content = match content.split_once(' ').map(|(id, size)| (id.parse(), size.parse())) {
            Some((Ok(id), Ok(size))) => SealedContent::ByReference(ContentReference { id, size }),
            _ => SealedContent::InRow(content),
        };
        Some(StoredRow {
            content,
            encryptor_public_key,
            public_notes,
            public_notes_signature,
            broader_signature,
        })
    };
    let Some((original, copy)) = rows.split_at_checked(5) else { return };
    let Some(original) = row(original) else { return };
    let copy = row(copy);
    let stored = StoredCredential {
        content_hash: content_hash.clone(),
        issuer_auth_public_key: issuer_auth_public_key.clone(),
        original,
        copy,
    };
    match SealedCredential::from_stored(stored.clone()) {
        Ok(revived) => assert_eq!(StoredCredential::from(revived), stored),
        Err(invalid) => assert!(!invalid.problems.is_empty()),
    }
    for column in 0..7 {
        let mut planted = stored.clone();
        let StoredRow {
            content,
            encryptor_public_key,
            public_notes,
            public_notes_signature,
            broader_signature,
        } = &mut planted.original;
        let mut of_reference = String::new();
        let columns = [
            &mut planted.content_hash,
            &mut planted.issuer_auth_public_key,
            match content {
                SealedContent::InRow(content) => content,
                SealedContent::ByReference(_) => &mut of_reference,
            },
            encryptor_public_key,
            public_notes,
            public_notes_signature,
            broader_signature,
        ];
        for (number, text) in columns.into_iter().enumerate() {
            if number == column {
                text.push_str(WORD);
            }
        }
        // The key of the copy is covered by no signature, nor is the hash; but neither takes the word for its form.
        let refused = SealedCredential::from_stored(planted).expect_err("it was changed");
        check_silent(&format!("{refused} {refused:?}"));
    }
}

/// Webhooks, outwards and inwards. Lines: a secret, a URL, `Retry-After`, id, timestamp, signature, body.
///
/// Nothing verifies but what was signed; a wait is bounded; refusals repeat nothing; no way leads inside.
pub fn webhooks(data: &[u8]) {
    let Some([secret, url, retry_after, id, timestamp, signature, body]) = lines(data) else { return };
    match secret.parse::<Secret>() {
        Ok(secret_read) => {
            assert_eq!(
                secret_read.to_text().parse::<Secret>().expect("it was one").to_text(),
                secret_read.to_text()
            );
            assert!(!format!("{secret_read:?}").contains(secret));
        }
        Err(error) => check_silent(&error.to_string()),
    }
    check_silent(
        &format!("{WORD}{secret}").parse::<Secret>().err().map(|error| error.to_string()).unwrap_or_default(),
    );

    for now in [0, 1_800_000_000, i64::MAX, i64::MIN] {
        assert!(parse_retry_after(retry_after, now).is_none_or(|wait| wait <= LONGEST_WAIT));
    }
    check_url(url);

    let known = Secrets::new(format!("whsec_{}", STANDARD.encode([9; 32])).parse().expect("a secret"));
    let headers = Headers { id, timestamp, signature };
    let seen = timestamp.parse().unwrap_or(1_800_000_000);
    let is_genuine = known.verify(&headers, body.as_bytes(), seen, TOLERANCE).is_ok();
    if is_genuine {
        let late = seen.saturating_add(301);
        assert!(known.verify(&headers, body.as_bytes(), late, TOLERANCE).is_err() || late < seen + 301);
        assert!(known.verify(&headers, format!("{body} ").as_bytes(), seen, TOLERANCE).is_err());
    }
    if let Ok(message) = Message::new(id, seen, body.as_bytes().to_vec()) {
        let signed = known.sign(&message);
        let (timestamp, now) = (seen.to_string(), seen);
        let headers = Headers { id, timestamp: &timestamp, signature: &signed };
        assert_eq!(known.verify(&headers, body.as_bytes(), now, Duration::ZERO), Ok(()));
    }
    let planted = format!("{WORD}{signature}");
    let headers = Headers { id, timestamp, signature: &planted };
    if let Err(error) = known.verify(&headers, body.as_bytes(), seen, TOLERANCE) {
        check_silent(&error.to_string());
    }
}

fn check_url(text: &str) {
    let Ok(url) = text.parse::<url::Url>() else { return };
    match Targets::default().check_url(&url) {
        Ok(()) => {
            assert_eq!(url.scheme(), "https");
            assert!(url.username().is_empty() && url.password().is_none());
            let host = url.host_str().expect("it has one").trim_matches(['[', ']']).to_owned();
            if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
                assert!(
                    !address.is_private() && !address.is_loopback() && !address.is_link_local(),
                    "{address}"
                );
            }
            if let Ok(address) = host.parse::<std::net::Ipv6Addr>() {
                assert!(
                    !address.is_loopback() && !address.is_unique_local() && !address.is_unspecified(),
                    "{address}"
                );
                assert!(
                    address.to_ipv4_mapped().is_none_or(|v4| !v4.is_private() && !v4.is_loopback()),
                    "{address}"
                );
            }
            // Who allows more takes no less.
            assert!(Targets { allow_private: true, allow_http: true }.check_url(&url).is_ok());
        }
        Err(refusal) => assert!(!refusal.to_string().contains('\n')),
    }
}

/// The configuration.
///
/// What is refused names settings and lines, not values, wherever a value is wrong; and secrets are not printed.
pub fn config_toml(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let path = Path::new("/etc/idos/config.toml");
    let read = Config::of_text(text, path);
    assert_eq!(read.is_ok(), Config::of_text(text, path).is_ok());
    if let Ok(config) = &read {
        let url = config.database.url.expose();
        // An address without a secret may look like anything else that is printed.
        assert!(url.len() < 30 || !format!("{config:?}").contains(url));
    }
    // The word is put behind every quote that opens, one after the other: into values, not into names.
    let quotes =
        text.match_indices("= \"").chain(text.match_indices("=\"")).map(|(at, found)| at + found.len());
    for at in quotes.take(64) {
        let planted = format!("{}{WORD}{}", &text[..at], &text[at..]);
        if let Err(error) = Config::of_text(&planted, path) {
            let shown = error.to_string();
            check_silent(&shown);
            assert!(shown.len() < 2000 + text.len());
        }
    }
}

/// The names of members of results are those of the documents; a result about personhood is read without its values.
pub fn personhood(data: &[u8]) {
    let Ok(json) = idos_credential::strict_json::Json::parse(data) else { return };
    let known: BTreeMap<_, _> = members(Kind::FaceSign).into_iter().map(|name| (name, ())).collect();
    match Evidence::read(Kind::FaceSign, json, "", &mut |_| Err("has no files")) {
        Ok(result) => {
            assert!(
                matches!(&result.subject, Subject::FaceSign(subject) if !subject.face_sign_user_id.is_empty())
            );
        }
        Err(invalid) => {
            for problem in &invalid.problems {
                let first = problem.field.split('.').next().unwrap_or_default();
                assert!(first.is_empty() || known.contains_key(first), "{first}");
            }
        }
    }
}
