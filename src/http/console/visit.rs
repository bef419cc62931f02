//! A request of the console, as its pages see it.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use minijinja::{Value, context};
use url::form_urlencoded;

use crate::app::App;
use crate::flow::by::By;
use crate::flow::staff::{SignedIn, StaffError, sign_in};
use crate::flow::viewed::{Viewed, saw};
use crate::http::kit::accept_language;
use crate::http::kit::cookies;
use crate::http::kit::form::Form;
use crate::http::kit::limits::RateKey;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::model::staff::{ConsoleLanguage, WeakPassword};
use crate::model::time::Timestamp;
use crate::oidc::{OidcError, Returned};

/// The cookie with the name of what is said on the next page.
const SAID: &str = "__Host-idos_console_said";

/// The cookie of a browser that has come in before.
pub(super) const DEVICE: &str = "__Host-idos_console_device";

/// The cookie of somebody who is at the OpenID provider.
pub(super) const AWAY: &str = "__Host-idos_console_away";

/// The longest path that is gone back to.
const LONGEST_NEXT: usize = 512;

/// What is known of a request.
pub(in crate::http) struct Visit {
    api: Api,
    me: Option<SignedIn>,
    form: Option<Arc<Form>>,
    headers: HeaderMap,
    query: Option<String>,
    path: String,
    address: String,
    /// The language of what is answered.
    pub(super) language: ConsoleLanguage,
}

impl FromRequestParts<Api> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        Ok(Self::of(api, parts))
    }
}

impl Visit {
    /// Writes down that a list is shown: of which records, by which of these filters, and how many.
    pub(super) async fn saw_list(
        &self,
        of: &str,
        asked: &[(&'static str, Option<&str>)],
        found: usize,
    ) -> Result<(), Problem> {
        let by: Vec<_> = asked.iter().filter(|(_, wanted)| wanted.is_some()).map(|(name, _)| *name).collect();
        Ok(saw(self.app(), &self.me()?.staff.actor(), Viewed::List { of, by: &by, found }).await?)
    }

    /// Of a request that was let in, or was not.
    pub(super) fn of(api: &Api, parts: &Parts) -> Self {
        let me = parts.extensions.get::<SignedIn>().cloned();
        let query = parts.uri.query().map(str::to_owned);
        let chosen = param(query.as_deref(), "lang").and_then(|tag| of_tag(&tag));
        let own = me.as_ref().and_then(|me| me.staff.language);
        let asked = || accept_language::best(&parts.headers, of_tag);
        let address = match parts.extensions.get::<RateKey>() {
            Some(RateKey::Address(address)) => address.to_string(),
            _ => Ipv4Addr::UNSPECIFIED.to_string(),
        };
        Self {
            api: api.clone(),
            language: own.or(chosen).or_else(asked).unwrap_or(ConsoleLanguage::En),
            me,
            form: parts.extensions.get::<Arc<Form>>().cloned(),
            headers: parts.headers.clone(),
            query,
            path: parts.uri.path().to_owned(),
            address,
        }
    }

    /// The service.
    pub(super) fn app(&self) -> &App {
        &self.api.app
    }

    /// The parts of the service that do not work.
    pub(super) async fn broken(&self) -> Vec<&'static str> {
        self.api.readiness.broken(&self.api.app).await
    }

    /// Who it is, if they have come in.
    pub(super) fn who(&self) -> Option<&SignedIn> {
        self.me.as_ref()
    }

    /// Who it is.
    pub(super) fn me(&self) -> Result<&SignedIn, Problem> {
        self.me.as_ref().ok_or_else(|| Problem::new(Code::Unauthorized))
    }

    /// By whom something is done that one person is enough for.
    pub(super) fn by(&self) -> Result<By, Problem> {
        let app = self.app();
        let (actor, at) = (self.me()?.staff.actor(), app.clock.now());
        Ok(By { actor, at, invitation_hours: app.console.invitation_hours, settles: None })
    }

    /// What was sent.
    pub(super) fn form(&self) -> Result<&Form, Problem> {
        self.form.as_deref().ok_or_else(|| Problem::new(Code::InvalidRequest))
    }

    /// A parameter of the query.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        param(self.query.as_deref(), name)
    }

