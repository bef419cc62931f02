//! The text that a login signs.

use super::Offer;

/// The text for an offer, as the JavaScript, Go and Kotlin clients write it: ten lines, each with its newline,
/// the third left out where there is no statement.
pub(super) fn to_sign(offer: &Offer) -> String {
    let Offer { nonce, statement, issue_at, expiration_time, chain_id, domain, version, uri } = offer;
    let statement = if statement.is_empty() { String::new() } else { format!("{statement}\n") };
    format!(
        "{domain} wants you to sign in with your account:\n\n{statement}\nURI: {uri}\nVersion: {version}\n\
         Chain ID: {chain_id}\nNonce: {nonce}\nIssue At: {issue_at}\nExpiration Time: {expiration_time}\n"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn it_is_the_text_that_the_javascript_client_signs() {
        let vectors = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/kwil.json"));
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let captured = &vectors["auth"]["kgw"];
        let member = |name: &str| captured["param_response"][name].as_str().unwrap().to_owned();
        let mut offer = Offer {
            nonce: member("nonce"),
            statement: member("statement"),
            issue_at: member("issue_at"),
            expiration_time: member("expiration_time"),
            chain_id: member("chain_id"),
            domain: member("domain"),
            version: member("version"),
            uri: member("uri"),
        };
        assert_eq!(to_sign(&offer), captured["message"].as_str().unwrap());

        offer.statement.clear();
        assert!(to_sign(&offer).contains("account:\n\n\nURI: "));
    }
}
