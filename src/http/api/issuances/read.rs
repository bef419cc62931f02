//! A submission: a provider's result, and what is to become of it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use idos_credential::RecipientKey;
use idos_credential::contents::BASE64;
use idos_credential::kind::wallet_linkage::MOST_WALLETS;
use idos_credential::strict_json::Json;
use uuid::Uuid;

use crate::http::api::common::{CALLER, ENCRYPTION_KEY, caller};
use crate::http::api::write_grants::read as grant;
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::multipart::File;
use crate::http::kit::problem::{Code, Problem};
use crate::model::evidence::Evidence;
use crate::model::ids::{ClaimId, WalletLinkId};
use crate::model::issuance::{Delivery, Kind};
use crate::model::kyc_version::KycVersions;
use crate::model::personal::{Contact, ContactChange, Locale};
use crate::model::submission::{Authority, CopyFor, Given, SignedGrant, Submission};
use crate::model::time::Timestamp;

pub(in crate::http::api) const SUBMISSION: &[&str] =
    &["userId", "kind", "evidence", "files", "delivery", "contact", "reference", "renews"];
pub(in crate::http::api) const LINKS: &[&str] = &["links"];
pub(in crate::http::api) const INSERTER: &[&str] = &["by", "claim"];
pub(in crate::http::api) const WRITE_GRANT: &[&str] = &["by", "writeGrant", "copyFor", "claim"];
pub(in crate::http::api) const LATER_INSERTER: &[&str] = &["by"];
pub(in crate::http::api) const LATER_GRANT: &[&str] = &["by", "copyFor"];
pub(in crate::http::api) const COPY_FOR: &[&str] = &["grantee", "encryptionPublicKey"];
pub(in crate::http::api) const CONTACT: &[&str] = &["email", "locale"];
pub(in crate::http::api) const RESTORATION: &[&str] = &["delivery"];
pub(in crate::http::api) const CHOICE: &[&str] = &["until"];
pub(in crate::http::api) const INLINE: &[&str] = &["base64"];
pub(in crate::http::api) const PART: &[&str] = &["part"];

pub(in crate::http::api) const RESUMPTION: &[&str] = &["writeGrant"];

/// Where the files of a submission are.
pub(in crate::http) struct Files {
    /// Those that came as parts of their own; `None` where the whole body is JSON.
    pub(in crate::http) parts: Option<BTreeMap<String, File>>,
    /// The largest that one may be, in bytes.
    pub(in crate::http) max_file: usize,
}

/// Reads a submission. `kind` says what is asked for by a name.
pub(in crate::http) fn submission(
    mut json: Json,
    files: &Files,
    kind: &dyn Fn(&str) -> Option<Kind>,
) -> Result<Submission, Problem> {
    let mut faults = Faults::default();
    // Files are large, so the evidence is taken out and not copied.
    let evidence = take(&mut json, "evidence");
    let mut reading = Reading { files, used: BTreeSet::new(), too_large: None };
    let submission = Object::of(&json, "", SUBMISSION, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let kind = object.parsed("kind", &mut faults, one_of_the_kinds(), kind);
        if evidence.is_none() {
            faults.add("/evidence", "is required");
        }
        let evidence = kind.zip(evidence).and_then(|(kind, json)| {
            let of_files = if kind.lists_wallets() { "/evidence" } else { "/evidence/subject" };
            let evidence = read_given(kind, json, user_id.unwrap_or_default(), &mut reading, &mut faults);
            for (_, file) in
                files.parts.iter().flatten().filter(|(name, _)| !reading.used.contains(name.as_str()))
            {
                faults.add(of_files, format!("does not refer to part {}", file.index));
            }
            evidence
        });
        let mode = object.get("files").map(|_| object.read("files", &mut faults, "must be refuse or fit"));
        let delivery = object.required("delivery", &mut faults);
        let authority = delivery.and_then(|json| authority(json, &mut faults));
        let contact = object.get("contact").map(|json| contact(json, &mut faults));
        let reference = object.get("reference").map(|_| {
            let phrase = "must have 1 to 128 of a-z, A-Z, 0-9, . _ : -";
            object.read("reference", &mut faults, phrase)
        });
        let renews = object
            .get("renews")
            .map(|_| object.read("renews", &mut faults, "must be an id of an issuance, such as iss_01J…"));
        let (authority, claim) = authority?;
        // What is there and cannot be read has left a fault.
        Some(Submission {
            user_id: user_id?,
            evidence: evidence?,
            files: mode.flatten(),
            authority,
            claim,
            contact: contact.flatten(),
            reference: reference.flatten(),
            renews: renews.flatten(),
        })
    });
    if let Some(bytes) = reading.too_large {
        let detail = format!("A file has {bytes} bytes, and one file may have {}.", files.max_file);
        return Err(Problem { errors: faults.0, ..Problem::new(Code::TooLarge).because(detail) });
    }
    faults.into_result(submission)
}

