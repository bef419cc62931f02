//! What is known of a record, fact by fact.

use super::found::Loaded;
use crate::model::sought::AnyRecord;
use crate::model::time::Timestamp;

/// A fact: what it is called, as a code, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is called.
    pub name: &'static str,
    /// What it says.
    pub value: Value,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A code of ours, for which there are words.
    Code(&'static str),
    /// A text as it is kept: an id, a hash, a name.
    Text(String),
    /// A moment.
    Moment(Timestamp),
    /// A number.
    Number(u64),
}

/// Collects facts; what is not known is none.
#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn code(&mut self, name: &'static str, code: impl Into<Option<&'static str>>) {
        self.0.extend(code.into().map(|code| Fact { name, value: Value::Code(code) }));
    }

    fn text(&mut self, name: &'static str, text: Option<impl ToString>) {
        self.0.extend(text.map(|text| Fact { name, value: Value::Text(text.to_string()) }));
    }

    fn moment(&mut self, name: &'static str, moment: impl Into<Option<Timestamp>>) {
        self.0.extend(moment.into().map(|moment| Fact { name, value: Value::Moment(moment) }));
    }

    fn number(&mut self, name: &'static str, number: impl Into<Option<u64>>) {
        self.0.extend(number.into().map(|number| Fact { name, value: Value::Number(number) }));
    }

    fn transaction(&mut self, transaction: Option<&crate::model::issuance::Transaction>) {
        self.text("transaction", transaction.map(|transaction| &transaction.hash));
        self.number("block", transaction.and_then(|transaction| transaction.height));
    }
}

/// Everything that is to be shown of a record itself. What is locked is not.
pub(super) fn facts(record: &AnyRecord, loaded: &Loaded) -> Vec<Fact> {
    let mut facts = Facts::default();
    facts.text("id", Some(record));
    facts.text("client", Some(loaded.client()));
    facts.text("reference", loaded.reference());
    let (created_at, updated_at) = loaded.times();
    match loaded {
        Loaded::Issuance(one) => {
            facts.code("kind", one.kind.as_str());
            facts.text("level", Some(&one.level));
            facts.code("delivery", one.delivery.as_str());
            facts.text("user", Some(one.user_id));
            facts.text("credential", Some(one.ids.original));
            facts.text("copy", one.delivery.has_copy().then_some(one.ids.copy));
            facts.text("grantee", one.grantee.as_ref());
            facts.text("content_hash", one.content_hash.as_ref());
            facts.transaction(one.transaction.as_ref());
            facts.moment("valid_until", one.valid_until);
            facts.code("valid_by", one.valid_by.map(crate::model::validity::ValidBy::as_str));
            facts.moment("sealed_at", one.sealed_at);
            facts.moment("announced_at", one.announced_at);
            facts.moment("issued_at", one.issued_at);
            facts.moment("revoke_requested_at", one.revoke_requested_at);
            facts.moment("revoked_at", one.revoked_at);
            facts.code("confirmed_by", one.confirmed_by.map(crate::model::issuance::Confirmation::as_str));
            facts.code("contact", if one.has_contact { "yes" } else { "no" });
            facts.text("write_key", Some(&one.write_key));
        }
        Loaded::Profile(one) => {
            facts.text("user", Some(one.user_id));
            facts.text("wallet_row", Some(one.wallet_id));
            facts.transaction(one.transaction.as_ref());
            facts.text("write_key", Some(&one.write_key));
        }
        Loaded::Attribute(one) => {
            facts.text("user", Some(one.user_id));
            facts.text("attribute_row", Some(one.attribute_id));
            facts.code("sensitive", one.sensitive.as_str());
            facts.transaction(one.transaction.as_ref());
            facts.text("write_key", Some(&one.write_key));
        }
        Loaded::WalletLink(one, _) => {
            facts.text("user", one.user_id);
            facts.code("in_profile", if one.in_profile { "yes" } else { "no" });
            facts.number("attempts", u64::from(one.attempts));
            facts.moment("expires_at", one.expires_at);
            facts.moment("proven_at", one.proven_at);
        }
        Loaded::Verification(one) => {
            facts.text("source", Some(&one.source));
            facts.text("external_id", Some(one.external_id));
            facts.text("case", one.case_id.as_ref());
            facts.code("delivery", one.delivery.as_str());
            facts.text("user", one.user_id);
            facts.code("waits_for", one.waits_for.map(crate::model::verification::WaitsFor::as_str));
            facts.number("credentials_made", u64::from(one.made));
            let decided = one.decided_at.and_then(|at| Timestamp::from_unix_millis(at).ok());
            facts.moment("decided_at", decided);
            facts.code("contact", if one.locked_contact.is_some() { "yes" } else { "no" });
        }
        Loaded::Claim(one) => {
            facts.code("kind", one.kind.map(crate::model::issuance::Kind::as_str));
            facts.code("delivery", one.delivery.as_str());
            facts.text("user", one.identified());
            facts.text("wallet_type", one.wallet.as_ref().map(|(wallet_type, _)| wallet_type));
            facts.text("grant", one.grant_id);
            facts.moment("expires_at", one.expires_at);
        }
    }
    facts.moment("created_at", created_at);
    facts.moment("updated_at", updated_at);
    facts.0
}
