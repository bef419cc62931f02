//! The work itself, through the same functions that the service calls.

use idos_client::actions::{
    Action, CopyToWrite, CreateCredentialsByDwg, CreatePreliminaryCredentialsByDwg, NamedContent,
    OriginalToWrite, RowToAnnounce,
};
use idos_client::transaction::Fee;
use idos_client::{GrantParties, GrantTime, Prepared, Signer, TxTerms, UnsignedTransaction, WriteGrant};
use idos_credential::kind::kyc_v2::IdDocumentType;
use idos_credential::{
    CredentialFields, Draft, EncryptionSecret, IssuerKey, KycSubject, PublicNotes, RecipientKey,
    ResidentialAddress, SealedCredential, SealedRow, SignedCredential, Timestamp, WriteKey,
};
use rand::rngs::{OsRng, StdRng};
use rand::{RngCore as _, SeedableRng as _};
use uuid::Uuid;

pub(crate) struct Work {
    subject: KycSubject,
    fields: CredentialFields,
    key: IssuerKey,
    notes: PublicNotes,
    pub(crate) user: RecipientKey,
    pub(crate) own: RecipientKey,
    writer: WriteKey,
    signer: Signer,
    grant: WriteGrant,
    grant_signature: String,
    now: Timestamp,
}

impl Work {
    /// A person with four files of random bytes, `size` bytes together.
    pub(crate) fn new(size: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let mut file = || {
            let mut bytes = vec![0; size / 4];
            rng.fill_bytes(&mut bytes);
            // A JPEG, as far as anybody looks; none has fewer bytes.
            bytes.resize(bytes.len().max(3), 0);
            bytes.splice(..3, [0xff, 0xd8, 0xff]);
            bytes
        };
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let seed = [7; 32];
        let (writer, time) = (WriteKey::from_seed(&seed), |seconds| {
            GrantTime::from_unix(now.unix_seconds() + seconds).unwrap()
        });
        let parties = GrantParties {
            owner: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".into(),
            grantee: writer.public_hex(),
            issuer_public_key: writer.public_hex(),
        };
        Self {
            subject: subject(&mut file),
            fields: CredentialFields {
                id: "https://kyc.example.com/idos/credentials/1".into(),
                level: "plus+liveness+email".into(),
                issued: Some(now),
                approved_at: Some(now),
                expiration_date: Some(now.plus_millis(31_536_000_000)),
            },
            key: IssuerKey::of_url("https://kyc.example.com/idos", &[8; 32]).unwrap(),
            notes: PublicNotes::new(
                &Uuid::nil().to_string(),
                "KYC DATA",
                "plus+liveness+email",
                "approved",
                "KYC",
            )
            .unwrap(),
            user: EncryptionSecret::from_bytes([9; 32]).public(),
            own: EncryptionSecret::from_bytes([10; 32]).public(),
            signer: Signer::from_seed(&seed),
            grant: WriteGrant::new(Uuid::nil(), parties, time(0), time(0), time(86_400)).unwrap(),
            grant_signature: format!("0x{}", "ab".repeat(65)),
            writer,
            now,
        }
    }

    pub(crate) fn evidence(&self) -> KycSubject {
        self.subject.clone()
    }

    pub(crate) fn files(&self) -> Vec<&[u8]> {
        let address = self.subject.residential_address.as_ref().unwrap();
        vec![
            &self.subject.id_document_front_file,
            self.subject.id_document_back_file.as_ref().unwrap(),
            &self.subject.selfie_file,
            &address.proof_file,
        ]
    }

    pub(crate) fn sign(&self, subject: KycSubject) -> SignedCredential {
        Draft::new(self.fields.clone(), subject).unwrap().sign_with(&self.key, self.now)
    }

    pub(crate) fn seal(&self, signed: SignedCredential) -> SealedCredential {
        signed.seal_with(&self.notes, &self.user, Some(&self.own), &self.writer, &mut OsRng).unwrap()
    }

    pub(crate) fn seal_by_reference(&self, signed: SignedCredential) -> SealedCredential {
        let writer = self.writer.verification_key();
        let encrypted = signed.encrypt(&self.notes, &self.user, Some(&self.own), writer, &mut OsRng);
        let encrypted = encrypted.unwrap().by_reference().unwrap();
        let sign = |messages: Vec<&[u8]>| -> Vec<_> {
            messages.into_iter().map(|message| self.writer.sign(message)).collect()
        };
        let notes = sign(encrypted.to_sign());
        let encrypted = encrypted.signed(&notes).unwrap();
        let rows = sign(encrypted.to_sign());
        encrypted.signed(&rows).unwrap()
    }

