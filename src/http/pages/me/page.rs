//! A page as an answer: made of a template, in a language, under headers that let nothing else be loaded.

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::{Environment, Error, Value, context};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::door::{self, text};
use super::words;
use crate::flow::visit::Inside;
use crate::http::kit::phrases;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::staff::FORM_TOKEN;
use crate::http::kit::state::Api;
use crate::http::pages::claim::shell;
use crate::http::pages::language::Language;

/// How the pages look.
const STYLE: &str = include_str!("../../../../templates/pages/me/style.css");

/// Name and text of each template.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("../../../../templates/pages/me/layout.html")),
    ("ask.html", include_str!("../../../../templates/pages/me/ask.html")),
    ("message.html", include_str!("../../../../templates/pages/me/message.html")),
    ("data.html", include_str!("../../../../templates/pages/me/data.html")),
];

type Read = Result<Environment<'static>, Error>;

/// The templates in each language, in the order of [`Language::ALL`].
static READ: LazyLock<[Read; 5]> = LazyLock::new(|| {
    Language::ALL.map(|language| phrases::environment(move |name| words::find(language, name), TEMPLATES))
});

fn templates(language: Language) -> Result<&'static Environment<'static>, Error> {
    let place = Language::ALL.iter().position(|there| *there == language).unwrap_or_default();
    let [first, ..] = &*READ;
    let read = READ.get(place).unwrap_or(first);
    read.as_ref().map_err(|error| Error::new(error.kind(), error.to_string()))
}

/// What may be done on a page, beside reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Forms are sent.
    Forms,
    /// The same, at an address that nobody else may learn: no referrer has more of it than the origin.
    Secret,
    /// A wallet signs, by the script of ours.
    Wallet,
}

/// A request, as its page sees it.
pub(super) struct Frame {
    /// The language of what is answered.
    pub(super) language: Language,
    /// The one that was chosen on the page, if one was.
    chosen: Option<Language>,
    /// Whether it reads: then the same page is there in other languages.
    reads: bool,
    headers: HeaderMap,
}

