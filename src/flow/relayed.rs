//! What a verification has to do with the consumer of the relay that it is for.

use identity_vendors::{Alpha2, Identity};

use crate::app::App;
use crate::model::verification::{Obstacle, Reason, Verification};
use crate::store::StoreError;

/// Why nothing is made for the consumer of somebody who was approved: it takes nobody of a country that the person has to do with, or it is
/// there no more. `None` if nothing is in the way, or it is for no consumer.
pub(super) async fn refusal(
    app: &App,
    of: &Verification,
    person: &Identity,
) -> Result<Option<(Reason, Vec<Obstacle>)>, StoreError> {
    let Some(consumer) = app.store.relay_check(&of.id).await? else { return Ok(None) };
    let Some(consumer) = app.store.relay_consumer(consumer).await? else {
        return Ok(Some((Reason::ConsumerGone, Vec::new())));
    };
    let is_blocked = |country: Alpha2| consumer.blocked.iter().any(|code| code == country.as_str());
    let blocked = person.countries().into_iter().filter(|(_, country)| is_blocked(*country));
    let code = Reason::CountryBlocked;
    let obstacles: Vec<_> = blocked
        .map(|(field, _)| Obstacle { code: code.as_str().to_owned(), field: field.to_owned() })
        .collect();
    Ok((!obstacles.is_empty()).then_some((code, obstacles)))
}
