//! The files of a result are made to fit what the network takes.

use idos_credential::base85::len_in_text;
use idos_credential::{Invalid, SubjectFile};
use idos_images::{Budget, File, Fitted, Limits, Refusal, Role};
use zeroize::Zeroizing;

use crate::model::evidence::Evidence;
use crate::model::files::FileSizes;

/// Stands in the place of a file while it is found out what the rest needs: what begins as a picture does.
const NO_FILE: &[u8] = b"\xff\xd8\xff";

/// Why files cannot be made to fit.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// The rest of the evidence breaks a rule.
    #[error("the evidence is refused: {0}")]
    Invalid(#[from] Invalid),
    /// Files that are not taken, with all of them that are not.
    #[error("{} files cannot be taken", .0.len())]
    Files(Vec<RefusedFile>),
}

/// A file that is not taken.
#[derive(Clone, Debug)]
pub struct RefusedFile {
    /// Its member in the evidence, such as `subject.selfieFile`.
    pub field: String,
    /// Why.
    pub refusal: Refusal,
}

/// Makes the files of a result fit a credential of `most_text` bytes of text. `text_len` says how many bytes a credential has at most.
/// Gives the result with other files, and what became of each.
///
/// It keeps a core busy for up to some seconds, and takes the memory that the limits say: [`crate::app::App::compute`] is the place
/// for it.
pub fn fit(
    mut evidence: Evidence,
    most_text: usize,
    text_len: impl FnOnce(Evidence) -> Result<usize, Invalid>,
    limits: &Limits,
) -> Result<(Evidence, Vec<FileSizes>), FitError> {
    let files: Vec<_> = evidence.subject.files_mut().into_iter().map(take).collect();
    let copy = Evidence { subject: evidence.subject.clone(), level: evidence.level.clone(), ..evidence };
    let placeholders = files.len() * len_in_text(NO_FILE);
    let rest = text_len(copy)?.saturating_sub(placeholders);
    let budget = Budget { total: most_text.saturating_sub(rest), cost: &len_in_text };
    let fitted = idos_images::fit(files, &budget, limits).map_err(|refused| {
        let file = |one: idos_images::Refused| RefusedFile {
            field: format!("subject.{}", one.name),
            refusal: one.refusal,
        };
        FitError::Files(refused.into_iter().map(file).collect())
    })?;
    let sizes = fitted.iter().map(sizes).collect();
    // In the order in which they were taken out.
    for (file, mut fitted) in evidence.subject.files_mut().into_iter().zip(fitted) {
        *file.bytes = std::mem::take(&mut *fitted.bytes);
    }
    Ok((evidence, sizes))
}

fn take(file: SubjectFile<'_>) -> File {
    let bytes = Zeroizing::new(std::mem::replace(file.bytes, NO_FILE.to_vec()));
    File { name: file.path, role: if file.shows_face { Role::Face } else { Role::Document }, bytes }
}

fn sizes(fitted: &Fitted) -> FileSizes {
    FileSizes {
        field: fitted.name.clone(),
        bytes_before: fitted.bytes_before as u64,
        bytes_after: fitted.bytes.len() as u64,
        width: fitted.size.map(|(width, _)| width),
        height: fitted.size.map(|(_, height)| height),
    }
}
