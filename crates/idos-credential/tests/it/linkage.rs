//! Wallet linkage: what is listed is bound to its time, and nothing of it can be changed.

use idos_credential::{
    Account, AccountError, CredentialFields, Draft, IssuerKey, Kind, LinkedWallet, Rejection, RejectionKind,
    SignedCredential, Verified, WalletLinkage, verify, verify_with,
};

use crate::support::moment;

const USER: &str = "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11";
const EVM: &str = "eip155:1:0xba32858eA15Ad4A729d3aCA3c2ed5E3363Bc16f6";
const XRPL: &str = "xrpl:0:rrrrrrrrrrrrrrrrrrrrBZbvji";
const STELLAR: &str = "stellar:pubnet:GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF";
const NEAR: &str = "near:mainnet:98793cd91a3f870fb126f66285808c7e094afcfc4eda8a970f6648cdf0dbd6de";
const EARLIER: &str = "2026-01-02T03:04:05Z";
const LATER: &str = "2026-01-03T03:04:05Z";

fn key() -> IssuerKey {
    IssuerKey::of_url("https://kyc.example.com/idos", &[7; 32]).unwrap()
}

fn wallet(account: &str, time: &str) -> LinkedWallet {
    LinkedWallet::new(account.parse().unwrap(), moment(time))
}

fn fields(approved_at: &str) -> CredentialFields {
    CredentialFields {
        id: "https://kyc.example.com/idos/credentials/1".into(),
        level: "linked".into(),
        issued: None,
        approved_at: Some(moment(approved_at)),
        expiration_date: None,
    }
}

fn signed() -> SignedCredential {
    let wallets =
        vec![wallet(XRPL, LATER), wallet(NEAR, LATER), wallet(EVM, EARLIER), wallet(STELLAR, LATER)];
    let subject = WalletLinkage::new(USER, wallets).unwrap();
    Draft::new(fields(LATER), subject).unwrap().sign_with(&key(), moment("2026-01-04T00:00:00Z"))
}

fn judge(text: &str) -> Result<Verified, Rejection> {
    let accepted = idos_credential::AcceptedIssuer::of(key().method().clone());
    verify(text.as_bytes(), &[accepted], moment("2026-01-05T00:00:00Z"))
}

#[test]
fn it_is_verified_as_what_it_is() {
    let verified = judge(signed().text()).unwrap();
    assert_eq!(
        (verified.kind, verified.wallets, verified.level.as_str()),
        (Kind::WalletLinkage, 4, "linked")
    );
    assert_eq!((verified.level_supported, verified.expiration_date), (Some(true), None));
    // Whoever wants people only does not get wallets.
    let accepted = [idos_credential::AcceptedIssuer::of(key().method().clone())];
    let now = moment("2026-01-05T00:00:00Z");
    let refused = verify_with(Kind::GIVEN, signed().text().as_bytes(), &accepted, now).unwrap_err();
    assert!(refused.to_string().contains("not taken here"), "{refused}");
}

