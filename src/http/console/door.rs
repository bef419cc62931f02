//! Coming in and going out.

use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use minijinja::context;

use super::page::Page;
use super::visit::{AWAY, DEVICE, No, Visit, set, with_session, without_session};
use crate::flow::staff::{SignedIn, StaffError, device, provider, session, sign_in};
use crate::http::kit::cookies;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::staff;
use crate::model::personal::Personal;
use crate::model::staff::Stage;

/// For how long a browser is known that has come in: 180 days, in seconds.
const KNOWN: u32 = 180 * 24 * 3600;

/// Asks for name and password.
pub(in crate::http) async fn ask(visit: Visit) -> Result<Response, Problem> {
    if visit.who().is_some_and(|me| me.session.stage == Stage::Full) {
        return Ok(visit.go(&visit.next().unwrap_or_default()));
    }
    visit.page(sign_in_page(&visit, None))
}

fn sign_in_page(visit: &Visit, no: Option<No>) -> Page {
    let app = visit.app();
    let content = context! {
        next => visit.next().unwrap_or_default(),
        is_local => app.console.local_accounts,
        has_provider => app.oidc.is_some(),
    };
    Page::new("sign_in.html", "sign_in.title", content).unless(no)
}

/// Looks at name and password.
pub(in crate::http) async fn take_password(visit: Visit) -> Result<Response, Problem> {
    let form = visit.form()?;
    let password = Personal::new(form.text("password")?.to_owned());
    match sign_in::by_password(visit.app(), form.text("name")?, &password, visit.from()).await {
        Ok(half) => Ok(with_session(visit.go(&code_path(&visit)), &half)),
        Err(error) => visit.page(sign_in_page(&visit, Some(No::told(error)?))),
    }
}

fn code_path(visit: &Visit) -> String {
    let next = visit.next().unwrap_or_default();
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/sign-in/code?next={next}")
}

/// Asks for a code, who has shown their password.
pub(in crate::http) async fn ask_code(visit: Visit) -> Result<Response, Problem> {
    match visit.who().map(|me| me.session.stage) {
        None => Ok(visit.go("/sign-in")),
        Some(Stage::Full) => Ok(visit.go(&visit.next().unwrap_or_default())),
        Some(Stage::Password) => visit.page(code_page(&visit, "/sign-in/code", None)),
    }
}

fn code_page(visit: &Visit, action: &'static str, no: Option<No>) -> Page {
    let content = context! {
        next => visit.next().unwrap_or_default(),
        action,
        form_token => visit.who().map(SignedIn::form_token),
        is_again => action == "/confirm",
        is_of_provider => visit.who().is_some_and(|me| me.staff.identity.is_some()),
    };
    Page::new("code.html", "code.title", content).unless(no)
}

/// Looks at the code.
pub(in crate::http) async fn take_code(visit: Visit) -> Result<Response, Problem> {
    let Some(half) = visit.who().filter(|me| me.session.stage == Stage::Password) else {
        return Ok(visit.go("/sign-in"));
    };
    let form = visit.form()?;
    staff::check_token(form, half)?;
    match sign_in::by_code(visit.app(), half, form.text("code")?, visit.from()).await {
        Ok(full) => {
            let response = with_session(visit.go(&visit.next().unwrap_or_default()), &full);
            Ok(set(response, DEVICE, &device::issue(visit.app(), &full.staff.id), Some(KNOWN)))
        }
        Err(error) => visit.page(code_page(&visit, "/sign-in/code", Some(No::told(error)?))),
    }
}

/// Asks for another code, before what cannot be undone.
pub(in crate::http) async fn ask_again(visit: Visit) -> Result<Response, Problem> {
    visit.page(code_page(&visit, "/confirm", None))
}

/// Looks at it.
pub(in crate::http) async fn take_again(visit: Visit) -> Result<Response, Problem> {
    let me = visit.me()?;
    match sign_in::step_up(visit.app(), me, visit.form()?.text("code")?, visit.from()).await {
        Ok(renewed) => {
            let response = visit.go_saying(&visit.next().unwrap_or_default(), "said.confirmed");
            Ok(with_session(response, &renewed))
        }
        Err(error) => visit.page(code_page(&visit, "/confirm", Some(No::told(error)?))),
    }
}

/// Sends somebody to the OpenID provider; once more, if they have come in, before what cannot be undone.
pub(in crate::http) async fn leave(visit: Visit) -> Result<Response, Problem> {
    match provider::leave(visit.app(), visit.who(), &visit.next().unwrap_or_default()).await {
        Ok(leaving) => Ok(away(&leaving)),
        Err(error) => visit.page(sign_in_page(&visit, Some(No::told(error)?))),
    }
}

fn away(leaving: &provider::Leaving) -> Response {
    let target = HeaderValue::try_from(leaving.url.as_str()).unwrap_or(HeaderValue::from_static("/console"));
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response();
    let lasts = u32::try_from(provider::LASTS / 1000).unwrap_or_default();
    if let Some(cookie) = cookies::write_for_return(AWAY, &leaving.kept, lasts) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Lets somebody in whom the OpenID provider sends back.
pub(in crate::http) async fn come_back(visit: Visit) -> Result<Response, Problem> {
    let response = match provider::come_back(visit.app(), visit.away(), visit.returned(), visit.from()).await
    {
        Ok((me, next)) => with_session(visit.go(&next), &me),
        Err(error) => visit.page(sign_in_page(&visit, Some(No::told(error)?)))?,
    };
    Ok(set(response, AWAY, "", Some(0)))
}

/// Ends the session.
pub(in crate::http) async fn sign_out(visit: Visit) -> Result<Response, Problem> {
    match session::sign_out(visit.app(), visit.me()?).await {
        // It has ended meanwhile.
        Ok(()) | Err(StaffError::NotFound) => {}
        Err(error) => return Err(No::told(error).err().unwrap_or_else(|| Problem::new(Code::Internal))),
    }
    Ok(without_session(visit.go_saying("/sign-in", "said.signed_out")))
}
