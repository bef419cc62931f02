//! A sealed credential, brought to where the network keeps contents now. It was sealed for the place that was known then; the
//! network may have moved since, or could not be asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_client::ContentPlace;
use idos_credential::{Blobs, NotesSigned};

use super::{DeliverError, Stop};
use crate::app::App;
use crate::flow::credential::check_size;
use crate::flow::intake::keep_sealed;
use crate::model::issuance::{HaltCode, Issuance};
use crate::store::{Deliverable, StoreError, WhoseContent};

/// The same with contents that go to `place`: its rows are signed anew where they went to another one, because that is part of
/// what is signed. It is kept so, before anything of it is sent.
pub(super) async fn placed(
    app: &App,
    issuance: &Issuance,
    deliverable: Deliverable,
    place: ContentPlace,
) -> Result<Result<Deliverable, Stop>, DeliverError> {
    let by_reference = place == ContentPlace::Gateway;
    if deliverable.sealed.original().content().reference().is_some() == by_reference {
        return Ok(Ok(deliverable));
    }
    let Some(key) = app.write_key(deliverable.sealed.issuer_auth_public_key()) else {
        let cause =
            "contents go to another place now, and the write key that has to sign anew is not configured";
        return Ok(Err(Stop::new(HaltCode::KeyMissing, cause)));
    };
    let blobs = match contents(app, issuance, &deliverable).await {
        Ok(blobs) => blobs,
        Err(StoreError::Unreadable(what)) => return Ok(Err(Stop::new(HaltCode::Unreadable, what))),
        Err(error) => return Err(error.into()),
    };
    // The plaintext has 40 bytes less than what is sealed.
    let text = blobs.original.len().saturating_sub(40);
    if let Err(too_large) = check_size(text, blobs.copy.is_some(), place) {
        return Ok(Err(Stop::new(HaltCode::Refused, too_large.to_string())));
    }
    let sealed = deliverable.sealed;
    let to_sign = app.compute(text, move || NotesSigned::again(sealed, &blobs, by_reference)).await;
    let to_sign = match to_sign {
        Ok(to_sign) => to_sign,
        Err(error) => return Ok(Err(Stop::new(HaltCode::Unreadable, error.to_string()))),
    };
    let mut sealed = key.seal_rows(to_sign).await.map_err(idos_client::Error::from)?;
    let mut tx = app.store.begin().await?;
    keep_sealed(&mut tx, &issuance.id, &mut sealed).await?;
    tx.commit().await?;
    tracing::info!(issuance.id = %issuance.id, ?place, "A sealed credential was signed anew for where contents go now");
    // Read back, which checks its signatures, as whatever is sent.
    Ok(match app.store.deliverable(issuance).await {
        Ok(Some(deliverable)) => Ok(deliverable),
        Ok(None) => return Err(StoreError::Stale.into()),
        Err(error @ StoreError::Unreadable(_)) => Err(Stop::new(HaltCode::Unreadable, error.to_string())),
        Err(error) => return Err(error.into()),
    })
}

async fn contents(app: &App, issuance: &Issuance, deliverable: &Deliverable) -> Result<Blobs, StoreError> {
    let of = async |whose, in_row: Option<&str>| match in_row {
        Some(content) => STANDARD.decode(content).map_err(|_| StoreError::Unreadable("content")),
        None => app.store.sealed_blob(&issuance.id, whose).await,
    };
    let sealed = &deliverable.sealed;
    Ok(Blobs {
        original: of(WhoseContent::Original, sealed.original().content().in_row()).await?,
        copy: match sealed.copy() {
            Some(copy) => Some(of(WhoseContent::Copy, copy.content().in_row()).await?),
            None => None,
        },
    })
}
