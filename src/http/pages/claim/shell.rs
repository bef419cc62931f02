//! The page itself, and its files.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded;

use super::assets;
use super::door::{Visitor, refused};
use crate::app::App;
use crate::flow::claim::{self, ClaimError};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::http::pages::language::Language;
use crate::http::pages::words::words;
use crate::http::pages::{self, Page};
use crate::model::claim::Claim;
use crate::model::mail_link::LinkToken;

/// The name under which the logo is served.
const LOGO: &str = "logo";

/// What a browser may do for the page: nothing that it does not need. Wallets are extensions, and do not ask for it.
pub(in crate::http::pages) const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), fullscreen=(), \
    geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

/// The page. Showing it changes nothing.
pub(in crate::http) async fn show(
    State(api): State<Api>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let found = match token.parse::<LinkToken>() {
        Ok(token) => claim::follow(&api.app, &token).await,
        Err(_) => Err(ClaimError::Unknown),
    };
    let language = |claim: Option<&Claim>| language(query.as_deref(), request.headers(), claim);
    let no_page = |status, (title, text): (&str, &str)| {
        let language = language(None).code();
        let provider = &api.app.issuer.name;
        pages::answer(status, &Page { language, provider, title, text, button: None })
    };
    match found {
        Ok(claim) => answer(&api.app, language(Some(&claim)), Place::Claim),
        Err(error @ ClaimError::Unknown) => match refused(&api, &Visitor::of(&request), error) {
            problem if problem.code == Code::NotFound => {
                no_page(StatusCode::NOT_FOUND, words(language(None)).no_claim)
            }
            problem => Err(problem),
        },
        Err(ClaimError::Expired) => no_page(StatusCode::GONE, words(language(None)).late_claim),
        Err(error) => Err(error.into()),
    }
}

/// The language: the one that is chosen on the page, or that the browser asks for, or that the provider has named.
pub(in crate::http::pages) fn language(
    query: Option<&str>,
    headers: &HeaderMap,
    claim: Option<&Claim>,
) -> Language {
    let chosen = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "lang")
        .and_then(|(_, tag)| Language::of_tag(&tag));
    let named =
        || claim.and_then(|claim| claim.locale.as_ref()).and_then(|locale| Language::of_tag(locale.as_str()));
    chosen.or_else(|| Language::asked(headers)).or_else(named).unwrap_or(Language::En)
}

/// Where the page is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http::pages) enum Place {
    /// At the link of a claim.
    Claim,
    /// Where a consumer of the relay sends people: a claim is to be begun first.
    Start,
}