    /// The request that broadcasts the announcement.
    pub(crate) fn announcement(&self, sealed: &SealedCredential) -> Prepared {
        let named = |row: &SealedRow| row.content().reference().unwrap();
        let (original, copy) = (sealed.original(), sealed.copy().unwrap());
        let (of_original, of_copy) = (named(original), named(copy));
        let (original_uri, copy_uri) = (of_original.uri(), of_copy.uri());
        let action = CreatePreliminaryCredentialsByDwg::new(
            Uuid::nil(),
            (sealed.issuer_auth_public_key(), sealed.content_hash()),
            (announce(original, &original_uri, of_original.size), original.public_notes()),
            announce(copy, &copy_uri, of_copy.size),
            &self.grant,
            &self.grant_signature,
        );
        self.request(&action)
    }

    pub(crate) fn whole_by_reference(&self, subject: KycSubject) -> (SealedCredential, Prepared) {
        let sealed = self.seal_by_reference(self.sign(subject));
        let announcement = self.announcement(&sealed);
        (sealed, announcement)
    }

    /// The request that broadcasts the transaction.
    pub(crate) fn transaction(&self, sealed: &SealedCredential) -> Prepared {
        let copy = sealed.copy().unwrap();
        let action = CreateCredentialsByDwg::new(
            sealed.issuer_auth_public_key(),
            OriginalToWrite {
                id: Uuid::nil(),
                encryptor_public_key: sealed.original().encryptor_public_key(),
                content: sealed.original().content().in_row().unwrap_or_default(),
                public_notes: sealed.original().public_notes(),
                public_notes_signature: sealed.original().public_notes_signature(),
                broader_signature: sealed.original().broader_signature(),
            },
            CopyToWrite {
                id: Uuid::nil(),
                encryptor_public_key: copy.encryptor_public_key(),
                content: copy.content().in_row().unwrap_or_default(),
                public_notes_signature: copy.public_notes_signature(),
                broader_signature: copy.broader_signature(),
            },
            sealed.content_hash(),
            &self.grant,
            &self.grant_signature,
        );
        self.request(&action)
    }

    fn request(&self, action: &impl Action) -> Prepared {
        let terms = TxTerms { chain_id: "idos-localdev", nonce: 7, fee: Fee::zero() };
        let unsigned = UnsignedTransaction::new(&self.signer, std::slice::from_ref(action), terms).unwrap();
        let signature = self.signer.sign_here(&unsigned.sign_text()).unwrap();
        unsigned.signed(signature).unwrap()
    }

    pub(crate) fn whole(&self, subject: KycSubject) -> Prepared {
        self.transaction(&self.seal(self.sign(subject)))
    }
}

fn announce<'a>(row: &'a SealedRow, uri: &'a str, size: u64) -> RowToAnnounce<'a> {
    RowToAnnounce {
        id: Uuid::nil(),
        encryptor_public_key: row.encryptor_public_key(),
        content: NamedContent { uri, size: i64::try_from(size).unwrap() },
        public_notes_signature: row.public_notes_signature(),
        broader_signature: row.broader_signature(),
    }
}

fn subject(file: &mut impl FnMut() -> Vec<u8>) -> KycSubject {
    let date: Timestamp = "1990-02-14".parse().unwrap();
    KycSubject {
        id: "uuid:9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11".into(),
        first_name: Some("Ana Maria".into()),
        middle_name: None,
        family_name: Some("Exemplo".into()),
        maiden_name: None,
        gender: None,
        ssn: None,
        nationality: Some("PT".into()),
        email: Some("ana@example.com".into()),
        phone_number: None,
        date_of_birth: date,
        place_of_birth: Some("Évora".into()),
        id_document_country: "PT".into(),
        id_document_number: "SP0000001".into(),
        id_document_type: IdDocumentType::Passport,
        id_document_date_of_issue: Some(date),
        id_document_date_of_expiry: Some(date),
        id_document_front_file: file(),
        id_document_back_file: Some(file()),
        selfie_file: file(),
        residential_address: Some(ResidentialAddress {
            street: "Rua do Exemplo".into(),
            house_number: Some("12".into()),
            additional_address_info: None,
            region: None,
            city: "Lisboa".into(),
            postal_code: Some("1100-000".into()),
            country: "PT".into(),
            proof_category: "UTILITY_BILL".into(),
            proof_date_of_issue: Some(date),
            proof_file: file(),
        }),
    }
}
