//! The PostgreSQL server of a validator.
//!
//! Each validator has one of its own, as in real networks. With one for all, a validator that waits for the others'
//! votes, and so holds a prepared transaction open, would keep another one from starting: a server makes no
//! replication slot, which kwild needs, before all transactions have ended that are open in any of its databases.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::Rng;
use rustix::process::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

use crate::ports;
use crate::process::{LastWord, PAUSE, Process, ProcessError, ProcessGroup, Program, User};

/// The role that everything is done as.
pub(crate) const ROLE: &str = "postgres";

/// What the server is called in errors.
const NAME: &str = "PostgreSQL";
/// How many connections, and things like it, there are.
const MANY: &str = "80";
/// How long starting may take; long, because a server that was killed first repairs its files.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many ports are tried.
const TRIES: u32 = 5;

/// A server on loopback. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    process: Process,
    port: u16,
    password: String,
    programs: PathBuf,
}

/// Where a server's files and programs are, and who it runs as.
struct Home {
    folder: PathBuf,
    programs: PathBuf,
    user: Option<User>,
}

impl Postgres {
    /// Starts a server with its files in `folder`, which are made if absent.
    pub(crate) async fn start(
        tools: &Path,
        folder: PathBuf,
        process_group: &ProcessGroup,
    ) -> Result<Self, ProcessError> {
        let unable = |source| ProcessError::Start { name: NAME.to_owned(), source };
        let home = Home::prepare(tools, folder).map_err(unable)?;
        let password = home.password().map_err(unable)?;
        if !home.data().join("PG_VERSION").exists() {
            home.make_data(process_group).await?;
        }
        let mut try_number = 1;
        loop {
            let port = ports::free(1).map_err(unable)?.pop().unwrap_or_default();
            match home.serve(port, process_group).await {
                Ok(process) => return Ok(Self { process, port, password, programs: home.programs }),
                Err(error) if error.is_taken_port() && try_number < TRIES => try_number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// The folder of the programs that it runs: maybe copies, which its user can reach.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Makes a database, unless it is there. The name is a plain one.
    pub(crate) async fn make_database(&self, name: &str) -> Result<(), sqlx::Error> {
        let mut db = self.connect(ROLE).await?;
        let is_there = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(name);
        if is_there.fetch_optional(&mut db).await?.is_none() {
            let sql = AssertSqlSafe(format!("CREATE DATABASE {name}"));
            sqlx::raw_sql(sql).execute(&mut db).await?;
        }
        Ok(())
    }

    /// A connection to a database.
    pub(crate) async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        self.database(database).connect().await
    }

    /// How to connect to a database.
    pub(crate) fn database(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(ROLE)
            .password(&self.password)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Ends it as it likes to be ended.
    pub(crate) async fn stop(mut self) {
        const PATIENCE: Duration = Duration::from_secs(20);
        // A fast shutdown: connections are cut, and the files are in order.
        self.process.end(Signal::INT, PATIENCE).await;
    }
}

impl Home {
    fn prepare(tools: &Path, folder: PathBuf) -> io::Result<Self> {
        let user = if rustix::process::geteuid().is_root() { Some(unprivileged_user()?) } else { None };
        if !folder.exists() {
            DirBuilder::new().mode(0o700).create(&folder)?;
        }
        if let Some(User { uid, gid }) = user {
            chown(&folder, Some(uid), Some(gid))?;
        }
        let mut home = Self { folder, programs: tools.to_owned(), user };
        if user.is_some() && !home.user_can_run_programs()? {
            home.copy_programs(tools)?;
        }
        Ok(home)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The programs may lie where the server's user may not go, such as in the home of root.
    fn user_can_run_programs(&self) -> io::Result<bool> {
        let Some(User { uid, gid }) = self.user else { return Ok(true) };
        let status = Command::new("setpriv")
            .args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"])
            .arg(self.programs.join("bin/postgres"))
            .arg("--version")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        Ok(status.success())
    }

    fn copy_programs(&mut self, tools: &Path) -> io::Result<()> {
        let copy = self.folder.join("programs");
        if !copy.join("bin/postgres").exists() {
            let status = Command::new("cp").args(["-r", "-p", "--"]).args([tools, &copy]).status()?;
            if !status.success() {
                return Err(io::Error::other("its programs cannot be copied"));
            }
        }
        self.programs = copy;
        Ok(())
    }

    /// The password of the role, made if absent.
    fn password(&self) -> io::Result<String> {
        let file = self.folder.join("password");
        if !file.exists() {
            let password = hex::encode(rand::thread_rng().r#gen::<[u8; 16]>());
            let mut opened = File::options().write(true).create_new(true).mode(0o600).open(&file)?;
            writeln!(opened, "{password}")?;
            if let Some(User { uid, gid }) = self.user {
                chown(&file, Some(uid), Some(gid))?;
            }
        }
        Ok(fs::read_to_string(file)?.trim_end().to_owned())
    }

    async fn make_data(&self, process_group: &ProcessGroup) -> Result<(), ProcessError> {
        // What an earlier attempt left, which was killed in the middle of it.
        let _absent = fs::remove_dir_all(self.data());
        // The password goes over loopback as it is: SCRAM would cost an unoptimised client 50 ms for each connection.
        // The order of texts is that of their bytes, which is the same on every machine.
        let options = [
            "--pgdata=data",
            "--username=postgres",
            "--pwfile=password",
            "--auth=password",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ];
        let mut initdb = self.run("initdb", &options.map(str::to_owned), process_group).await?;
        if !initdb.ended_within(PATIENCE).await {
            return Err(initdb.is_not_ready(PATIENCE));
        }
        if self.data().join("PG_VERSION").exists() { Ok(()) } else { Err(initdb.has_ended()) }
    }

    async fn serve(&self, port: u16, process_group: &ProcessGroup) -> Result<Process, ProcessError> {
        let port = port.to_string();
        // From `wal_level` on it is what kwild asks for.
        let settings = [
            ("port", port.as_str()),
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", ""),
            ("logging_collector", "off"),
            ("wal_level", "logical"),
            ("wal_sender_timeout", "0"),
            ("max_connections", MANY),
            ("max_wal_senders", MANY),
            ("max_replication_slots", MANY),
            ("max_prepared_transactions", MANY),
            ("max_locks_per_transaction", "256"),
        ];
        let mut arguments = vec!["-D".to_owned(), "data".to_owned()];
        for (name, value) in settings {
            arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        let mut process = self.run("postgres", &arguments, process_group).await?;
        let start = Instant::now();
        while !self.is_ready(&process) {
            if !process.is_running() {
                return Err(process.has_ended());
            }
            if start.elapsed() > PATIENCE {
                return Err(process.is_not_ready(PATIENCE));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(process)
    }

    /// Whether the server itself says so, in the file where it writes its status: a stranger at the same port cannot be
    /// mistaken for it, nor can what an earlier one left there.
    fn is_ready(&self, process: &Process) -> bool {
        let status = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        status.lines().next() == Some(&process.id().to_string())
            && status.lines().any(|line| line.starts_with("ready"))
    }

    async fn run(
        &self,
        program: &str,
        arguments: &[String],
        process_group: &ProcessGroup,
    ) -> Result<Process, ProcessError> {
        process_group
            .start(Program {
                name: NAME,
                file: &self.programs.join("bin").join(program),
                arguments,
                folder: &self.folder,
                log: &self.folder.join("log"),
                user: self.user,
                // The server ends its own processes, without leaving the files in order: the next one does that.
                last_word: LastWord::Quit,
            })
            .await
    }
}

/// Whom PostgreSQL runs as where we are root, which it refuses to be.
fn unprivileged_user() -> io::Result<User> {
    let users = fs::read_to_string("/etc/passwd")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|wanted| user_named(&users, wanted))
        .ok_or_else(|| io::Error::other("there is no user postgres or nobody for it to run as"))
}

fn user_named(passwd: &str, wanted: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        match fields.as_slice() {
            [name, _, uid, gid, ..] if *name == wanted => {
                Some(User { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\npostgresx:x:1:1::/:\npostgres:x:101:102:,,,:/x:/bin/sh\n";
        assert_eq!(user_named(passwd, "postgres"), Some(User { uid: 101, gid: 102 }));
        assert_eq!(user_named(passwd, "nobody"), None);
    }
}
