//! Looking for what is left of a record: in every column of the schema that can hold the id of one.

use super::{Store, StoreError};
use crate::model::case::RecordKind;

/// Every column that can hold the id of a record, or name its user: [`Store::remains_of`] looks into each. A test compares this
/// list, with [`HOLDS_NO_IDS`], with the schema.
pub const PLACES: &[(&str, &str)] = &[
    ("asked_erasure", "record_id"),
    ("attribute", "id"),
    ("audit_view", "subject"),
    ("claim", "id"),
    ("claim", "issuance_id"),
    ("claim", "profile_id"),
    ("contact", "issuance_id"),
    ("event", "subject"),
    ("idempotency", "subject"),
    ("issuance", "id"),
    ("issuance", "renews"),
    ("issuance", "superseded_by"),
    ("job", "series"),
    ("job", "subject"),
    ("kept_content", "issuance_id"),
    ("mail_link", "issuance_id"),
    ("notice", "issuance_id"),
    ("person_issuance", "issuance_id"),
    ("profile", "id"),
    ("relay_check", "verification_id"),
    ("relay_credential", "issuance_id"),
    ("relay_start", "claim_id"),
    ("relay_start", "verification_id"),
    ("sealed_credential", "issuance_id"),
    ("sealed_part", "issuance_id"),
    ("unsealed_credential", "issuance_id"),
    ("vendor_event", "verification_id"),
    ("verification", "id"),
    ("verification", "issuance_id"),
    ("verification_issuance", "issuance_id"),
    ("verification_issuance", "verification_id"),
    ("visit_record", "record_id"),
    ("wallet_link", "id"),
    ("wallet_link", "issuance_id"),
    ("wallet_link", "record_id"),
    ("write_grant", "issuance_id"),
];

/// Tables and columns with an id in their names, or in them, that are no places to look into, each with its reason.
pub const HOLDS_NO_IDS: &[(&str, &str)] = &[
    ("api_key.id", "of keys"),
    ("asked_erasure.case_id", "of cases"),
    ("attribute.attribute_id", "of a row on the network: it goes with its record"),
    ("attribute.user_id", "of an idOS user: it goes with its record"),
    ("audit.subject", "the chain stays: what links its entries is let go of when the case is done"),
    ("audit_head.id", "a number"),
    ("bulk_resume.id", "of what is brought on in bulk"),
    ("bulk_resume.place_id", "a place in an order: it goes with its row, after `retention.events_hours`"),
    ("claim.grant_id", "of a grant: it goes with its record"),
    ("claim.user_id", "of an idOS user: it goes with its record"),
    ("erasure_case.id", "of cases"),
    ("erasure_record.case_id", "of cases"),
    ("erasure_record.copy_id", "of a row on the network: it goes when the case is done"),
    ("erasure_record.record_id", "what a case is about: it goes when the case is done"),
    ("erasure_record.user_id", "of an idOS user: it goes when the case is done"),
    ("erasure_run.case_id", "of cases"),
    ("event.id", "of events: they are found by their subject"),
    ("issuance.copy_id", "of a row on the network: it goes with its record"),
    ("issuance.grant_id", "of a grant: it goes with its record"),
    ("issuance.notes_id", "of public notes: it goes with its record"),
    ("issuance.original_id", "of a row on the network: it goes with its record"),
    ("issuance.user_id", "of an idOS user: it goes with its record"),
    ("job.id", "of jobs: they are found by their subject"),
    ("notice.id", "of notices: they are found by their issuance"),
    ("profile.user_id", "of an idOS user: it goes with its record"),
    ("profile.wallet_id", "of a row on the network: it goes with its record"),
    ("audit_checkpoint.key_id", "of keys"),
    ("proposal.id", "of what people who work here have proposed"),
    ("proposal.subject", "of people who work here, or of keys"),
    ("relay_check.consumer_id", "of consumers"),
    ("relay_consumer.id", "of consumers"),
    ("relay_credential.consumer_id", "of consumers"),
    ("relay_credential.credential_id", "of a row on the network: it is found by its issuance"),
    ("relay_start.consumer_id", "of consumers"),
    ("sealed_credential.content_id", "of a content: it goes with its record"),
    ("sealed_credential.copy_content_id", "of a content: it goes with its record"),
    ("sealed_credential.request_id", "of an upload: it goes with its record"),
    ("staff.id", "of people who work here"),
    ("staff.subject", "of people who work here, at their provider of identities"),
    ("staff_recovery.staff_id", "of people who work here"),
    ("staff_session.id", "of sessions of people who work here"),
    ("staff_session.staff_id", "of people who work here"),
    ("vendor_event.case_id", "the vendor's: it is found by its verification"),
    ("vendor_event.id", "of webhooks: they are found by their verification"),
    ("verification.case_id", "the vendor's: it goes with its record"),
    ("verification.external_id", "what the vendor knows it by: it goes with its record"),
    ("verification.user_id", "of an idOS user: it goes with its record"),
    ("visit.id", "of visits: they are found by their records"),
    ("visit_record.visit_id", "of visits"),
    ("wallet_link.user_id", "of an idOS user: it goes with its record"),
];

