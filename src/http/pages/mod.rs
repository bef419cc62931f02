//! Pages for people who follow links: nothing from elsewhere; no cookie but for the visit of somebody to their own page; and no script, but
//! where a wallet signs.

pub(super) mod claim;
pub(super) mod erasure;
mod language;
pub(super) mod me;
pub(super) mod relay;
pub(super) mod unsubscribe;
mod words;

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::{Environment, Template, UndefinedBehavior};
use sha2::{Digest as _, Sha256};

use self::language::Language;
use super::kit::problem::{Code, Problem};
use super::kit::state::Api;

/// How the pages look.
const STYLE: &str = include_str!("../../../templates/pages/style.css");

/// One page: a heading, what it says, and a form with one button, if there is something to do.
const PAGE: &str = include_str!("../../../templates/pages/page.html");

/// What a page says.
#[derive(Clone, Copy)]
struct Page<'a> {
    language: &'a str,
    provider: &'a str,
    title: &'a str,
    text: &'a str,
    /// The button of a form that posts to the page's own address.
    button: Option<&'a str>,
}

/// The page as an answer.
fn answer(status: StatusCode, page: &Page<'_>) -> Result<Response, Problem> {
    let html = render(page).map_err(|error| {
        tracing::error!("A page cannot be made: {error}");
        Problem::new(Code::Internal)
    })?;
    let hash = BASE64.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let fixed = HeaderValue::from_static;
    let text = |text: &str| HeaderValue::from_str(text).unwrap_or(fixed(""));
    let headers = [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_LANGUAGE, text(page.language)),
        (CACHE_CONTROL, fixed("no-store")),
        (CONTENT_SECURITY_POLICY, text(&policy)),
        (REFERRER_POLICY, fixed("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (HeaderName::from_static("x-robots-tag"), fixed("noindex")),
    ];
    Ok((status, headers, html).into_response())
}

/// The most that is read of the body of a page's form, in bytes: none has a field of any length.
const MAX_FORM: usize = 4096;

/// A page of the provider's that says one thing, with a button if there is something to do.
fn show(
    api: &Api,
    language: Language,
    status: StatusCode,
    (title, text): (&str, &str),
    button: Option<&str>,
) -> Result<Response, Problem> {
    let page = Page { language: language.code(), provider: &api.app.notes.issuer_name, title, text, button };
    answer(status, &page)
}

/// The page of claims, with what is its own in `claim`.
const CLAIM: &str = include_str!("../../../templates/pages/claim.html");

/// The templates, read once.
static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("page.html", PAGE)?;
    environment.add_template("claim.html", CLAIM)?;
    Ok(environment)
});

fn template(name: &str) -> Result<Template<'static, 'static>, minijinja::Error> {
    let read = TEMPLATES.as_ref().map_err(|error| minijinja::Error::new(error.kind(), error.to_string()))?;
    read.get_template(name)
}

fn render(page: &Page<'_>) -> Result<String, minijinja::Error> {
    let Page { language, provider, title, text, button } = *page;
    let style = minijinja::Value::from_safe_string(STYLE.to_owned());
    let context = minijinja::context! { style, language, provider, title, text, button };
    template("page.html")?.render(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_is_text() {
        let page = Page {
            language: "de",
            provider: "<script>alert('&')</script>",
            title: "A \"title\"",
            text: "</p><b>",
            button: Some("<i>"),
        };
        let html = render(&page).unwrap();
        assert!(html.contains("lang=\"de\"") && html.contains(STYLE), "{html}");
        for tag in ["<script", "<b>", "<i>", "</p><"] {
            assert!(!html.contains(tag), "{html}");
        }
        assert!(!render(&Page { button: None, ..page }).unwrap().contains("<form"));
    }
}
