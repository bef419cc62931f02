//! A person's own page: what is kept about them, in plain words; taken with them; changed; and erased.
//!
//! A GET changes nothing, since programs look at links in mails. Whoever asks for a link is answered the same, whatever there is. What is done
//! in a visit is a POST of a form that carries the visit's own token. All is made here, without a script; only a wallet takes one.

mod door;
mod page;
mod view;
mod words;

use axum::Json as JsonBody;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use minijinja::{Value, context};
use serde::Serialize;

use self::page::{Frame, Kind};
use super::claim::{read, shell};
use crate::flow::visit::{self, Inside, VisitError};
use crate::http::kit::form::Form;
use crate::http::kit::guard;
use crate::http::kit::json;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::{body, origin};
use crate::model::mail_link::LinkToken;
use crate::model::personal::Email;

/// The longest address that is read at all, in bytes: what no mail server takes is not looked at.
const LONGEST_ADDRESS: usize = 1024;

/// Has what goes wrong shown as a page.
async fn dressed(
    api: &Api,
    request: Request,
    answer: impl AsyncFnOnce(&Frame, Request) -> Result<Response, Problem>,
) -> Response {
    let (parts, body) = request.into_parts();
    let frame = Frame::of(&parts);
    match answer(&frame, Request::from_parts(parts, body)).await {
        Ok(response) => response,
        Err(problem) => frame.dressed(api, problem),
    }
}

/// The page: what is kept, for whoever is in; for others, the ways in.
pub(in crate::http) async fn show(State(api): State<Api>, request: Request) -> Response {
    dressed(&api, request, async |frame, request| {
        let from = guard::address(&request);
        door::check_enabled(&api, &from)?;
        match door::inside(&api, request.headers(), &from).await? {
            Some(me) => {
                let all = visit::own(&api.app, &me.visitor).await?;
                let content = view::data(&api.app, frame.language, &me, &all);
                let title = words::find(frame.language, "me.title").unwrap_or_default();
                frame.page(&api, (StatusCode::OK, Kind::Forms), ("data.html", title), content, Some(&me))
            }
            None => entrance(&api, frame, None),
        }
    })
    .await
}

/// The ways in; `no` is why what was sent is not taken.
fn entrance(api: &Api, frame: &Frame, no: Option<&'static str>) -> Result<Response, Problem> {
    let status = if no.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let by_mail = api.app.mailer.is_there() && api.app.http.public_url.is_some();
    let content = context! { no, by_mail, script => shell::version_of("me.js") };
    let title = words::find(frame.language, "ask.title").unwrap_or_default();
    frame.page(api, (status, Kind::Wallet), ("ask.html", title), content, None)
}

/// Somebody asks for a link. The answer is the same for every address.
pub(in crate::http) async fn ask(State(api): State<Api>, request: Request) -> Response {
    dressed(&api, request, async |frame, request| {
        let from = door::address(&guard::address(&request));
        let form = door::form(&api, request).await?;
        let typed = form.text("email")?.trim();
        let Some(email) = (typed.len() <= LONGEST_ADDRESS).then(|| typed.parse::<Email>().ok()).flatten()
        else {
            return entrance(&api, frame, Some("ask.no_address"));
        };
        visit::ask(&api.app, email, &from).await?;
        let content = context! { minutes => api.app.person_page.link_minutes, again => () };
        frame.message(&api, (StatusCode::OK, Kind::Forms), "sent", content)
    })
    .await
}

/// The link of a mail: a page with a button, and nothing else happens.
pub(in crate::http) async fn follow(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    dressed(&api, request, async |frame, request| {
        let from = guard::address(&request);
        door::check_enabled(&api, &from)?;
        let is_alive = match token.parse::<LinkToken>() {
            Ok(token) => visit::can_open(&api.app, &token).await?,
            Err(_) => false,
        };
        if !is_alive {
            api.rate_limits.count_unauthenticated(&from)?;
            return no_link(&api, frame);
        }
        let content =
            context! { minutes => api.app.person_page.visit_minutes, button => "link.button", again => () };
        frame.message(&api, (StatusCode::OK, Kind::Secret), "link", content)
    })
    .await
}

fn no_link(api: &Api, frame: &Frame) -> Result<Response, Problem> {
    frame.message(api, (StatusCode::NOT_FOUND, Kind::Secret), "no_link", context! { again => "again" })
}

/// The button of that page: the visit is opened, once, under a token that was nobody's before.
pub(in crate::http) async fn open(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    dressed(&api, request, async |frame, request| {
        let from = guard::address(&request);
        let before = door::inside(&api, request.headers(), &from).await?;
        door::form(&api, request).await?;
        let opened = match token.parse::<LinkToken>() {
            Ok(token) => visit::open(&api.app, &token, before.as_ref()).await,
            Err(_) => Err(VisitError::NoLink),
        };
        match opened {
            Ok(me) => Ok(door::with_visit(&api, frame.go(&api, ""), &me)),
            Err(VisitError::NoLink) => {
                api.rate_limits.count_unauthenticated(&from)?;
                no_link(&api, frame)
            }
            Err(error) => Err(error.into()),
        }
    })
    .await
}

