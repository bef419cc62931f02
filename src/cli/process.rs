//! What this process leaves behind, where the platform allows: no memory on a disk, and no file that others can read.
//!
//! Keys and evidence are in the memory of nearly every command. They must not get into a core dump, nor be read by another
//! process of the same user.

/// Sees to it, before anything else is done. Gives what could not be had.
///
/// - Core dumps are of size 0, also for processes that are started from here; the limit cannot be raised again.
/// - On Linux, memory is not dumpable (`prctl(2)`, `PR_SET_DUMPABLE`): only root can attach a debugger or read
///   `/proc/PID/mem`, and no handler of core dumps gets anything.
/// - Files that are made are for their owner alone, whatever makes them: SQLite does. Not so with `shares_folders`.
#[cfg(unix)]
pub(super) fn harden(shares_folders: bool) -> Result<(), &'static str> {
    use rustix::fs::Mode;
    use rustix::process::{Resource, Rlimit, setrlimit, umask};

    if !shares_folders {
        umask(Mode::from_raw_mode(0o077));
    }
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    let limited =
        setrlimit(Resource::Core, nothing).map_err(|_| "the size of core dumps could not be limited");
    undumpable().and(limited)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn undumpable() -> Result<(), &'static str> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|_| "core dumps could not be switched off")
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn undumpable() -> Result<(), &'static str> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn harden(_: bool) -> Result<(), &'static str> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn nothing_of_the_memory_is_written_anywhere() {
        super::harden(true).unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
