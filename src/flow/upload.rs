//! Upload: bring the contents that a transaction has announced to the blob gateway, and forget them here when they are seen
//! there.
//!
//! What the gateway says it has taken is written down, and not believed: the issuer's own copy is read back through its row,
//! and the sealed contents stay until its bytes are those that the row names. Whatever was lost in between is found so, and
//! uploaded again, under the same request.

use std::io;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use idos_client::actions::{Content, GetCredentialShared};
use idos_client::{Blob, BlobError, Refusal, Signer, ToUpload, Upload};
use idos_credential::ContentReference;
use rand::rngs::OsRng;
use tokio_util::bytes::Bytes;

use super::agree::{Agreement, Sight, agreement, one_is_enough};
use super::deliver::{Stop, halt, written};
use super::work;
use crate::app::{App, NodeError};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{HaltCode, Issuance, State};
use crate::model::job::Job;
use crate::model::retry;
use crate::model::time::Timestamp;
use crate::store::{Store, StoreError, Uploads, WhoseContent};

/// How long the gateway may take to show what it says it has, in milliseconds. Then it is uploaded again.
const SHOWN_WITHIN: i64 = 15_000;

/// How long before it is looked for again what the gateway should show, in milliseconds.
const LOOK_AGAIN: i64 = 1_500;

