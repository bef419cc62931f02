//! Reading vectors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::strict_json::Json;
use idos_credential::{
    AcceptedIssuer, CredentialFields, Draft, FaceSignSubject, Invalid, IssuerKey, KycSubject, Problem,
    Timestamp, VerificationKey,
};
use rand_core::{CryptoRng, RngCore};
use serde_json::Value;

pub(crate) fn vectors(file: &str) -> Value {
    let path = format!("{}/../../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is a text"))
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

pub(crate) fn unhex<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn key(vectors: &Value) -> IssuerKey {
    IssuerKey::of_url(text(&vectors["key"], "issuer"), &unhex(text(&vectors["key"], "seed_hex"))).unwrap()
}

pub(crate) fn accepted(issuer: &Value) -> AcceptedIssuer {
    let key = VerificationKey::from_multibase(text(issuer, "publicKeyMultibase")).unwrap();
    match issuer["issuer"].as_str() {
        Some(url) => AcceptedIssuer::of_url(url, key).unwrap(),
        None => {
            AcceptedIssuer::named(text(issuer, "id").into(), text(issuer, "controller").into(), key).unwrap()
        }
    }
}

/// The vectors write `{"$date": …}` for dates, `{"$base64": …}` for bytes, `{"$undefined": true}` for members that
/// are there without a value. Dates become texts, files are read below, undefined members are left out.
pub(crate) fn plain(value: &Value) -> Json {
    match value {
        Value::Object(members) => {
            if let Some(date) = members.get("$date") {
                return Json::Text(date.as_str().unwrap().to_owned());
            }
            let there = members.iter().filter(|(_, v)| v.get("$undefined").is_none());
            Json::Object(there.map(|(name, v)| (name.clone(), plain(v))).collect())
        }
        Value::String(text) => Json::Text(text.clone()),
        Value::Array(items) => Json::List(items.iter().map(plain).collect()),
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.as_f64().unwrap()),
    }
}

pub(crate) fn read_file(json: &Json) -> Result<Vec<u8>, &'static str> {
    let text = json.member("$base64").and_then(Json::as_text).ok_or("must be a file")?;
    STANDARD.decode(text).map_err(|_| "must be base64")
}

/// A date that was no `Date` object when the SDK got it.
fn not_a_date(fields: &Value) -> Result<(), Invalid> {
    for name in ["issued", "approvedAt", "expirationDate"] {
        if fields[name].is_string() {
            return Err(Problem::new(name, "must be a date").into());
        }
    }
    Ok(())
}

pub(crate) fn draft(vector: &Value) -> Result<Draft, Invalid> {
    not_a_date(&vector["input_fields"])?;
    let fields = CredentialFields::read(&plain(&vector["input_fields"]))?;
    let subject = plain(&vector["input_subject"]);
    if vector["input_subject"].get("faceSignUserId").is_some() {
        let fields = CredentialFields { level: "human".into(), ..fields };
        return Draft::new(fields, FaceSignSubject::read(&subject)?);
    }
    Draft::kyc_as_sdk(fields, KycSubject::read_as_sdk(&subject, &mut read_file)?)
}

/// Gives out fixed bytes, and panics when they are used up.
pub(crate) struct Script(pub(crate) Vec<u8>);

impl RngCore for Script {
    fn next_u32(&mut self) -> u32 {
        unreachable!("only bytes are drawn")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("only bytes are drawn")
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        let rest = self.0.split_off(dest.len());
        dest.copy_from_slice(&self.0);
        self.0 = rest;
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Script {}
