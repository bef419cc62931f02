//! The session cookie. Clients mistreat it, so it is written plainly and read leniently.

use std::time::Duration;

/// The cookie's name. With another one, or the `__Host-` prefix, the JavaScript client on Node could not forget
/// it at logout.
pub const COOKIE: &str = "kgw_session";

/// The value of `Set-Cookie` for a new session. `Lax` and not `Secure`: browsers must send it to a local node
/// over plain HTTP.
pub(super) fn set(token: &str, life: Duration) -> String {
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}", life.as_secs())
}

/// The value of `Set-Cookie` that ends a session. It must begin exactly so.
pub(super) fn clear() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// The session token in a `Cookie` header: from `kgw_session=` to the first `;`.
///
/// The JavaScript client on Node sends back the whole `Set-Cookie` value, attributes included, so anything may
/// stand around it.
#[must_use]
pub fn session_in(header: &str) -> Option<&str> {
    let token = header.split(';').find_map(|part| part.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    Some(token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_whatever_stands_around_it() {
        let set = set("tok", Duration::from_hours(1));
        assert_eq!(set, "kgw_session=tok; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600");
        for header in ["kgw_session=tok", &set, "a=b; kgw_session=tok", "a=b;kgw_session=tok ;c=d"] {
            assert_eq!(session_in(header), Some("tok"), "{header}");
        }
        for header in ["", "kgw_session", "kgw_session=", "xkgw_session=tok", "kgw_sessions=tok", &clear()] {
            assert_eq!(session_in(header), None, "{header}");
        }
        assert!(clear().starts_with("kgw_session=;"));
    }
}
