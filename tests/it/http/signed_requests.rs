//! What vendors want of a request, written after their documentation and apart from the crate that makes requests.

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::verifications::hmac;

/// What the vendor of a stand-in wants.
pub(crate) struct Wanted {
    pub(crate) vendor: String,
    /// The account, as recorded: `key`, and `secret` where there are two halves.
    pub(crate) account: Value,
    /// Method and path of what is fetched from other hosts, where no key may go.
    pub(crate) elsewhere: Vec<String>,
}

/// The access token that stand-ins issue.
pub(crate) const TOKEN: &str = "t";

impl Wanted {
    /// Whether the vendor would answer this request: it bears the account's key, or is signed with its secret.
    pub(crate) fn takes(&self, parts: &Parts, body: &[u8]) -> bool {
        let header = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let key = self.account["key"].as_str().unwrap();
        let secret = self.account["secret"].as_str().unwrap_or_default();
        let basic = || format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")));
        let path = parts.uri.path_and_query().unwrap().as_str();
        if self.elsewhere.contains(&format!("{} {path}", parts.method)) {
            let mut values = parts.headers.values().map(|value| value.to_str().unwrap());
            return !parts.headers.contains_key("authorization") && !values.any(|value| value.contains(key));
        }
        match self.vendor.as_str() {
            "complycube" => header("authorization") == key,
            "didit" => header("x-api-key") == key,
            "idenfy" => header("authorization") == basic(),
            "jumio" if path == "/oauth2/token" => {
                header("authorization") == basic() && body == b"grant_type=client_credentials"
            }
            "jumio" => {
                header("authorization") == format!("Bearer {TOKEN}") && header("user-agent").contains('/')
            }
            "onfido" => header("authorization") == format!("Token token={key}"),
            "persona" => {
                header("authorization") == format!("Bearer {key}") && header("key-inflection") == "kebab"
            }
            "sumsub" => {
                let time = header("x-app-access-ts");
                let text =
                    [time.as_bytes(), parts.method.as_str().as_bytes(), path.as_bytes(), body].concat();
                header("x-app-token") == key && header("x-app-access-sig") == hmac(secret.as_bytes(), &text)
            }
            // Over the id in the path: /sessions/ID/…, /media/ID.
            "veriff" => {
                let id = path.split('/').nth(2).unwrap();
                header("x-auth-client") == key
                    && header("x-hmac-signature") == hmac(secret.as_bytes(), id.as_bytes())
            }
            other => panic!("{other}: write down here what this vendor wants of a request"),
        }
    }
}
