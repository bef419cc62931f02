//! Staff, their sessions, and how often somebody has tried to come in.

use chrono_tz::Tz;
use sqlx::any::AnyRow;

use super::rows::{Columns, millis};
use super::walk::Rows;
use super::{Store, StoreError, Tx, one};
use crate::model::ids::{SessionId, StaffId};
use crate::model::personal::Personal;
use crate::model::staff::{Attempts, ConsoleLanguage, Staff, StaffSession};
use crate::model::time::Timestamp;

impl Store {
    /// Somebody, by their id.
    pub async fn staff(&self, id: &StaffId) -> Result<Option<Staff>, StoreError> {
        let row = sqlx::query("SELECT * FROM staff WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Somebody, by the name that they sign in with.
    pub async fn staff_of_name(&self, name: &str) -> Result<Option<Staff>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM staff WHERE name = $1").bind(name).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Somebody, by who they are at an identity provider.
    pub async fn staff_of_identity(&self, issuer: &str, subject: &str) -> Result<Option<Staff>, StoreError> {
        let row = sqlx::query("SELECT * FROM staff WHERE issuer = $1 AND subject = $2")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Somebody, by the hash of their invitation's token.
    pub async fn staff_of_invitation(&self, hash: &str) -> Result<Option<Staff>, StoreError> {
        let row = sqlx::query("SELECT * FROM staff WHERE invitation_hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Everybody, in order of names.
    pub async fn all_staff(&self) -> Result<Vec<Staff>, StoreError> {
        let rows = sqlx::query("SELECT * FROM staff ORDER BY name").fetch_all(&self.pool).await?;
        STAFF.all(&rows)
    }

    /// The session of this token's hash.
    pub async fn staff_session(&self, hash: &str) -> Result<Option<StaffSession>, StoreError> {
        let row = sqlx::query("SELECT * FROM staff_session WHERE hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_session).transpose()
    }

    /// Somebody's sessions, the oldest first, ended ones among them until they are swept.
    pub async fn sessions_of_staff(&self, id: &StaffId) -> Result<Vec<StaffSession>, StoreError> {
        let rows = sqlx::query("SELECT * FROM staff_session WHERE staff_id = $1 ORDER BY id")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await?;
        SESSIONS.all(&rows)
    }

    /// Notes that a session is in use.
    pub async fn note_session(&self, hash: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE staff_session SET seen_at = $1 WHERE hash = $2 AND seen_at < $1")
            .bind(now.unix_millis())
            .bind(hash)
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await
    }

    /// How many recovery codes somebody has left.
    pub async fn count_recovery_codes(&self, id: &StaffId) -> Result<i64, StoreError> {
        let (count,) = sqlx::query_as("SELECT COUNT(*) FROM staff_recovery WHERE staff_id = $1")
            .bind(id.as_str())
            .fetch_one(&self.pool)
            .await?;
        Ok(count)
    }

    /// How often somebody has tried to come in.
    pub async fn attempts(&self, who: &str) -> Result<Option<Attempts>, StoreError> {
        let row = sqlx::query("SELECT * FROM sign_in_attempt WHERE who = $1")
            .bind(who)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(Attempts {
                failures: row.number("failures")?,
                pause_until: row.moment("pause_until")?,
                at: row.moment("at")?,
            })
        })
        .transpose()
    }

    /// Forgets sessions that have ended. Gives how many.
    pub async fn forget_sessions_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new(), String::new()),
            |(at, id, hash), limit| {
                sqlx::query_as(
                    "SELECT ends_at, id, hash FROM staff_session WHERE ends_at < $1 \
                     AND (ends_at, id, hash) > ($2, $3, $4) ORDER BY ends_at, id, hash LIMIT $5",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(hash)
                .bind(limit)
            },
            |(_, id, _)| sqlx::query("DELETE FROM staff_session WHERE id = $1").bind(id),
        )
        .await
    }

    /// Forgets attempts that were before `moment`. Gives how many.
    pub async fn forget_attempts_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        let before = moment.unix_millis();
        self.forget(
            (i64::MIN, String::new()),
            |(at, who), limit| {
                sqlx::query_as(
                    "SELECT at, who FROM sign_in_attempt WHERE at < $1 AND (at, who) > ($2, $3) \
                     ORDER BY at, who LIMIT $4",
                )
                .bind(before)
                .bind(at)
                .bind(who)
                .bind(limit)
            },
            move |(_, who)| {
                sqlx::query("DELETE FROM sign_in_attempt WHERE who = $1 AND at < $2").bind(who).bind(before)
            },
        )
        .await
    }
}

impl Tx {
    /// Adds somebody; [`StoreError::Exists`] if there is one of that name.
    pub async fn add_staff(&mut self, staff: &Staff) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO staff (id, name, role, client, totp_step, version, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(staff.id.as_str())
        .bind(&staff.name)
        .bind(staff.role.as_str())
        .bind(staff.reach.to_string())
        .bind(staff.totp_step)
        .bind(staff.version)
        .bind(staff.created_at.unix_millis())
        .bind(staff.updated_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        self.change_staff(&mut staff.clone(), staff.updated_at).await
    }

    /// Writes all of somebody down but for name and id; [`StoreError::Stale`] if it has changed since it was read.
    pub async fn change_staff(&mut self, staff: &mut Staff, now: Timestamp) -> Result<(), StoreError> {
        let (invitation, until) = staff.invitation.clone().unzip();
        let (issuer, subject) = staff.identity.clone().unzip();
        let changed = sqlx::query(
            "UPDATE staff SET role = $1, client = $2, password = $3, locked_totp = $4, totp_step = $5, accepted_at = $6, \
             invitation_hash = $7, invited_until = $8, language = $9, time_zone = $10, issuer = $11, subject = $12, \
             signed_in_at = $13, version = version + 1, updated_at = $14 WHERE id = $15 AND version = $16",
        )
        .bind(staff.role.as_str())
        .bind(staff.reach.to_string())
        .bind(staff.password.as_ref().map(|password| password.expose().clone()))
        .bind(&staff.locked_totp)
        .bind(staff.totp_step)
        .bind(millis(staff.accepted_at))
        .bind(invitation)
        .bind(millis(until))
        .bind(staff.language.map(ConsoleLanguage::as_str))
        .bind(staff.time_zone.map(Tz::name))
        .bind(issuer)
        .bind(subject)
        .bind(millis(staff.signed_in_at))
        .bind(now.unix_millis())
        .bind(staff.id.as_str())
        .bind(staff.version)
        .execute(&mut *self.tx)
        .await?;
        one(&changed)?;
        staff.version += 1;
        staff.updated_at = now;
        Ok(())
    }

    /// Forgets somebody, with their sessions and codes; [`StoreError::Stale`] if there is nobody.
    pub async fn forget_staff(&mut self, id: &StaffId) -> Result<(), StoreError> {
        self.end_sessions_of(id).await?;
        self.set_recovery_codes(id, &[]).await?;
        let gone =
            sqlx::query("DELETE FROM staff WHERE id = $1").bind(id.as_str()).execute(&mut *self.tx).await?;
        one(&gone)
    }

    /// Opens a session.
    pub async fn add_session(&mut self, session: &StaffSession) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO staff_session (id, hash, staff_id, stage, factor_at, seen_at, ends_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(session.id.as_str())
        .bind(&session.hash)
        .bind(session.staff.as_str())
        .bind(session.stage.as_str())
        .bind(millis(session.factor_at))
        .bind(session.seen_at.unix_millis())
        .bind(session.ends_at.unix_millis())
        .bind(session.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Ends a session of somebody's; [`StoreError::Stale`] if they have none of that id.
    pub async fn end_session(&mut self, staff: &StaffId, id: &SessionId) -> Result<(), StoreError> {
        let gone = sqlx::query("DELETE FROM staff_session WHERE id = $1 AND staff_id = $2")
            .bind(id.as_str())
            .bind(staff.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&gone)
    }

    /// Ends all sessions of somebody's. Gives how many.
    pub async fn end_sessions_of(&mut self, staff: &StaffId) -> Result<u64, StoreError> {
        let gone = sqlx::query("DELETE FROM staff_session WHERE staff_id = $1")
            .bind(staff.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(gone.rows_affected())
    }

    /// Gives somebody these recovery codes, by their hashes, and no others.
    pub async fn set_recovery_codes(&mut self, staff: &StaffId, hashes: &[String]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM staff_recovery WHERE staff_id = $1")
            .bind(staff.as_str())
            .execute(&mut *self.tx)
            .await?;
        for hash in hashes {
            sqlx::query("INSERT INTO staff_recovery (staff_id, hash) VALUES ($1, $2)")
                .bind(staff.as_str())
                .bind(hash)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// Uses a recovery code. Gives whether it was there.
    pub async fn use_recovery_code(&mut self, staff: &StaffId, hash: &str) -> Result<bool, StoreError> {
        let used = sqlx::query("DELETE FROM staff_recovery WHERE staff_id = $1 AND hash = $2")
            .bind(staff.as_str())
            .bind(hash)
            .execute(&mut *self.tx)
            .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Counts an attempt; [`StoreError::Stale`] if another one was counted meanwhile.
    pub async fn count_attempt(
        &mut self,
        who: &str,
        before: Option<Attempts>,
        after: Attempts,
    ) -> Result<(), StoreError> {
        let Some(before) = before else {
            let added = sqlx::query(
                "INSERT INTO sign_in_attempt (who, failures, pause_until, at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (who) DO NOTHING",
            )
            .bind(who)
            .bind(after.failures)
            .bind(after.pause_until.unix_millis())
            .bind(after.at.unix_millis())
            .execute(&mut *self.tx)
            .await?;
            return one(&added);
        };
        let changed = sqlx::query(
            "UPDATE sign_in_attempt SET failures = $1, pause_until = $2, at = $3 \
             WHERE who = $4 AND failures = $5 AND pause_until = $6 AND at = $7",
        )
        .bind(after.failures)
        .bind(after.pause_until.unix_millis())
        .bind(after.at.unix_millis())
        .bind(who)
        .bind(before.failures)
        .bind(before.pause_until.unix_millis())
        .bind(before.at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&changed)
    }

    /// Forgets all attempts of one, who has come in.
    pub async fn forget_attempts(&mut self, who: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sign_in_attempt WHERE who = $1").bind(who).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Takes one attempt back, which was none of a guess.
    pub async fn take_attempt_back(&mut self, who: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE sign_in_attempt SET failures = failures - 1, pause_until = 0 WHERE who = $1 AND failures > 0")
            .bind(who)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

const STAFF: Rows<Staff> = Rows { table: "staff", at: None, read };

const SESSIONS: Rows<StaffSession> = Rows { table: "staff_session", at: None, read: read_session };

fn read(row: &AnyRow) -> Result<Staff, StoreError> {
    let row = Columns(row);
    let invitation = row.maybe_text("invitation_hash")?.zip(row.maybe_moment("invited_until")?);
    let identity = row.maybe_text("issuer")?.zip(row.maybe_text("subject")?);
    Ok(Staff {
        id: row.parsed("id")?,
        name: row.text("name")?,
        role: row.parsed("role")?,
        reach: row.parsed("client")?,
        password: row.maybe_text("password")?.map(Personal::new),
        locked_totp: row.maybe_text("locked_totp")?,
        totp_step: row.number("totp_step")?,
        accepted_at: row.maybe_moment("accepted_at")?,
        invitation,
        language: row.maybe_parsed("language")?,
        time_zone: row.maybe_parsed("time_zone")?,
        identity,
        signed_in_at: row.maybe_moment("signed_in_at")?,
        version: row.number("version")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}

fn read_session(row: &AnyRow) -> Result<StaffSession, StoreError> {
    let row = Columns(row);
    Ok(StaffSession {
        id: row.parsed("id")?,
        hash: row.text("hash")?,
        staff: row.parsed("staff_id")?,
        stage: row.parsed("stage")?,
        factor_at: row.maybe_moment("factor_at")?,
        seen_at: row.moment("seen_at")?,
        ends_at: row.moment("ends_at")?,
        created_at: row.moment("created_at")?,
    })
}
