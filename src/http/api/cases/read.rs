//! Bodies of cases.

use idos_credential::strict_json::Json;
use idos_wallet::MAX_SIGNATURE_LEN;

use crate::flow::cases::{Answer, Choice, NewCase, Whose};
use crate::http::api::common::{KeyOfOwner, OWNER, owner, owner_with};
use crate::http::kit::json::{Faults, Object, USER_ID, uuid};
use crate::http::kit::problem::Problem;
use crate::model::case::{
    CaseOrigin, ExtensionReason, Grounds, Identity, LegalBasis, MOST_RECORDS, NotABasis, RecordKind,
};
use crate::model::ids::is_user_id;
use crate::model::issuance::Reference;
use crate::model::personal::Personal;
use crate::model::submission::Owner;
use crate::model::time::Timestamp;

pub(in crate::http) const NEW_CASE: &[&str] = &["user", "receivedAt", "identity"];
pub(in crate::http) const WANTED: &[&str] = &["email", "wallet", "userId", "reference"];
pub(in crate::http) const CHECKED: &[&str] = &["checkedBy"];
pub(in crate::http) const CHOICE: &[&str] = &["users", "records"];
pub(in crate::http) const EXTENSION: &[&str] = &["reason"];
pub(in crate::http) const REFUSAL: &[&str] = &["grounds", "basis"];
pub(in crate::http) const WALLET: &[&str] = &["wallet"];
pub(in crate::http) const ANSWER: &[&str] = &["wallet", "nonce", "signature"];

/// The longest text that stands for a login: what a gateway wants signed, and what goes with it.
const LONGEST_NONCE: usize = 16 * 1024;

/// The longest provision of law that is read at all, in bytes.
const LONGEST_BASIS: usize = 1024;

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    format!("must be one of {}", all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", "))
}

/// Reads a request.
pub(in crate::http) fn new_case(json: &Json, origin: CaseOrigin) -> Result<NewCase, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_CASE, &mut faults).and_then(|object| {
        let whose = object.required("user", &mut faults).and_then(|json| whose(json, &mut faults));
        let received_at =
            object.optional("receivedAt", &mut faults, "must be a date or a time (RFC 3339)", |text| {
                text.parse().ok()
            });
        let identity = object.get("identity");
        let vouched = identity.map(|json| checked(json, "/identity", &mut faults));
        let identity = vouched.flatten().map(|()| Identity::Client);
        Some(NewCase { whose: whose?, received_at, identity, origin })
    });
    faults.into_result(new)
}

/// Reads by what a person is known: by exactly one thing.
fn whose(json: &Json, faults: &mut Faults) -> Option<Whose> {
    let object = Object::of(json, "/user", WANTED, faults)?;
    if WANTED.iter().filter(|name| object.get(name).is_some()).count() != 1 {
        faults.add("/user", "must have exactly one of email, wallet, userId and reference");
        return None;
    }
    if object.get("email").is_some() {
        return object.read("email", faults, "must be an e-mail address").map(Whose::Email);
    }
    if let Some(json) = object.get("wallet") {
        let wallet = owner_with(json, ("/user/wallet", OWNER), KeyOfOwner::MayComeLater, faults);
        return wallet.map(Whose::Wallet);
    }
    if object.get("userId").is_some() {
        return object.user_id("userId", faults).map(Whose::User);
    }
    object
        .read::<Reference>("reference", faults, "must have 1 to 128 of a-z, A-Z, 0-9, . _ : -")
        .map(Whose::Reference)
}

/// Reads that the client has checked who it is.
fn checked(json: &Json, at: &str, faults: &mut Faults) -> Option<()> {
    let object = Object::of(json, at, CHECKED, faults)?;
    object.parsed("checkedBy", faults, "must be client", |text| (text == "client").then_some(()))
}

/// The same as a whole body.
pub(in crate::http) fn vouched(json: &Json) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let read = checked(json, "", &mut faults);
    faults.into_result(read)
}

