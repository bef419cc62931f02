//! Verifications at vendors, and what vendors have told.

use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Page, Store, StoreError, Tx, one};
use crate::model::ids::{IssuanceId, VerificationId};
use crate::model::personal::LockedContact;
use crate::model::time::Timestamp;
use crate::model::verification::{Obstacle, State, Verification};

/// Which verifications are wanted.
#[derive(Clone, Debug, Default)]
pub struct VerificationFilter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only with this reference.
    pub reference: Option<String>,
}

/// A webhook of a vendor's, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorEvent {
    /// The source, and a keyed hash of what the vendor repeats.
    pub id: String,
    /// What it said happened.
    pub event: String,
    /// The verification that it is about, where that is known.
    pub verification_id: Option<VerificationId>,
    /// The vendor's id of the case.
    pub case_id: Option<String>,
    /// What else finds the case.
    pub case_scope: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
}

impl Store {
    /// A verification of this client. Everybody else's is not there.
    pub async fn verification_of(
        &self,
        client: &str,
        id: &VerificationId,
    ) -> Result<Option<Verification>, StoreError> {
        Ok(self.verification(id).await?.filter(|verification| verification.client == client))
    }

    /// A verification, whosever it is: for background work.
    pub async fn verification(&self, id: &VerificationId) -> Result<Option<Verification>, StoreError> {
        let row = sqlx::query("SELECT * FROM verification WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The one that a vendor of this source knows by this id of ours.
    pub async fn verification_by_external_id(
        &self,
        source: &str,
        external_id: Uuid,
    ) -> Result<Option<Verification>, StoreError> {
        let row = sqlx::query("SELECT * FROM verification WHERE external_id = $1")
            .bind(external_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        let found = row.map(|row| read(&row)).transpose()?;
        Ok(found.filter(|verification| verification.source == source))
    }

    /// The one of this case of the vendor's.
    pub async fn verification_by_case(
        &self,
        source: &str,
        case_id: &str,
    ) -> Result<Option<Verification>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM verification WHERE source || '/' || case_id = $1 AND case_id IS NOT NULL",
        )
        .bind(format!("{source}/{case_id}"))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// A client's verifications after (that is, older than) `cursor`, newest first.
    pub async fn verifications(
        &self,
        client: &str,
        filter: &VerificationFilter,
        cursor: Option<&VerificationId>,
        limit: u32,
    ) -> Result<Page<Verification>, StoreError> {
        let from = match cursor {
            None => Place { at: i64::MAX, id: String::new() },
            Some(id) => Place { at: id.made_at().unix_millis(), id: id.as_str().to_owned() },
        };
        let VerificationFilter { state, source, reference } = filter;
        let batch = ROWS
            .walk(Some(from), limit.saturating_add(1), |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                if let Some(reference) = reference {
                    // A reference is one case: it finds few.
                    return sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || reference = $1 AND (created_at, id) < ($2, $3) \
                         AND ($5 = '' OR source = $5) AND ($6 = '' OR state = $6) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{reference}"))
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .bind(source.clone().unwrap_or_default())
                    .bind(state.map(State::as_str).unwrap_or_default())
                    .fetch_all(&self.pool)
                    .await;
                }
                match (source, state) {
                    (Some(source), Some(state)) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || source || '/' || state = $1 \
                         AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{source}/{state}")),
                    (Some(source), None) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || source = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{source}")),
                    (None, Some(state)) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || state = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{state}")),
                    (None, None) => sqlx::query(
                        "SELECT * FROM verification WHERE client = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(client.to_owned()),
                }
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(Page::of(batch.items, limit))
    }

    /// Verifications behind `from` that have waited for too long, the longest overdue first.
    pub async fn overdue_verifications(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Verification>, StoreError> {
        Rows { at: Some("waits_until"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM verification WHERE waits_until IS NOT NULL AND waits_until <= $1 \
                         AND (waits_until, id) > ($2, $3) ORDER BY waits_until, id LIMIT $4",
                    )
                    .bind(now.unix_millis())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// A webhook that was taken.
    pub async fn vendor_event(&self, id: &str) -> Result<Option<VendorEvent>, StoreError> {
        let row = sqlx::query("SELECT * FROM vendor_event WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(VendorEvent {
                id: row.text("id")?,
                event: row.text("event")?,
                verification_id: row.maybe_parsed("verification_id")?,
                case_id: row.maybe_text("case_id")?,
                case_scope: row.maybe_text("case_scope")?,
                received_at: row.moment("received_at")?,
            })
        })
        .transpose()
    }

    /// Forgets webhooks from before `moment`. Gives how many. Others write in between.
    pub async fn forget_vendor_events_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new()),
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT received_at, id FROM vendor_event WHERE received_at < $1 AND (received_at, id) > ($2, $3) \
                     ORDER BY received_at, id LIMIT $4",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            |(_, id)| {
                sqlx::query("DELETE FROM vendor_event WHERE id = $1")
                    .bind(id)
            },
        )
        .await
    }
}

