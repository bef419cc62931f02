//! The contexts that the official SDK knows. Anything else fails to load.

use std::collections::HashMap;

use idos_credential::terms::{
    CONTEXTS, FACE_ID_V1_CONTEXT, KYC_V1_CONTEXT, KYC_V2_CONTEXT, OLD_CONTEXT_FOLDERS,
};
use ssi::json_ld::json_ld::{LoadError, Loader, LoadingResult};
use ssi::json_ld::{ContextLoader, iref::Iri};

/// The idOS contexts under all their addresses.
fn idos_contexts() -> HashMap<String, String> {
    let envelope = include_str!("contexts/idos-credentials-v1.json");
    let kyc_v1 = include_str!("contexts/idos-credential-subject-v1.json");
    let mut map: HashMap<String, String> = [
        (CONTEXTS[1], envelope),
        (KYC_V1_CONTEXT, kyc_v1),
        (KYC_V2_CONTEXT, include_str!("contexts/idos-credential-subject-v2.json")),
        (FACE_ID_V1_CONTEXT, include_str!("contexts/idos-credential-subject-face-id-v1.json")),
    ]
    .map(|(url, text)| (url.to_owned(), text.to_owned()))
    .into();
    for folder in OLD_CONTEXT_FOLDERS {
        map.insert(format!("{folder}idos-credentials-v1.json"), envelope.to_owned());
        map.insert(format!("{folder}idos-credential-subject-v1.json"), kyc_v1.to_owned());
    }
    map
}

/// Loads the contexts of idOS credentials and nothing else.
pub(crate) struct IdosLoader(ContextLoader);

impl IdosLoader {
    pub(crate) fn new() -> Self {
        Self(all_contexts())
    }
}

/// All contexts that are compiled in: those of ssi and of idOS.
pub(crate) fn all_contexts() -> ContextLoader {
    // The texts are compiled in, and a test loads each of them.
    ContextLoader::default().with_context_map_from(idos_contexts()).unwrap_or_default()
}

impl Loader for IdosLoader {
    async fn load(&self, url: &Iri) -> LoadingResult {
        let known =
            [CONTEXTS[0], CONTEXTS[2]].contains(&url.as_str()) || idos_contexts().contains_key(url.as_str());
        if known { self.0.load(url).await } else { Err(LoadError::new(url.to_owned(), NotKnown)) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the context is not one of idOS credentials")]
struct NotKnown;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_loads() {
        let loader = IdosLoader::new();
        for url in idos_contexts().keys().map(String::as_str).chain([CONTEXTS[0], CONTEXTS[2]]) {
            assert!(futures_executor::block_on(loader.load(Iri::new(url).unwrap())).is_ok(), "{url}");
        }
        let other = Iri::new("https://schema.org/").unwrap();
        assert!(futures_executor::block_on(loader.load(other)).is_err());
    }
}
