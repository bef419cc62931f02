//! Requests that could be read in two ways, and so as another one by a proxy in front: refused before anything is made
//! of them.
//!
//! HTTP itself is read by hyper, which answers what it cannot read with a bare 400, 414 or 431. What it lets through is
//! looked at here. One thing is not seen any more: of `Content-Length` beside `Transfer-Encoding`, hyper drops the
//! first, reads the body in chunks, and closes the connection after the answer (RFC 9112, 6.3, allows that), so that
//! nothing behind it is taken for a request.

use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::{Code, Location, Problem};

/// Lets well-formed requests through. On a connection that brings others, nothing else is read.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    if let Err(problem) = look(request.version(), request.headers()) {
        let mut response = problem.into_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    next.run(request).await
}

fn look(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let wrong = |name, detail: &'static str| {
        Err(Problem::new(Code::InvalidRequest).at(Location::Header(name), detail))
    };
    // RFC 9112, 3.2.
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => {}
        (None, None) if version < Version::HTTP_11 => {}
        (None, None) => return wrong("Host", "is required"),
        (_, Some(_)) => return wrong("Host", "must stand once"),
        (Some(_), None) => return wrong("Host", "must be a host, with or without a port"),
    }
    // RFC 9112, 6.1.
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => {}
        (Some(encoding), None) if encoding.as_bytes().eq_ignore_ascii_case(b"chunked") => {}
        _ => return wrong("Transfer-Encoding", "must be chunked, and stand once"),
    }
    if headers.get_all(CONTENT_TYPE).iter().nth(1).is_some() {
        return wrong("Content-Type", "must stand once");
    }
    Ok(())
}

/// A host may be empty, which means that the target has none.
fn is_host(value: &HeaderValue) -> bool {
    let authority = |text: &str| text.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@'));
    value.is_empty() || value.to_str().is_ok_and(authority)
}

/// Whether all of a path is UTF-8, once its percent-encoding is undone.
pub(crate) fn is_text(path: &str) -> bool {
    percent_encoding::percent_decode_str(path).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a request that has these headers: the name of one.
    fn fault(version: Version, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let problem = look(version, &map).err()?;
        assert_eq!(problem.code, Code::InvalidRequest);
        Some(problem.errors[0].location.name().to_owned())
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        for host in ["", "issuer", "issuer.example:8080", "127.0.0.1:80", "[::1]:80"] {
            assert_eq!(fault(new, &[("host", host)]), None, "{host}");
        }
        assert_eq!(fault(old, &[]), None);
        let hosts: [&[_]; 5] = [
            &[],
            &[("host", "a"), ("host", "a")],
            &[("host", "a b")],
            &[("host", "a/b")],
            &[("host", "user@a")],
        ];
        for headers in hosts {
            assert_eq!(fault(new, headers).as_deref(), Some("Host"), "{headers:?}");
        }
        assert_eq!(fault(new, &[("host", "a"), ("transfer-encoding", "Chunked")]), None);
        for encoding in ["gzip, chunked", "chunked, chunked", "identity", "chunked;a=b"] {
            let found = fault(new, &[("host", "a"), ("transfer-encoding", encoding)]);
            assert_eq!(found.as_deref(), Some("Transfer-Encoding"), "{encoding}");
        }
        let twice = [("host", "a"), ("content-type", "a/b"), ("content-type", "a/b")];
        assert_eq!(fault(new, &twice).as_deref(), Some("Content-Type"));
    }

    #[test]
    fn a_path_is_text() {
        assert!(is_text("/v1/issuances/%C3%A9%2F%00") && is_text("/%") && is_text("/%zz"));
        assert!(!is_text("/v1/%ff") && !is_text("/%C3"));
    }
}