/// Such as "must be kyc or personhood".
fn one_of_the_kinds() -> String {
    let names: Vec<_> = KycVersions::names().collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("must be {} or {last}", rest.join(", ")),
        _ => format!("must be {}", names.concat()),
    }
}

/// The member `name`, leaving `null` in its place.
fn take(json: &mut Json, name: &str) -> Option<Json> {
    let Json::Object(members) = json else { return None };
    let (_, value) = members.iter_mut().find(|(there, _)| there == name)?;
    Some(std::mem::replace(value, Json::Null))
}

fn read_given(
    kind: Kind,
    json: Json,
    user_id: Uuid,
    reading: &mut Reading<'_>,
    faults: &mut Faults,
) -> Option<Given> {
    if kind.lists_wallets() {
        return Some(Given::Wallets { kind, links: links(&json, faults)? });
    }
    read_evidence(kind, json, user_id, reading, faults).map(Given::Result)
}

/// Reads whose wallets are to be listed.
fn links(json: &Json, faults: &mut Faults) -> Option<Vec<WalletLinkId>> {
    let object = Object::of(json, "/evidence", LINKS, faults)?;
    let at = object.pointer("links");
    let Json::List(items) = object.required("links", faults)? else {
        faults.add(at, "must be a list of ids of links");
        return None;
    };
    if !(1..=MOST_WALLETS).contains(&items.len()) {
        faults.add(at, format!("must be a list of 1 to {MOST_WALLETS} ids of links"));
        return None;
    }
    let mut links: Vec<WalletLinkId> = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        match item.as_text().and_then(|text| text.parse().ok()) {
            Some(id) if links.contains(&id) => faults.add(format!("{at}/{place}"), "is listed twice"),
            Some(id) => links.push(id),
            None => faults.add(format!("{at}/{place}"), "must be an id of a link, such as lnk_01J…"),
        }
    }
    Some(links)
}

fn read_evidence(
    kind: Kind,
    json: Json,
    user_id: Uuid,
    reading: &mut Reading<'_>,
    faults: &mut Faults,
) -> Option<Evidence> {
    Evidence::read(kind, json, &user_id.to_string(), &mut |json| reading.file(json))
        .map_err(|invalid| faults.extend("/evidence", invalid))
        .ok()
}

/// The files in the course of reading.
struct Reading<'f> {
    files: &'f Files,
    used: BTreeSet<String>,
    too_large: Option<usize>,
}

impl Reading<'_> {
    /// The bytes of a file: `{"base64": …}`, or in multipart `{"part": …}`.
    fn file(&mut self, json: &Json) -> Result<Vec<u8>, &'static str> {
        let expected = if self.files.parts.is_some() {
            "must be an object with the one member base64 or part"
        } else {
            "must be an object with the one member base64"
        };
        let Json::Object(members) = json else { return Err(expected) };
        let [(name, Json::Text(text))] = members.as_slice() else { return Err(expected) };
        match &self.files.parts {
            _ if INLINE.contains(&name.as_str()) => {
                let bytes =
                    BASE64.decode(text).map_err(|_| "must be base64 (RFC 4648, section 4), with padding")?;
                if bytes.len() > self.files.max_file {
                    self.too_large = self.too_large.max(Some(bytes.len()));
                    return Err("is too large");
                }
                Ok(bytes)
            }
            Some(parts) if PART.contains(&name.as_str()) => {
                let file = parts.get(text).ok_or("names a part that is not there")?;
                self.used.insert(text.clone());
                Ok(file.bytes.to_vec())
            }
            _ => Err(expected),
        }
    }
}

/// Reads on whose authority something is written, and the claim by which the user was identified.
fn authority(json: &Json, faults: &mut Faults) -> Option<(Authority, Option<ClaimId>)> {
    const AT: &str = "/delivery";
    let by = json.member("by").and_then(Json::as_text).and_then(|text| text.parse::<Delivery>().ok());
    let Some(by) = by else {
        if Object::of(json, AT, WRITE_GRANT, faults).is_some() {
            faults.add("/delivery/by", "must be inserter or write_grant");
        }
        return None;
    };
    match by {
        Delivery::Inserter => {
            let object = Object::of(json, AT, INSERTER, faults)?;
            Some((Authority::Inserter, claim(&object, faults)))
        }
        Delivery::WriteGrant => {
            let object = Object::of(json, AT, WRITE_GRANT, faults)?;
            let claim = claim(&object, faults);
            for name in ["writeGrant", "copyFor"] {
                if object.get("claim").is_some() && object.get(name).is_some() {
                    faults.add(
                        object.pointer(name),
                        "is not taken beside claim: the person has signed the grant of that",
                    );
                }
            }
            let pointer = object.pointer("writeGrant");
            let grant = object.get("writeGrant").map(|json| grant::signed(json, &pointer, faults));
            let copy_for =
                object.get("copyFor").map(|json| copy_for(json, object.pointer("copyFor"), faults));
            // What is there and cannot be read has left a fault.
            let grant = grant.flatten().map(Box::new);
            Some((Authority::WriteGrant { grant, copy_for: copy_for.flatten() }, claim))
        }
    }
}

