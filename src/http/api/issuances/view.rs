//! Records as callers see them.

use serde::Serialize;
use uuid::Uuid;

use crate::http::api::view::{HaltView, TransactionView};
use crate::model::audit::ToldEntry;
use crate::model::files::FileSizes;
use crate::model::issuance::{Confirmation, Issuance};
use crate::model::notices::{Notice, NoticeCode};
use crate::model::time::Timestamp;
use crate::model::validity::ValidBy;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevocationView {
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<&'static str>,
}

/// An issuance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::api) struct IssuanceView {
    id: String,
    kind: &'static str,
    level: String,
    state: &'static str,
    user_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    delivery: &'static str,
    credential_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_id: Option<Uuid>,
    public_notes_id: Uuid,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    halt: Option<HaltView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<RevocationView>,
    has_contact: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileSizes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renews: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_because: Option<&'static str>,
}

impl From<Issuance> for IssuanceView {
    fn from(issuance: Issuance) -> Self {
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let what = issuance.stopped();
        Self {
            id: issuance.id.to_string(),
            kind: issuance.kind.as_str(),
            level: issuance.level,
            state: issuance.state.as_str(),
            user_id: issuance.user_id,
            reference: issuance.reference,
            delivery: issuance.delivery.as_str(),
            credential_id: issuance.ids.original,
            copy_id: issuance.delivery.has_copy().then_some(issuance.ids.copy),
            public_notes_id: issuance.ids.notes,
            created_at: issuance.created_at.to_string(),
            updated_at: issuance.updated_at.to_string(),
            sealed_at: text(issuance.sealed_at),
            issued_at: text(issuance.issued_at),
            valid_until: text(issuance.valid_until),
            valid_by: issuance.valid_by.map(ValidBy::as_str),
            waits_until: text(issuance.waits_until),
            transaction: issuance.transaction.map(Into::into),
            halt: issuance.halt.map(|code| HaltView::new(code, what, None)),
            revocation: issuance.revoke_requested_at.map(|requested| RevocationView {
                requested_at: requested.to_string(),
                revoked_at: text(issuance.revoked_at),
                confirmed_by: issuance.confirmed_by.map(Confirmation::as_str),
            }),
            has_contact: issuance.has_contact,
            files: issuance.files,
            renews: issuance.renews.map(|id| id.to_string()),
            superseded_by: issuance.superseded_by.map(|id| id.to_string()),
            kept_until: issuance.kept.map(|kept| kept.until.to_string()),
            kept_because: issuance.kept.map(|kept| kept.stage.as_str()),
        }
    }
}

/// A notice.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoticeView {
    id: String,
    days: u32,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    due_at: String,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said_with: Option<String>,
    created_at: String,
    updated_at: String,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id.to_string(),
            days: notice.days,
            state: notice.state.as_str(),
            code: notice.code.map(NoticeCode::as_str),
            due_at: notice.due_at.to_string(),
            attempts: notice.attempts,
            sent_at: notice.sent_at.map(|moment| moment.to_string()),
            said_with: notice.said_with.map(|id| id.to_string()),
            created_at: notice.created_at.to_string(),
            updated_at: notice.updated_at.to_string(),
        }
    }
}

/// An entry of the audit chain.
#[derive(Serialize)]
pub(in crate::http::api) struct AuditView {
    seq: i64,
    at: String,
    actor: String,
    act: String,
    detail: String,
    hash: String,
}

impl From<ToldEntry> for AuditView {
    fn from(entry: ToldEntry) -> Self {
        let at = Timestamp::from_unix_millis(entry.at).unwrap_or(Timestamp::EPOCH);
        Self {
            seq: entry.seq,
            at: at.to_string(),
            actor: entry.actor,
            act: entry.act,
            detail: entry.detail,
            hash: entry.hash,
        }
    }
}
