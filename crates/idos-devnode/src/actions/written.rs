//! A credential as an action is to write it: with its content, or with the name of that.

use idos_content_id::{ContentId, MAX_CONTENT};

use super::Failure;
use crate::extension;
use crate::extension::signatures::{Covered, SignedContent};
use crate::state::credentials::NewCredential;

/// A credential as an action takes it.
pub(super) struct Written {
    pub(super) id: Option<String>,
    pub(super) issuer_key: Option<String>,
    pub(super) encryptor_key: Option<String>,
    pub(super) content: Content,
    pub(super) notes: Option<String>,
    pub(super) notes_signature: Option<String>,
    pub(super) broader_signature: Option<String>,
}

/// Where the content is.
pub(super) enum Content {
    /// Here, in base64.
    Row(Option<String>),
    /// At the blob gateway, under this URI, so many bytes long.
    Gateway { uri: Option<String>, size: Option<i64> },
}

/// Who a row says has written it: the kind, and who of that kind.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) kind: Option<&'a str>,
    pub(super) name: Option<&'a str>,
}

/// What is said where a content's name is wrong.
pub(super) struct WrongName {
    pub(super) uri: &'static str,
    pub(super) size: &'static str,
}

impl Written {
    /// That a content at the gateway can be one: an identifier that gateways compute, and a size that they take.
    pub(super) fn check_name(&self, wrong: &WrongName) -> Result<(), Failure> {
        let Content::Gateway { uri, size } = &self.content else { return Ok(()) };
        if uri.as_deref().is_none_or(|uri| ContentId::from_uri(uri).is_err()) {
            return Err(Failure::Raised(wrong.uri));
        }
        let fits = |size: i64| u64::try_from(size).is_ok_and(|size| (1..=MAX_CONTENT).contains(&size));
        if size.is_some_and(fits) { Ok(()) } else { Err(Failure::Raised(wrong.size)) }
    }

    /// Whether both signatures hold.
    pub(super) fn is_genuine(&self) -> bool {
        let covered = match &self.content {
            Content::Row(content) => Covered::Content(content.as_deref()),
            Content::Gateway { uri, .. } => Covered::Uri(uri.as_deref()),
        };
        let signed = SignedContent {
            issuer_auth_public_key: self.issuer_key.as_deref(),
            public_notes: self.notes.as_deref(),
            public_notes_signature: self.notes_signature.as_deref(),
            covered,
            broader_signature: self.broader_signature.as_deref(),
        };
        signed.is_genuine()
    }

    /// The id in the notes, if any.
    pub(super) fn verifiable_credential_id(&self) -> Option<String> {
        extension::verifiable_credential_id(self.notes.as_deref())
    }

    /// The row of a user's.
    pub(super) fn row<'a>(
        &'a self,
        user_id: Option<&'a str>,
        verifiable_credential_id: Option<&'a str>,
        by: By<'a>,
    ) -> NewCredential<'a> {
        let (content, content_uri, content_size) = match &self.content {
            Content::Row(content) => (content.as_deref(), None, None),
            Content::Gateway { uri, size } => (None, uri.as_deref(), *size),
        };
        NewCredential {
            id: self.id.as_deref(),
            user_id,
            verifiable_credential_id,
            public_notes: self.notes.as_deref(),
            content,
            content_uri,
            content_size,
            encryptor_public_key: self.encryptor_key.as_deref(),
            issuer_auth_public_key: self.issuer_key.as_deref(),
            inserter_type: by.kind,
            inserter: by.name,
            is_uploaded: matches!(self.content, Content::Row(_)),
        }
    }
}