#[test]
fn whatever_is_changed_is_refused() {
    let text = signed().text().to_owned();
    let entry = |account: &str, time: &str| format!(r#"{{"id":"{account}","provenAt":"{time}"}}"#);
    let [evm, xrpl] = [entry(EVM, EARLIER), entry(XRPL, LATER)];
    let comma = |entry: &str| format!("{entry},");
    let other = "eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    // Each with what it is refused as.
    let (signature, shape, unknown) =
        (RejectionKind::Signature, RejectionKind::Malformed, RejectionKind::Unknown);
    for (from, to, kind) in [
        (EARLIER, "2026-01-02T03:04:06Z", signature),
        (EVM, other, signature),
        (EVM, "eip155:137:0xba32858eA15Ad4A729d3aCA3c2ed5E3363Bc16f6", signature),
        (&comma(&evm), "", signature),
        (&format!(",{xrpl}"), "", signature),
        (&comma(&evm), &format!("{evm},{},", entry(other, EARLIER)), shape),
        (&comma(&evm), &format!("{},{},", entry(other, EARLIER), evm), signature),
        (&comma(&evm), &format!("{evm},{evm},"), shape),
        (USER, "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a12", signature),
        (USER, "9F51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11", shape),
        ("urn:uuid:", "uuid:", shape),
        (r#""level":"linked""#, r#""level":"plus""#, signature),
        (EARLIER, "2026-01-02T03:04:05.000Z", shape),
        (EARLIER, "2026-01-02", shape),
        (EARLIER, "2026-01-02T04:04:05+01:00", shape),
        ("0xba32858eA", "0xba32858ea", shape),
        ("linkage:1#wallet\"", "linkage:1#provenAt\"", shape),
        (r#""@protected":true"#, r#""@protected":false"#, shape),
        (r#""@protected":true,"#, "", shape),
        (r#""@version":1.1,"#, r#""@version":1.1,"x":"provenAt","#, shape),
        (r#""wallets":["#, r#""wallet":["#, shape),
        (r#""wallets":["#, r#""firstName":"A","wallets":["#, unknown),
        (r#""provenAt":"2026-01-02"#, r#""x":"1","provenAt":"2026-01-02"#, unknown),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let refused = judge(&changed).unwrap_err();
        assert_eq!(refused.kind(), kind, "{from} {to}: {refused}");
        for value in [EVM, other, USER] {
            assert!(!refused.to_string().contains(value), "{refused}");
        }
    }
    // Traded times leave the order, and in order they are not what was signed.
    let [evm_later, xrpl_earlier] = [entry(EVM, LATER), entry(XRPL, EARLIER)];
    let traded = text.replace(&evm, &evm_later).replace(&xrpl, &xrpl_earlier);
    assert_eq!(judge(&traded).unwrap_err().kind(), shape);
    let start = text.find(&evm).unwrap();
    let end = text.find(&xrpl).unwrap() + xrpl.len();
    let list = [xrpl_earlier, evm_later, entry(NEAR, LATER), entry(STELLAR, LATER)].join(",");
    let traded = format!("{}{list}{}", &text[..start], &text[end..]);
    assert_eq!(judge(&traded).unwrap_err().kind(), signature);
}

#[test]
fn nothing_is_built_that_would_not_be_believed() {
    let new = |wallets| WalletLinkage::new(USER, wallets).map_err(|invalid| invalid.to_string());
    assert_eq!(new(vec![]).unwrap_err(), "wallets must be 1 to 32 wallets");
    let many =
        |n: u64| (1..=n).map(|chain| wallet(&EVM.replace(":1:", &format!(":{chain}:")), LATER)).collect();
    assert!(new(many(32)).is_ok());
    assert_eq!(new(many(33)).unwrap_err(), "wallets must be 1 to 32 wallets");
    let twice = new(vec![wallet(EVM, EARLIER), wallet(EVM, LATER)]).unwrap_err();
    assert_eq!(twice, "wallets.1 is an account that is listed already");
    assert!(WalletLinkage::new("alice", vec![wallet(EVM, LATER)]).is_err());
    let subject = new(vec![wallet(EVM, EARLIER)]).unwrap();
    for wrong in [
        fields(LATER),
        CredentialFields { approved_at: None, ..fields(EARLIER) },
        CredentialFields { level: "plus".into(), ..fields(EARLIER) },
        CredentialFields { expiration_date: Some(moment("2030-01-01")), ..fields(EARLIER) },
    ] {
        assert!(Draft::new(wrong, subject.clone()).is_err());
    }
    assert!(Draft::new(fields(EARLIER), subject).is_ok());
}

#[test]
fn an_account_has_one_spelling() {
    for good in
        [EVM, XRPL, STELLAR, NEAR, "eip155:18446744073709551615:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]
    {
        assert_eq!(good.parse::<Account>().unwrap().as_str(), good);
    }
    let lower = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
    assert_eq!(
        Account::evm(10, lower).unwrap().as_str(),
        "eip155:10:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    );
    for (bad, error) in [
        ("near:mainnet:alice.near", AccountError::NamedNear),
        ("near:testnet:alice.near", AccountError::Chain),
        ("near:mainnet:A", AccountError::Address),
        ("eip155:1", AccountError::Chain),
        ("eip155:01:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", AccountError::Chain),
        ("eip155:+1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", AccountError::Chain),
        ("eip155:0:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", AccountError::Chain),
        ("EIP155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", AccountError::Chain),
        ("eip155:1:0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", AccountError::Address),
        ("eip155:1:5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", AccountError::Address),
        ("xrpl:1:rrrrrrrrrrrrrrrrrrrrBZbvji", AccountError::Chain),
        ("xrpl:0:rrrrrrrrrrrrrrrrrrrrBZbvjj", AccountError::Address),
        ("stellar:testnet:GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF", AccountError::Chain),
        ("stellar:pubnet:GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHG", AccountError::Address),
        ("facesign:1:98793cd91a3f870fb126f66285808c7e094afcfc4eda8a970f6648cdf0dbd6de", AccountError::Chain),
        ("", AccountError::Chain),
    ] {
        assert_eq!(bad.parse::<Account>(), Err(error), "{bad}");
    }
}
