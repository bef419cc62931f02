//! Pages: made of templates, under headers that let nothing else be loaded.

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    RETRY_AFTER, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use minijinja::{Environment, Error, Value, context};
use url::form_urlencoded;

use super::assets;
use super::section::SECTIONS;
use super::visit::{No, Visit};
use super::words;
use crate::http::kit::phrases;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::staff::FORM_TOKEN;
use crate::model::staff::{ConsoleLanguage, Stage};

/// What a browser may do for a page: load our own stylesheet, and send forms to us. No script at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

/// The same for a page that shows others of ours in frames.
const FRAMING: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                       base-uri 'none'; frame-src 'self'";

/// What it may do besides: nothing.
const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), \
                           gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

/// A page.
pub(super) struct Page {
    /// The file of its template in `templates/console/`.
    pub(super) template: &'static str,
    /// The name of the words of its title.
    pub(super) title: &'static str,
    /// What its template is about.
    pub(super) content: Value,
    /// The status of the answer.
    pub(super) status: StatusCode,
    /// Why what was sent is not taken.
    pub(super) no: Option<No>,
    /// Whether it shows other pages of ours in frames.
    pub(super) frames: bool,
}

impl Page {
    /// A page that went well.
    pub(super) fn new(template: &'static str, title: &'static str, content: Value) -> Self {
        Self { template, title, content, status: StatusCode::OK, no: None, frames: false }
    }

    /// The same, which shows other pages of ours in frames.
    pub(super) fn framing(self) -> Self {
        Self { frames: true, ..self }
    }

    /// The same with another status.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same, which says why what was sent is not taken, if it is not: its template shows `refusal(no, wait)`.
    pub(super) fn unless(self, no: Option<No>) -> Self {
        Self { status: no.map_or(self.status, |no| no.status), no, ..self }
    }
}

/// Makes the environment of a language of all templates there are.
macro_rules! templates {
    ($($name:literal,)*) => {
        /// Name and text of each template.
        pub(super) const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../templates/console/", $name))),)*];
    };
}

templates! {
    "layout.html",
    "macros.html",
    "account.html",
    "api_keys.html",
    "approval.html",
    "approvals.html",
    "audit.html",
    "case.html",
    "case_deed.html",
    "case_open.html",
    "cases.html",
    "code.html",
    "error.html",
    "events.html",
    "halted.html",
    "halted_for.html",
    "health.html",
    "home.html",
    "invitation.html",
    "mails.html",
    "notice.html",
    "notices.html",
    "numbers.html",
    "people.html",
    "record.html",
    "records.html",
    "records_table.html",
    "sample_staff.html",
    "search.html",
    "secret.html",
    "sign_in.html",
}

type Read = Result<Environment<'static>, Error>;

static ENGLISH: LazyLock<Read> = LazyLock::new(|| environment(ConsoleLanguage::En));
static GERMAN: LazyLock<Read> = LazyLock::new(|| environment(ConsoleLanguage::De));

fn environment(language: ConsoleLanguage) -> Read {
    phrases::environment(move |name| words::find(language, name), TEMPLATES)
}

/// The templates in a language.
fn templates(language: ConsoleLanguage) -> Result<&'static Environment<'static>, Error> {
    let read = match language {
        ConsoleLanguage::En => &ENGLISH,
        ConsoleLanguage::De => &GERMAN,
    };
    read.as_ref().map_err(|error| Error::new(error.kind(), error.to_string()))
}

