//! Cases that are carried out: how far each record is, and how a record is forgotten, with all that belongs to it.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::{Store, StoreError, Tx, one};
use crate::model::carrying_out::{CarriedCase, CopyState, Kept, ListedRecord, MailState, Phase, Run, Undone};
use crate::model::case::RecordKind;
use crate::model::ids::{CaseId, IssuanceId, VerificationId};
use crate::model::time::Timestamp;

impl Store {
    /// A case that is being carried out; `None` if there is none of this id, or it is not.
    pub async fn carried_case(&self, id: &CaseId) -> Result<Option<CarriedCase>, StoreError> {
        let row = sqlx::query(
            "SELECT c.id, c.client, c.received_at, c.revokes, r.phase, r.mail, r.mail_attempts, r.mail_due_at, \
             r.mail_data_at, r.started_at FROM erasure_case c JOIN erasure_run r ON r.case_id = c.id \
             WHERE c.id = $1 AND c.state = 'carrying_out'",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| read_case(&row)).transpose()
    }

    /// The records of a case, in order of kinds and ids.
    pub async fn listed_records(&self, id: &CaseId) -> Result<Vec<ListedRecord>, StoreError> {
        let rows = sqlx::query("SELECT * FROM erasure_record WHERE case_id = $1 ORDER BY kind, record_id")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_record).collect()
    }

    /// The copy that is to be removed for a record of some case: its id on the network, and the write key that it is for.
    pub async fn copy_to_remove(&self, record: &str) -> Result<Option<(String, String)>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT copy_id, copy_key FROM erasure_record WHERE record_id = $1 AND copy = 'removing' \
             AND copy_id IS NOT NULL AND copy_key IS NOT NULL",
        )
        .bind(record)
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Whether a mail about an issuance is being sent at the moment.
    pub async fn is_being_mailed(&self, id: &IssuanceId) -> Result<bool, StoreError> {
        let (sending,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM notice WHERE issuance_id = $1 AND state || '' = 'sending'")
                .bind(id.as_str())
                .fetch_one(&self.pool)
                .await?;
        Ok(sending > 0)
    }

    /// Whether work on `subject` has been tried: a transaction of it may have reached a node.
    pub async fn was_tried(&self, subject: &str) -> Result<bool, StoreError> {
        let (tried,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM job WHERE subject = $1 AND lane IS NOT NULL AND attempts > 0",
        )
        .bind(subject)
        .fetch_one(&self.pool)
        .await?;
        Ok(tried > 0)
    }

    /// Whether this is a write key by which something was sent once, whether or not it is configured now.
    pub async fn is_known_lane(&self, write_key: &str) -> Result<bool, StoreError> {
        let (known,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM lane WHERE write_key = $1")
            .bind(write_key)
            .fetch_one(&self.pool)
            .await?;
        Ok(known > 0)
    }

    /// Whether some endpoint is still to be told which records of a case are gone.
    pub async fn is_telling_of(&self, id: &CaseId) -> Result<bool, StoreError> {
        let (jobs,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM event JOIN job ON job.subject = event.id \
             WHERE event.subject = $1 AND event.kind = 'record.erased' AND job.state || '' = 'ready'",
        )
        .bind(id.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(jobs > 0)
    }

    /// When what is kept of an issuance's contact was brought, for those of a case that have one: the newest comes first.
    pub async fn contacts_of_case(&self, id: &CaseId) -> Result<Vec<IssuanceId>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT contact.issuance_id FROM erasure_record JOIN contact ON contact.issuance_id = erasure_record.record_id \
             WHERE erasure_record.case_id = $1 ORDER BY contact.created_at DESC, contact.issuance_id DESC",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(|_| StoreError::Unreadable("issuance_id"))).collect()
    }

    /// Verifications of a case that hold a contact, since there is no issuance that does; the newest comes last.
    pub async fn held_contacts_of_case(&self, id: &CaseId) -> Result<Vec<VerificationId>, StoreError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT verification.id FROM erasure_record JOIN verification ON verification.id = erasure_record.record_id \
             WHERE erasure_record.case_id = $1 AND verification.locked_contact || '' IS NOT NULL ORDER BY verification.id",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(|_| StoreError::Unreadable("id"))).collect()
    }
}

