//! Who works at the console: by the cookie of a session. What they send is from a form of that session, sent by a page of ours.
//!
//! Handlers find [`SignedIn`] and the [`Form`] among the request's extensions. That a form has been looked at is seen to here, so that no
//! page can forget it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};

use super::cookies;
use super::form::Form;
use super::limits::RateKey;
use super::origin;
use super::problem::{Code, Location, Problem};
use super::shares::RequestPermit;
use super::state::Api;
use super::wellformed;
use crate::flow::staff::{SignedIn, session};
use crate::model::mail_link::LinkToken;
use crate::model::staff::{Reach, Role, Stage};

/// The field of every form that says of which session it is.
pub(crate) const FORM_TOKEN: &str = "form_token";

/// Lets a request of the console in; with a permit, where it is known whose it is. Without a role, everybody may come.
pub(crate) async fn admit(
    api: &Api,
    mut request: Request,
    from: &RateKey,
    wanted: Option<(Role, bool)>,
) -> Result<(Request, Option<RequestPermit>), Problem> {
    if !api.app.console.enabled || !wellformed::is_text(request.uri().path()) {
        api.rate_limits.count_unauthenticated(from)?;
        return Err(Problem::new(Code::NotFound));
    }
    let sends = !matches!(*request.method(), Method::GET | Method::HEAD);
    if sends {
        origin::check(api, request.headers())?;
    }
    let signed_in = signed_in(api, request.headers(), from).await?;
    let mut permit = None;
    if let Some(me) = &signed_in {
        let key = RateKey::Client(format!("staff/{}", me.staff.id)); // names of clients have no slash
        api.rate_limits.count_client(&key)?;
        permit = Some(api.request_slots.acquire(&key)?);
    }
    if let Some((role, of_all)) = wanted {
        let Some(me) = signed_in.as_ref().filter(|me| me.session.stage == Stage::Full) else {
            api.rate_limits.count_unauthenticated(from)?;
            return Err(Problem::new(Code::Unauthorized));
        };
        if !me.may(role) {
            return Err(Problem::new(Code::Forbidden).because(format!("This takes the role {role}.")));
        }
        if of_all && me.staff.reach != Reach::All {
            return Err(Problem::new(Code::Forbidden)
                .because("This is for those who see the records of all clients."));
        }
    }
    if sends {
        let (head, body) = request.into_parts();
        let mut bare = Request::from_parts(head.clone(), Body::empty());
        let form = Form::of(api, Request::from_parts(head, body)).await?;
        // What is sent without a session changes none: the page that it comes from was looked at.
        if let (Some(me), Some(_)) = (&signed_in, wanted) {
            check_token(&form, me)?;
        }
        bare.extensions_mut().insert(Arc::new(form));
        request = bare;
    }
    if let Some(me) = signed_in {
        request.extensions_mut().insert(me);
    }
    Ok((request, permit))
}

/// Refuses a form that is not of this session.
pub(crate) fn check_token(form: &Form, me: &SignedIn) -> Result<(), Problem> {
    let at =
        |detail| Err(Problem::new(Code::Forbidden).at(Location::Pointer(format!("/{FORM_TOKEN}")), detail));
    match form.maybe(FORM_TOKEN)? {
        Some(token) if me.has_sent(token) => Ok(()),
        Some(_) => at("is of another session"),
        None => at("is required"),
    }
}

/// Who is in the session that the request's cookie names, whatever they have shown so far.
async fn signed_in(api: &Api, headers: &HeaderMap, from: &RateKey) -> Result<Option<SignedIn>, Problem> {
    let Some(text) = cookies::read(headers, cookies::SESSION) else { return Ok(None) };
    let found = match text.parse::<LinkToken>() {
        Ok(token) => {
            // One that was good is looked up whatever else comes from there: many may come through one proxy, and with one who guesses.
            if !api.good_keys.has(text) {
                api.rate_limits.check_lookup(from)?;
            }
            session::find(&api.app, token).await?
        }
        Err(_) => None,
    };
    api.good_keys.note(text, found.is_some());
    if found.is_none() {
        api.rate_limits.count_unauthenticated(from)?;
    }
    Ok(found)
}