fn claim(object: &Object<'_>, faults: &mut Faults) -> Option<ClaimId> {
    object
        .get("claim")
        .and_then(|_| object.read("claim", faults, "must be an id of a claim, such as clm_01J…"))
}

/// Reads on whose authority something will be written, where a write grant comes later.
pub(in crate::http::api) fn later_delivery(
    json: &Json,
    faults: &mut Faults,
) -> Option<(Delivery, Option<CopyFor>)> {
    const AT: &str = "/delivery";
    let by = json.member("by").and_then(Json::as_text).and_then(|text| text.parse::<Delivery>().ok());
    let Some(by) = by else {
        if Object::of(json, AT, LATER_GRANT, faults).is_some() {
            faults.add("/delivery/by", "must be inserter or write_grant");
        }
        return None;
    };
    let names = if by.needs_grant() { LATER_GRANT } else { LATER_INSERTER };
    let object = Object::of(json, AT, names, faults)?;
    if !by.needs_grant() {
        return Some((by, None));
    }
    let copy = object.get("copyFor").map(|json| copy_for(json, object.pointer("copyFor"), faults));
    Some((by, copy.flatten()))
}

fn copy_for(json: &Json, at: String, faults: &mut Faults) -> Option<CopyFor> {
    let object = Object::of(json, at, COPY_FOR, faults)?;
    let grantee = object.parsed("grantee", faults, CALLER, caller);
    let encryption_key = object
        .parsed("encryptionPublicKey", faults, ENCRYPTION_KEY, |text| RecipientKey::from_base64(text).ok());
    Some(CopyFor { grantee: grantee?, encryption_key: encryption_key? })
}

/// Reads whom to write to.
pub(in crate::http::api) fn contact(json: &Json, faults: &mut Faults) -> Option<Contact> {
    let object = Object::of(json, "/contact", CONTACT, faults)?;
    let email = object.read("email", faults, "must be an e-mail address");
    let locale = match object.get("locale") {
        Some(_) => object.read("locale", faults, "must be a language tag such as en or pt-BR"),
        None => Some(Locale::default()),
    };
    Some(Contact { email: email?, locale: locale? })
}

/// Reads what is to change of whom is written to.
pub(in crate::http) fn contact_change(json: &Json) -> Result<ContactChange, Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", CONTACT, &mut faults);
    let change = object.map(|object| {
        let email =
            object.optional("email", &mut faults, "must be an e-mail address", |text| text.parse().ok());
        let phrase = "must be a language tag such as en or pt-BR";
        let locale = object.optional("locale", &mut faults, phrase, |text| text.parse().ok());
        if object.get("email").is_none() && object.get("locale").is_none() {
            faults.add("", "must have email, locale or both");
        }
        ContactChange { email, locale }
    });
    faults.into_result(change)
}

/// Reads on whose authority a credential is given again.
pub(in crate::http) fn restoration(json: &Json) -> Result<(Authority, Option<ClaimId>), Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", RESTORATION, &mut faults);
    let delivery = object.and_then(|object| object.required("delivery", &mut faults));
    let by = delivery.and_then(|json| authority(json, &mut faults));
    faults.into_result(by)
}

/// Reads until when the person has chosen to have content kept.
pub(in crate::http) fn choice(json: &Json) -> Result<Timestamp, Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", CHOICE, &mut faults);
    let until = object.and_then(|object| {
        let phrase = "must be a time such as 2026-01-02T03:04:05Z";
        object.parsed("until", &mut faults, phrase, |text| text.parse().ok())
    });
    faults.into_result(until)
}

/// Reads what a halted issuance is resumed with.
pub(in crate::http) fn resumption(json: &Json) -> Result<Option<SignedGrant>, Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", RESUMPTION, &mut faults);
    let signed = object
        .as_ref()
        .and_then(|object| object.get("writeGrant"))
        .map(|json| grant::signed(json, "/writeGrant", &mut faults));
    // A grant that cannot be read has left a fault.
    faults.into_result(object.map(|_| signed.flatten()))
}
