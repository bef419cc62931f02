//! Programs that end with us, however we end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::oneshot;

use crate::folder::OwnGroup;

/// How often a process is looked at when something is expected of it.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);
/// How much of a log is shown when a program fails.
const SHOWN: u64 = 4000;

/// A program does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It cannot be started.
    #[error("{name} cannot be started")]
    Start {
        /// The program.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It has ended.
    #[error("{name} has ended. The end of its log:\n{log}")]
    Ended {
        /// The program.
        name: String,
        /// What it said last.
        log: String,
    },
    /// It runs, and is not ready.
    #[error("{name} is not ready after {} seconds. The end of its log:\n{log}", .after.as_secs())]
    NotReady {
        /// The program.
        name: String,
        /// How long it was waited for.
        after: Duration,
        /// What it said last.
        log: String,
    },
}

/// Starts programs, from one thread that lives as long as this.
///
/// The system ends a program when the *thread* that started it is gone. That would be a random moment for threads of
/// an async runtime.
#[derive(Debug)]
pub(crate) struct ProcessGroup(mpsc::Sender<Order>);

struct Order {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

/// Who a program runs as, where that is not us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// How a program is ended when we are gone, or forget it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LastWord {
    /// By force.
    Kill,
    /// By a signal that it may answer by ending its own processes, and by force if it does not.
    Quit,
}

/// How a program is run.
pub(crate) struct Program<'a> {
    /// What it is called in errors.
    pub(crate) name: &'a str,
    pub(crate) file: &'a Path,
    pub(crate) arguments: &'a [String],
    /// Where it runs.
    pub(crate) folder: &'a Path,
    /// Where its output goes. What is there stays.
    pub(crate) log: &'a Path,
    pub(crate) user: Option<User>,
    pub(crate) last_word: LastWord,
}

/// A program that runs, or has run. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    log: PathBuf,
    last_word: LastWord,
    child: Child,
}

impl ProcessGroup {
    pub(crate) fn open() -> io::Result<Self> {
        let (sender, orders) = mpsc::channel::<Order>();
        thread::Builder::new().name("localnet programs".to_owned()).spawn(move || {
            for mut order in orders {
                let unheard = order.answer.send(order.command.spawn());
                if let Err(Ok(mut child)) = unheard {
                    // Whoever asked has given up meanwhile.
                    let _gone = child.kill().and_then(|()| child.wait());
                }
            }
        })?;
        Ok(Self(sender))
    }

    /// Starts a program.
    pub(crate) async fn start(&self, program: Program<'_>) -> Result<Process, ProcessError> {
        let fail = |source| ProcessError::Start { name: program.name.to_owned(), source };
        let command = program.command().map_err(fail)?;
        let (answer, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts programs is gone");
        self.0.send(Order { command, answer }).map_err(|_| fail(gone()))?;
        let child = child.await.unwrap_or_else(|_| Err(gone())).map_err(fail)?;
        Ok(Process {
            name: program.name.to_owned(),
            log: program.log.to_owned(),
            last_word: program.last_word,
            child,
        })
    }
}

impl LastWord {
    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Quit => Signal::QUIT,
        }
    }

    /// What setpriv(1) calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
        }
    }
}

impl Program<'_> {
    /// setpriv(1) becomes the program, which therefore has the process id that we see.
    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", self.last_word.name()]);
        if let Some(User { uid, gid }) = self.user {
            command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
        }
        let log = File::options().create(true).append(true).open(self.log)?;
        command
            .arg(self.file)
            .args(self.arguments)
            .current_dir(self.folder)
            // Settings in our environment are not meant for it: kwild and PostgreSQL read many variables.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A ctrl-c at the terminal is for us, who stop the programs one after the other.
            .process_group_of_its_own();
        Ok(command)
    }
}

impl Process {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs, or is stopped in the middle of it.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal. One that is gone hears nothing, and that is no error.
    pub(crate) fn signal(&mut self, signal: Signal) {
        // Only while the child is not waited for does its id belong to nobody else.
        if self.is_running()
            && let Some(pid) = i32::try_from(self.id()).ok().and_then(Pid::from_raw)
            && let Err(error) = kill_process(pid, signal)
        {
            tracing::warn!(%error, "{} cannot be sent a signal", self.name);
        }
    }