    /// What the browser has kept of somebody who was at the OpenID provider.
    pub(super) fn away(&self) -> Option<&str> {
        cookies::read(&self.headers, AWAY)
    }

    /// The query, as a provider sends it.
    pub(super) fn returned(&self) -> Returned {
        let of = |name| self.param(name);
        Returned { code: of("code"), state: of("state"), iss: of("iss"), error: of("error") }
    }

    /// Whether a link of another site has led here, as the browser says.
    pub(super) fn comes_from_elsewhere(&self) -> bool {
        self.headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site")
    }

    /// The path below that of the console, with the query.
    pub(super) fn here(&self) -> String {
        let path = self.path.strip_prefix("/console").unwrap_or_default();
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    /// From where somebody tries to come in.
    pub(super) fn from(&self) -> sign_in::From<'_> {
        sign_in::From { address: &self.address, device: cookies::read(&self.headers, DEVICE) }
    }

    /// The path of the console, as browsers see it.
    pub(super) fn base(&self) -> String {
        let before = self.app().http.public_url.as_ref().map_or("", |url| url.path().trim_end_matches('/'));
        format!("{before}/console")
    }

    /// A moment, for the macro `time`: as it is read in the reader's time zone, and as programs read it.
    pub(super) fn when(&self, at: Timestamp) -> Value {
        let zone = self.me.as_ref().and_then(|me| me.staff.time_zone).unwrap_or(Tz::UTC);
        let format = match self.language {
            ConsoleLanguage::En => "%-d %b %Y, %H:%M %Z",
            ConsoleLanguage::De => "%d.%m.%Y, %H:%M %Z",
        };
        let text = DateTime::from_timestamp_millis(at.unix_millis())
            .map(|moment| moment.with_timezone(&zone).format(format).to_string());
        context! { iso => at.to_string(), text => text.unwrap_or_else(|| at.to_string()) }
    }

    /// A day, for the same macro.
    pub(super) fn day(&self, day: NaiveDate) -> Value {
        let format = match self.language {
            ConsoleLanguage::En => "%-d %b %Y",
            ConsoleLanguage::De => "%d.%m.%Y",
        };
        context! { iso => day.to_string(), text => day.format(format).to_string() }
    }

    /// A moment that may not have been.
    pub(super) fn maybe_when(&self, at: Option<Timestamp>) -> Value {
        at.map_or(Value::from(()), |at| self.when(at))
    }

    /// Leads on to another page of the console.
    pub(super) fn go(&self, path: &str) -> Response {
        let target = HeaderValue::try_from(format!("{}{path}", self.base()));
        let target = target.unwrap_or(HeaderValue::from_static("/console"));
        (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response()
    }

    /// The same, and has that page say that it went well: by words whose name begins with `said.`.
    pub(super) fn go_saying(&self, path: &str, words: &'static str) -> Response {
        set(self.go(path), SAID, words, Some(60))
    }

    /// The name of the words that this page is to say, and whether there is something to be said no more.
    pub(super) fn said(&self) -> Option<&str> {
        cookies::read(&self.headers, SAID).filter(|words| words.starts_with("said."))
    }

    /// Has nothing said on the next page.
    pub(super) fn unsay(response: Response) -> Response {
        set(response, SAID, "", Some(0))
    }

    /// Where to go on, if that is a page of ours: it is below the path of the console, whatever it is.
    pub(super) fn next(&self) -> Option<String> {
        let next = self.param("next")?;
        is_own_path(&next).then_some(next)
    }

    /// Has somebody show a code again before they come back to `path`.
    pub(super) fn confirm_first(&self, path: &str) -> Response {
        let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        self.go(&format!("/confirm?next={next}"))
    }
}

/// Gives a browser its session.
pub(super) fn with_session(response: Response, me: &SignedIn) -> Response {
    set(response, cookies::SESSION, &me.token.to_text(), None)
}

/// Takes it from a browser.
pub(super) fn without_session(response: Response) -> Response {
    set(response, cookies::SESSION, "", Some(0))
}

/// Adds a cookie.
pub(super) fn set(mut response: Response, name: &str, value: &str, seconds: Option<u32>) -> Response {
    if let Some(cookie) = cookies::write(name, value, seconds) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn param(query: Option<&str>, name: &str) -> Option<String> {
    let mut found = form_urlencoded::parse(query?.as_bytes()).filter(|(there, _)| there == name);
    found.next().map(|(_, value)| value.into_owned())
}

fn of_tag(tag: &str) -> Option<ConsoleLanguage> {
    tag.split('-').next()?.to_ascii_lowercase().parse().ok()
}

/// Whether a text can stand behind the path of the console.
fn is_own_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte);
    (text.is_empty() || text.starts_with('/') || text.starts_with('?'))
        && text.len() <= LONGEST_NEXT
        && text.bytes().all(plain)
        && !text.contains("//")
        && !text.contains("..")
}