/// What a wallet is to sign.
#[derive(Serialize)]
struct ToSign {
    message: String,
    nonce: String,
}

/// A wallet was connected.
pub(in crate::http) async fn meet(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let from = guard::address(&request);
    door::check_enabled(&api, &from)?;
    origin::check(&api, request.headers())?;
    let body = body::read_json(&api, request).await?;
    let owner = read::wallet(&json::parse(&body.bytes)?)?;
    let offered = visit::meet(&api.app, &owner, &door::address(&from)).await?;
    Ok(JsonBody(ToSign { message: offered.message, nonce: offered.nonce }).into_response())
}

/// It has signed: the visit is opened, once.
pub(in crate::http) async fn sign(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let from = guard::address(&request);
    door::check_enabled(&api, &from)?;
    origin::check(&api, request.headers())?;
    let before = door::inside(&api, request.headers(), &from).await?;
    let body = body::read_json(&api, request).await?;
    let read::SignIn { owner, nonce, signature } = read::sign_in(&json::parse(&body.bytes)?)?;
    let me = visit::sign(&api.app, &owner, (&nonce, signature.expose()), before.as_ref()).await?;
    let response = StatusCode::NO_CONTENT.into_response();
    Ok(door::with_visit(&api, response, &me))
}

/// Does something in a visit. Who is in none any more is told so.
async fn within(
    api: Api,
    request: Request,
    act: impl AsyncFnOnce(&Frame, &Inside, &Form) -> Result<Response, Problem>,
) -> Response {
    dressed(&api, request, async |frame, request| {
        if let Some((me, form)) = door::sent(&api, request).await? {
            return act(frame, &me, &form).await;
        }
        let content = context! { again => "again" };
        let page = frame.message(&api, (StatusCode::GONE, Kind::Forms), "over", content)?;
        Ok(door::without_visit(page))
    })
    .await
}

/// All that is kept, as a file.
pub(in crate::http) async fn export(State(api): State<Api>, request: Request) -> Response {
    within(api.clone(), request, async |_, me, _| {
        let text = visit::export(&api.app, me).await?;
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        Ok((headers, Body::from(text.expose().clone())).into_response())
    })
    .await
}

/// Reminders, on or off.
pub(in crate::http) async fn reminders(State(api): State<Api>, request: Request) -> Response {
    within(api.clone(), request, async |frame, me, form| {
        let on = match form.text("reminders")? {
            "on" => true,
            "off" => false,
            _ => return Err(Problem::new(Code::InvalidRequest)),
        };
        let said = match (visit::reminders(&api.app, me, on).await?, on) {
            (0, true) => "said.reminders_on",
            (0, false) => "said.reminders_off",
            _ => "said.reminders_left",
        };
        Ok(door::saying(frame.go(&api, ""), said))
    })
    .await
}

/// The language of mails: one of those in which they are written.
pub(in crate::http) async fn speak(State(api): State<Api>, request: Request) -> Response {
    within(api.clone(), request, async |frame, me, form| {
        let language = super::language::Language::of_tag(form.text("language")?);
        let locale = language.and_then(|language| language.code().parse().ok());
        let locale = locale.ok_or_else(|| Problem::new(Code::InvalidRequest))?;
        visit::speak(&api.app, me, &locale).await?;
        Ok(door::saying(frame.go(&api, ""), "said.language"))
    })
    .await
}

/// The safety net is ended: what is kept of credentials is deleted at once.
pub(in crate::http) async fn end_safety_net(State(api): State<Api>, request: Request) -> Response {
    within(api.clone(), request, async |frame, me, _| {
        visit::end_safety_net(&api.app, me).await?;
        Ok(door::saying(frame.go(&api, ""), "said.net_ended"))
    })
    .await
}

/// All is to be erased: a request is opened.
pub(in crate::http) async fn erase(State(api): State<Api>, request: Request) -> Response {
    within(api.clone(), request, async |frame, me, form| {
        if form.text("sure")? != "yes" {
            return Ok(door::saying(frame.go(&api, ""), "said.sure"));
        }
        visit::erase(&api.app, me).await?;
        Ok(door::saying(frame.go(&api, ""), "said.erase"))
    })
    .await
}

/// The visit is left.
pub(in crate::http) async fn leave(State(api): State<Api>, request: Request) -> Response {
    within(api.clone(), request, async |frame, me, _| {
        visit::leave(&api.app, me).await?;
        let page = frame.message(
            &api,
            (StatusCode::OK, Kind::Forms),
            "left",
            context! { again => Value::from(()) },
        )?;
        Ok(door::without_visit(page))
    })
    .await
}
