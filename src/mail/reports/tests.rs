//! A mailbox whose server does what it is told to: refuses, breaks off, and lacks what others have. What a real one does is tried in
//! `tests/mail`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::config::{BouncesThen, Secret};

/// A mailbox, as its server has it.
#[derive(Default)]
struct Post {
    /// Mails of the folder, and their flags.
    mails: BTreeMap<u32, (String, BTreeSet<String>)>,
    moved: Vec<String>,
    /// What the server was told, without tags.
    told: Vec<String>,
}

/// Answers to beginnings of commands, in place of the usual ones; an empty one has the server break off.
type Script = Vec<(&'static str, &'static str)>;

struct Server {
    port: u16,
    post: Arc<Mutex<Post>>,
    script: Arc<Mutex<Script>>,
}

const USUAL: &str = "IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE";

impl Server {
    async fn start(able: &'static str, mails: &[(u32, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let mails = mails.iter().map(|(uid, text)| (*uid, ((*text).to_owned(), BTreeSet::new()))).collect();
        let post = Arc::new(Mutex::new(Post { mails, ..Post::default() }));
        let script: Arc<Mutex<Script>> = Arc::default();
        let server = Self { port: at.port(), post: Arc::clone(&post), script: Arc::clone(&script) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (post, script) = (Arc::clone(&post), Arc::clone(&script));
                tokio::spawn(async move {
                    let (read, mut write) = stream.into_split();
                    let mut lines = BufReader::new(read).lines();
                    let instead = |command: &str| {
                        let script = script.lock().unwrap();
                        script.iter().find(|(of, _)| command.starts_with(of)).map(|(_, said)| *said)
                    };
                    let greeting = instead("greeting").unwrap_or("* OK there\r\n");
                    if write.write_all(greeting.as_bytes()).await.is_err() || !greeting.ends_with("\r\n") {
                        return;
                    }
                    while let Ok(Some(line)) = lines.next_line().await {
                        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
                        post.lock().unwrap().told.push(command.to_owned());
                        let said = match instead(command) {
                            Some(said) => said.replace("TAG", tag),
                            None if command == "AUTHENTICATE PLAIN" => {
                                let _ = write.write_all(b"+ \r\n").await;
                                let rest = lines.next_line().await.unwrap().unwrap();
                                post.lock().unwrap().told.push(rest);
                                format!("{tag} OK in\r\n")
                            }
                            None => format!("{}{tag} OK done\r\n", post.lock().unwrap().act(command, able)),
                        };
                        let is_cut = !said.ends_with("\r\n");
                        if write.write_all(said.as_bytes()).await.is_err() || is_cut {
                            break;
                        }
                    }
                });
            }
        });
        server
    }

    fn settings(&self, more: impl FnOnce(&mut config::Mail)) -> config::Mail {
        let mut settings = config::Mail {
            bounces: Some(Bounces::from(format!("imap://us%40er@127.0.0.1:{}/Bounces", self.port))),
            bounces_password: Some(Secret::new("Xyzzy".to_owned())),
            ..config::Mail::example()
        };
        more(&mut settings);
        settings
    }

    fn reports(&self, more: impl FnOnce(&mut config::Mail)) -> Reports {
        Reports::new(Some(&self.settings(more))).unwrap().unwrap()
    }

    fn says(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    fn arrives(&self, uid: u32, text: &str) {
        self.post.lock().unwrap().mails.insert(uid, (text.to_owned(), BTreeSet::new()));
    }

    /// What is in the folder: numbers, and flags.
    fn there(&self) -> Vec<(u32, String)> {
        let post = self.post.lock().unwrap();
        post.mails
            .iter()
            .map(|(uid, (_, flags))| (*uid, flags.iter().cloned().collect::<Vec<_>>().join(" ")))
            .collect()
    }

    fn told(&self, what: &str) -> usize {
        self.post.lock().unwrap().told.iter().filter(|told| told.contains(what)).count()
    }
}

