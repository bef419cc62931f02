//! Sample people who want all of it erased: nearly due, with their identity still to be shown, extended, refused, withdrawn, carried out.

use super::{Error, People};
use crate::cli::background::until;
use crate::flow::cases::{self, NewCase, Whose};
use crate::model::case::{CaseOrigin, CaseState, ExtensionReason, Grounds, Identity};
use crate::model::submitter::{Origin, Submitter};
use crate::model::time::DAY;
use crate::store::CaseFilter;

/// What becomes of a case.
enum Becomes {
    /// Nothing yet.
    Open,
    Extended,
    Refused,
    Withdrawn,
    CarriedOut,
}

/// The name of whom it is about; how many days ago the request was received; whether it is known that it is that person; and what becomes of
/// it.
const SAMPLES: &[(&str, i64, bool, Becomes)] = &[
    ("ana", 27, true, Becomes::Open),
    ("lukas", 2, false, Becomes::Open),
    ("maria", 20, true, Becomes::Extended),
    ("jean", 9, true, Becomes::Refused),
    ("piet", 5, false, Becomes::Withdrawn),
    ("otto", 3, true, Becomes::CarriedOut),
];

pub(super) async fn make(people: &People) -> Result<(), Error> {
    for (name, days, vouched, becomes) in SAMPLES {
        case(people, name, *days, *vouched, becomes).await?;
    }
    Ok(())
}

/// Whether the one that is carried out was, by an earlier start.
pub(super) async fn is_carried_out(people: &People) -> Result<bool, Error> {
    let filter = CaseFilter { state: Some(CaseState::Done), due_before: None };
    let found = people.app.store.cases(&people.onboarding.tenant, filter, None, 1).await?;
    Ok(!found.items.is_empty())
}

async fn case(
    people: &People,
    name: &'static str,
    days: i64,
    vouched: bool,
    becomes: &Becomes,
) -> Result<(), Error> {
    let (app, caller) = (&people.app, &people.onboarding);
    let new = NewCase {
        whose: Whose::User(people.holder(name).await?.user_id),
        received_at: Some(app.clock.now().plus_millis(-days * DAY)),
        identity: vouched.then_some(Identity::Client),
        origin: CaseOrigin::Api,
    };
    let key = people.key(caller, &format!("case-{name}"));
    let case = cases::open(app, caller, Some(&key), new).await?.record.case;
    if !case.state.waits_for_somebody() {
        // By an earlier start.
        return Ok(());
    }
    match becomes {
        Becomes::Open => {}
        Becomes::Extended if case.extended.is_some() => {}
        Becomes::Extended => {
            cases::extend(app, caller, &case.id, ExtensionReason::Complexity).await?;
        }
        Becomes::Refused => {
            cases::refuse(app, caller, &case.id, (Grounds::LegalClaims, None)).await?;
        }
        Becomes::Withdrawn => {
            cases::withdraw(app, caller, &case.id).await?;
        }
        Becomes::CarriedOut => {
            if case.state != CaseState::AwaitingApproval {
                cases::decide(app, caller, &case.id, None).await?;
            }
            if cases::takes_two(app) {
                // Somebody else than the client.
                let operator = Submitter { tenant: caller.tenant.clone(), origin: Origin::Operator };
                cases::approve(app, &operator, &case.id).await?;
            }
            let look = async || app.store.case(&case.id).await;
            until(app, case.id.as_str(), look, |case| case.state == CaseState::Done).await?;
        }
    }
    Ok(())
}
