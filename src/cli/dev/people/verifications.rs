//! Sample people who are at a vendor: who has not come, whom it has approved, declined, or has checked less than is wanted.

use std::time::Duration;

use super::{Error, People};
use crate::cli::background::until;
use crate::flow::verification::{self, Opening};
use crate::model::verification::{State, Verification};
use crate::outbound;

/// How long a stand-in may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the vendor of this place among them decides, and how: `None` leaves it open.
const SAMPLES: &[(&str, usize, Option<&str>)] = &[
    ("waits-1", 0, None),
    ("waits-2", 0, None),
    ("waits-3", 1, None),
    ("approved", 0, Some("approve")),
    ("declined", 0, Some("decline")),
    ("halted", 1, Some("approve")),
];

/// Opens all of them.
pub(super) async fn open(people: &People) -> Result<(), Error> {
    for (name, vendor, _) in SAMPLES {
        opened(people, name, *vendor).await?;
    }
    Ok(())
}

async fn opened(people: &People, name: &'static str, vendor: usize) -> Result<Verification, Error> {
    let (source, _) = people.vendors.get(vendor).ok_or("there is no such vendor")?;
    let opening = Opening {
        source: (*source).to_owned(),
        delivery: people.delivery(),
        copy_for: None,
        user_id: Some(people.holder(name).await?.user_id),
        contact: None,
        reference: Some(format!("case-{name}").parse()?),
        case: None,
    };
    let key = people.key(&people.onboarding, &format!("verification-{name}"));
    Ok(verification::open(&people.app, &people.onboarding, &key, opening).await?.record)
}

/// Has the vendors decide about some.
pub(super) async fn decide(people: &People) -> Result<(), Error> {
    let http = outbound::client(PATIENCE)?;
    for (name, vendor, decision) in SAMPLES {
        let Some(decision) = decision else { continue };
        let verification = opened(people, name, *vendor).await?;
        if !is_open(&verification) {
            // By an earlier start. A vendor that decides once more has had a second thought.
            continue;
        }
        let holder = people.holder(name).await?;
        people.with_profile(&people.onboarding, name, &holder).await?;
        let (_, url) = people.vendors.get(*vendor).ok_or("there is no such vendor")?;
        let answer = http.post(format!("{url}/{decision}/{}", verification.external_id)).send().await?;
        if !answer.status().is_success() {
            return Err("a stand-in for a vendor has not told what it decided".into());
        }
        let look = async || people.app.store.verification(&verification.id).await;
        until(&people.app, verification.id.as_str(), look, |of| !is_open(of)).await?;
    }
    Ok(())
}

/// Whether no vendor has decided yet.
fn is_open(verification: &Verification) -> bool {
    matches!(verification.state, State::Opened | State::Pending)
}
