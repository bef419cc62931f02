//! The JSON form of a switch.

use serde::{Deserialize, Serialize};

use super::{Fault, Switch};

/// A switch as `/dev/faults` takes it. Unknown members are refused, or a slip of the pen would be a switch that
/// never ends.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Json {
    fault: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction_code: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Refuse,
    Answer,
    Delay,
    HangUpAfterCommit,
    LoseAnswer,
    WrongNonce,
    MempoolFull,
    DropTransaction,
    LoseMempool,
    RateLimited,
    LoseUpload,
    WrongCid,
    Quorum,
    AnswerTwice,
    HideBlob,
    OtherBytes,
    EndSession,
    ShowPreliminary,
    Down,
}

impl TryFrom<Json> for Switch {
    type Error = &'static str;

    fn try_from(json: Json) -> Result<Self, Self::Error> {
        let Json {
            fault,
            code,
            message,
            transaction_code,
            ms,
            status,
            body,
            retry_after,
            count,
            method,
            action,
            next,
        } = json;
        let has_details = code.is_some() || message.is_some() || transaction_code.is_some();
        if has_details && fault != Name::Refuse {
            return Err("code, message and transaction_code are for refuse only");
        }
        if ms.is_some() && fault != Name::Delay {
            return Err("ms is for delay only");
        }
        if (status.is_some() || body.is_some()) && fault != Name::Answer {
            return Err("status and body are for answer only");
        }
        if retry_after.is_some() && fault != Name::RateLimited {
            return Err("retry_after is for rate_limited only");
        }
        if count.is_some() && fault != Name::Quorum {
            return Err("count is for quorum only");
        }
        if next == Some(0) {
            return Err("next must be at least 1");
        }
        let fault = match fault {
            Name::Refuse => Fault::Refuse { code, message, transaction_code },
            Name::Answer => Fault::Answer {
                status: status
                    .filter(|status| (200..=599).contains(status))
                    .ok_or("answer needs a status from 200 to 599")?,
                body: body.unwrap_or_default(),
            },
            Name::Delay => Fault::Delay { ms: ms.ok_or("delay needs ms")? },
            Name::HangUpAfterCommit => Fault::HangUpAfterCommit,
            Name::LoseAnswer => Fault::LoseAnswer,
            Name::WrongNonce => Fault::WrongNonce,
            Name::MempoolFull => Fault::MempoolFull,
            Name::DropTransaction => Fault::DropTransaction,
            Name::LoseMempool => Fault::LoseMempool,
            Name::RateLimited => {
                Fault::RateLimited { retry_after: retry_after.ok_or("rate_limited needs retry_after")? }
            }
            Name::LoseUpload => Fault::LoseUpload,
            Name::WrongCid => Fault::WrongCid,
            Name::Quorum => Fault::Quorum { count },
            Name::AnswerTwice => Fault::AnswerTwice,
            Name::HideBlob => Fault::HideBlob,
            Name::OtherBytes => Fault::OtherBytes,
            Name::EndSession => Fault::EndSession,
            Name::ShowPreliminary => Fault::ShowPreliminary,
            Name::Down => Fault::Down,
        };
        Ok(Self { fault, method, action, next })
    }
}

impl From<Switch> for Json {
    fn from(switch: Switch) -> Self {
        let Switch { fault, method, action, next } = switch;
        let name = match &fault {
            Fault::Refuse { .. } => Name::Refuse,
            Fault::Answer { .. } => Name::Answer,
            Fault::Delay { .. } => Name::Delay,
            Fault::HangUpAfterCommit => Name::HangUpAfterCommit,
            Fault::LoseAnswer => Name::LoseAnswer,
            Fault::WrongNonce => Name::WrongNonce,
            Fault::MempoolFull => Name::MempoolFull,
            Fault::DropTransaction => Name::DropTransaction,
            Fault::LoseMempool => Name::LoseMempool,
            Fault::RateLimited { .. } => Name::RateLimited,
            Fault::LoseUpload => Name::LoseUpload,
            Fault::WrongCid => Name::WrongCid,
            Fault::Quorum { .. } => Name::Quorum,
            Fault::AnswerTwice => Name::AnswerTwice,
            Fault::HideBlob => Name::HideBlob,
            Fault::OtherBytes => Name::OtherBytes,
            Fault::EndSession => Name::EndSession,
            Fault::ShowPreliminary => Name::ShowPreliminary,
            Fault::Down => Name::Down,
        };
        let ms = if let Fault::Delay { ms } = fault { Some(ms) } else { None };
        let (mut code, mut message, mut transaction_code) = (None, None, None);
        let (mut status, mut body, mut retry_after, mut count) = (None, None, None, None);
        match fault {
            Fault::Refuse { code: c, message: m, transaction_code: t } => {
                (code, message, transaction_code) = (c, m, t);
            }
            Fault::Answer { status: s, body: b } => (status, body) = (Some(s), Some(b)),
            Fault::RateLimited { retry_after: seconds } => retry_after = Some(seconds),
            Fault::Quorum { count: machines } => count = machines,
            _ => {}
        }
        Self {
            fault: name,
            code,
            message,
            transaction_code,
            ms,
            status,
            body,
            retry_after,
            count,
            method,
            action,
            next,
        }
    }
}
