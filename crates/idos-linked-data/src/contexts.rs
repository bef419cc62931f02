//! The contexts that are compiled in: those of ssi and of idOS. Anything else fails to load.

use std::collections::HashMap;

use idos_credential::contexts::{IDOS_CONTEXT, IDOS_CONTEXT_2, OLD_CONTEXT_FOLDERS};
use idos_credential::kind::{edd_v1, face_sign, kyc_v1, kyc_v2, kyc_v3};
use ssi::json_ld::json_ld::Loader as _;
use ssi::json_ld::{ContextLoader, iref::Iri};

/// The idOS contexts under all their addresses.
pub(crate) fn idos_contexts() -> HashMap<String, String> {
    let envelope = include_str!("contexts/idos-credentials-v1.json");
    let old_kyc = include_str!("contexts/idos-credential-subject-v1.json");
    let mut map: HashMap<String, String> = [
        (IDOS_CONTEXT, envelope),
        (IDOS_CONTEXT_2, include_str!("contexts/idos-credentials-v2.json")),
        (kyc_v1::CONTEXT, old_kyc),
        (kyc_v2::CONTEXT, include_str!("contexts/idos-credential-subject-v2.json")),
        (kyc_v3::CONTEXT, include_str!("contexts/idos-credential-subject-v3.json")),
        (edd_v1::CONTEXT, include_str!("contexts/idos-credential-subject-edd-v1.json")),
        (face_sign::CONTEXT, include_str!("contexts/idos-credential-subject-face-id-v1.json")),
    ]
    .map(|(url, text)| (url.to_owned(), text.to_owned()))
    .into();
    for folder in OLD_CONTEXT_FOLDERS {
        map.insert(format!("{folder}idos-credentials-v1.json"), envelope.to_owned());
        map.insert(format!("{folder}idos-credential-subject-v1.json"), old_kyc.to_owned());
    }
    map
}

/// All contexts that are compiled in: those of ssi and of idOS.
pub(crate) fn all_contexts() -> ContextLoader {
    // The texts are compiled in, and a test loads each of them.
    ContextLoader::default().with_context_map_from(idos_contexts()).unwrap_or_default()
}

/// Whether a context by this address is compiled in.
pub(crate) fn knows(url: &str) -> bool {
    Iri::new(url).is_ok_and(|url| futures_executor::block_on(all_contexts().load(url)).is_ok())
}

#[cfg(test)]
mod tests {
    use idos_credential::envelope::VCDM_CONTEXT;
    use idos_credential::proof::ed25519_2020;

    use super::*;

    #[test]
    fn every_context_loads() {
        for url in idos_contexts().keys().map(String::as_str).chain([VCDM_CONTEXT, ed25519_2020::CONTEXT]) {
            assert!(knows(url), "{url}");
        }
        for url in ["https://x.example/", "", "context.jsonld"] {
            assert!(!knows(url), "{url}");
        }
    }
}
