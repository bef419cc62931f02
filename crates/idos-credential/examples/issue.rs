//! Builds, signs, verifies, seals and opens a credential: the program of this crate's README.
//!
//! ```sh
//! cargo run -p idos-credential --example issue
//! ```

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;

use idos_credential::strict_json::Json;
use idos_credential::{
    AcceptedIssuer, CredentialFields, Draft, EncryptionSecret, IssuerKey, KycSubject, PublicNotes, Timestamp,
    WriteKey, verify,
};
use rand_core::OsRng;

fn main() -> Result<(), Box<dyn Error>> {
    // Keys come from a key store, and the time from a clock: this crate reads neither.
    let key = IssuerKey::of_url("https://kyc.example.com/idos", &[1; 32])?;
    let writer = WriteKey::from_seed(&[2; 32]);
    let user = EncryptionSecret::from_bytes([3; 32]);
    let now: Timestamp = "2026-11-29T12:00:00Z".parse()?;

    // What was found out about somebody. Each fault is named by its field, and no value is repeated.
    let json = Json::parse(
        br#"{
            "id": "uuid:7d1c9f0e-59a3-4c5b-9d1a-3f2f4f0a6b11",
            "firstName": "Ana", "familyName": "Exemplo", "dateOfBirth": "1990-02-14",
            "idDocumentCountry": "PT", "idDocumentNumber": "SP0000001", "idDocumentType": "PASSPORT",
            "idDocumentFrontFile": "passport.jpg", "selfieFile": "selfie.jpg"
        }"#,
    )?;
    let subject = KycSubject::read(&json, &mut |_name| Ok(b"\xff\xd8\xff\xe0 an image".to_vec()))?;

    // Only what has been checked can be signed ...
    let fields = CredentialFields {
        id: "https://kyc.example.com/idos/credentials/1".to_owned(),
        level: subject.level().to_string(),
        issued: Some(now),
        approved_at: Some(now),
        expiration_date: now.plus_years(2),
    };
    let signed = Draft::new(fields, subject)?.sign_with(&key, now);

    // ... and a consumer, who knows the issuer's key, can verify it.
    let issuers = [AcceptedIssuer::of_url("https://kyc.example.com/idos", key.verification_key())?];
    let verified = verify(signed.text().as_bytes(), &issuers, now)?;
    println!("verified: {} of {}, level {}", verified.id, verified.issuer, verified.level);
    let altered = signed.text().replace("Ana", "Eva");
    if let Err(rejection) = verify(altered.as_bytes(), &issuers, now) {
        println!("altered: {rejection}");
    }

    // Sealed for the user, it is what a node gets; only the user's key opens it.
    let notes = PublicNotes::new("1", "kyc", signed.level(), "approved", "Example KYC")?;
    let sealed = signed.seal_with(&notes, &user.public(), None, &writer, &mut OsRng)?;
    let row = sealed.original();
    let content = row.content().in_row().unwrap_or_default();
    let opened = user.open(content, row.encryptor_public_key())?;
    println!("sealed: {} characters; opened: {} bytes", content.len(), opened.len());
    Ok(())
}
