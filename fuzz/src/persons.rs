//! Proofs of personhood, and what their sources answer.
//!
//! An error names places, never values: tried by planting a rare word into one text of the input after the other.

use hex::encode;
use identity_vendors::personhood::{
    Binding, BrightId, DenialCode, FaceSign, HumanPassport, Person, PersonSource, Question, Score, Step,
    WorldEnvironment, WorldId, WorldIdV2, WorldProtocol,
};
use identity_vendors::{Answer, CaseId, Environment, Moment, Secret};
use serde_json::Value;

use crate::input::text;
use crate::vendors::{check_silent, each_planted, is_below};

/// When all of it happens.
const NOW: i64 = 1_767_323_045;

/// The key of `crates/identity-vendors/tests/it/personhood/signed.json`.
const NODE_KEY: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";

/// All sources; World ID in each version of proofs.
fn sources() -> Vec<(&'static str, PersonSource)> {
    let secret = |text: &str| Secret::new(text).expect("a secret");
    let id = |text: &str| CaseId::new(text).expect("an id");
    let world = |protocol| {
        PersonSource::WorldId(WorldId {
            app: id("rp_1234"),
            action: "idos-pop".to_owned(),
            protocol,
            environment: WorldEnvironment::Production,
            levels: vec!["orb".to_owned()],
            issuer_schemas: vec![1],
            max_age: None,
            user_agent: "Fuzz/1.0".to_owned(),
        })
    };
    let mut node_key = [0; 32];
    hex::decode_to_slice(NODE_KEY, &mut node_key).expect("a key");
    vec![
        (
            "brightid",
            PersonSource::BrightId(BrightId {
                app: id("idos"),
                verification: "Meets.expirable".to_owned(),
                node_keys: vec![node_key],
                valid_for: 3600,
                ids_as_hex: false,
                environment: Environment::Live,
            }),
        ),
        (
            "face_sign",
            PersonSource::FaceSign(FaceSign {
                group: "group".to_owned(),
                environment: Environment::Live,
                relay_token: Some(secret("token")),
                min_match_level: 15,
                attestation_keys: Vec::new(),
                token_max_age: 600,
            }),
        ),
        (
            "human_passport",
            PersonSource::HumanPassport(HumanPassport {
                scorer: 335,
                environment: Environment::Live,
                key: secret("key"),
                action: "idos-pop".to_owned(),
                threshold: Score(2_000_000),
            }),
        ),
        ("world_id", world(WorldProtocol::V4)),
        ("world_id_3", world(WorldProtocol::V3)),
        (
            "world_id_v2",
            PersonSource::WorldIdV2(WorldIdV2 {
                app: id("app_1234"),
                action: "idos-pop".to_owned(),
                environment: Environment::Live,
                levels: vec!["orb".to_owned()],
                max_age: Some(7200),
                user_agent: "Fuzz/1.0".to_owned(),
            }),
        ),
    ]
}

/// Proofs. The first line names the source, the second one what ties the proof to the user, the third one the nonce, if any; the proof
/// follows.
///
/// The same proof leads to the same question below its base, a nullifier that is spelled otherwise to the same one, and
/// nothing is shown of what was brought.
pub fn personhood_proofs(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || text(lines.next()?);
    let (Some(name), Some(user), Some(nonce)) = (line(), line(), line()) else { return };
    let Some((_, source)) = sources().into_iter().find(|(known, _)| *known == name) else { return };
    let binding = Binding { user, nonce: Some(nonce).filter(|nonce| !nonce.is_empty()) };
    let proof = lines.next().unwrap_or_default();

    let (shown, question) = begin(&source, &binding, proof);
    let (again, same) = begin(&source, &binding, proof);
    assert_eq!(shown, again);
    assert_eq!(question.as_ref().map(sent), same.as_ref().map(sent));
    if let Some(question) = &question
        && let Ok(mut spelled) = serde_json::from_slice::<Value>(proof)
        && respell(&mut spelled)
    {
        let spelled = serde_json::to_vec(&spelled).expect("JSON");
        assert_eq!(begin(&source, &binding, &spelled).1.as_ref().map(sent), Some(sent(question)));
    }
    each_planted(proof, &|planted| check_silent(&begin(&source, &binding, planted).0));
}

