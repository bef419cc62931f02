//! Cookies: read strictly, and made so that no script, no other host and no other site has them.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// The cookie of a session. Browsers take a name that begins so from this host alone, over TLS, for all of its paths (RFC 6265bis,
/// 4.1.3.2): neither a neighbouring host nor somebody on the way can put one there.
pub(crate) const SESSION: &str = "__Host-idos_console";

/// The value of a cookie. Of two by that name, nobody knows whose they are.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut found = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (there, value) = pair.trim().split_once('=')?;
        (there == name).then_some(value)
    });
    let value = found.next();
    if found.next().is_none() { value } else { None }
}

/// A cookie that stays for so many seconds; without a number, for as long as the browser is open.
pub(crate) fn write(name: &str, value: &str, seconds: Option<u32>) -> Option<HeaderValue> {
    made(name, value, "Strict", seconds)
}

/// One that comes along when a page of another site leads here: what somebody brings back from there. It opens nothing by itself.
pub(crate) fn write_for_return(name: &str, value: &str, seconds: u32) -> Option<HeaderValue> {
    made(name, value, "Lax", Some(seconds))
}

fn made(name: &str, value: &str, site: &str, seconds: Option<u32>) -> Option<HeaderValue> {
    let lasts = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={site}{lasts}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_the_only_one_of_its_name() {
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_static(line));
            }
            read(&headers, "a").map(str::to_owned)
        };
        assert_eq!(of(&["a=1"]).as_deref(), Some("1"));
        assert_eq!(of(&["b=2; a=1;c=3"]).as_deref(), Some("1"));
        assert_eq!(of(&["aa=1; A=2; b=a=3"]), None);
        assert_eq!(of(&["a=1; a=2"]), None);
        assert_eq!(of(&["a=1", "a=1"]), None);
    }

    #[test]
    fn nothing_but_the_browser_has_it() {
        let text = write(SESSION, "x", None).unwrap();
        let text = text.to_str().unwrap();
        assert_eq!(text, "__Host-idos_console=x; Path=/; Secure; HttpOnly; SameSite=Strict");
        assert!(!text.contains("Domain"));
        assert!(write(SESSION, "x\r\ny", None).is_none());
        let text = write_for_return("__Host-a", "x", 60).unwrap();
        assert_eq!(text.to_str().unwrap(), "__Host-a=x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
    }
}