/// Why something is not done, as it is told.
#[derive(Clone, Copy)]
pub(super) struct No {
    /// The name of the words.
    pub(super) words: &'static str,
    /// The status of the page that says them.
    pub(super) status: StatusCode,
    /// After how many seconds the same may be tried again.
    pub(super) wait: Option<u64>,
}

impl No {
    /// What was sent is not taken.
    pub(super) fn of(words: &'static str) -> Self {
        Self { words, status: StatusCode::UNPROCESSABLE_ENTITY, wait: None }
    }

    /// The same with another status.
    pub(super) fn with(words: &'static str, status: StatusCode) -> Self {
        Self { words, status, wait: None }
    }

    /// What an error is to the reader; or the problem that no form can mend.
    pub(super) fn told(error: StaffError) -> Result<Self, Problem> {
        Ok(match error {
            StaffError::Wrong => Self::of("no.wrong"),
            StaffError::Pause(seconds) => {
                Self { wait: Some(seconds), ..Self::with("no.pause", StatusCode::TOO_MANY_REQUESTS) }
            }
            StaffError::Busy => {
                Self { wait: Some(5), ..Self::with("no.busy", StatusCode::SERVICE_UNAVAILABLE) }
            }
            StaffError::Weak(WeakPassword::Length) => Self::of("no.password_length"),
            StaffError::Weak(WeakPassword::Monotonous) => Self::of("no.password_monotonous"),
            StaffError::Weak(WeakPassword::Name) => Self::of("no.password_name"),
            StaffError::Name => Self::of("no.name"),
            StaffError::Taken => Self::with("no.taken", StatusCode::CONFLICT),
            StaffError::Oneself => Self::with("no.oneself", StatusCode::CONFLICT),
            StaffError::NoInvitation => Self::with("no.invitation", StatusCode::NOT_FOUND),
            StaffError::InvitationExpired => Self::with("no.invitation_expired", StatusCode::GONE),
            StaffError::NotFound => return Err(Problem::new(Code::NotFound)),
            StaffError::Provider(error) => Self::of_provider(error),
            StaffError::StepUp => return Err(Problem::new(Code::Forbidden)),
            error @ StaffError::Vault(_) => return Err(Problem::fault(&error)),
            StaffError::Store(error) => return Err(error.into()),
        })
    }

    /// The same of what the OpenID provider says, or does not.
    fn of_provider(error: OidcError) -> Self {
        match error {
            OidcError::Unreachable | OidcError::OtherIssuer | OidcError::NoKeys | OidcError::Client => {
                tracing::error!("Nobody can sign in by the OpenID provider: {error}");
                Self::with("no.provider", StatusCode::BAD_GATEWAY)
            }
            OidcError::Token(fault) => {
                tracing::warn!(
                    "A sign-in by the OpenID provider is refused, since its token does not hold: {fault}"
                );
                Self::with("no.provider_token", StatusCode::FORBIDDEN)
            }
            OidcError::NoRole => Self::with("no.provider_role", StatusCode::FORBIDDEN),
            OidcError::Declined => Self::with("no.provider_declined", StatusCode::FORBIDDEN),
            OidcError::NotBegunHere | OidcError::Code => {
                Self::with("no.provider_again", StatusCode::FORBIDDEN)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_pages_of_ours_only() {
        for own in ["", "/api-keys", "/audit?subject=iss_1&before=5", "?x=1"] {
            assert!(is_own_path(own), "{own}");
        }
        for wrong in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/..//evil.example",
            "/../../v1",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/a b",
            "/\u{e4}",
            "@evil.example",
            ".evil.example",
            &format!("/{}", "a".repeat(512)),
        ] {
            assert!(!is_own_path(wrong), "{wrong}");
        }
    }
}