/// All that is shown, and the question.
fn begin(source: &PersonSource, binding: &Binding<'_>, proof: &[u8]) -> (String, Option<Question>) {
    let step = source.begin(proof, binding, NOW);
    let shown = match &step {
        Ok(step) => format!("{step:?}"),
        Err(denial) => {
            assert!(!denial.field.is_empty() && !denial.is_worth_retrying());
            format!("{denial} {denial:?}")
        }
    };
    let Ok(Step::Ask(question)) = step else { return (shown, None) };
    assert!(is_below(&question.path), "a path that leaves its base");
    (shown, Some(*question))
}

fn sent(question: &Question) -> (&str, &[u8]) {
    (&question.path, &question.body)
}

/// Writes every nullifier in upper case, with zeros in front.
fn respell(json: &mut Value) -> bool {
    let items = match json.get_mut("responses") {
        Some(items) => items.as_array_mut().map(Vec::as_mut_slice).unwrap_or_default(),
        None => std::slice::from_mut(json),
    };
    let name = |item: &Value| if item.get("nullifier").is_some() { "nullifier" } else { "nullifier_hash" };
    let places = items.iter_mut().filter_map(|item| item.get_mut(name(item)));
    let mut has_any = false;
    for place in places {
        let Some(text) = place.as_str() else { continue };
        let digits = text.strip_prefix("0x").unwrap_or(text).to_ascii_uppercase();
        // Longer ones may be too long with more.
        if digits.len() <= 64 {
            *place = format!("0x000{digits}").into();
            has_any = true;
        }
    }
    has_any
}

/// Answers. The first line names the source, the second one what ties the proof to the user, the third one the nonce, if any, the
/// fourth one is the proof, the fifth one the status; the answer follows.
///
/// A person of an answer is the same again, not expired, and nobody else's; nothing is shown of what was answered.
pub fn personhood_answers(data: &[u8]) {
    let mut lines = data.splitn(6, |byte| *byte == b'\n');
    let mut line = || text(lines.next()?);
    let (Some(name), Some(user), Some(nonce), Some(proof), Some(status)) =
        (line(), line(), line(), line(), line())
    else {
        return;
    };
    let Some((_, source)) = sources().into_iter().find(|(known, _)| *known == name) else { return };
    let Ok(status) = status.parse() else { return };
    let binding = Binding { user, nonce: Some(nonce).filter(|nonce| !nonce.is_empty()) };
    let Some(question) = begin(&source, &binding, proof.as_bytes()).1 else { return };
    let answer = lines.next().unwrap_or_default();
    let (shown, found) = finish(&source, &question, status, answer);
    assert_eq!(finish(&source, &question, status, answer), (shown, found.clone()));
    each_planted(answer, &|planted| check_silent(&finish(&source, &question, status, planted).0));
}

/// All that is shown, and the hash of the person.
fn finish(source: &PersonSource, question: &Question, status: u16, body: &[u8]) -> (String, Option<String>) {
    match source.finish(question, &Answer { status, headers: &[], body }, NOW) {
        Ok(Step::Done(person)) => {
            assert!(status == 200 || status == 201);
            (format!("{person:?}"), Some(hash(&person)))
        }
        Ok(step) => {
            assert!(status == 200);
            (format!("{step:?}"), None)
        }
        Err(denial) => {
            assert!(!denial.field.is_empty() && DenialCode::ALL.contains(&denial.code));
            (format!("{denial} {denial:?}"), None)
        }
    }
}

fn hash(person: &Person) -> String {
    assert_eq!(person.checked_at, Moment(NOW * 1000));
    assert!(person.expires.is_none_or(|expires| expires >= person.checked_at));
    encode(person.id.keyed_hash(&Secret::new("key").expect("a secret")))
}
