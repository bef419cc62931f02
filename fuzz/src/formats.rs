//! Small formats of credentials: files, moments, sealed contents, derived keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::sealing::{SealError, seal_bytes};
use idos_credential::user_key::{Strength, derive};
use idos_credential::{EncryptionSecret, RecipientKey, Timestamp, base85};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::input::{Fixed, flipped, lines, text};

/// Files in Ascii85: what decodes is the same after another round, and any bytes survive one.
pub fn base85_decode(data: &[u8]) {
    assert_eq!(base85::decode(&base85::encode(data)).as_deref(), Ok(data));
    let Some(text) = text(data) else { return };
    if let Ok(bytes) = base85::decode(text) {
        assert!(bytes.len() <= 4 * text.len(), "decoding makes no more than z can mean");
        assert_eq!(base85::decode(&base85::encode(&bytes)), Ok(bytes));
    }
}

/// Moments: the text of a moment is that moment, to the millisecond.
pub fn moment(data: &[u8]) {
    if let Some((millis, _)) = data.split_first_chunk()
        && let Ok(moment) = Timestamp::from_unix_millis(i64::from_le_bytes(*millis))
    {
        assert_eq!(moment.unix_millis(), i64::from_le_bytes(*millis));
        check_moment(moment);
    }
    if let Some(Ok(moment)) = text(data).map(str::parse::<Timestamp>) {
        check_moment(moment);
    }
}

fn check_moment(moment: Timestamp) {
    let text = moment.to_string();
    assert!(matches!(text.len(), 24 | 27), "{text}");
    assert_eq!(text.parse(), Ok(moment), "{text}");
    assert_eq!(moment.unix_seconds(), moment.unix_millis().div_euclid(1000));

    let seconds: Timestamp = moment.to_seconds_text().parse().expect("a moment");
    assert_eq!(seconds.unix_millis(), moment.unix_seconds() * 1000, "{text}");
}

/// Sealed contents. Lines: the recipient's secret, the encryptor's key, the content, all in base64.
///
/// Any bytes that are sealed open again, and do not after a change.
pub fn open_content(data: &[u8]) {
    if let Some([secret, encryptor, content]) = lines(data) {
        if let Ok(key) = RecipientKey::from_base64(encryptor) {
            assert_eq!(key.to_base64(), encryptor, "a key has one text");
        }
        if let Ok(secret) = EncryptionSecret::from_base64(secret)
            && let Ok(plaintext) = secret.open(content, encryptor)
        {
            let sealed = STANDARD.decode(content).expect("it was opened");
            assert_eq!(plaintext.len() + 40, sealed.len());
            assert_closed(&secret, &sealed, encryptor, data.len());
        }
    }

    let secret = EncryptionSecret::from_bytes(Sha256::digest(data).into());
    let (content, encryptor) = seal_bytes(data, &secret.public(), &mut Fixed::of(data)).expect("it is short");
    let opened = secret.open(&content, &encryptor).expect("it was sealed for this key");
    assert_eq!(opened.as_slice(), data);
    let sealed = STANDARD.decode(content).expect("base64");
    assert_closed(&secret, &sealed, &encryptor, usize::from(data.first().copied().unwrap_or_default()) * 7);
}

fn assert_closed(secret: &EncryptionSecret, sealed: &[u8], encryptor: &str, bit: usize) {
    let changed = STANDARD.encode(flipped(sealed, bit));
    assert_eq!(secret.open(&changed, encryptor), Err(SealError::DoesNotOpen));
}

/// The key that a user derives from a password. Lines: the user's id, the password.
///
/// Only ids of the shape of UUIDs of version 4 are taken. The expensive strength is not tried.
pub fn user_key(data: &[u8]) {
    let Some([user_id, password]) = lines(data) else { return };
    let is_v4 = user_id.len() == 36 && Uuid::try_parse(user_id).is_ok_and(|id| id.get_version_num() == 4);
    let derived = derive(password, user_id, Strength::Legacy);
    assert_eq!(derived.is_ok(), is_v4 && password.len() <= 4096, "{user_id}");
}