impl Visit {
    /// A page as an answer.
    pub(super) fn page(&self, page: Page) -> Result<Response, Problem> {
        let Page { template, title, content, status, no, frames } = page;
        let html = self.render((template, title), content, no).map_err(|error| {
            tracing::error!(template, "A page cannot be made: {error:#}");
            Problem::new(Code::Internal)
        })?;
        let fixed = HeaderValue::from_static;
        let headers = [
            (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
            (CONTENT_LANGUAGE, fixed(self.language.as_str())),
            (CACHE_CONTROL, fixed("no-store")),
            (CONTENT_SECURITY_POLICY, fixed(if frames { FRAMING } else { POLICY })),
            (X_FRAME_OPTIONS, fixed("DENY")),
            // With less, browsers would not say where a form comes from.
            (REFERRER_POLICY, fixed("same-origin")),
            (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
            (HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin")),
            (HeaderName::from_static("permissions-policy"), fixed(PERMISSIONS)),
            (HeaderName::from_static("x-robots-tag"), fixed("noindex")),
        ];
        let mut response = (status, headers, html).into_response();
        if let Some(seconds) = no.and_then(|no| no.wait) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Ok(if self.said().is_some() { Self::unsay(response) } else { response })
    }

    /// The page in the other language, for those who have chosen none.
    fn other_language(&self) -> Value {
        let code = match self.language {
            ConsoleLanguage::En => ConsoleLanguage::De,
            ConsoleLanguage::De => ConsoleLanguage::En,
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(next) = self.next() {
            query.append_pair("next", &next);
        }
        let query = query.append_pair("lang", code.as_str()).finish();
        context! { code => code.as_str(), href => format!("?{query}") }
    }

    fn render(
        &self,
        (template, title): (&'static str, &'static str),
        content: Value,
        no: Option<No>,
    ) -> Result<String, Error> {
        // Who has shown their password alone sees no more than others.
        let me = self.who().filter(|me| me.session.stage == Stage::Full);
        let here = self.here();
        let here = here.split('?').next().unwrap_or_default();
        let sections: Vec<_> = SECTIONS
            .iter()
            .filter(|section| me.is_some_and(|me| section.is_for(me)))
            .map(|section| {
                let is_here = match section.path {
                    "" => here.is_empty() || here == "/",
                    path => {
                        here.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    }
                };
                context! { path => section.path, words => section.words, is_here }
            })
            .collect();
        let token = me.map(|me| {
            let token = me.form_token();
            Value::from_safe_string(format!(
                "<input type=\"hidden\" name=\"{FORM_TOKEN}\" value=\"{token}\">"
            ))
        });
        let frame = context! {
            language => self.language.as_str(),
            provider => self.app().issuer.name.as_str(),
            base => self.base(),
            style => assets::STYLE_NAME.as_str(),
            title => words::find(self.language, title).unwrap_or(title),
            me => me.map(|me| context! { name => me.staff.name.as_str(), role => me.staff.role.as_str() }),
            said => self.said().filter(|name| words::find(self.language, name).is_some()),
            sections,
            other => self.other_language(),
            no => no.map(|no| no.words),
            wait => no.and_then(|no| no.wait),
            token => token.unwrap_or_default(),
            ..content
        };
        templates(self.language)?.get_template(template)?.render(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands between `start` and `end`, wherever `start` stands.
    fn between<'a>(text: &'a str, start: &'a str, end: char) -> impl Iterator<Item = &'a str> {
        text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
    }

    #[test]
    fn templates_read_and_name_words_that_there_are() {
        for language in ConsoleLanguage::ALL {
            templates(*language).unwrap();
        }
        let mut seen = 0;
        for (template, text) in TEMPLATES {
            for name in between(text, "t('", '\'').filter(|name| name.contains('.') && !name.ends_with('.')) {
                assert!(words::find(ConsoleLanguage::En, name).is_some(), "{template}: {name}");
                seen += 1;
            }
        }
        assert!(seen > 60, "{seen}");
        for section in SECTIONS {
            assert!(words::find(ConsoleLanguage::De, section.words).is_some(), "{}", section.words);
        }
    }

    /// No page asks for what its policy refuses, and every form is of a session; those of the door have none yet.
    #[test]
    fn templates_have_no_script_and_forms_have_their_token() {
        for (template, text) in TEMPLATES {
            for forbidden in
                ["<script", "style=\"", "javascript:", " onclick", " onload", "|safe", "autoescape"]
            {
                assert!(!text.contains(forbidden), "{template}: {forbidden}");
            }
            let is_of_the_door =
                ["sign_in.html", "code.html", "invitation.html", "sample_staff.html"].contains(template);
            for form in text.split("<form method=\"post\"").skip(1) {
                let form = form.split("</form>").next().unwrap();
                assert!(is_of_the_door || form.contains("{{ token }}"), "{template}: {form}");
            }
        }
    }
}
