//! Mails by the program `sendmail`, which Postfix, Exim, `OpenSMTPD` and others bring along.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use notice_mail::Envelope;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::outcome::{Cause, Class, Outcome, Stage};

/// The program.
pub struct Sendmail {
    program: PathBuf,
    timeout: Duration,
}

/// Exit codes (`sysexits.h`) that hold for good for this mail: `EX_DATAERR`, `EX_NOUSER` and `EX_NOHOST`. All others are about the
/// machine.
const FOR_GOOD: [i32; 3] = [65, 67, 68];

impl Sendmail {
    pub(super) fn new(program: PathBuf, timeout: Duration) -> Self {
        Self { program, timeout }
    }

    /// The recipient is read by the program out of the mail (`-t`): arguments of programs are seen by all users of a machine.
    pub(super) async fn send(&self, envelope: &Envelope, bytes: &[u8]) -> Outcome {
        let not_sent = |stage| Outcome::NotSent { stage, cause: Cause::Local };
        let mut command = Command::new(&self.program);
        command.args(["-i", "-t", "-f", &envelope.from]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let Ok(mut child) = command.spawn() else { return not_sent(Stage::Connect) };
        let Some(mut input) = child.stdin.take() else { return not_sent(Stage::Connect) };
        // Programs of Unix end lines so.
        let text: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != b'\r').collect();
        match tokio::time::timeout(self.timeout, input.write_all(&text)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                // It has gone before it was told all; what it says is why.
                drop(input);
                return match tokio::time::timeout(self.timeout, child.wait()).await {
                    Ok(Ok(status)) if !status.success() => refused(status.code(), Stage::Message),
                    _ => not_sent(Stage::Message),
                };
            }
            // Killed, before the end was told.
            Err(_) => return Outcome::NotSent { stage: Stage::Message, cause: Cause::Timeout },
        }
        // The end of its input is the end of the mail.
        drop(input);
        match tokio::time::timeout(self.timeout, child.wait()).await {
            Ok(Ok(status)) if status.success() => Outcome::Sent { code: None, enhanced: None },
            Ok(Ok(status)) if status.code().is_some() => refused(status.code(), Stage::End),
            // Killed by somebody, or by us: nobody knows how far it was.
            _ => Outcome::Unclear,
        }
    }

    /// Whether there is such a program.
    pub(super) async fn test(&self) -> Result<(), Outcome> {
        match tokio::fs::metadata(&self.program).await {
            Ok(metadata) if metadata.is_file() => Ok(()),
            _ => Err(Outcome::NotSent { stage: Stage::Connect, cause: Cause::Local }),
        }
    }
}

fn refused(exit: Option<i32>, stage: Stage) -> Outcome {
    let exit = exit.unwrap_or_default();
    let class = if FOR_GOOD.contains(&exit) { Class::Permanent } else { Class::Temporary };
    Outcome::Refused { stage, class, code: u16::try_from(exit).unwrap_or_default(), enhanced: None }
}