/// Reads whose records are meant; `None` if nothing is said.
pub(in crate::http) fn choice(json: &Json) -> Result<Option<Choice>, Problem> {
    const USERS: &str = "must be an array of at most 1000 user ids";
    const RECORDS: &str = "must be an array of at most 1000 ids of records";
    let mut faults = Faults::default();
    let choice = Object::of(json, "", CHOICE, &mut faults).map(|object| {
        let is_said = CHOICE.iter().any(|name| object.get(name).is_some());
        let user = |text: &str| uuid(text).filter(|id| is_user_id(*id));
        let users = texts(&object, "users", (USERS, USER_ID), &mut faults, user);
        let record = |text: &str| RecordKind::of_id(text).map(|_| text.to_owned());
        let records = texts(&object, "records", (RECORDS, "must be the id of a record"), &mut faults, record);
        is_said.then_some(Choice { users, records })
    });
    faults.into_result(choice)
}

/// The texts of an array that may be missing, as `read` reads them.
fn texts<T>(
    object: &Object<'_>,
    name: &'static str,
    (of_array, of_item): (&'static str, &'static str),
    faults: &mut Faults,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let Some(json) = object.get(name) else { return Vec::new() };
    let Json::List(items) = json else {
        faults.add(object.pointer(name), of_array);
        return Vec::new();
    };
    if items.len() > MOST_RECORDS {
        faults.add(object.pointer(name), of_array);
        return Vec::new();
    }
    let mut all = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        match item.as_text().and_then(&read) {
            Some(item) => all.push(item),
            None => faults.add(format!("{}/{place}", object.pointer(name)), of_item),
        }
    }
    all
}

/// Reads why a case is extended.
pub(in crate::http) fn extension(json: &Json) -> Result<ExtensionReason, Problem> {
    let mut faults = Faults::default();
    let phrase = names(ExtensionReason::ALL, ExtensionReason::as_str);
    let reason = Object::of(json, "", EXTENSION, &mut faults)
        .and_then(|object| object.read("reason", &mut faults, phrase));
    faults.into_result(reason)
}

/// Reads why a case is refused.
pub(in crate::http) fn refusal(
    json: &Json,
    now: Timestamp,
) -> Result<(Grounds, Option<LegalBasis>), Problem> {
    let mut faults = Faults::default();
    let refusal = Object::of(json, "", REFUSAL, &mut faults).and_then(|object| {
        let grounds = object.read("grounds", &mut faults, names(Grounds::ALL, Grounds::as_str));
        let text = object.optional_text("basis", LONGEST_BASIS, &mut faults);
        let basis = text.and_then(|text| {
            let read = LegalBasis::read(&text, now);
            read.map_err(|error: NotABasis| faults.add("/basis", error.to_string())).ok()
        });
        Some((grounds?, basis))
    });
    faults.into_result(refusal)
}

/// Reads which wallet is to sign.
pub(in crate::http) fn wallet(json: &Json) -> Result<Owner, Problem> {
    let mut faults = Faults::default();
    let wallet = Object::of(json, "", WALLET, &mut faults)
        .and_then(|object| object.required("wallet", &mut faults))
        .and_then(|json| owner(json, "/wallet", &mut faults));
    faults.into_result(wallet)
}

/// Reads what a wallet has signed.
pub(in crate::http) fn answer(json: &Json) -> Result<Answer, Problem> {
    let mut faults = Faults::default();
    let answer = Object::of(json, "", ANSWER, &mut faults).and_then(|object| {
        let wallet =
            object.required("wallet", &mut faults).and_then(|json| owner(json, "/wallet", &mut faults));
        let nonce = object.text("nonce", LONGEST_NONCE, &mut faults);
        let signature = object.text("signature", MAX_SIGNATURE_LEN, &mut faults);
        Some(Answer { wallet: wallet?, nonce: nonce?, signature: Personal::new(signature?) })
    });
    faults.into_result(answer)
}
