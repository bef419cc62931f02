//! Answers one JSON request a line on standard input with one JSON line on standard output, so that programs in
//! other languages can hold this crate against their own libraries. See `tests/interop/`.
//!
//! | `op` | members | answer |
//! |---|---|---|
//! | `issue` | `seedHex`, `issuer`, `kind` (`kyc`, `facesign`, `kyc-v3`, `edd`, `wallets`), `fields`, `subject`, `created`, `believed` | `credential` |
//! | `verify` | `credential`, `issuers` (each with `publicKeyMultibase` and `issuer` or `id`, `controller`), `at`, `oldSubjects` | `verified`, `reason` |
//! | `receipt` | `seedHex`, `issuer`, `created`, `lockedUntil` | `credential`: the receipt of an erasure |
//! | `verify-receipt` | as `verify` | `verified`, `reason` |
//! | `seal` | `recipientPublicKey`, `plaintext` (both base64) | `content`, `encryptorPublicKey` |
//! | `open` | `content`, `encryptorPublicKey`, `secretKey` | `plaintext` |
//!
//! `believed` asks for the rules by which an issuer builds; otherwise those of the official SDK hold. In `fields` and `subject`, dates are `{"$date": "…"}` and files `{"$base64": "…"}`. Failures answer `error`.

#![expect(clippy::print_stdout, reason = "answers go to standard output")]

use std::error::Error;
use std::io::BufRead as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::sealing::seal_bytes;
use idos_credential::strict_json::Json;
use idos_credential::{
    AcceptedIssuer, CredentialFields, Draft, EddSubject, EncryptionSecret, ErasureReceipt, FaceSignSubject,
    IssuerKey, Kind, KycSubject, KycV3Subject, LinkedWallet, RecipientKey, Timestamp, VerificationKey,
    WalletLinkage, verify_with,
};
use rand_core::OsRng;
use serde_json::{Value, json};

type Answer = Result<Value, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let answer =
            answer(&serde_json::from_str(&line?)?).unwrap_or_else(|e| json!({ "error": e.to_string() }));
        println!("{answer}");
    }
    Ok(())
}

fn answer(request: &Value) -> Answer {
    match text(request, "op")? {
        "issue" => issue(request),
        "verify" => judge(request),
        "receipt" => receipt(request),
        "verify-receipt" => {
            let (accepted, at) = (issuers(request)?, text(request, "at")?.parse()?);
            let verdict = ErasureReceipt::verify(text(request, "credential")?.as_bytes(), &accepted, at);
            Ok(json!({ "verified": verdict.is_ok(), "reason": verdict.err().map(|no| no.to_string()) }))
        }
        "seal" => {
            let recipient = RecipientKey::from_base64(text(request, "recipientPublicKey")?)?;
            let plaintext = STANDARD.decode(text(request, "plaintext")?)?;
            let (content, encryptor) = seal_bytes(&plaintext, &recipient, &mut OsRng)?;
            Ok(json!({ "content": content, "encryptorPublicKey": encryptor }))
        }
        "open" => {
            let secret = EncryptionSecret::from_base64(text(request, "secretKey")?)?;
            let plaintext = secret.open(text(request, "content")?, text(request, "encryptorPublicKey")?)?;
            Ok(json!({ "plaintext": STANDARD.encode(&*plaintext) }))
        }
        _ => Err("op is not known".into()),
    }
}

fn issue(request: &Value) -> Answer {
    let seed = hex::decode(text(request, "seedHex")?)?.try_into().map_err(|_| "seedHex must be 32 bytes")?;
    let key = IssuerKey::of_url(text(request, "issuer")?, &seed)?;
    let fields = CredentialFields::read(&plain(&request["fields"])?)?;
    let subject = plain(&request["subject"])?;
    let draft = match text(request, "kind")? {
        "wallets" => Draft::new(fields, linkage(&request["subject"])?)?,
        "facesign" => Draft::new(fields, FaceSignSubject::read(&subject)?)?,
        "kyc-v3" if request["believed"] == true => {
            Draft::new(fields, KycV3Subject::read(&subject, &mut read_file)?)?
        }
        "kyc-v3" => Draft::kyc_v3_as_sdk(fields, KycV3Subject::read_as_sdk(&subject, &mut read_file)?, None)?,
        "edd" => Draft::edd_as_sdk(fields, EddSubject::read(&subject, &mut read_file)?)?,
        _ => Draft::kyc_as_sdk(fields, KycSubject::read_as_sdk(&subject, &mut read_file)?)?,
    };
    let signed = draft.sign_with(&key, text(request, "created")?.parse()?);
    Ok(json!({ "credential": signed.text() }))
}

