//! Content on its way: unsealed credentials, locked; sealed ones; write grants, locked. All of it goes.
//!
//! A sealed content stands in its credential's row here as it will on the network; or, where the network keeps contents at a
//! blob gateway, in parts beside it, so that it is uploaded without ever being in memory as a whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::{
    Blobs, ContentReference, SealedContent, SealedCredential, SealedRow, StoredCredential, StoredRow,
};
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::Columns;
use super::{Store, StoreError, Tx, many};
use crate::model::ids::IssuanceId;
use crate::model::issuance::Issuance;
use crate::model::time::Timestamp;

/// How many bytes of a content are in one part.
const PART: usize = 262_144;

/// A sealed credential, and the user's write grant, locked, where there is one.
pub struct Deliverable {
    /// The credential.
    pub sealed: SealedCredential,
    /// The id of the request under which its contents are uploaded, if they are.
    pub request_id: Option<Uuid>,
    /// The grant.
    pub locked_grant: Option<String>,
}

/// The contents of a sealed credential that are to be uploaded, by what names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploads {
    /// The request, under which they are uploaded.
    pub request_id: Uuid,
    /// The user's content.
    pub original: ContentReference,
    /// The grantee's.
    pub copy: Option<ContentReference>,
    /// Since when the gateway says that it has them.
    pub uploaded_at: Option<Timestamp>,
    /// How often they were uploaded, or tried to be.
    pub tries: u32,
}

/// Which content of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoseContent {
    /// The user's.
    Original,
    /// The grantee's.
    Copy,
}

impl WhoseContent {
    fn is_copy(self) -> i64 {
        match self {
            Self::Original => 0,
            Self::Copy => 1,
        }
    }
}

impl Store {
    /// What is to be uploaded of an issuance; `None` if its contents go into the rows, or are gone.
    pub async fn uploads(&self, id: &IssuanceId) -> Result<Option<Uploads>, StoreError> {
        let row = sqlx::query(
            "SELECT request_id, content_id, content_size, copy_content_id, copy_content_size, uploaded_at, \
             COALESCE(upload_tries, 0) AS upload_tries FROM sealed_credential WHERE issuance_id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let row = Columns(&row);
        let Some(original) = reference(&row, "content_id", "content_size")? else { return Ok(None) };
        Ok(Some(Uploads {
            request_id: row.parsed("request_id")?,
            original,
            copy: reference(&row, "copy_content_id", "copy_content_size")?,
            uploaded_at: row.maybe_moment("uploaded_at")?,
            tries: row.count("upload_tries")?,
        }))
    }

    /// A part of a content, counted from 0; `None` behind the last.
    pub async fn sealed_part(
        &self,
        id: &IssuanceId,
        whose: WhoseContent,
        number: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT content FROM sealed_part WHERE issuance_id = $1 AND is_copy = $2 AND number = $3",
        )
        .bind(id.as_str())
        .bind(whose.is_copy())
        .bind(number)
        .fetch_optional(&self.pool)
        .await?;
        let decode = |(text,): (String,)| {
            STANDARD.decode(text).map_err(|_| StoreError::Unreadable("sealed_part.content"))
        };
        row.map(decode).transpose()
    }

    /// A content as a whole.
    pub async fn sealed_blob(&self, id: &IssuanceId, whose: WhoseContent) -> Result<Vec<u8>, StoreError> {
        let (mut content, mut number) = (Vec::new(), 0);
        while let Some(part) = self.sealed_part(id, whose, number).await? {
            content.extend_from_slice(&part);
            number += 1;
        }
        Ok(content)
    }

    /// A signed credential that waits to be sealed, locked.
    pub async fn unsealed(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT locked FROM unsealed_credential WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(locked,)| locked))
    }

    /// Whether there is a sealed credential.
    pub async fn has_sealed(&self, id: &IssuanceId) -> Result<bool, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT issuance_id FROM sealed_credential WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.is_some())
    }

    /// Whether there is a write grant.
    pub async fn has_grant(&self, id: &IssuanceId) -> Result<bool, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT issuance_id FROM write_grant WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.is_some())
    }

    /// The write grant, locked.
    pub async fn locked_grant(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT locked FROM write_grant WHERE issuance_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(locked,)| locked))
    }

    /// Whether another issuance has the write grant of this id, or had, and was written by it. One that is over without a
    /// credential has not used it.
    pub async fn is_grant_in_use(
        &self,
        grant_id: Uuid,
        by_others_than: Option<&IssuanceId>,
    ) -> Result<bool, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(
            "SELECT id FROM issuance WHERE grant_id = $1 AND id <> $2 \
             AND (issued_at IS NOT NULL OR state NOT IN ('failed', 'erased'))",
        )
        .bind(grant_id.to_string())
        .bind(by_others_than.map_or("", IssuanceId::as_str)) // no issuance has no id
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.is_some())
    }

    /// The sealed credential of an issuance. The only place that revives one: everybody else has to seal.
    pub async fn deliverable(&self, issuance: &Issuance) -> Result<Option<Deliverable>, StoreError> {
        let row = sqlx::query(
            "SELECT sealed_credential.*, write_grant.locked AS locked_grant FROM sealed_credential \
             LEFT JOIN write_grant ON write_grant.issuance_id = sealed_credential.issuance_id WHERE sealed_credential.issuance_id = $1",
        )
        .bind(issuance.id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| read(&row, issuance)).transpose()
    }
}

