//! The keys by which clients call the API.

use axum::extract::Path;
use axum::response::Response;
use minijinja::context;

use super::page::Page;
use super::second;
use super::visit::{No, Visit};
use crate::flow::api_keys::{self, KeyError};
use crate::http::kit::problem::{Code, Problem};
use crate::model::client::{ApiKey, Scope};
use crate::model::ids::ApiKeyId;
use crate::model::proposal::Proposed;
use crate::model::staff::Reach;
use crate::model::time::DAY;

/// The path.
const HERE: &str = "/api-keys";

/// The page.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None).await
}

async fn page(visit: &Visit, no: Option<No>) -> Result<Response, Problem> {
    let (me, now) = (visit.me()?, visit.app().clock.now());
    let keys = visit.app().store.api_keys().await?;
    let keys: Vec<_> = keys
        .iter()
        .rev()
        .filter(|key| me.staff.reach.sees(&key.client))
        .map(|key| {
            context! {
                id => key.id.as_str(),
                client => key.client.as_str(),
                scopes => key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
                created => visit.when(key.created_at),
                expires => visit.maybe_when(key.expires_at),
                used => visit.maybe_when(key.used_at),
                state => state(key, now),
            }
        })
        .collect();
    // What was typed stays typed.
    let client = match (&me.staff.reach, visit.form()) {
        (Reach::Client(client), _) => client.clone(),
        (Reach::All, Ok(form)) => form.text("client")?.to_owned(),
        (Reach::All, Err(_)) => String::new(),
    };
    let content = context! {
        keys,
        client,
        is_of_one => me.staff.reach != Reach::All,
        four_eyes => visit.app().console.four_eyes,
        scopes => Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
    };
    visit.page(Page::new("api_keys.html", "nav.api_keys", content).unless(no))
}

fn state(key: &ApiKey, now: crate::model::time::Timestamp) -> &'static str {
    match (key.is_valid_at(now), key.revoked_at) {
        (true, _) => "valid",
        (false, Some(_)) => "revoked",
        (false, None) => "expired",
    }
}

/// Makes a key, and shows it this once.
pub(in crate::http) async fn create(visit: Visit) -> Result<Response, Problem> {
    let (me, form, app) = (visit.me()?, visit.form()?, visit.app());
    if me.require_fresh_code(app).is_err() {
        return Ok(visit.confirm_first(HERE));
    }
    let refuse = async |words| page(&visit, Some(No::of(words))).await;
    let client = form.text("client")?.trim();
    if !me.staff.reach.sees(client) {
        return Err(Problem::new(Code::Forbidden));
    }
    let Ok(scopes) = form.all("scope").map(str::parse).collect::<Result<Vec<Scope>, _>>() else {
        return refuse("no.scope").await;
    };
    let days = match form.text("days")?.trim() {
        "" => None,
        days => match days.parse::<u16>() {
            Ok(days @ 1..=3650) => Some(days),
            _ => return refuse("no.days").await,
        },
    };
    if app.console.four_eyes {
        return proposed(&visit, Proposed::MakeKey(client.to_owned(), scopes, days)).await;
    }
    let by = visit.by()?;
    let expires_at = days.map(|days| by.at.plus_millis(i64::from(days) * DAY));
    match api_keys::create_by(&app.store, &by, client, &scopes, expires_at).await {
        Ok((_, text)) => made(&visit, &text),
        Err(error) => page(&visit, Some(second::no_key(error)?)).await,
    }
}

/// Has a second person decide about it.
async fn proposed(visit: &Visit, what: Proposed) -> Result<Response, Problem> {
    match second::propose(visit, HERE, what).await? {
        Ok(response) => Ok(response),
        Err(no) => page(visit, Some(no)).await,
    }
}

/// Shows a key's text this once.
pub(super) fn made(visit: &Visit, text: &str) -> Result<Response, Problem> {
    let secrets = vec![text.to_owned()];
    let content = context! {
        heading => "api_keys.made", text => "api_keys.made_text", secrets, back => HERE, back_words => "api_keys.done",
    };
    visit.page(Page::new("secret.html", "nav.api_keys", content))
}

/// Revokes one.
pub(in crate::http) async fn revoke(Path(id): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let (me, app) = (visit.me()?, visit.app());
    let not_found = || Problem::new(Code::NotFound);
    let id: ApiKeyId = id.parse().map_err(|_| not_found())?;
    let key = app.store.api_key(&id).await?.filter(|key| me.staff.reach.sees(&key.client));
    let key = key.ok_or_else(not_found)?;
    if me.require_fresh_code(app).is_err() {
        return Ok(visit.confirm_first(HERE));
    }
    if app.console.four_eyes {
        return proposed(&visit, Proposed::RevokeKey(id, key.client)).await;
    }
    match api_keys::revoke_by(&app.store, &visit.by()?, &id).await {
        Ok(()) => Ok(visit.go_saying(HERE, "said.key_revoked")),
        Err(KeyError::Store(error)) => Err(error.into()),
        Err(_) => Err(not_found()),
    }
}