impl Store {
    /// Where something is left of a record: the names of columns that hold its id.
    pub async fn remains_of(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT 'attribute.id' FROM attribute WHERE id = $1 \
             UNION ALL SELECT 'asked_erasure.record_id' FROM asked_erasure WHERE record_id = $1 \
             UNION ALL SELECT 'audit_view.subject' FROM audit_view WHERE subject = $1 \
             UNION ALL SELECT 'claim.id' FROM claim WHERE id = $1 \
             UNION ALL SELECT 'claim.issuance_id' FROM claim WHERE issuance_id = $1 AND issuance_id IS NOT NULL \
             UNION ALL SELECT 'claim.profile_id' FROM claim WHERE profile_id = $1 AND profile_id IS NOT NULL \
             UNION ALL SELECT 'contact.issuance_id' FROM contact WHERE issuance_id = $1 \
             UNION ALL SELECT 'event.subject' FROM event WHERE subject = $1 \
             UNION ALL SELECT 'idempotency.subject' FROM idempotency WHERE subject = $1 \
             UNION ALL SELECT 'issuance.id' FROM issuance WHERE id = $1 \
             UNION ALL SELECT 'issuance.renews' FROM issuance WHERE renews = $1 AND renews IS NOT NULL \
             UNION ALL SELECT 'issuance.superseded_by' FROM issuance WHERE superseded_by = $1 AND superseded_by IS NOT NULL \
             UNION ALL SELECT 'job.series' FROM job WHERE series = $1 AND series <> '' AND state = 'ready' \
             UNION ALL SELECT 'job.subject' FROM job WHERE subject = $1 \
             UNION ALL SELECT 'kept_content.issuance_id' FROM kept_content WHERE issuance_id = $1 \
             UNION ALL SELECT 'mail_link.issuance_id' FROM mail_link WHERE issuance_id = $1 \
             UNION ALL SELECT 'notice.issuance_id' FROM notice WHERE issuance_id = $1 \
             UNION ALL SELECT 'person_issuance.issuance_id' FROM person_issuance WHERE issuance_id = $1 \
             UNION ALL SELECT 'profile.id' FROM profile WHERE id = $1 \
             UNION ALL SELECT 'relay_check.verification_id' FROM relay_check WHERE verification_id = $1 \
             UNION ALL SELECT 'relay_credential.issuance_id' FROM relay_credential WHERE issuance_id = $1 \
             UNION ALL SELECT 'relay_start.claim_id' FROM relay_start WHERE claim_id = $1 \
             UNION ALL SELECT 'relay_start.verification_id' FROM relay_start WHERE verification_id = $1 AND verification_id IS NOT NULL \
             UNION ALL SELECT 'sealed_credential.issuance_id' FROM sealed_credential WHERE issuance_id = $1 \
             UNION ALL SELECT 'sealed_part.issuance_id' FROM sealed_part WHERE issuance_id = $1 \
             UNION ALL SELECT 'unsealed_credential.issuance_id' FROM unsealed_credential WHERE issuance_id = $1 \
             UNION ALL SELECT 'vendor_event.verification_id' FROM vendor_event WHERE verification_id = $1 AND verification_id IS NOT NULL \
             UNION ALL SELECT 'verification.id' FROM verification WHERE id = $1 \
             UNION ALL SELECT 'verification.issuance_id' FROM verification WHERE issuance_id = $1 AND issuance_id IS NOT NULL \
             UNION ALL SELECT 'verification_issuance.issuance_id' FROM verification_issuance WHERE issuance_id = $1 \
             UNION ALL SELECT 'verification_issuance.verification_id' FROM verification_issuance WHERE verification_id = $1 \
             UNION ALL SELECT 'visit_record.record_id' FROM visit_record WHERE record_id = $1 \
             UNION ALL SELECT 'wallet_link.id' FROM wallet_link WHERE id = $1 \
             UNION ALL SELECT 'wallet_link.issuance_id' FROM wallet_link WHERE issuance_id = $1 AND issuance_id IS NOT NULL \
             UNION ALL SELECT 'wallet_link.record_id' FROM wallet_link WHERE record_id = $1 AND record_id IS NOT NULL \
             UNION ALL SELECT 'write_grant.issuance_id' FROM write_grant WHERE issuance_id = $1",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(place,)| place).collect())
    }

