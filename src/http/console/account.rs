//! One's own account.

use axum::response::Response;
use chrono_tz::{TZ_VARIANTS, Tz};
use minijinja::context;

use super::invitation::codes_of;
use super::page::Page;
use super::visit::{No, Visit, with_session, without_session};
use crate::flow::staff::{StaffError, account, session};
use crate::http::kit::problem::{Code, Location, Problem};
use crate::model::ids::SessionId;
use crate::model::personal::Personal;
use crate::model::staff::{ConsoleLanguage, Stage};

/// The path.
const HERE: &str = "/account";

/// The page.
pub(in crate::http) async fn show(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None).await
}

async fn page(visit: &Visit, no: Option<No>) -> Result<Response, Problem> {
    let me = visit.me()?;
    let (app, now) = (visit.app(), visit.app().clock.now());
    let sessions = app.store.sessions_of_staff(&me.staff.id).await?;
    let sessions: Vec<_> = sessions
        .iter()
        .filter(|there| there.stage == Stage::Full && !session::is_over(app, there, now))
        .map(|there| {
            context! {
                id => there.id.as_str(),
                created => visit.when(there.created_at),
                seen => visit.when(there.seen_at),
                ends => visit.when(there.ends_at),
                is_this => there.id == me.session.id,
            }
        })
        .collect();
    let content = context! {
        name => me.staff.name.as_str(),
        role => me.staff.role.as_str(),
        client => me.staff.reach.to_string(),
        sessions,
        codes_left => app.store.count_recovery_codes(&me.staff.id).await?,
        language_chosen => me.staff.language.map_or("", ConsoleLanguage::as_str),
        zone_chosen => me.staff.time_zone.map_or("UTC", Tz::name),
        zones => TZ_VARIANTS.iter().map(|zone| zone.name()).collect::<Vec<_>>(),
    };
    visit.page(Page::new("account.html", "account.title", content).unless(no))
}

/// Takes another password.
pub(in crate::http) async fn change_password(visit: Visit) -> Result<Response, Problem> {
    let (me, form) = (visit.me()?, visit.form()?);
    let new = Personal::new(form.text("password")?.to_owned());
    if form.text("again")? != new.expose() {
        return page(&visit, Some(No::of("no.again"))).await;
    }
    let old = Personal::new(form.text("old")?.to_owned());
    match account::change_password(visit.app(), me, &old, &new).await {
        Ok(renewed) => Ok(with_session(visit.go_saying(HERE, "said.password_changed"), &renewed)),
        Err(error) => page(&visit, Some(No::told(error)?)).await,
    }
}

/// Takes language and time zone.
pub(in crate::http) async fn prefer(visit: Visit) -> Result<Response, Problem> {
    let (me, form) = (visit.me()?, visit.form()?);
    let wrong = |name: &str, detail: &'static str| {
        Problem::new(Code::InvalidFields).at(Location::Pointer(format!("/{name}")), detail)
    };
    let language = match form.text("language")? {
        "" => None,
        text => Some(text.parse().map_err(|_| wrong("language", "must be en, de or nothing"))?),
    };
    let zone: Tz =
        form.text("zone")?.parse().map_err(|_| wrong("zone", "must be the name of a time zone (IANA)"))?;
    match account::prefer(visit.app(), me, language, Some(zone)).await {
        Ok(()) => Ok(visit.go_saying(HERE, "said.saved")),
        Err(error) => page(&visit, Some(No::told(error)?)).await,
    }
}

/// Makes new recovery codes.
pub(in crate::http) async fn renew_codes(visit: Visit) -> Result<Response, Problem> {
    match account::renew_recovery_codes(visit.app(), visit.me()?).await {
        Ok(codes) => visit.page(Page::new("secret.html", "codes.title", codes_of(&codes))),
        Err(StaffError::StepUp) => Ok(visit.confirm_first(HERE)),
        Err(error) => page(&visit, Some(No::told(error)?)).await,
    }
}

/// Ends one session.
pub(in crate::http) async fn end_session(visit: Visit) -> Result<Response, Problem> {
    let me = visit.me()?;
    let id: SessionId = visit.form()?.text("session")?.parse().map_err(|_| Problem::new(Code::NotFound))?;
    match session::end(visit.app(), me, &id).await {
        Ok(()) if id == me.session.id => Ok(without_session(visit.go("/sign-in"))),
        Ok(()) => Ok(visit.go_saying(HERE, "said.session_ended")),
        Err(error) => page(&visit, Some(No::told(error)?)).await,
    }
}

/// Ends all sessions, this one too.
pub(in crate::http) async fn end_sessions(visit: Visit) -> Result<Response, Problem> {
    match session::end_all(visit.app(), visit.me()?).await {
        Ok(()) => Ok(without_session(visit.go_saying("/sign-in", "said.signed_out"))),
        Err(error) => page(&visit, Some(No::told(error)?)).await,
    }
}