/// The page as an answer.
pub(in crate::http::pages) fn answer(
    app: &App,
    language: Language,
    place: Place,
) -> Result<Response, Problem> {
    let logo = app.logo.as_ref().map(|logo| logo.version.as_str());
    let frames = app.claims.frames().join(" ");
    let html = render(language, &app.issuer.name, logo, (place, &frames, app.person_page.enabled)).map_err(
        |error| {
            tracing::error!("A page cannot be made: {error}");
            Problem::new(Code::Internal)
        },
    )?;
    let fixed = HeaderValue::from_static;
    let text = |text: &str| HeaderValue::from_str(text).unwrap_or(fixed(""));
    let frames = app.claims.frames();
    let enclave = app.claims.enclave_url.as_ref().map(|url| url.origin().ascii_serialization());
    let headers = [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_LANGUAGE, text(language.code())),
        (CACHE_CONTROL, fixed("no-store")),
        (CONTENT_SECURITY_POLICY, text(&policy(&frames, enclave.as_deref()))),
        (REFERRER_POLICY, fixed("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        // The enclave and some wallets open windows of their own, and have to find the way back.
        (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin-allow-popups")),
        (HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin")),
        (HeaderName::from_static("permissions-policy"), text(&permissions(enclave.as_deref()))),
        (HeaderName::from_static("x-robots-tag"), fixed("noindex")),
    ];
    let mut response = (headers, html).into_response();
    if frames.is_empty() {
        response.headers_mut().insert(X_FRAME_OPTIONS, fixed("DENY"));
    }
    Ok(response)
}

/// What the page may load, and who may frame it: its own files, and nobody, but whom the configuration names. It frames the enclave
/// alone, where there is one.
fn policy(frames: &[&str], enclave: Option<&str>) -> String {
    let frames = if frames.is_empty() { "'none'".to_owned() } else { frames.join(" ") };
    let embedded = enclave.map(|origin| format!("frame-src {origin}; ")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         worker-src 'self'; {embedded}frame-ancestors {frames}; base-uri 'none'; form-action 'none'"
    )
}

/// What a browser may do for the page. The enclave may use passkeys and its own storage, as it may where the SDK frames it.
fn permissions(enclave: Option<&str>) -> String {
    let framed = |origin| {
        format!(", publickey-credentials-get=(self \"{origin}\"), storage-access=(self \"{origin}\")")
    };
    format!("{PERMISSIONS}{}", enclave.map(framed).unwrap_or_default())
}

/// The version of a file of `web/dist/`, by its name.
pub(in crate::http::pages) fn version_of(name: &str) -> Option<&'static str> {
    assets::find(name).map(|asset| asset.version.as_str())
}

fn render(
    language: Language,
    provider: &str,
    logo: Option<&str>,
    (place, frames, has_own_page): (Place, &str, bool),
) -> Result<String, minijinja::Error> {
    let words = words(language);
    let context = minijinja::context! {
        language => language.code(),
        title => words.claim_title,
        needs_script => words.needs_script,
        provider,
        logo,
        script => version_of("claim.js"),
        style => version_of("claim.css"),
        // From where the page is, whatever path there is before it.
        assets => if place == Place::Claim { "assets" } else { "claim/assets" },
        starts => place == Place::Start,
        frames,
        // The page on which people see what is kept about them, from where this one is.
        me => has_own_page.then_some(if place == Place::Claim { "../me" } else { "me" }),
    };
    pages::template("claim.html")?.render(context)
}

/// A file of the page. Asked for by its version, it is that for ever.
pub(in crate::http) async fn asset(
    State(api): State<Api>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let logo = api.app.logo.as_ref().filter(|_| file == LOGO);
    let (media_type, bytes, version) = match (logo, assets::find(&file)) {
        (Some(logo), _) => (logo.media_type, Bytes::from(logo.bytes.clone()), logo.version.as_str()),
        (None, Some(asset)) => (asset.media_type, Bytes::from_static(asset.bytes), asset.version.as_str()),
        (None, None) => return Err(Problem::new(Code::NotFound)),
    };
    let is_named = query.as_deref() == Some(&format!("v={version}"));
    let keep = if is_named { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = HeaderValue::from_static;
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(fixed(""));
    let is_there = headers.get_all(IF_NONE_MATCH).iter().any(|known| *known == tag);
    let fresh = [
        (CACHE_CONTROL, fixed(keep)),
        (ETAG, tag),
        (HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin")),
    ];
    if is_there {
        return Ok((StatusCode::NOT_MODIFIED, fresh).into_response());
    }
    // A picture or a script that somebody opens by itself does nothing.
    let policy = (CONTENT_SECURITY_POLICY, fixed("default-src 'none'; frame-ancestors 'none'"));
    Ok((fresh, [(CONTENT_TYPE, fixed(media_type)), policy], bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The provider's name is the configuration's, and still text: in an attribute, and between tags.
    #[test]
    fn a_name_is_text() {
        let name = "\"><script>alert('Xyzzy')</script>&lt;x onload=\u{0}";
        let html = render(Language::De, name, Some("12"), (Place::Claim, "", true)).unwrap();
        assert!(!html.contains("<script>") && !html.contains("('Xyzzy"), "{html}");
        assert!(html.contains("data-provider=\"&quot;&gt;&lt;script&gt;"), "{html}");
        assert!(html.contains("alert(&#x27;Xyzzy&#x27;)") && html.contains("data-logo=\"assets/logo?v=12\""));
        assert!(html.contains("data-me=\"..&#x2f;me\""));
        let bare = render(Language::En, "A", None, (Place::Start, "", false)).unwrap();
        assert!(!bare.contains("data-logo") && !bare.contains("data-me"));
    }

    #[test]
    fn the_page_frames_the_enclave_alone() {
        assert!(!policy(&[], None).contains("frame-src"));
        let enclave = Some("https://enclave.example");
        assert!(
            policy(&[], enclave).contains("; frame-src https://enclave.example; frame-ancestors 'none'; ")
        );
        assert!(!permissions(None).contains("publickey"));
        assert!(
            permissions(enclave).contains(", publickey-credentials-get=(self \"https://enclave.example\"), ")
        );
    }

    #[test]
    fn nobody_frames_the_page_but_whom_the_configuration_names() {
        assert!(policy(&[], None).contains("; frame-ancestors 'none'; "));
        let named = ["https://a.example", "https://b.example:8443"];
        assert!(
            policy(&named, None).contains("; frame-ancestors https://a.example https://b.example:8443; ")
        );
    }
}
