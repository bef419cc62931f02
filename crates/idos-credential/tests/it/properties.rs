//! Random input: what goes in comes out, what was changed is noticed, nothing panics.

use idos_credential::kind::kyc_v2::{Gender, IdDocumentType};
use idos_credential::sealing::seal_bytes;
use idos_credential::strict_json::Json;
use idos_credential::{
    AcceptedIssuer, CredentialFields, Draft, EncryptionSecret, IssuerKey, KycSubject, ResidentialAddress,
    Timestamp, base85, verify,
};
use proptest::prelude::*;

use super::support::Script;

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", "[\u{0}-\u{7f}]{0,12}", any::<String>(), "[a-c]{1,2}"]
}

fn files() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), prop::collection::vec(0..2_u8, 0..20)]
}

prop_compose! {
    fn addresses()(
        street in texts(), house_number in prop::option::of(texts()), region in prop::option::of(texts()), city in texts(),
        proof_category in texts(), proof_file in files(), millis in prop::option::of(-1_000_000_000_000_000_i64..1_000_000_000_000_000),
    ) -> ResidentialAddress {
        ResidentialAddress {
            street, house_number, additional_address_info: None, region, city, postal_code: None, country: "PT".into(),
            proof_category, proof_date_of_issue: millis.map(|m| Timestamp::from_unix_millis(m).unwrap()), proof_file,
        }
    }
}

prop_compose! {
    pub(crate) fn subjects()(
        id in "uuid:[a-z0-9<>\"{}|^`-]{1,20}", first_name in texts(), middle_name in prop::option::of(texts()), maiden_name in prop::option::of(texts()),
        place_of_birth in prop::option::of(texts()), id_document_number in texts(), birth in -10_000_000_000_000_i64..2_000_000_000_000,
        front in files(), back in prop::option::of(files()), selfie in files(), residential_address in prop::option::of(addresses()),
        gender in prop::option::of(prop_oneof![Just(Gender::Male), Just(Gender::Other)]),
    ) -> KycSubject {
        KycSubject {
            id, first_name: Some(first_name), middle_name, family_name: Some("x".into()), maiden_name, gender, ssn: None,
            nationality: Some("PT".into()), email: None, phone_number: None, date_of_birth: Timestamp::from_unix_millis(birth).unwrap(),
            place_of_birth, id_document_country: "PT".into(), id_document_number, id_document_type: IdDocumentType::IdCard,
            id_document_date_of_issue: None, id_document_date_of_expiry: Some(Timestamp::EPOCH), id_document_front_file: front,
            id_document_back_file: back, selfie_file: selfie, residential_address,
        }
    }
}

