//! The contexts that the official SDK knows.

use std::collections::HashMap;
use std::sync::LazyLock;

use idos_credential::envelope::VCDM_CONTEXT;
use idos_credential::proof::ed25519_2020;
use serde_json::Value;
use ssi::json_ld::iref::Iri;
use ssi::json_ld::json_ld::Loader as _;

use crate::contexts::{all_contexts, idos_contexts};

/// What stands under `@context` in documents, by their addresses.
pub(super) struct Documents(HashMap<String, Value>);

/// Those of idOS, of W3C credentials, of the suite, and two that the library for signatures always adds.
pub(super) static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| {
    let mut texts = idos_contexts();
    let loader = all_contexts();
    for url in
        [VCDM_CONTEXT, ed25519_2020::CONTEXT, "https://w3id.org/security/v1", "https://w3id.org/security/v2"]
    {
        let loaded = Iri::new(url).ok().and_then(|url| futures_executor::block_on(loader.load(url)).ok());
        texts.extend(loaded.map(|loaded| (url.to_owned(), loaded.document().to_string())));
    }
    let inner = |text: &str| serde_json::from_str::<Value>(text).ok()?.get_mut("@context").map(Value::take);
    Documents(texts.into_iter().filter_map(|(url, text)| Some((url, inner(&text)?))).collect())
});

impl Documents {
    pub(super) fn get(&self, url: &str) -> Option<&Value> {
        self.0.get(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_is_there() {
        assert_eq!(DOCUMENTS.0.len(), idos_contexts().len() + 4);
        assert!(DOCUMENTS.get("https://schema.org/").is_none());
    }
}