/// A sealed credential that is to be kept, and the id of the request under which its contents are uploaded, if they are.
pub(super) struct NewSealed<'a> {
    pub(super) id: &'a IssuanceId,
    pub(super) sealed: &'a SealedCredential,
    pub(super) request_id: Option<Uuid>,
}

impl Tx {
    /// Keeps a signed credential, locked, that has to wait to be sealed.
    pub async fn keep_unsealed(&mut self, id: &IssuanceId, locked: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO unsealed_credential (issuance_id, locked) VALUES ($1, $2)")
            .bind(id.as_str())
            .bind(locked)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Keeps a sealed credential until it is delivered, in place of an earlier form of it. `blobs` are its contents, where
    /// its rows only name them, and the id of the request under which they are to be uploaded.
    pub async fn keep_sealed(
        &mut self,
        id: &IssuanceId,
        sealed: &SealedCredential,
        blobs: Option<(&Blobs, Uuid)>,
    ) -> Result<(), StoreError> {
        self.forget_sealed(id).await?;
        let request_id = blobs.map(|(_, request_id)| request_id);
        self.add_sealed(&[NewSealed { id, sealed, request_id }]).await?;
        match blobs {
            Some((blobs, _)) => self.keep_blobs(id, blobs).await,
            None => Ok(()),
        }
    }

    /// Keeps contents that the rows of a sealed credential only name.
    pub(super) async fn keep_blobs(&mut self, id: &IssuanceId, blobs: &Blobs) -> Result<(), StoreError> {
        self.keep_parts(id, WhoseContent::Original, &blobs.original).await?;
        match &blobs.copy {
            Some(copy) => self.keep_parts(id, WhoseContent::Copy, copy).await,
            None => Ok(()),
        }
    }

    /// Keeps sealed credentials of issuances that have none.
    pub(super) async fn add_sealed(&mut self, all: &[NewSealed<'_>]) -> Result<(), StoreError> {
        let named = |row: Option<&SealedRow>| row.and_then(|row| row.content().reference());
        let size = |reference: ContentReference| i64::try_from(reference.size).unwrap_or(i64::MAX);
        for part in many::parts(all) {
            let mut query = many::rows(
                self.kind,
                "INSERT INTO sealed_credential (issuance_id, content, encryptor_public_key, public_notes_signature, \
                 broader_signature, copy_content, copy_encryptor_public_key, copy_public_notes_signature, \
                 copy_broader_signature, content_id, content_size, copy_content_id, copy_content_size, request_id) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                part.len(),
            );
            for NewSealed { id, sealed, request_id } in part {
                let (original, copy) = (sealed.original(), sealed.copy());
                query = query
                    .bind(id.as_str())
                    .bind(original.content().in_row())
                    .bind(original.encryptor_public_key())
                    .bind(original.public_notes_signature())
                    .bind(original.broader_signature())
                    .bind(copy.and_then(|copy| copy.content().in_row()))
                    .bind(copy.map(SealedRow::encryptor_public_key))
                    .bind(copy.map(SealedRow::public_notes_signature))
                    .bind(copy.map(SealedRow::broader_signature))
                    .bind(named(Some(original)).map(|named| named.id.to_string()))
                    .bind(named(Some(original)).map(size))
                    .bind(named(copy).map(|named| named.id.to_string()))
                    .bind(named(copy).map(size))
                    .bind(request_id.map(|id| id.to_string()));
            }
            query.execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    async fn keep_parts(
        &mut self,
        id: &IssuanceId,
        whose: WhoseContent,
        content: &[u8],
    ) -> Result<(), StoreError> {
        for (number, part) in (0_i64..).zip(content.chunks(PART)) {
            sqlx::query(
                "INSERT INTO sealed_part (issuance_id, is_copy, number, content) VALUES ($1, $2, $3, $4)",
            )
            .bind(id.as_str())
            .bind(whose.is_copy())
            .bind(number)
            .bind(STANDARD.encode(part))
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Whether contents of it are to be uploaded.
    pub async fn has_uploads(&mut self, id: &IssuanceId) -> Result<bool, StoreError> {
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT content_id FROM sealed_credential WHERE issuance_id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *self.tx)
                .await?;
        Ok(row.is_some_and(|(content_id,)| content_id.is_some()))
    }

    /// Counts a try to upload the contents, before it is made.
    pub async fn count_upload(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE sealed_credential SET upload_tries = COALESCE(upload_tries, 0) + 1 WHERE issuance_id = $1",
        )
        .bind(id.as_str())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Has the contents uploaded as if they had never been.
    pub async fn upload_anew(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE sealed_credential SET uploaded_at = NULL, upload_tries = NULL WHERE issuance_id = $1",
        )
        .bind(id.as_str())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Remembers since when the gateway says that it has the contents; `None` if it has not, after all.
    pub async fn note_upload(&mut self, id: &IssuanceId, at: Option<Timestamp>) -> Result<(), StoreError> {
        sqlx::query("UPDATE sealed_credential SET uploaded_at = $1 WHERE issuance_id = $2")
            .bind(at.map(Timestamp::unix_millis))
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    async fn forget_sealed(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sealed_part WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM sealed_credential WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Keeps a write grant, locked, in place of an earlier one. [`StoreError::Exists`] if another issuance has this grant,
    /// or had, and was written by it.
    pub async fn keep_grant(
        &mut self,
        id: &IssuanceId,
        grant_id: Uuid,
        locked: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE issuance SET grant_id = $1 WHERE id = $2")
            .bind(grant_id.to_string())
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        self.add_grant(id, locked).await
    }

    /// The same, where its id is known by now.
    pub(super) async fn add_grant(&mut self, id: &IssuanceId, locked: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO write_grant (issuance_id, locked) VALUES ($1, $2) \
             ON CONFLICT (issuance_id) DO UPDATE SET locked = excluded.locked",
        )
        .bind(id.as_str())
        .bind(locked)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets a signed credential that has been sealed.
    pub async fn forget_unsealed(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM unsealed_credential WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Forgets content and contact of an issuance whose record this program cannot read. Gives whether there was any.
    pub async fn forget_unread(&mut self, id: &str) -> Result<bool, StoreError> {
        let mut gone = 0;
        for query in [
            "DELETE FROM unsealed_credential WHERE issuance_id = $1",
            "DELETE FROM sealed_part WHERE issuance_id = $1",
            "DELETE FROM sealed_credential WHERE issuance_id = $1",
            "DELETE FROM write_grant WHERE issuance_id = $1",
            "DELETE FROM contact WHERE issuance_id = $1",
            "DELETE FROM kept_content WHERE issuance_id = $1",
        ] {
            gone += sqlx::query(query).bind(id).execute(&mut *self.tx).await?.rows_affected();
        }
        Ok(gone > 0)
    }

    /// Forgets all content of an issuance: unsealed or sealed credential, write grant.
    pub async fn forget_content(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        self.forget_unsealed(id).await?;
        self.forget_sealed(id).await?;
        sqlx::query("DELETE FROM write_grant WHERE issuance_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

fn read(row: &AnyRow, issuance: &Issuance) -> Result<Deliverable, StoreError> {
    let row = Columns(row);
    let (Some(public_notes), Some(content_hash)) = (&issuance.public_notes, &issuance.content_hash) else {
        return Err(StoreError::Unreadable("public_notes"));
    };
    let stored_row =
        |content, encryptor_public_key, notes: String, notes_signature, broader_signature| StoredRow {
            content,
            encryptor_public_key,
            public_notes: notes,
            public_notes_signature: notes_signature,
            broader_signature,
        };
    let content = |content: &'static str, id: &'static str, size: &'static str| {
        Ok::<_, StoreError>(match row.maybe_text(content)? {
            Some(content) => Some(SealedContent::InRow(content)),
            None => reference(&row, id, size)?.map(SealedContent::ByReference),
        })
    };
    let copy = match content("copy_content", "copy_content_id", "copy_content_size")? {
        None => None,
        Some(content) => Some(stored_row(
            content,
            row.text("copy_encryptor_public_key")?,
            String::new(),
            row.text("copy_public_notes_signature")?,
            row.text("copy_broader_signature")?,
        )),
    };
    let stored = StoredCredential {
        original: stored_row(
            content("content", "content_id", "content_size")?.ok_or(StoreError::Unreadable("content"))?,
            row.text("encryptor_public_key")?,
            public_notes.clone(),
            row.text("public_notes_signature")?,
            row.text("broader_signature")?,
        ),
        copy,
        content_hash: content_hash.clone(),
        issuer_auth_public_key: issuance.write_key.clone(),
    };
    let sealed =
        SealedCredential::from_stored(stored).map_err(|_| StoreError::Unreadable("sealed_credential"))?;
    Ok(Deliverable {
        sealed,
        request_id: row.maybe_parsed("request_id")?,
        locked_grant: row.maybe_text("locked_grant")?,
    })
}

/// What names a content.
fn reference(
    row: &Columns<'_>,
    id: &'static str,
    size: &'static str,
) -> Result<Option<ContentReference>, StoreError> {
    let Some(text) = row.maybe_text(id)? else { return Ok(None) };
    let parsed = text.parse().map_err(|_| StoreError::Unreadable("content_id"))?;
    let size = u64::try_from(row.number(size)?).map_err(|_| StoreError::Unreadable("content_size"))?;
    Ok(Some(ContentReference { id: parsed, size }))
}
