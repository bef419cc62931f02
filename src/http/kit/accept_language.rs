//! Which language a browser asks for (RFC 9110, section 12.5.4).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// Of the languages that `of_tag` knows, the one that is liked best; of those that are liked as much, the first.
pub(crate) fn best<T>(headers: &HeaderMap, of_tag: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ranges = text.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let range = parts.next()?;
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
        let language = of_tag(range)?;
        (weight > 0.0).then_some((language, weight))
    });
    let best = ranges.reduce(|best: (T, f32), other| if other.1 > best.1 { other } else { best });
    best.map(|(language, _)| language)
}
