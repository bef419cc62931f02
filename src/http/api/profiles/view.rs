//! What is shown of a profile, or of a wallet.

use serde::Serialize;
use uuid::Uuid;

use crate::http::api::view::{HaltView, TransactionView};
use crate::model::profile::Profile;

/// The creation of a profile, or the addition of a wallet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::api) struct ProfileView {
    id: String,
    state: &'static str,
    user_id: Uuid,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    halt: Option<HaltView>,
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        let what = profile.stopped();
        Self {
            id: profile.id.to_string(),
            state: profile.state.as_str(),
            user_id: profile.user_id,
            created_at: profile.created_at.to_string(),
            updated_at: profile.updated_at.to_string(),
            transaction: profile.transaction.map(Into::into),
            halt: profile.halt.map(|code| HaltView::new(code, what, profile.waits_until)),
        }
    }
}