impl Tx {
    /// Begins to carry a case out. Asking again changes nothing.
    pub async fn begin_erasure(&mut self, id: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO erasure_run (case_id, phase, mail, mail_attempts, mail_due_at, started_at) \
             VALUES ($1, 'settling', 'open', 0, $2, $2) ON CONFLICT (case_id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Lists a record, if it is not listed yet. Gives whether it is new.
    pub async fn list_record(
        &mut self,
        id: &CaseId,
        (kind, record): (RecordKind, &str),
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "INSERT INTO erasure_record (case_id, kind, record_id, step) VALUES ($1, $2, $3, 'listed') \
             ON CONFLICT (case_id, kind, record_id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(kind.as_str())
        .bind(record)
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// A record is none of a case's.
    pub async fn unlist_record(&mut self, id: &CaseId, record: &ListedRecord) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM erasure_record WHERE case_id = $1 AND kind = $2 AND record_id = $3")
            .bind(id.as_str())
            .bind(record.kind.as_str())
            .bind(&record.id)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// A record as it is now. [`StoreError::Stale`] if its step, or what became of its copy, has changed since `before`.
    pub async fn change_record(
        &mut self,
        id: &CaseId,
        before: &ListedRecord,
        to: &ListedRecord,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE erasure_record SET step = $5, user_id = $6, copy_id = $7, copy_key = $8, copy = $9, credential = $10, \
             code = $11 WHERE case_id = $1 AND kind = $2 AND record_id = $3 AND step = $4 AND COALESCE(copy, '') = $12",
        )
        .bind(id.as_str())
        .bind(to.kind.as_str())
        .bind(&to.id)
        .bind(before.step.as_str())
        .bind(to.step.as_str())
        .bind(to.user_id.as_deref())
        .bind(to.copy_id.as_deref())
        .bind(to.copy_key.as_deref())
        .bind(to.copy.map(CopyState::as_str))
        .bind(to.kept.map(Kept::as_str))
        .bind(to.undone.map(Undone::as_str))
        .bind(before.copy.map_or("", CopyState::as_str))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// What has become of the copy that was being removed for a record.
    pub async fn note_copy(&mut self, record: &str, to: CopyState) -> Result<(), StoreError> {
        sqlx::query("UPDATE erasure_record SET copy = $2 WHERE record_id = $1 AND copy = 'removing'")
            .bind(record)
            .bind(to.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// A case goes on. [`StoreError::Stale`] if it is not where it was read.
    pub async fn move_erasure(&mut self, id: &CaseId, from: Phase, to: Phase) -> Result<(), StoreError> {
        let result = sqlx::query("UPDATE erasure_run SET phase = $3 WHERE case_id = $1 AND phase = $2")
            .bind(id.as_str())
            .bind(from.as_str())
            .bind(to.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&result)
    }

    /// What has become of the confirmation. [`StoreError::Stale`] if another process has gone on with it since `before`.
    pub async fn note_erasure_mail(&mut self, id: &CaseId, before: &Run, to: &Run) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE erasure_run SET mail = $4, mail_attempts = $5, mail_due_at = $6, mail_data_at = $7 \
             WHERE case_id = $1 AND mail = $2 AND mail_attempts = $3 \
             AND (CASE WHEN mail_data_at IS NULL THEN 0 ELSE 1 END) = $8",
        )
        .bind(id.as_str())
        .bind(before.mail.as_str())
        .bind(i64::from(before.mail_attempts))
        .bind(to.mail.as_str())
        .bind(i64::from(to.mail_attempts))
        .bind(to.mail_due_at.unix_millis())
        .bind(to.mail_data_at.map(Timestamp::unix_millis))
        .bind(i64::from(before.mail_data_at.is_some()))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Forgets a record and all that belongs to it, if it is as it was `seen`: its state, or its version where it has one.
    /// [`StoreError::Stale`] if it is not. One that is not there leaves nothing behind, either.
    pub async fn forget_record(
        &mut self,
        client: &str,
        (kind, id): (RecordKind, &str),
        seen: Option<&str>,
    ) -> Result<(), StoreError> {
        if let Some(seen) = seen {
            self.hold_record(client, (kind, id), seen).await?;
        }
        self.forget_events(id).await?;
        self.forget_work(id).await?;
        self.forget_views(id).await?;
        self.forget_visits_about(id).await?;
        sqlx::query("DELETE FROM idempotency WHERE subject = $1").bind(id).execute(&mut *self.tx).await?;
        self.changed(id);
        match kind {
            RecordKind::Issuance => self.forget_issuance(id).await,
            RecordKind::Verification => self.forget_verification(id).await,
            RecordKind::Claim => self.forget_claim_of(id).await,
            RecordKind::Profile | RecordKind::Wallet => self.forget_profile(id).await,
            RecordKind::Attribute => {
                sqlx::query("DELETE FROM attribute WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
                Ok(())
            }
            RecordKind::WalletLink => {
                sqlx::query("DELETE FROM wallet_link WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
                Ok(())
            }
        }
    }

    /// Holds up whoever changes a record, until the end of this transaction, and says whether it is as it was seen.
    async fn hold_record(
        &mut self,
        client: &str,
        (kind, id): (RecordKind, &str),
        seen: &str,
    ) -> Result<(), StoreError> {
        let query = match kind {
            RecordKind::Issuance => sqlx::query(
                "UPDATE issuance SET updated_at = updated_at WHERE id = $1 AND client = $2 AND state = $3",
            ),
            RecordKind::Profile | RecordKind::Wallet => sqlx::query(
                "UPDATE profile SET updated_at = updated_at WHERE id = $1 AND client = $2 AND state = $3",
            ),
            RecordKind::Attribute => sqlx::query(
                "UPDATE attribute SET updated_at = updated_at WHERE id = $1 AND client = $2 AND state = $3",
            ),
            RecordKind::WalletLink => sqlx::query(
                "UPDATE wallet_link SET updated_at = updated_at WHERE id = $1 AND client = $2 AND state = $3",
            ),
            RecordKind::Verification => sqlx::query(
                "UPDATE verification SET updated_at = updated_at WHERE id = $1 AND client = $2 \
                 AND CAST(version AS TEXT) = $3",
            ),
            RecordKind::Claim => sqlx::query(
                "UPDATE claim SET updated_at = updated_at WHERE id = $1 AND client = $2 \
                 AND CAST(version AS TEXT) = $3",
            ),
        };
        one(&query.bind(id).bind(client).bind(seen).execute(&mut *self.tx).await?)
    }

    /// Forgets work that was not sent. [`StoreError::Stale`] if a transaction has been recorded meanwhile: its outcome has to be
    /// known first.
    async fn forget_work(&mut self, subject: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM job WHERE subject = $1 AND (lane IS NULL OR attempts = 0)")
            .bind(subject)
            .execute(&mut *self.tx)
            .await?;
        let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM job WHERE subject = $1")
            .bind(subject)
            .fetch_one(&mut *self.tx)
            .await?;
        if left == 0 { Ok(()) } else { Err(StoreError::Stale) }
    }

    async fn forget_issuance(&mut self, text: &str) -> Result<(), StoreError> {
        let Ok(id) = text.parse::<IssuanceId>() else { return Err(StoreError::Unreadable("record_id")) };
        self.forget_content(&id).await?;
        sqlx::query("DELETE FROM kept_content WHERE issuance_id = $1")
            .bind(text)
            .execute(&mut *self.tx)
            .await?;
        self.forget_contact(&id).await?;
        self.forget_mail_links(&id).await?;
        self.release_person(&id).await?;
        self.forget_relay_credentials(&id).await?;
        self.delete_issuance_row(text).await
    }

    /// Deletes the row of an issuance, with the rows that stand for nothing without it; what names it elsewhere names it no more. What it
    /// still had is forgotten before.
    pub(super) async fn delete_issuance_row(&mut self, id: &str) -> Result<(), StoreError> {
        self.changed(id);
        sqlx::query("DELETE FROM notice WHERE issuance_id = $1").bind(id).execute(&mut *self.tx).await?;
        sqlx::query("DELETE FROM verification_issuance WHERE issuance_id = $1")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("UPDATE issuance SET renews = NULL WHERE renews = $1 AND renews IS NOT NULL")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query(
            "UPDATE issuance SET superseded_by = NULL WHERE superseded_by = $1 AND superseded_by IS NOT NULL",
        )
        .bind(id)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query(
            "UPDATE wallet_link SET issuance_id = NULL WHERE issuance_id = $1 AND issuance_id IS NOT NULL",
        )
        .bind(id)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query("DELETE FROM issuance WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn forget_verification(&mut self, id: &str) -> Result<(), StoreError> {
        let of: Option<(String, String, Option<String>, Option<String>)> =
            sqlx::query_as("SELECT client, source, case_id, contact_index FROM verification WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *self.tx)
                .await?;
        // What the vendor has told of it, also before it was known of whom; and the work that this has made.
        let mut heard: Vec<(String,)> = sqlx::query_as(
            "SELECT id FROM vendor_event WHERE verification_id = $1 AND verification_id IS NOT NULL",
        )
        .bind(id)
        .fetch_all(&mut *self.tx)
        .await?;
        if let Some((_, source, Some(case), _)) = &of {
            let of_case: Vec<(String,)> =
                sqlx::query_as("SELECT id FROM vendor_event WHERE case_id = $1 AND case_id IS NOT NULL")
                    .bind(case)
                    .fetch_all(&mut *self.tx)
                    .await?;
            // Two vendors may have named two cases alike.
            let source = format!("{source}/");
            heard.extend(of_case.into_iter().filter(|(event,)| event.starts_with(&source)));
        }
        for (event,) in heard {
            sqlx::query("DELETE FROM job WHERE subject = $1").bind(&event).execute(&mut *self.tx).await?;
            sqlx::query("DELETE FROM vendor_event WHERE id = $1").bind(&event).execute(&mut *self.tx).await?;
        }
        sqlx::query("DELETE FROM relay_check WHERE verification_id = $1")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM relay_start WHERE verification_id = $1 AND verification_id IS NOT NULL")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM verification_issuance WHERE verification_id = $1")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM verification WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
        match of {
            Some((client, _, _, Some(index))) => self.forget_mail_stops(&client, &index).await,
            _ => Ok(()),
        }
    }

    async fn forget_claim_of(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM relay_start WHERE claim_id = $1").bind(id).execute(&mut *self.tx).await?;
        sqlx::query("DELETE FROM claim WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn forget_profile(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE wallet_link SET record_id = NULL WHERE record_id = $1 AND record_id IS NOT NULL")
            .bind(id)
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM profile WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Forgets what was told of which records of a case are gone.
    pub async fn forget_erasure_events(&mut self, id: &CaseId) -> Result<(), StoreError> {
        let events: Vec<(String,)> =
            sqlx::query_as("SELECT id FROM event WHERE subject = $1 AND kind = 'record.erased'")
                .bind(id.as_str())
                .fetch_all(&mut *self.tx)
                .await?;
        for (event,) in events {
            sqlx::query("DELETE FROM job WHERE subject = $1").bind(&event).execute(&mut *self.tx).await?;
            sqlx::query("DELETE FROM event WHERE id = $1").bind(&event).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    /// A case is done: its receipt is kept, and what it was about is forgotten.
    pub async fn end_erasure(
        &mut self,
        id: &CaseId,
        (records, receipt): (usize, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let gone = sqlx::query("DELETE FROM erasure_run WHERE case_id = $1 AND phase = 'looking'")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&gone)?;
        sqlx::query("DELETE FROM erasure_record WHERE case_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        self.changed(id.as_str());
        let done = sqlx::query(
            "UPDATE erasure_case SET state = 'done', records = $2, receipt = $3, updated_at = $4, link_hash = NULL, \
             link_until = NULL, version = version + 1 WHERE id = $1 AND state = 'carrying_out'",
        )
        .bind(id.as_str())
        .bind(i64::try_from(records).unwrap_or(i64::MAX))
        .bind(receipt)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&done)
    }
}

fn read_case(row: &AnyRow) -> Result<CarriedCase, StoreError> {
    let columns = Columns(row);
    Ok(CarriedCase {
        id: columns.parsed("id")?,
        client: columns.text("client")?,
        received_at: columns.moment("received_at")?,
        revokes: columns.number("revokes")? != 0,
        run: Run {
            phase: columns.parsed("phase")?,
            mail: columns.parsed::<MailState>("mail")?,
            mail_attempts: columns.count("mail_attempts")?,
            mail_due_at: columns.moment("mail_due_at")?,
            mail_data_at: columns.maybe_moment("mail_data_at")?,
            started_at: columns.moment("started_at")?,
        },
    })
}

fn read_record(row: &AnyRow) -> Result<ListedRecord, StoreError> {
    let columns = Columns(row);
    Ok(ListedRecord {
        kind: columns.parsed("kind")?,
        id: columns.text("record_id")?,
        step: columns.parsed("step")?,
        user_id: columns.maybe_text("user_id")?,
        copy_id: columns.maybe_text("copy_id")?,
        copy_key: columns.maybe_text("copy_key")?,
        copy: columns.maybe_parsed("copy")?,
        kept: columns.maybe_parsed("credential")?,
        undone: columns.maybe_parsed("code")?,
    })
}
