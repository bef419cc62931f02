"""`idos-issuer mail collect` and `doctor` against Dovecot: reports of mails that came back, in a mailbox that others use, too."""

import json
import os
import pathlib
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from servers import Dovecot, certificate, free_port  # noqa: E402
from service import PROGRAM, issued  # noqa: E402

ADDRESS = "somebody@user.example"
LETTER = b"Subject: letter\r\n\r\nHello.\r\n"


def report(notice, status="5.1.1", returned=b"", subject=b"report"):
    """As mail servers make it (RFC 3464)."""
    return (
        b"From: MAILER-DAEMON@mail.example\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
        b"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %s\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <%s@kyc.example.com>\r\n\r\n%s\r\n--b--\r\n"
    ) % (subject, ADDRESS.encode(), status.encode(), notice.encode(), returned)


class Between:
    """Sits between the program and Dovecot, and sees what is said; `on` says what becomes of a line that the program says: `cut`, or
    `stall`, after which nothing goes through. Answers go through up to `most` bytes."""

    def __init__(self, folder, port, on=lambda line: None, most=None):
        self.port, self.on, self.most = port, on, most
        self.stalled = threading.Event()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(folder / "server.pem")
        self.client = ssl.create_default_context(cafile=folder / "ca.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.here = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _serve(self):
        while True:
            try:
                accepted = self.listener.accept()[0]
            except OSError:
                return
            try:
                near = self.server.wrap_socket(accepted, server_side=True)
            except OSError:
                # Who does not trust this certificate goes.
                continue
            far = self.client.wrap_socket(socket.create_connection(("127.0.0.1", self.port)), server_hostname="localhost")
            threading.Thread(target=self._down, args=(near, far), daemon=True).start()
            threading.Thread(target=self._up, args=(near, far), daemon=True).start()

    def _up(self, near, far):
        try:
            for line in near.makefile("rb"):
                what = self.on(line)
                if what == "stall":
                    self.stalled.set()
                    return
                if what == "cut":
                    near.shutdown(socket.SHUT_RDWR)
                    return
                far.sendall(line)
        except OSError:
            pass

    def _down(self, near, far):
        left = self.most
        try:
            while data := far.recv(65536):
                near.sendall(data if left is None else data[:left])
                if left is not None and (left := left - len(data)) <= 0:
                    near.shutdown(socket.SHUT_RDWR)
                    return
        except OSError:
            pass


class Mailbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A service with one credential in a profile, of whose end a mail has told already."""
        cls.kept = tempfile.TemporaryDirectory(prefix="idos-mail-")
        cls.made = pathlib.Path(cls.kept.name) / "made"
        issued(cls.made)
        with sqlite3.connect(cls.made / "issuer.db") as database:
            (cls.notice,) = database.execute("SELECT id FROM notice ORDER BY days DESC LIMIT 1").fetchone()
            now = int(time.time() * 1000)
            database.execute("UPDATE notice SET state = 'sent', data_at = ?, sent_at = ? WHERE id = ?", (now, now, cls.notice))
        database.close()

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="idos-mail-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copytree(self.made, self.folder / "data")
        self.config = self.folder / "data" / "config.toml"

    def configure(self, url, more="", ca=True, password=Dovecot.PASSWORD):
        (self.folder / "password").write_text(password)
        (self.folder / "password").chmod(0o600)
        mail = f'[mail]\nfrom = "kyc@kyc.example.com"\ntransport = "sendmail"\nsendmail = "/bin/true"\nbounces = "{url}"\n'
        mail += f'bounces_password_file = "{self.folder}/password"\ntimeout = 30\n{more}\n'
        if ca:
            mail += f'ca_file = "{self.folder}/ca.pem"\n'
        text = (self.made / "config.toml").read_text()
        self.config.write_text(f"{text}\n{mail}")

    def url(self, port, scheme="imaps", host="localhost", rest=""):
        return f"{scheme}://{Dovecot.USER.replace('@', '%40')}@{host}:{port}/{rest}"

    def start(self, *arguments):
        # All that is ever logged.
        environment = {**os.environ, "RUST_LOG": "trace"}
        environment.pop("IDOS_ISSUER_MAIL_BOUNCES_PASSWORD", None)
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([PROGRAM, "--config", self.config, *arguments], env=environment, **pipe)

    def run_it(self, *arguments):
        process = self.start(*arguments)
        said, log = process.communicate(timeout=240)
        for secret in [ADDRESS, Dovecot.PASSWORD, "Xyzzy", Dovecot.USER]:
            self.assertNotIn(secret, said + log)
        return process.returncode, said, log

    def collect(self):
        code, said, log = self.run_it("mail", "collect")
        self.assertEqual(code, 0, said + log[-2000:])
        return dict(line.split(": ") for line in said.splitlines() if ": " in line)

    def doctor(self):
        _, said, _ = self.run_it("doctor", "--json")
        findings = json.loads(said)["findings"]
        (found,) = [finding for finding in findings if finding["check"] == "bounces"]
        return found["verdict"], found["text"]

    def stops(self):
        """Addresses that nothing is sent to any more, and how often clients were told so."""
        database = sqlite3.connect(self.folder / "data" / "issuer.db")
        try:
            (stops,) = database.execute("SELECT count(*) FROM mail_stop").fetchone()
            (told,) = database.execute("SELECT count(*) FROM event WHERE kind = 'contact.unreachable'").fetchone()
            return stops, told
        finally:
            database.close()

    def test_reports_are_acted_on_and_deleted_and_letters_stay_unseen(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            self.configure(self.url(dovecot.imaps))
            self.assertEqual(self.doctor()[0], "ok")
            foreign = report("ntc_01J00000000000000000000000", subject=b"foreign")
            full = report(self.notice, "5.2.2", subject=b"full")
            dovecot.put(LETTER, full, foreign, b"\r\n", b"\xff\xfe\x00\r\nSubject: broken\r\n")
            self.assertEqual(self.collect(), {"no_report": "3", "not_ours": "1", "passed": "1"})
            self.assertEqual(self.stops(), (0, 0))
            # Its beginning says it all, of however large a mail.
            dovecot.put(report(self.notice, returned=(b"x" * 76 + b"\r\n") * 40_000), report(self.notice))
            self.assertEqual(self.collect()["no_such_address"], "2")
            self.assertEqual(self.stops(), (1, 1))
            left = dovecot.there()
            self.assertEqual([seen for _, seen in left], [False] * 4)
            self.assertEqual([subject for subject, _ in left if subject in ("letter", "foreign", "full", "report")], ["letter", "foreign"])

    def test_by_starttls_reports_are_marked_or_moved(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            dovecot.put(LETTER, report(self.notice))
            seen = 'bounces_then = "seen"'
            self.configure(self.url(dovecot.imap, "imap", rest="INBOX?tls=required"), seen)
            self.assertEqual(self.collect(), {"no_report": "1", "no_such_address": "1"})
            self.assertEqual(dovecot.there(), [("letter", False), ("report", True)])
            self.assertEqual(self.collect(), {"no_report": "1"})

            inner = "Back &- forth/Erledigte R&APw-ckl&AOQ-ufer"
            dovecot.put(report(self.notice), folder="Back &- forth")
            moving = 'bounces_then = "move"\nbounces_moved_to = "Back & forth/Erledigte Rückläufer"'
            self.configure(self.url(dovecot.imaps, rest="Back%20%26%20forth"), moving)
            self.assertEqual(self.doctor(), ("bad", "the folder mail.bounces_moved_to is not in the mailbox"))
            dovecot.put(LETTER, folder=inner)
            self.assertEqual(self.doctor()[0], "ok")
            self.assertEqual(self.collect(), {"no_such_address": "1"})
            self.assertEqual([subject for subject, _ in dovecot.there(inner)], ["letter", "report"])

    def test_each_no_is_told_apart(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            dovecot.put(report(self.notice))
            for what, options, text in [
                ({}, {"password": "Xyzzy"}, "refuses user or password"),
                ({}, {"ca": False}, "no certificate that is trusted"),
                ({"rest": "Gone"}, {}, "is not in the mailbox"),
                ({"port": free_port()}, {}, "cannot be reached"),
                ({"port": dovecot.imap}, {}, "does not speak TLS"),
            ]:
                with self.subTest(what=what, options=options):
                    self.configure(self.url(**{"port": dovecot.imaps, **what}), **options)
                    verdict, said = self.doctor()
                    self.assertEqual(verdict, "bad")
                    self.assertIn(text, said)
                    code, _, log = self.run_it("mail", "collect")
                    self.assertEqual(code, 2)
                    self.assertIn(text, log)
            self.assertEqual(self.stops(), (0, 0))
            self.assertEqual(dovecot.there(), [("report", False)])

    def test_a_certificate_must_be_of_the_host(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            # Of the same authority, for another name.
            (self.folder / "other").mkdir()
            certificate(self.folder / "other", names=("other.example",))
            other = self.folder / "other"
            with Between(other, dovecot.imaps) as between:
                between.client.check_hostname = False
                between.client.verify_mode = ssl.CERT_NONE
                shutil.copy(other / "ca.pem", self.folder / "ca.pem")
                self.configure(self.url(between.here))
                self.assertIn("no certificate that is trusted", self.doctor()[1])
                self.configure(self.url(between.here, host="127.0.0.1"))
                self.assertEqual(self.doctor()[0], "ok")

    def test_whatever_is_killed_when_a_report_is_acted_on_once(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            for command, acted_on in [(b"FETCH", 0), (b"STORE", 1), (b"EXPUNGE", 1)]:
                if not dovecot.there():
                    dovecot.put(report(self.notice))
                with Between(self.folder, dovecot.imaps, lambda line: "stall" if command in line else None) as between:
                    self.configure(self.url(between.here))
                    process = self.start("mail", "collect")
                    self.assertTrue(between.stalled.wait(120), command)
                    process.kill()
                    process.communicate()
                self.assertEqual(self.stops(), (acted_on, acted_on), command)
                self.assertEqual(len(dovecot.there()), 1)
                if acted_on:
                    self.configure(self.url(dovecot.imaps))
                    self.assertEqual(self.collect(), {"no_such_address": "1"})
                    self.assertEqual((self.stops(), dovecot.there()), ((1, 1), []))

    def test_cut_anywhere_it_is_read_the_next_time(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            dovecot.put(LETTER, report(self.notice))
            for most in [1, 300, 900, 1200, 1500]:
                with self.subTest(most=most), Between(self.folder, dovecot.imaps, most=most) as between:
                    self.configure(self.url(between.here))
                    code, _, log = self.run_it("mail", "collect")
                    self.assertEqual(code, 2, log[-500:])
                    self.assertIn("has broken off", log)
            self.configure(self.url(dovecot.imaps))
            self.collect()
            self.assertEqual((self.stops(), dovecot.there()), ((1, 1), [("letter", False)]))

    def test_many_mails_are_read_a_few_hundred_at_once(self):
        certificate(self.folder)
        with Dovecot(self.folder) as dovecot:
            dovecot.put(*[LETTER] * 510, report(self.notice))
            self.configure(self.url(dovecot.imaps))
            self.assertEqual(self.collect(), {"no_report": "510", "no_such_address": "1"})
            self.assertEqual(len(dovecot.there()), 510)


if __name__ == "__main__":
    unittest.main()