impl Tx {
    /// Adds a verification. [`StoreError::Exists`] if another one is of the same case of the vendor's.
    pub async fn add_verification(&mut self, verification: &Verification) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO verification (id, client, source, external_id, state, delivery, user_id, reference, grantee, \
             grantee_key, locked_contact, contact_index, case_id, case_scope, problems, made, version, waits_until, \
             created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', 0, 0, $15, $16, $16)",
        )
        .bind(verification.id.as_str())
        .bind(&verification.client)
        .bind(&verification.source)
        .bind(verification.external_id.to_string())
        .bind(verification.state.as_str())
        .bind(verification.delivery.as_str())
        .bind(verification.user_id.map(|id| id.to_string()))
        .bind(verification.reference.as_deref())
        .bind(verification.copy_for.as_ref().map(|(grantee, _)| grantee.clone()))
        .bind(verification.copy_for.as_ref().map(|(_, key)| key.clone()))
        .bind(verification.locked_contact.as_ref().map(|contact| contact.locked.clone()))
        .bind(verification.locked_contact.as_ref().map(|contact| contact.index.clone()))
        .bind(verification.case_id.as_deref())
        .bind(verification.case_scope.as_deref())
        .bind(millis(verification.waits_until))
        .bind(verification.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Writes down what has changed of a verification, and counts the change. [`StoreError::Stale`] if somebody else has
    /// changed it since it was read.
    pub async fn change_verification(&mut self, to: &Verification, now: Timestamp) -> Result<(), StoreError> {
        self.changed(to.id.as_str());
        let result = sqlx::query(
            "UPDATE verification SET state = $3, user_id = $4, reference = $5, locked_contact = $6, case_id = $7, \
             case_scope = $8, waits_for = $9, code = $10, problems = $11, heard = $12, heard_at = $13, decided_at = $14, \
             made = $15, issuance_id = $16, waits_until = $17, updated_at = $18, contact_index = $19, \
             version = version + 1 \
             WHERE id = $1 AND version = $2",
        )
        .bind(to.id.as_str())
        .bind(to.version)
        .bind(to.state.as_str())
        .bind(to.user_id.map(|id| id.to_string()))
        .bind(to.reference.as_deref())
        .bind(to.locked_contact.as_ref().map(|contact| contact.locked.clone()))
        .bind(to.case_id.as_deref())
        .bind(to.case_scope.as_deref())
        .bind(to.waits_for.map(crate::model::verification::WaitsFor::as_str))
        .bind(to.reason.map(crate::model::verification::Reason::as_str))
        .bind(Obstacle::lines(&to.obstacles))
        .bind(to.heard.as_deref())
        .bind(to.heard_at)
        .bind(to.decided_at)
        .bind(i64::from(to.made))
        .bind(to.issuance_id.as_ref().map(IssuanceId::as_str))
        .bind(millis(to.waits_until))
        .bind(now.unix_millis())
        .bind(to.locked_contact.as_ref().map(|contact| contact.index.clone()))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// The verification of which an issuance was made, as this transaction sees it.
    pub async fn made_of(&mut self, id: &IssuanceId) -> Result<Option<Verification>, StoreError> {
        let of: Option<(String,)> =
            sqlx::query_as("SELECT verification_id FROM verification_issuance WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *self.tx)
                .await?;
        let Some((of,)) = of else { return Ok(None) };
        let row = sqlx::query("SELECT * FROM verification WHERE id = $1")
            .bind(of)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// What was made before this issuance for the same client, source and user.
    pub async fn made_before(&mut self, id: &IssuanceId) -> Result<Vec<IssuanceId>, StoreError> {
        let owner: Option<(String,)> =
            sqlx::query_as("SELECT owner FROM verification_issuance WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *self.tx)
                .await?;
        let Some((owner,)) = owner else { return Ok(Vec::new()) };
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT issuance_id FROM verification_issuance WHERE owner = $1 AND issuance_id < $2 ORDER BY issuance_id",
        )
        .bind(owner)
        .bind(id.as_str())
        .fetch_all(&mut *self.tx)
        .await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(|_| StoreError::Unreadable("issuance_id"))).collect()
    }

    /// Remembers of which verification an issuance was made, and whose it is.
    pub async fn add_made(
        &mut self,
        issuance: &IssuanceId,
        verification: &VerificationId,
        owner: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO verification_issuance (issuance_id, verification_id, owner, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(issuance.as_str())
        .bind(verification.as_str())
        .bind(owner)
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Takes a webhook. [`StoreError::Exists`] if it was taken before.
    pub async fn add_vendor_event(&mut self, event: &VendorEvent) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO vendor_event (id, event, verification_id, case_id, case_scope, received_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&event.id)
        .bind(&event.event)
        .bind(event.verification_id.as_ref().map(VerificationId::as_str))
        .bind(event.case_id.as_deref())
        .bind(event.case_scope.as_deref())
        .bind(event.received_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

pub(super) const ROWS: Rows<Verification> = Rows { table: "verification", at: Some("created_at"), read };

fn read(row: &AnyRow) -> Result<Verification, StoreError> {
    let row = Columns(row);
    Ok(Verification {
        id: row.parsed("id")?,
        client: row.text("client")?,
        source: row.text("source")?,
        external_id: row.parsed("external_id")?,
        state: row.parsed("state")?,
        delivery: row.parsed("delivery")?,
        user_id: row.maybe_parsed("user_id")?,
        reference: row.maybe_text("reference")?,
        copy_for: row.maybe_text("grantee")?.zip(row.maybe_text("grantee_key")?),
        locked_contact: row
            .maybe_text("locked_contact")?
            .map(|locked| Ok::<_, StoreError>(LockedContact { locked, index: row.text("contact_index")? }))
            .transpose()?,
        case_id: row.maybe_text("case_id")?,
        case_scope: row.maybe_text("case_scope")?,
        waits_for: row.maybe_parsed("waits_for")?,
        reason: row.maybe_parsed("code")?,
        obstacles: Obstacle::of_lines(&row.text("problems")?),
        heard: row.maybe_text("heard")?,
        heard_at: row.maybe_number("heard_at")?,
        decided_at: row.maybe_number("decided_at")?,
        made: row.count("made")?,
        issuance_id: row.maybe_parsed("issuance_id")?,
        version: row.number("version")?,
        waits_until: row.maybe_moment("waits_until")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