impl Frame {
    /// Of a request.
    pub(super) fn of(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let chosen = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "lang")
            .and_then(|(_, tag)| Language::of_tag(&tag));
        let language = chosen.unwrap_or_else(|| Language::wanted(&parts.headers));
        Self { language, chosen, reads: parts.method.is_safe(), headers: parts.headers.clone() }
    }

    /// What stands before all paths of the service, as browsers see it.
    fn root(api: &Api) -> &str {
        api.app.http.public_url.as_ref().map_or("", |url| url.path().trim_end_matches('/'))
    }

    /// The path of the page, as browsers see it.
    fn base(api: &Api) -> String {
        format!("{}/me", Self::root(api))
    }

    /// What stands behind each path, so that the language stays that was chosen.
    fn query(&self) -> String {
        self.chosen.map(|language| format!("?lang={}", language.code())).unwrap_or_default()
    }

    /// Leads on to a path below that of the page.
    pub(super) fn go(&self, api: &Api, path: &str) -> Response {
        let target = text(&format!("{}{path}{}", Self::base(api), self.query()));
        (StatusCode::SEE_OTHER, [(LOCATION, target), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
            .into_response()
    }

    /// A page that says one thing: its title and text, and where it leads on.
    pub(super) fn message(
        &self,
        api: &Api,
        (status, kind): (StatusCode, Kind),
        name: &'static str,
        content: Value,
    ) -> Result<Response, Problem> {
        let title = words::find(self.language, &format!("{name}.title")).unwrap_or_default();
        self.page(api, (status, kind), ("message.html", title), context! { name, ..content }, None)
    }

    /// A page.
    pub(super) fn page(
        &self,
        api: &Api,
        (status, kind): (StatusCode, Kind),
        (template, title): (&'static str, &str),
        content: Value,
        me: Option<&Inside>,
    ) -> Result<Response, Problem> {
        let html = self.render(api, (template, title), content, me).map_err(|error| {
            tracing::error!(template, "A page cannot be made: {error:#}");
            Problem::new(Code::Internal)
        })?;
        let fixed = HeaderValue::from_static;
        // With less than the origin, browsers that say nothing else would not say where a form comes from.
        let referrer = if kind == Kind::Secret { "strict-origin" } else { "same-origin" };
        let headers = [
            (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
            (CONTENT_LANGUAGE, text(self.language.code())),
            (CACHE_CONTROL, fixed("no-store")),
            (CONTENT_SECURITY_POLICY, text(&policy(kind))),
            (REFERRER_POLICY, fixed(referrer)),
            (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
            (X_FRAME_OPTIONS, fixed("DENY")),
            // Some wallets open windows of their own, and have to find the way back.
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                fixed(if kind == Kind::Wallet { "same-origin-allow-popups" } else { "same-origin" }),
            ),
            (HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin")),
            (HeaderName::from_static("permissions-policy"), fixed(shell::PERMISSIONS)),
            (HeaderName::from_static("x-robots-tag"), fixed("noindex")),
        ];
        let response = (status, headers, html).into_response();
        Ok(if door::said(&self.headers).is_some() { door::unsay(response) } else { response })
    }

    fn render(
        &self,
        api: &Api,
        (template, title): (&'static str, &str),
        content: Value,
        me: Option<&Inside>,
    ) -> Result<String, Error> {
        let languages: Vec<_> = Language::ALL
            .into_iter()
            .map(|one| context! { code => one.code(), name => one.name(), is_here => one == self.language })
            .collect();
        let token = me.map(|me| {
            let token = me.token.for_forms();
            Value::from_safe_string(format!(
                "<input type=\"hidden\" name=\"{FORM_TOKEN}\" value=\"{token}\">"
            ))
        });
        let frame = context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            language => self.language.code(),
            languages,
            provider => api.app.issuer.name.as_str(),
            base => Self::base(api),
            here => if self.reads { String::new() } else { Self::base(api) },
            root => Self::root(api),
            query => self.query(),
            title,
            said => door::said(&self.headers).filter(|name| words::find(self.language, name).is_some()),
            is_inside => me.is_some(),
            token => token.unwrap_or_default(),
            ..content
        };
        templates(self.language)?.get_template(template)?.render(frame)
    }

    /// What went wrong, as a page.
    pub(super) fn dressed(&self, api: &Api, problem: Problem) -> Response {
        let name = match problem.code {
            Code::RateLimited | Code::Overloaded => "error.often",
            Code::Forbidden
            | Code::InvalidRequest
            | Code::InvalidFields
            | Code::UnsupportedMediaType
            | Code::TooLarge => "error.form",
            Code::StateConflict | Code::NotFound => "error.changed",
            _ => "error.fault",
        };
        if !api.app.person_page.enabled {
            return problem.into_response();
        }
        let places: Vec<_> = problem.errors.iter().map(|fault| fault.location.name().to_owned()).collect();
        tracing::info!(code = problem.code.as_str(), places = places.join(" "), "The request was refused");
        let title = words::find(self.language, "error.title").unwrap_or_default();
        let content = context! { name => "error", because => name, again => "back" };
        match self.page(api, (problem.code.status(), Kind::Secret), ("message.html", title), content, None) {
            Ok(mut response) => {
                if let Some(seconds) = problem.retry_after {
                    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                }
                response
            }
            // Not even that: the plain one.
            Err(_) => problem.into_response(),
        }
    }
}

/// What a browser may do for a page: load our own stylesheet, and send forms to us; and where a wallet signs, run our own script.
fn policy(kind: Kind) -> String {
    let hash = BASE64.encode(Sha256::digest(STYLE.as_bytes()));
    let wallet = if kind == Kind::Wallet {
        "script-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    } else {
        ""
    };
    format!(
        "default-src 'none'; {wallet}style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_read_and_name_words_that_there_are() {
        let mut seen = 0;
        for language in Language::ALL {
            templates(language).unwrap();
        }
        for (template, text) in TEMPLATES {
            for rest in text.split("t('").skip(1) {
                let name = rest.split('\'').next().unwrap();
                let is_whole = name.contains('.') && !name.ends_with('.');
                assert!(!is_whole || words::find(Language::En, name).is_some(), "{template}: {name}");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }

    /// No page asks for what its policy refuses, and every form is of a visit; those of the door have none yet.
    #[test]
    fn templates_have_no_script_of_their_own_and_forms_have_their_token() {
        for (template, text) in TEMPLATES {
            for forbidden in ["style=\"", "javascript:", " onclick", " onload", "|safe", "autoescape"] {
                assert!(!text.contains(forbidden), "{template}: {forbidden}");
            }
            assert_eq!(text.matches("<script").count(), usize::from(*template == "ask.html"), "{template}");
            let is_of_the_door = ["ask.html", "message.html"].contains(template);
            for form in text.split("<form method=\"post\"").skip(1) {
                let form = form.split("</form>").next().unwrap();
                assert!(is_of_the_door || form.contains("{{ token }}"), "{template}: {form}");
            }
        }
    }

    #[test]
    fn only_where_a_wallet_signs_a_script_runs() {
        assert!(policy(Kind::Wallet).contains("script-src 'self'"));
        for kind in [Kind::Forms, Kind::Secret] {
            let policy = policy(kind);
            assert!(
                !policy.contains("script") && policy.starts_with("default-src 'none'; style-src 'sha256-")
            );
        }
    }
}