impl Post {
    /// What is said before the end of a command.
    fn act(&mut self, command: &str, able: &str) -> String {
        let words: Vec<_> = command.split(' ').collect();
        let uid = || words[2].parse::<u32>().unwrap();
        match words[..] {
            ["CAPABILITY"] => format!("* CAPABILITY {able}\r\n"),
            ["SELECT", "\"Bounces\""] => "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] fine\r\n".to_owned(),
            ["UID", "SEARCH", "UID", set, ..] => {
                let last = self.mails.keys().last().copied().unwrap_or_default();
                let is_in = |uid: u32| {
                    set.split(',').any(|part| match part.split_once(":*") {
                        // In any order (RFC 3501, section 9: `seq-range`).
                        Some((from, _)) => uid >= from.parse::<u32>().unwrap().min(last),
                        None => part.parse() == Ok(uid),
                    })
                };
                let has_not = |flags: &BTreeSet<String>| match words.get(4) {
                    Some(&"UNSEEN") => !flags.contains("\\Seen"),
                    Some(&"UNDELETED") => !flags.contains("\\Deleted"),
                    _ => true,
                };
                let found = self.mails.iter().filter(|(uid, (_, flags))| is_in(**uid) && has_not(flags));
                let found: Vec<_> = found.map(|(uid, _)| uid.to_string()).collect();
                format!("* SEARCH {}\r\n", found.join(" "))
            }
            ["UID", "FETCH", ..] => match self.mails.get(&uid()) {
                Some((text, _)) => {
                    let text = text.get(..MOST.min(text.len())).unwrap();
                    format!("* 1 FETCH (UID {} BODY[]<0> {{{}}}\r\n{text})\r\n", uid(), text.len())
                }
                None => String::new(),
            },
            ["UID", "STORE", _, "+FLAGS.SILENT", flag] => {
                let flag = flag.trim_matches(['(', ')']).to_owned();
                self.mails.get_mut(&uid()).unwrap().1.insert(flag);
                String::new()
            }
            ["UID", "EXPUNGE", _] => {
                self.mails.retain(|of, (_, flags)| *of != uid() || !flags.contains("\\Deleted"));
                "* 1 EXPUNGE\r\n".to_owned()
            }
            ["UID", "MOVE" | "COPY", _, "\"Done\""] => {
                self.moved.push(self.mails[&uid()].0.clone());
                if words[1] == "MOVE" {
                    self.mails.remove(&uid());
                }
                String::new()
            }
            _ => String::new(),
        }
    }
}

/// Reads all, as the service does: what is called a report on ours is settled as one. Gives what was read, and errors.
async fn read(reports: &Reports) -> (Vec<String>, Vec<&'static str>) {
    let (mut texts, mut errors) = (Vec::new(), Vec::new());
    let mut reading = match reports.open().await {
        Ok(reading) => reading,
        Err(error) => return (texts, vec![error.as_str()]),
    };
    loop {
        let step = match reading.next().await {
            Ok(None) => break,
            Ok(Some(bytes)) => {
                let text = String::from_utf8(bytes).unwrap();
                let settled = reading.settle(text.starts_with("ours")).await;
                texts.push(text);
                settled
            }
            Err(error) => Err(error),
        };
        if let Err(error) = step {
            errors.push(error.as_str());
            if !error.is_of_one() {
                return (texts, errors);
            }
        }
    }
    reading.close().await;
    (texts, errors)
}

async fn texts(reports: &Reports) -> Vec<String> {
    let (texts, errors) = read(reports).await;
    assert_eq!(errors, Vec::<&str>::new());
    texts
}

const MAILS: &[(u32, &str)] = &[(3, "ours 3"), (5, "a letter"), (9, "ours 9")];

#[tokio::test]
async fn what_was_acted_on_is_deleted_and_nothing_else_is_touched() {
    let server = Server::start(USUAL, MAILS).await;
    let reports = server.reports(|_| ());
    reports.test().await.unwrap();
    assert_eq!(server.told("FETCH"), 0);
    assert_eq!(texts(&reports).await, ["ours 3", "a letter", "ours 9"]);
    assert_eq!(server.there(), [(5, String::new())]);
    // The letter is looked at once, until another process comes.
    assert!(texts(&reports).await.is_empty());
    server.arrives(11, "ours 11");
    assert_eq!(texts(&reports).await, ["ours 11"]);
    assert_eq!(texts(&server.reports(|_| ())).await, ["a letter"]);
    assert_eq!(server.there(), [(5, String::new())]);
    // User and password go as SASL has them, and nowhere else.
    assert!(server.told("AHVzQGVyAFh5enp5") > 0 && server.told("Xyzzy") == 0);
    // Numbers of another folder say nothing about this one.
    server.says(vec![("SELECT", "* OK [UIDVALIDITY 6] new\r\nTAG OK done\r\n")]);
    assert_eq!(texts(&reports).await, ["a letter"]);
}