    /// Records that belong to one: they refer to it, or it to them. Each with its kind.
    pub async fn relatives_of(&self, id: &str) -> Result<Vec<(RecordKind, String)>, StoreError> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT 'verification', verification_id FROM verification_issuance WHERE issuance_id = $1 \
             UNION SELECT 'issuance', issuance_id FROM verification_issuance WHERE verification_id = $1 \
             UNION SELECT 'verification', id FROM verification WHERE issuance_id = $1 AND issuance_id IS NOT NULL \
             UNION SELECT 'claim', id FROM claim WHERE issuance_id = $1 AND issuance_id IS NOT NULL \
             UNION SELECT 'claim', id FROM claim WHERE profile_id = $1 AND profile_id IS NOT NULL \
             UNION SELECT 'claim', claim_id FROM relay_start WHERE verification_id = $1 AND verification_id IS NOT NULL \
             UNION SELECT 'verification', verification_id FROM relay_start WHERE claim_id = $1 \
             UNION SELECT 'issuance', issuance_id FROM claim WHERE id = $1 \
             UNION SELECT 'profile', profile_id FROM claim WHERE id = $1 \
             UNION SELECT 'issuance', id FROM issuance WHERE renews = $1 AND renews IS NOT NULL \
             UNION SELECT 'issuance', id FROM issuance WHERE superseded_by = $1 AND superseded_by IS NOT NULL \
             UNION SELECT 'issuance', renews FROM issuance WHERE id = $1 \
             UNION SELECT 'issuance', superseded_by FROM issuance WHERE id = $1 \
             UNION SELECT 'wallet_link', id FROM wallet_link WHERE record_id = $1 AND record_id IS NOT NULL \
             UNION SELECT 'wallet', record_id FROM wallet_link WHERE id = $1",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        read(rows.into_iter().filter_map(|(kind, id)| Some((kind, id?))))
    }
}

fn read(rows: impl Iterator<Item = (String, String)>) -> Result<Vec<(RecordKind, String)>, StoreError> {
    rows.map(|(kind, id)| Ok((kind.parse().map_err(|_| StoreError::Unreadable("kind"))?, id))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_place_is_looked_into_and_no_other() {
        let source = include_str!("erasure_look.rs").split("#[cfg(test)]").next().unwrap();
        let looks = source.split("pub async fn remains_of").nth(1).unwrap();
        let looks = looks.split("pub async fn relatives_of").next().unwrap();
        let mut found = BTreeSet::new();
        for look in looks.split("ELECT '").skip(1) {
            let name = look.split('\'').next().unwrap();
            let (table, column) = name.split_once('.').unwrap();
            assert!(look.contains(&format!("' FROM {table} WHERE {column} = $1")), "{name}");
            found.insert((table, column));
        }
        assert_eq!(found, PLACES.iter().copied().collect());
    }
}