/// What is seen of the contents at the gateway.
enum Seen {
    /// They are there, and they are ours.
    There,
    /// Not yet, or not any more.
    NotThere(&'static str),
    /// Something is there, and it is not what was uploaded.
    Other(&'static str),
}

/// Brings an issuance on whose contents are to be uploaded.
pub async fn proceed(app: &App, job: &Job) -> Result<(), StoreError> {
    let id: Option<IssuanceId> = job.subject.parse().ok();
    let issuance = match &id {
        Some(id) => app.store.issuance(id).await?.filter(|issuance| issuance.state == State::Uploading),
        None => None,
    };
    let Some(issuance) = issuance else {
        // Issued, erased or over meanwhile.
        return work::finish(app, job).await;
    };
    let Some(uploads) = app.store.uploads(&issuance.id).await? else {
        let stop = Stop::new(HaltCode::ContentGone, "the sealed contents are not there");
        return halt(app, job, &issuance, stop).await;
    };
    let uploads = match uploads.uploaded_at {
        Some(_) => uploads,
        None if uploads.tries >= app.delivery.max_attempts => {
            let cause =
                "the contents were uploaded as often as is allowed, and are not seen at the blob gateway";
            return halt(app, job, &issuance, Stop::new(HaltCode::TooManyAttempts, cause)).await;
        }
        None => {
            count(app, &issuance).await?;
            match upload(app, &issuance, &uploads).await {
                Ok(()) => note_upload(app, &issuance, uploads).await?,
                // Another request of the same may have gone through, and its answer been lost.
                Err(NodeError::Blob(error)) if error.is_final() => {
                    metrics::counter!("uploads_total", "outcome" => "refused").increment(1);
                    if let Ok(Seen::There) = see(app, job, &issuance, &uploads).await {
                        return issued(app, job, &issuance).await;
                    }
                    let stop = Stop::new(HaltCode::UploadRefused, error.to_string());
                    return halt(app, job, &issuance, stop).await;
                }
                Err(error) => {
                    metrics::counter!("uploads_total", "outcome" => "failed").increment(1);
                    tracing::warn!(issuance.id = %issuance.id, "Contents are not uploaded yet: {error}");
                    let asked = match &error {
                        NodeError::Blob(error) => error.retry_after(),
                        _ => None,
                    };
                    let due = pause(app, &uploads, asked);
                    return work::put_off(app, job, due, "the blob gateway could not take it").await;
                }
            }
        }
    };
    let why = match see(app, job, &issuance, &uploads).await {
        Ok(Seen::There) => return issued(app, job, &issuance).await,
        Ok(Seen::NotThere(why)) => why,
        Ok(Seen::Other(why)) => return again(app, job, &issuance, &uploads, why).await,
        Err(error) => {
            tracing::warn!(issuance.id = %issuance.id, "Whether contents are there cannot be seen: {error}");
            "the blob gateway cannot be asked"
        }
    };
    let now = app.clock.now();
    if uploads.uploaded_at.is_some_and(|at| now <= at.plus_millis(SHOWN_WITHIN)) {
        work::put_off(app, job, now.plus_millis(LOOK_AGAIN), why).await
    } else {
        again(app, job, &issuance, &uploads, why).await
    }
}

async fn upload(app: &App, issuance: &Issuance, uploads: &Uploads) -> Result<(), NodeError> {
    let part = |whose, reference| {
        let (store, id) = (app.store.clone(), issuance.id.clone());
        ToUpload::new(blob(reference), move || parts(store.clone(), id.clone(), whose))
    };
    let upload = Upload {
        request_id: uploads.request_id,
        original: Some(part(WhoseContent::Original, uploads.original)),
        copy: uploads.copy.map(|copy| part(WhoseContent::Copy, copy)),
    };
    Ok(app.idos().await?.upload(&writer(app, issuance), &upload).await?)
}

/// A content, part by part, as the database has it.
fn parts(store: Store, id: IssuanceId, whose: WhoseContent) -> BoxStream<'static, io::Result<Bytes>> {
    Box::pin(stream::try_unfold(0, move |number| {
        let (store, id) = (store.clone(), id.clone());
        async move {
            let part = store.sealed_part(&id, whose, number).await.map_err(io::Error::other)?;
            Ok(part.map(|part| (Bytes::from(part), number + 1)))
        }
    }))
}

/// Who has announced it, and so may upload it.
fn writer(app: &App, issuance: &Issuance) -> Signer {
    let key = app.write_key(&issuance.write_key);
    key.unwrap_or_else(|| app.write_key_for(issuance.id.as_str())).signer()
}

fn blob(ContentReference { id, size }: ContentReference) -> Blob {
    Blob { id, size }
}

/// Whether the contents are there, as far as the gateway shows them, and as many nodes show the credential as are wanted.
async fn see(app: &App, job: &Job, issuance: &Issuance, uploads: &Uploads) -> Result<Seen, NodeError> {
    let seen = at_the_gateway(app, issuance, uploads).await?;
    if !matches!(seen, Seen::There) || one_is_enough(app, app.idos().await?) {
        return Ok(seen);
    }
    let sight = Sight::of_issuance(issuance);
    Ok(match agreement(app, &app.identity(), &sight, app.said_done_for(&job.id)).await? {
        Agreement::Enough => Seen::There,
        Agreement::NotYet => Seen::NotThere("another node does not show the credential yet"),
        Agreement::Never => Seen::Other("other nodes do not show the credential"),
    })
}

async fn at_the_gateway(app: &App, issuance: &Issuance, uploads: &Uploads) -> Result<Seen, NodeError> {
    let client = app.idos().await?;
    let grantee = issuance.grantee.as_deref().and_then(|grantee| app.write_key(grantee));
    let own_copy = grantee.zip(uploads.copy);
    if let Some((grantee, copy)) = own_copy {
        let signer = grantee.signer();
        let row = match client.call_one(&signer, &GetCredentialShared { id: issuance.ids.copy }).await {
            Err(error)
                if matches!(error.refusal(), Some(Refusal::NotShared | Refusal::CredentialUnknown)) =>
            {
                None
            }
            row => row?,
        };
        match row.map(|row| row.content) {
            None => return Ok(Seen::NotThere("the row of the issuer's copy is not readable yet")),
            Some(Content::AtGateway(named)) if named == blob(copy) => {}
            Some(_) => return Ok(Seen::Other("the row of the issuer's copy names another content")),
        }
        match client.check_blob(&signer, blob(copy)).await {
            Ok(()) => {}
            Err(BlobError::NotThere) => {
                return Ok(Seen::NotThere("the gateway does not show the issuer's copy yet"));
            }
            Err(BlobError::Altered) => {
                return Ok(Seen::Other("the gateway shows another content for the issuer's copy"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let is_believed = own_copy.is_some() || (uploads.uploaded_at.is_some() && uploads.tries >= 2);
    match client.check_blob(&writer(app, issuance), blob(uploads.original)).await {
        Ok(()) => Ok(Seen::There),
        Err(BlobError::Altered) => Ok(Seen::Other("the gateway shows another content for the user's")),
        // Whether the gateway shows it to somebody else than the user is the gateway's business.
        Err(BlobError::NotThere | BlobError::Gateway { .. }) if is_believed => Ok(Seen::There),
        Err(BlobError::NotThere | BlobError::Gateway { .. }) => {
            Ok(Seen::NotThere("the gateway does not show the user's content"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes down that the gateway says it has them.
async fn note_upload(app: &App, issuance: &Issuance, uploads: Uploads) -> Result<Uploads, StoreError> {
    metrics::counter!("uploads_total", "outcome" => "taken").increment(1);
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.note_upload(&issuance.id, Some(now)).await?;
    tx.record(&entry(issuance, AuditAction::Uploaded, "", now)).await?;
    tx.commit().await?;
    Ok(Uploads { uploaded_at: Some(now), tries: uploads.tries.saturating_add(1), ..uploads })
}

/// It is issued: the content goes.
async fn issued(app: &App, job: &Job, issuance: &Issuance) -> Result<(), StoreError> {
    app.forget_said_done(&job.id);
    let now = app.clock.now();
    let detail =
        issuance.transaction.as_ref().map_or_else(|| "found".to_owned(), |tx| format!("tx:{}", tx.hash));
    let mut tx = app.store.begin().await?;
    written(app, &mut tx, issuance, now).await?;
    tx.finish_job(job).await?;
    tx.record(&entry(issuance, AuditAction::Issued, &detail, now)).await?;
    tx.commit().await?;
    metrics::counter!("issuances_issued_total", "kind" => issuance.kind.as_str()).increment(1);
    Ok(())
}

/// Counts a try, before it is made.
async fn count(app: &App, issuance: &Issuance) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.count_upload(&issuance.id).await?;
    tx.commit().await
}

/// What the gateway says it has is not there: it is uploaded again.
async fn again(
    app: &App,
    job: &Job,
    issuance: &Issuance,
    uploads: &Uploads,
    why: &str,
) -> Result<(), StoreError> {
    tracing::warn!(issuance.id = %issuance.id, "Contents are uploaded again: {why}");
    let mut tx = app.store.begin().await?;
    tx.note_upload(&issuance.id, None).await?;
    tx.retry_job(job, pause(app, uploads, None), why).await?;
    tx.commit().await
}

fn pause(app: &App, uploads: &Uploads, asked: Option<Duration>) -> Timestamp {
    retry::due(app.clock.now(), uploads.tries.saturating_add(1), asked, &mut OsRng)
}

fn entry(issuance: &Issuance, action: AuditAction, detail: &str, at: Timestamp) -> AuditEntry {
    AuditEntry::new(at, Actor::Service, action, issuance.id.as_str()).detail(detail)
}