    /// Stops it in the middle of what it does, until it is sent `SIGCONT`. It stands still when this returns.
    pub(crate) async fn freeze(&mut self) {
        self.signal(Signal::STOP);
        while self.is_running() && !self.stands_still() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether the system shows it as stopped: `proc(5)`, the letter behind the name, which stands in parentheses.
    fn stands_still(&self) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        state.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// Waits for its end, for so long. Whether it ended.
    pub(crate) async fn ended_within(&mut self, patience: Duration) -> bool {
        let start = Instant::now();
        while self.is_running() {
            if start.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        true
    }

    /// Tells it to end by a signal, and ends it by force if it does not within `patience`.
    pub(crate) async fn end(&mut self, signal: Signal, patience: Duration) {
        self.signal(signal);
        if !self.ended_within(patience).await {
            tracing::warn!("{} did not end when it was told to", self.name);
            self.end_now();
        }
    }

    /// Ends it by force, and waits for that.
    pub(crate) fn end_now(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        self.signal(self.last_word.signal());
        let start = Instant::now();
        while self.is_running() && start.elapsed() < PATIENCE {
            thread::sleep(PAUSE);
        }
        if self.is_running() {
            self.signal(Signal::KILL);
            let _status = self.child.wait();
        }
    }

    /// The error that it has ended.
    pub(crate) fn has_ended(&self) -> ProcessError {
        ProcessError::Ended { name: self.name.clone(), log: last_lines(&self.log) }
    }

    /// The error that it is not ready.
    pub(crate) fn is_not_ready(&self, after: Duration) -> ProcessError {
        ProcessError::NotReady { name: self.name.clone(), after, log: last_lines(&self.log) }
    }
}

impl ProcessError {
    /// Whether its port was taken by somebody else, so that it may go well with another one.
    pub(crate) fn is_taken_port(&self) -> bool {
        const WORDS: [&str; 2] = ["address already in use", "Address already in use"];
        matches!(self, Self::Ended { log, .. } if WORDS.iter().any(|words| log.contains(words)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_now();
    }
}

/// The last lines of a log; empty if it cannot be read.
fn last_lines(log: &Path) -> String {
    let read = || {
        let mut file = File::open(log)?;
        let start = file.metadata()?.len().saturating_sub(SHOWN);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(process_group: &ProcessGroup, script: &str, folder: &Path) -> Process {
        let arguments = ["-c".to_owned(), script.to_owned()];
        process_group
            .start(Program {
                name: "a shell",
                file: Path::new("/bin/sh"),
                arguments: &arguments,
                folder,
                log: &folder.join("log"),
                user: None,
                last_word: LastWord::Kill,
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_program_runs_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let process_group = ProcessGroup::open().unwrap();
        let mut process = run(&process_group, "echo here; exec sleep 1000", folder.path()).await;
        while last_lines(&folder.path().join("log")) != "here" {
            tokio::time::sleep(PAUSE).await;
        }
        assert!(process.is_running());
        let id = process.id();
        drop(process);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[tokio::test]
    async fn a_program_ends_with_the_thread_that_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let process_group = ProcessGroup::open().unwrap();
        let mut process = run(&process_group, "exec sleep 1000", folder.path()).await;
        assert!(!process.ended_within(Duration::from_millis(200)).await);
        drop(process_group);
        assert!(process.ended_within(Duration::from_secs(10)).await);
    }

    #[tokio::test]
    async fn its_last_words_are_in_the_error() {
        let folder = tempfile::tempdir().unwrap();
        let process_group = ProcessGroup::open().unwrap();
        let mut process =
            run(&process_group, "echo bind: address already in use; exit 1", folder.path()).await;
        assert!(process.ended_within(Duration::from_secs(10)).await);
        let error = process.has_ended();
        assert!(error.is_taken_port(), "{error}");
    }
}