#[tokio::test]
async fn servers_that_can_less_are_asked_for_less() {
    let server = Server::start("IMAP4rev1", MAILS).await;
    let reports = server.reports(|_| ());
    assert_eq!(texts(&reports).await.len(), 3);
    let deleted = "\\Deleted".to_owned();
    assert_eq!(server.there(), [(3, deleted.clone()), (5, String::new()), (9, deleted.clone())]);
    assert_eq!((server.told("EXPUNGE"), server.told("LOGIN \"us@er\" \"Xyzzy\"")), (0, 1));
    assert_eq!(texts(&server.reports(|_| ())).await, ["a letter"], "what is marked as deleted is done with");

    let server = Server::start(USUAL, MAILS).await;
    let seen = |mail: &mut config::Mail| mail.bounces_then = BouncesThen::Seen;
    assert_eq!(texts(&server.reports(seen)).await.len(), 3);
    assert_eq!(server.there(), [(3, "\\Seen".to_owned()), (5, String::new()), (9, "\\Seen".to_owned())]);
    assert_eq!(texts(&server.reports(seen)).await, ["a letter"]);

    for able in [USUAL, "IMAP4rev1 UIDPLUS", "IMAP4rev1"] {
        let server = Server::start(able, MAILS).await;
        let moving = |mail: &mut config::Mail| {
            mail.bounces_then = BouncesThen::Move;
            mail.bounces_moved_to = Some("Done".to_owned());
        };
        assert_eq!(texts(&server.reports(moving)).await.len(), 3);
        assert_eq!(server.post.lock().unwrap().moved, ["ours 3", "ours 9"], "{able}");
        let left = server.there().into_iter().filter(|(_, flags)| !flags.contains("Deleted"));
        assert_eq!(left.collect::<Vec<_>>(), [(5, String::new())], "{able}");
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_keeps_no_other_from_its_turn() {
    let server = Server::start(USUAL, MAILS).await;
    let reports = server.reports(|_| ());
    for answer in ["TAG NO broken\r\n", "* 1 FETCH (UID 3 BODY[]<0> ???)\r\nTAG OK done\r\n"] {
        server.says(vec![("UID FETCH 3", answer)]);
        let (texts, errors) = read(&reports).await;
        assert_eq!(errors, ["unreadable"]);
        assert!(!texts.contains(&"ours 3".to_owned()) && !server.there().contains(&(9, String::new())));
    }
    server.arrives(12, "ours 12");
    server.says(vec![]);
    assert_eq!(texts(&reports).await, ["ours 12", "ours 3"]);

    // What cannot be marked is read again, which changes nothing.
    server.arrives(13, "ours 13");
    server.arrives(14, "ours 14");
    server.says(vec![("UID STORE 13", "TAG NO not now\r\n")]);
    let (all, errors) = read(&reports).await;
    assert_eq!((all, errors), (vec!["ours 13".to_owned(), "ours 14".to_owned()], vec!["unmarkable"]));
    server.says(vec![]);
    assert_eq!(texts(&reports).await, ["ours 13"]);
    assert_eq!(server.there(), [(5, String::new())]);

    // Of a huge one the beginning is read.
    let huge = format!("ours {}", "x".repeat(3 * MOST));
    server.arrives(20, &huge);
    let read = texts(&reports).await;
    assert_eq!(read.iter().map(String::len).collect::<Vec<_>>(), [MOST]);
    // A server that sends it all the same is not listened to; what is behind it has its turn the next time.
    server.arrives(21, "ours 21");
    server.arrives(22, "ours 22");
    server.says(vec![("UID FETCH 21", "* 1 FETCH (UID 21 BODY[] {4000000000}\r\nxxx\r\n")]);
    assert_eq!(self::read(&reports).await, (vec![], vec!["too_much"]));
    assert_eq!(self::read(&reports).await, (vec!["ours 22".to_owned()], vec!["too_much"]));
}

#[tokio::test]
async fn wherever_the_server_breaks_off_nothing_is_lost() {
    for (at, said) in [
        ("greeting", ""),
        ("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PL"),
        ("AUTHENTICATE", ""),
        ("SELECT", "* OK [UIDVALIDITY 5]"),
        ("UID SEARCH", "* SEARCH 3 5"),
        ("UID SEARCH", "* BYE enough"),
        ("UID FETCH 3", "* 1 FETCH (UID 3 BODY[]<0> {6}\r\nou"),
        ("UID FETCH 3", "* 1 FETCH (UID 3 BODY[]<0> {6}\r\nours 3)\r\n* BYE"),
        ("UID FETCH 3", ""),
        ("UID STORE 3", ""),
        ("UID EXPUNGE 3", "* 1 EXPUN"),
    ] {
        let server = Server::start(USUAL, MAILS).await;
        let reports = server.reports(|_| ());
        server.says(vec![(at, said)]);
        let (_, errors) = read(&reports).await;
        assert_eq!(errors, ["connection"], "{at} {said}");
        server.says(vec![]);
        let mut all = texts(&reports).await;
        all.sort();
        assert!(all.contains(&"ours 3".to_owned()) && all.contains(&"ours 9".to_owned()), "{at}: {all:?}");
        assert_eq!(server.there(), [(5, String::new())], "{at}");
    }
}

#[tokio::test]
async fn each_no_is_told_apart_and_repeats_nothing() {
    for (script, able, error) in [
        (vec![("AUTHENTICATE", "TAG NO Xyzzy\r\n")], USUAL, "login"),
        (vec![("AUTHENTICATE", "TAG NO [UNAVAILABLE] Xyzzy\r\n")], USUAL, "unavailable"),
        (vec![("LOGIN", "TAG NO Xyzzy\r\n")], "IMAP4rev1", "login"),
        (vec![], "IMAP4rev1 LOGINDISABLED", "no_login"),
        (vec![("greeting", "* BYE Xyzzy\r\n")], USUAL, "unavailable"),
        (vec![("greeting", "220 Xyzzy ESMTP\r\n")], USUAL, "protocol"),
        (vec![("greeting", "HTTP/1.1 400 Xyzzy\r\n\r\n")], USUAL, "protocol"),
        (vec![("SELECT", "TAG NO Xyzzy\r\n")], USUAL, "no_folder"),
        (vec![("SELECT", "* OK [UIDVALIDITY 5] fine\r\nTAG OK [READ-ONLY] Xyzzy\r\n")], USUAL, "read_only"),
        (vec![("SELECT", "TAG OK Xyzzy\r\n")], USUAL, "protocol"),
        (vec![("STATUS", "TAG NO Xyzzy\r\n")], USUAL, "no_target"),
        (vec![("UID SEARCH", "TAG BAD Xyzzy\r\n")], USUAL, "refused"),
        (vec![("UID SEARCH", "* SEARCH 4294967296\r\nTAG OK done\r\n")], USUAL, "protocol"),
    ] {
        let server = Server::start(able, MAILS).await;
        let reports = server.reports(|mail| {
            mail.bounces_then = BouncesThen::Move;
            mail.bounces_moved_to = Some("Done".to_owned());
        });
        server.says(script);
        let failed = reports.open().await.err().unwrap();
        assert_eq!(failed.as_str(), error);
        assert!(!format!("{failed} {failed:?} {}", failed.cure()).contains("Xyzzy"));
        assert_eq!(server.there().len(), 3);
    }
}

#[tokio::test]
async fn nobody_is_told_the_password_without_the_tls_that_is_demanded() {
    for (script, able, error) in [
        (vec![], USUAL, "no_tls"),
        (vec![("greeting", "* PREAUTH come in\r\n")], "IMAP4rev1 STARTTLS", "no_tls"),
        (vec![("STARTTLS", "TAG NO\r\n")], "IMAP4rev1 STARTTLS", "refused"),
        // Said by somebody on the way, to be believed behind TLS.
        (
            vec![("STARTTLS", "TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\ni3 OK\r\n")],
            "IMAP4rev1 STARTTLS",
            "protocol",
        ),
    ] {
        let server = Server::start(able, MAILS).await;
        let reports = server.reports(|mail| {
            let url = format!("imap://user@127.0.0.1:{}?tls=required", server.port);
            mail.bounces = Some(Bounces::from(url));
            mail.timeout = 20;
        });
        server.says(script);
        let failed = reports.open().await.err().unwrap();
        assert_eq!(failed.as_str(), error);
        assert_eq!(server.told("AUTH") + server.told("LOGIN "), 0);
    }
    for url in ["imap://user@mail.example.com?tls=none", "imap://user@10.0.0.1?tls=opportunistic"] {
        let settings =
            config::Mail { bounces: Some(Bounces::from(url.to_owned())), ..config::Mail::example() };
        assert!(matches!(Reports::new(Some(&settings)), Err(MailError::Plaintext("mail.bounces"))));
    }
}
