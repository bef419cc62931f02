//! The texts of write grants and access grants, and whether an owner signed one.
//!
//! The text that a view hands out and the text that a signature is checked against are made by one function
//! each. Their exact bytes on real nodes are not public: a client must always fetch them. These are modelled on
//! idOS' contracts: `key: value` lines joined by newlines, without one at the end.

use idos_wallet::{WalletType, verify_signed_by};

use super::{ExtensionError, required};

/// What a delegated write grant says. Each value is used byte for byte as it was given.
#[derive(Clone, Copy)]
pub(crate) struct WriteGrant<'a> {
    pub(crate) owner: Option<&'a str>,
    pub(crate) grantee: Option<&'a str>,
    pub(crate) issuer_public_key: Option<&'a str>,
    /// In lower case, with dashes.
    pub(crate) id: Option<&'a str>,
    pub(crate) access_grant_timelock: Option<&'a str>,
    pub(crate) not_usable_before: Option<&'a str>,
    pub(crate) not_usable_after: Option<&'a str>,
}

/// What a delegated access grant says.
#[derive(Clone, Copy)]
pub(crate) struct DelegatedAccessGrant<'a> {
    pub(crate) owner: Option<&'a str>,
    pub(crate) grantee: Option<&'a str>,
    /// In lower case, with dashes.
    pub(crate) data_id: Option<&'a str>,
    pub(crate) locked_until: Option<i64>,
    pub(crate) content_hash: Option<&'a str>,
}

/// The wallet that must have signed.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) wallet_type: Option<WalletType>,
    pub(crate) public_key: Option<&'a str>,
}

impl WriteGrant<'_> {
    /// `dwg_message`: the text to sign.
    pub(crate) fn text(&self) -> Result<String, ExtensionError> {
        lines(
            "dwg_message",
            "delegatedWriteGrant",
            &[
                (1, "owner", self.owner),
                (2, "consumer", self.grantee),
                (3, "issuer public key", self.issuer_public_key),
                (4, "id", self.id),
                (5, "access grant timelock", self.access_grant_timelock),
                (6, "not usable before", self.not_usable_before),
                (7, "not usable after", self.not_usable_after),
            ],
        )
    }

    /// `dwg_verify_owner`: whether the owner signed that text, in the way of the wallet's type.
    pub(crate) fn is_signed_by(&self, owner: Owner<'_>, signature: Option<&str>) -> bool {
        self.text().is_ok_and(|text| is_signed(owner, self.owner, &text, signature))
    }
}

impl DelegatedAccessGrant<'_> {
    /// `dag_message`: the text to sign.
    pub(crate) fn text(&self) -> Result<String, ExtensionError> {
        let locked_until = self.locked_until.map(|seconds| seconds.to_string());
        lines(
            "dag_message",
            "delegatedAccessGrant",
            &[
                (3, "data id", self.data_id),
                (1, "owner", self.owner),
                (2, "grantee", self.grantee),
                (4, "locked until", locked_until.as_deref()),
                (5, "content hash", self.content_hash),
            ],
        )
    }

    /// `verify_owner`: whether the owner signed that text. A comment in the schema says that real nodes do this
    /// for EVM wallets only; here every type can.
    pub(crate) fn is_signed_by(&self, owner: Owner<'_>, signature: Option<&str>) -> bool {
        self.text().is_ok_and(|text| is_signed(owner, self.owner, &text, signature))
    }
}

fn is_signed(owner: Owner<'_>, identifier: Option<&str>, text: &str, signature: Option<&str>) -> bool {
    let (Some(wallet_type), Some(identifier), Some(signature)) = (owner.wallet_type, identifier, signature)
    else {
        return false;
    };
    // An EVM wallet's public key is free text that nobody has checked; the signature is compared to the address.
    let public_key = owner.public_key.filter(|_| wallet_type != WalletType::Evm);
    verify_signed_by(wallet_type, identifier, public_key, text, signature).is_ok()
}

/// `fields`: which argument of the function it is, its name in the text, its value. Refuses values that would
/// break out of their line: two different grants must not have one text.
fn lines(
    function: &str,
    operation: &str,
    fields: &[(usize, &str, Option<&str>)],
) -> Result<String, ExtensionError> {
    let mut text = format!("operation: {operation}");
    for (position, name, value) in fields {
        let value = required(*value, function, *position)?;
        if value.contains(char::is_control) {
            return Err(ExtensionError(format!("{function}: the {name} has a control character")));
        }
        text.push('\n');
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: WriteGrant<'_> = WriteGrant {
        owner: Some("0xAb"),
        grantee: Some("03a1"),
        issuer_public_key: Some("03a1"),
        id: Some("00000000-0000-4000-8000-000000000005"),
        access_grant_timelock: Some("1970-01-01T00:00:00Z"),
        not_usable_before: Some("2026-01-02T03:04:05Z"),
        not_usable_after: Some("2026-01-03T03:04:05Z"),
    };

    #[test]
    fn a_write_grant_is_one_line_per_field_in_the_documented_order() {
        assert_eq!(
            GRANT.text().unwrap(),
            "operation: delegatedWriteGrant\nowner: 0xAb\nconsumer: 03a1\nissuer public key: 03a1\n\
             id: 00000000-0000-4000-8000-000000000005\naccess grant timelock: 1970-01-01T00:00:00Z\n\
             not usable before: 2026-01-02T03:04:05Z\nnot usable after: 2026-01-03T03:04:05Z"
        );
    }

    #[test]
    fn no_value_can_pose_as_another_line() {
        let forged = WriteGrant { grantee: Some("a\nissuer public key: b"), ..GRANT };
        assert!(forged.text().is_err());
        assert!(
            WriteGrant { id: None, ..GRANT }
                .text()
                .unwrap_err()
                .0
                .contains("expected argument 4 to be non-null")
        );
    }
}