fn linkage(subject: &Value) -> Result<WalletLinkage, Box<dyn Error>> {
    let mut wallets = Vec::new();
    for wallet in subject["wallets"].as_array().ok_or("wallets must be a list")? {
        wallets.push(LinkedWallet::new(text(wallet, "id")?.parse()?, text(wallet, "provenAt")?.parse()?));
    }
    Ok(WalletLinkage::new(text(subject, "user")?, wallets)?)
}

fn judge(request: &Value) -> Answer {
    let kinds = if request["oldSubjects"] == true { Kind::ALL } else { Kind::TAKEN };
    let credential = text(request, "credential")?.as_bytes();
    let verdict = verify_with(kinds, credential, &issuers(request)?, text(request, "at")?.parse()?);
    Ok(match verdict {
        Ok(_) => json!({ "verified": true }),
        Err(rejection) => json!({ "verified": false, "reason": rejection.to_string() }),
    })
}

fn issuers(request: &Value) -> Result<Vec<AcceptedIssuer>, Box<dyn Error>> {
    let mut issuers = Vec::new();
    for issuer in request["issuers"].as_array().ok_or("issuers must be a list")? {
        let key = VerificationKey::from_multibase(text(issuer, "publicKeyMultibase")?)?;
        issuers.push(match issuer["issuer"].as_str() {
            Some(url) => AcceptedIssuer::of_url(url, key)?,
            None => {
                AcceptedIssuer::named(text(issuer, "id")?.into(), text(issuer, "controller")?.into(), key)?
            }
        });
    }
    Ok(issuers)
}

/// The receipt of a made-up erasure.
fn receipt(request: &Value) -> Answer {
    let seed = hex::decode(text(request, "seedHex")?)?.try_into().map_err(|_| "seedHex must be 32 bytes")?;
    let key = IssuerKey::of_url(text(request, "issuer")?, &seed)?;
    let created: Timestamp = text(request, "created")?.parse()?;
    let locked_until = request["lockedUntil"].as_str().map(str::parse).transpose()?;
    let receipt = ErasureReceipt {
        case: "era_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        received: created,
        erased: created,
        issuances: 12,
        verifications: 1,
        claims: 0,
        profiles: 1,
        wallets: 0,
        attributes: 3,
        wallet_links: 0,
        copies_removed: 10,
        copies_absent: 1,
        copies_left: 0,
        credentials: 1,
        credentials_revoked: 11,
        credentials_not_revoked: 0,
        credentials_unknown: 0,
        rows: 4,
        removes_by: "Nur \"Nutzer\" können das.\n".to_owned(),
        consumer_copies: 1,
        consumer_copies_locked_until: locked_until,
        consumer_copies_known_by: "the profile".to_owned(),
        confirmation: "sent".to_owned(),
    };
    let unsigned = receipt.prepare(key.method(), created);
    let signature = key.sign(unsigned.to_sign());
    Ok(json!({ "credential": unsigned.signed(&signature)? }))
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, Box<dyn Error>> {
    value.get(member).and_then(Value::as_str).ok_or_else(|| format!("{member} must be a text").into())
}

/// Dates as texts; all else as it is.
fn plain(value: &Value) -> Result<Json, Box<dyn Error>> {
    Ok(match value {
        Value::Object(members) => match members.get("$date").and_then(Value::as_str) {
            Some(date) => Json::Text(date.to_owned()),
            None => {
                Json::Object(members.iter().map(|(name, v)| Ok((name.clone(), plain(v)?))).collect::<Result<
                    _,
                    Box<dyn Error>,
                >>(
                )?)
            }
        },
        _ => Json::parse(value.to_string().as_bytes())?,
    })
}

fn read_file(json: &Json) -> Result<Vec<u8>, &'static str> {
    let text = json.member("$base64").and_then(Json::as_text).ok_or("must be a file")?;
    STANDARD.decode(text).map_err(|_| "must be base64")
}
