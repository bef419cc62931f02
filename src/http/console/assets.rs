//! The stylesheet: by a name that no other content has, and so for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};

use crate::app;
use crate::http::kit::problem::{Code, Problem};

/// How the console looks.
const STYLE: &str = include_str!("../../../templates/console/style.css");

/// The file's name.
pub(super) static STYLE_NAME: LazyLock<String> =
    LazyLock::new(|| format!("style.{}.css", app::version(STYLE.as_bytes())));

/// A file of the console's.
pub(in crate::http) async fn show(Path(file): Path<String>) -> Result<Response, Problem> {
    if file != *STYLE_NAME {
        return Err(Problem::new(Code::NotFound));
    }
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    Ok((headers, STYLE).into_response())
}