fn fields() -> CredentialFields {
    CredentialFields {
        id: "https://issuer.example/credentials/1".into(),
        level: "basic+liveness".into(),
        issued: Some(Timestamp::EPOCH),
        approved_at: Some(Timestamp::EPOCH),
        expiration_date: None,
    }
}

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn issuer() -> (IssuerKey, AcceptedIssuer) {
    let key = IssuerKey::of_url("https://issuer.example", &[5; 32]).unwrap();
    let accepted = AcceptedIssuer::of_url("https://issuer.example", key.verification_key()).unwrap();
    (key, accepted)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_come_back(file in files()) {
        let text = base85::encode(&file);
        prop_assert!(!text.contains('z'));
        prop_assert_eq!(base85::decode(&text).unwrap(), file);
    }

    #[test]
    fn any_text_decodes_or_is_refused(text in any::<String>(), inner in "[!-uz \n]{0,40}") {
        let _ = base85::decode(&text);
        if let Ok(bytes) = base85::decode(&format!("<~{inner}~>")) {
            prop_assert_eq!(base85::decode(&base85::encode(&bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn what_we_sign_we_verify(subject in subjects()) {
        let (key, accepted) = issuer();
        let signed = Draft::kyc_as_sdk(fields(), subject).unwrap().sign_with(&key, now());
        let verified = verify(signed.text().as_bytes(), &[accepted], now());
        prop_assert!(verified.is_ok(), "{verified:?}");
        let json: serde_json::Value = serde_json::from_str(signed.text()).unwrap();
        prop_assert_eq!(&serde_json::to_string(&json["id"]).unwrap(), "\"https://issuer.example/credentials/1\"");
    }

    /// A changed byte either makes another text of the same JSON, moves a value between fields that the proof
    /// does not tell apart, or is refused. A new value is always refused.
    #[test]
    fn a_changed_byte_is_noticed(subject in subjects(), at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let (key, accepted) = issuer();
        let signed = Draft::kyc_as_sdk(fields(), subject).unwrap().sign_with(&key, now());
        let mut bytes = signed.text().as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if verify(&bytes, &[accepted], now()).is_ok() {
            let values = |text: &[u8]| -> std::collections::BTreeSet<String> {
                let json: serde_json::Value = serde_json::from_slice(text).unwrap();
                json["credentialSubject"].as_object().unwrap().values().map(ToString::to_string).collect()
            };
            prop_assert_eq!(values(&bytes), values(signed.text().as_bytes()));
        }
    }

    #[test]
    fn sealed_bytes_open_for_the_recipient_alone(plaintext in prop::collection::vec(any::<u8>(), 0..300), secret in any::<[u8; 32]>()) {
        let (recipient, other) = (EncryptionSecret::from_bytes(secret), EncryptionSecret::from_bytes([1; 32]));
        let (content, encryptor) = seal_bytes(&plaintext, &recipient.public(), &mut rand::rngs::OsRng).unwrap();
        prop_assert_eq!(&*recipient.open(&content, &encryptor).unwrap(), &plaintext);
        prop_assert!(other.open(&content, &encryptor).is_err());
    }

    /// Byte for byte what NaCl's box gives for the same secret and nonce, by the library that the SDK's vectors are compared with, at
    /// lengths on both sides of where another one encrypts.
    #[test]
    fn contents_are_boxes_whatever_their_length(
        length in prop_oneof![0..200_usize, 16_000..18_000_usize, 0..200_000_usize],
        secrets in any::<[[u8; 32]; 2]>(),
        nonce in any::<[u8; 24]>(),
    ) {
        use base64::Engine as _;
        use crypto_box::aead::Aead as _;
        let [secret, drawn] = secrets;
        let plaintext: Vec<u8> = nonce.iter().copied().cycle().take(length).collect();
        let recipient = EncryptionSecret::from_bytes(secret);
        let mut script = Script([&drawn[..], &nonce[..]].concat());
        let (content, encryptor) = seal_bytes(&plaintext, &recipient.public(), &mut script).unwrap();
        let ephemeral = crypto_box::SecretKey::from_bytes(drawn);
        let public = crypto_box::SecretKey::from_bytes(secret).public_key();
        let old = crypto_box::SalsaBox::new(&public, &ephemeral);
        let wanted = old.encrypt(&nonce.into(), plaintext.as_slice()).unwrap();
        let standard = base64::engine::general_purpose::STANDARD;
        prop_assert_eq!(&encryptor, &standard.encode(ephemeral.public_key().as_bytes()));
        prop_assert!(content == standard.encode([&nonce[..], &wanted[..]].concat()));
        prop_assert!(*recipient.open(&content, &encryptor).unwrap() == plaintext);
    }

    #[test]
    fn a_changed_content_does_not_open(plaintext in prop::collection::vec(any::<u8>(), 0..100), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        use base64::Engine as _;
        let standard = base64::engine::general_purpose::STANDARD;
        let recipient = EncryptionSecret::from_bytes([8; 32]);
        let (content, encryptor) = seal_bytes(&plaintext, &recipient.public(), &mut rand::rngs::OsRng).unwrap();
        let mut bytes = standard.decode(content).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(recipient.open(&standard.encode(bytes), &encryptor).is_err());
    }

    #[test]
    fn any_text_is_judged_without_panic(text in any::<Vec<u8>>(), json in "[\\[\\]{}\",:a-z0-9\\\\u ]{0,60}") {
        let (_, accepted) = issuer();
        for bytes in [text.as_slice(), json.as_bytes()] {
            let _ = Json::parse(bytes);
            let _ = verify(bytes, std::slice::from_ref(&accepted), now());
        }
    }

    #[test]
    fn moments_come_back(millis in -8_000_000_000_000_000_i64..8_000_000_000_000_000) {
        let moment = Timestamp::from_unix_millis(millis).unwrap();
        prop_assert_eq!(moment.to_string().parse(), Ok(moment));
    }
}
