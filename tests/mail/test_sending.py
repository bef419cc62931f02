"""`idos-issuer mail test` against mail servers: TLS, login, refusals, dialogues that end at every point."""

import pathlib
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from servers import Handler, Real, Scripted, certificate, free_port, login  # noqa: E402
from service import ADDRESS, ROOT, Service  # noqa: E402

LOGIN = "user:Xyzzy%26pass@"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def send(self, mail, **more):
        return Service(self.folder, mail).send(**more)[0]

    def outcome(self, told):
        return tuple(told.get(name) for name in ("outcome", "stage", "code", "enhanced", "cause", "next"))


class Tls(Case):
    def url(self, scheme, port, query="", host="localhost"):
        return f'url = "{scheme}://{LOGIN}{host}:{port}{query}"\nca_file = "ca.pem"\ntimeout = 30\n'

    def test_from_the_first_byte_with_login(self):
        _, context = certificate(self.folder)
        handler = Handler()
        with Real(handler, implicit=context, authenticator=login, auth_required=True) as port:
            told = self.send(self.url("smtps", port))
        self.assertEqual(self.outcome(told), ("sent", None, 250, "2.0.0", None, "done"))
        (sender, recipients, content, _), = handler.mails
        self.assertEqual((sender, recipients), ("kyc@mail.example.com", [ADDRESS]))
        self.assertIn(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", content)

    def test_starttls_with_login(self):
        _, context = certificate(self.folder)
        for query in ["", "?tls=required"]:
            handler = Handler()
            with Real(handler, starttls=context, authenticator=login, auth_required=True) as port:
                told = self.send(self.url("smtp", port, query))
            self.assertEqual(told["outcome"], "sent")
            self.assertEqual(handler.sessions, [(True, True)])

    def test_a_wrong_password_is_the_operators_affair(self):
        _, context = certificate(self.folder)
        with Real(Handler(), implicit=context, authenticator=login, auth_required=True) as port:
            told, said = Service(self.folder, self.url("smtps", port).replace("Xyzzy", "Xyzzz")).send()
        self.assertEqual(self.outcome(told), ("refused", "login", 535, "5.7.8", None, "again"))
        self.assertNotIn("Xyzzz", said)

    def test_a_certificate_must_be_trusted_and_of_the_host(self):
        _, context = certificate(self.folder)
        with Real(Handler(), implicit=context) as port:
            told = self.send(self.url("smtps", port).replace('ca_file = "ca.pem"\n', ""))
        self.assertEqual(self.outcome(told), ("not_sent", "connect", None, None, "certificate", "again"))
        _, context = certificate(self.folder, names=("other.example",))
        for scheme, options, stage in [("smtps", {"implicit": context}, "connect"), ("smtp", {"starttls": context}, "tls")]:
            with Real(Handler(), **options) as port:
                told = self.send(self.url(scheme, port))
            self.assertEqual(self.outcome(told), ("not_sent", stage, None, None, "certificate", "again"))

    def test_without_tls_nothing_goes_where_it_is_demanded(self):
        handler = Handler()
        with Real(handler) as port:
            told = self.send(f'url = "smtp://localhost:{port}?tls=required"\n')
        self.assertEqual(self.outcome(told), ("not_sent", "tls", None, None, "notls", "again"))
        self.assertEqual(handler.mails, [])

    def test_to_this_machine_it_may_go_without(self):
        handler = Handler()
        with Real(handler) as port:
            self.assertEqual(self.send(f'url = "smtp://127.0.0.1:{port}"\n')["outcome"], "sent")
        self.assertEqual(handler.sessions, [(False, False)])

    def test_to_another_machine_it_may_not(self):
        for query in ["?tls=none", "?tls=opportunistic"]:
            done = Service(self.folder, f'url = "smtp://mail.example.com:25{query}"\n').run("test", ADDRESS)
            self.assertEqual(done.returncode, 2)
            self.assertIn("mail.allow_plaintext", done.stderr)

    def test_what_was_said_before_tls_does_not_count(self):
        """Answers that somebody on the way puts behind that to STARTTLS."""
        certificate(self.folder)
        injected = b"220 go\r\n250-there\r\n250 AUTH PLAIN\r\n235 in\r\n250 a\r\n250 b\r\n354 c\r\n250 d\r\n"
        script = {"EHLO": b"250-there\r\n250 STARTTLS\r\n", "STARTTLS": injected}
        with Scripted(script) as server:
            told = self.send(self.url("smtp", server.port))
        self.assertEqual((told["outcome"], told["stage"], told["next"]), ("not_sent", "tls", "again"))
        self.assertNotIn("AUTH", server.commands)


class Refusals(Case):
    def to(self, handler):
        with Real(handler) as port:
            return self.send(f'url = "smtp://127.0.0.1:{port}"\n')

    def test_refusals_are_told_apart(self):
        for command, answer, expected, dead in [
            ("RCPT", "451 4.7.1 greylisted, xyzzy.reader", ("refused", "recipient", 451, "4.7.1", None, "again"), False),
            ("RCPT", "450 come again", ("refused", "recipient", 450, None, None, "again"), False),
            ("RCPT", "550 5.1.1 no xyzzy.reader here", ("refused", "recipient", 550, "5.1.1", None, "never"), True),
            ("RCPT", "550-5.1.1 no\r\n550 5.1.1 xyzzy.reader", ("refused", "recipient", 550, "5.1.1", None, "never"), True),
            ("RCPT", "554 5.7.1 you are on a list", ("refused", "recipient", 554, "5.7.1", None, "never"), False),
            ("RCPT", "556 5.1.10 no mail", ("refused", "recipient", 556, "5.1.10", None, "never"), True),
            ("MAIL", "550 5.7.1 not you", ("refused", "sender", 550, "5.7.1", None, "again"), False),
            ("MAIL", "452 4.3.1 full", ("refused", "sender", 452, "4.3.1", None, "again"), False),
            ("DATA", "554 5.7.0 spam", ("refused", "end", 554, "5.7.0", None, "never"), False),
            ("DATA", "451 4.3.0 later", ("refused", "end", 451, "4.3.0", None, "again"), False),
        ]:
            with self.subTest(command=command, answer=answer):
                told = self.to(Handler({command: [answer]}))
                self.assertEqual(self.outcome(told), expected)
                self.assertEqual(told["deadAddress"], dead)

    def test_what_was_greylisted_is_taken_later_as_the_same_mail(self):
        handler = Handler({"RCPT": ["451 4.7.1 greylisted"]})
        with Real(handler) as port:
            service = Service(self.folder, f'url = "smtp://127.0.0.1:{port}"\n')
            self.assertEqual(service.send(identifier="n1")[0]["next"], "again")
            self.assertEqual(service.send(identifier="n1")[0]["next"], "done")
        (_, _, content, _), = handler.mails
        self.assertIn(b"Message-ID: <n1@mail.example.com>\r\n", content)

    def test_addresses_that_are_not_in_ascii(self):
        handler = Handler()
        with Real(handler) as port:
            mail = f'url = "smtp://127.0.0.1:{port}"\n'
            self.assertEqual(self.send(mail, to="xyzzy@bücher.example")["outcome"], "sent")
            self.assertEqual(self.send(mail, to="xyzzyä@reader.example")["outcome"], "sent")
        self.assertEqual([m[1] for m in handler.mails], [["xyzzy@xn--bcher-kva.example"], ["xyzzyä@reader.example"]])
        self.assertIn("SMTPUTF8", handler.mails[1][3])
        with Scripted({}) as server:
            told = self.send(f'url = "smtp://127.0.0.1:{server.port}"\n', to="xyzzyä@reader.example")
        self.assertEqual(self.outcome(told), ("not_sent", "recipient", None, None, "noutf8", "never"))


class Ends(Case):
    """Wherever a dialogue ends: before the end of the message it may be repeated, behind it it may not."""

    def against(self, script, timeout=5, data_timeout=5):
        with Scripted(script) as server:
            told = self.send(
                f'url = "smtp://127.0.0.1:{server.port}"\ntimeout = {timeout}\ndata_timeout = {data_timeout}\n'
            )
            return told, server

    def test_cut_at_every_stage(self):
        for step, stage in [
            ("connect", "connect"),
            ("EHLO", "connect"),
            ("MAIL", "sender"),
            ("RCPT", "recipient"),
            ("DATA", "data"),
        ]:
            for how in ["cut", "reset"]:
                with self.subTest(step=step, how=how):
                    told, server = self.against({step: [how]})
                    self.assertEqual((told["outcome"], told["stage"], told["next"]), ("not_sent", stage, "again"))
                    self.assertEqual(server.whole, 0)

    def test_cut_behind_the_end_is_unclear(self):
        for how in ["cut", "reset"]:
            told, server = self.against({"end": [how]})
            self.assertEqual(self.outcome(told), ("unclear", None, None, None, None, "unknown"))
            self.assertEqual(server.whole, 1)

    def large(self):
        """Settings of mails that no system takes all at once."""
        templates = self.folder / "large"
        templates.mkdir(exist_ok=True)
        layout = (ROOT / "templates" / "mail" / "layout.txt").read_text()
        (templates / "layout.txt").write_text(layout + ("x" * 70 + "\n") * 3600)
        return 'templates = "large"\n'

    def test_cut_within_the_message_it_was_not_taken(self):
        large = self.large()
        for after in [0, 4_000]:
            for how, cause in [("cut", "connection"), ("reset", "connection"), ("silence", "timeout")]:
                with self.subTest(after=after, how=how), Scripted({"body": [how if how != "silence" else 60]}, after, small=True) as server:
                    told = self.send(f'url = "smtp://127.0.0.1:{server.port}"\ndata_timeout = 5\n{large}')
                    self.assertEqual(self.outcome(told), ("not_sent", "message", None, None, cause, "again"))
                    self.assertEqual(server.whole, 0)

    def test_cut_within_a_message_that_the_system_took_whole_is_unclear(self):
        """Nobody on this side can know how much of it was read."""
        for how in ["cut", "reset"]:
            told, server = self.against({"body": [0.5, how]})
            self.assertEqual(self.outcome(told), ("unclear", None, None, None, None, "unknown"))
            self.assertEqual(server.whole, 0)

    def test_a_server_that_reads_slowly_is_waited_for(self):
        with Scripted({}, small=True, pace=0.01) as server:
            told = self.send(f'url = "smtp://127.0.0.1:{server.port}"\ndata_timeout = 200\n{self.large()}')
            self.assertEqual((told["outcome"], server.whole), ("sent", 1))

    def test_silence_at_every_stage(self):
        for step, stage in [("connect", "connect"), ("EHLO", "connect"), ("MAIL", "sender"), ("RCPT", "recipient")]:
            with self.subTest(step=step):
                told, _ = self.against({step: ["silence"]}, timeout=1)
                self.assertEqual(self.outcome(told), ("not_sent", stage, None, None, "timeout", "again"))
        told, server = self.against({"end": ["silence"]}, data_timeout=1)
        self.assertEqual((told["outcome"], told["next"], server.whole), ("unclear", "unknown", 1))

    def test_nonsense_is_no_success(self):
        for step, answer, outcome in [
            ("connect", b"HTTP/1.1 400 Bad Request\r\n\r\n", "not_sent"),
            ("EHLO", b"hello\r\n", "not_sent"),
            ("MAIL", b"354 go on\r\n", "not_sent"),
            ("RCPT", b"220 hm\r\n", "not_sent"),
            ("RCPT", b"250 fine\r\n250 fine\r\n", "not_sent"),
            ("DATA", b"250 taken already\r\n", "not_sent"),
            ("DATA", b"354\xff\xfe\r\n", "not_sent"),
            ("end", b"354 go on\r\n", "unclear"),
            ("end", b"taken\r\n", "unclear"),
            ("end", b"250", "unclear"),
        ]:
            with self.subTest(step=step, answer=answer):
                script = {step: [answer, "cut"] if answer == b"250" or step != "RCPT" and step != "DATA" else answer}
                told, server = self.against(script, timeout=3, data_timeout=3)
                self.assertEqual(told["outcome"], outcome, told)
                self.assertEqual(server.whole, 1 if outcome == "unclear" else 0)

    def test_slow_servers_are_waited_for(self):
        slow = [piece for byte in b"250 2.0.0 taken\r\n" for piece in (0.05, bytes([byte]))]
        told, server = self.against({"connect": [1, b"220 there\r\n"], "RCPT": [1, b"250 fine\r\n"], "end": slow}, 60, 60)
        self.assertEqual((told["outcome"], server.whole), ("sent", 1))

    def test_nobody_there(self):
        told = self.send(f'url = "smtp://127.0.0.1:{free_port()}"\ntimeout = 5\n')
        self.assertEqual(self.outcome(told), ("not_sent", "connect", None, None, "connection", "again"))


class OtherWays(Case):
    def test_a_folder_has_a_file_for_each_mail(self):
        (self.folder / "out").mkdir()
        service = Service(self.folder, 'transport = "folder"\nfolder = "out"\n')
        for _ in range(2):
            self.assertEqual(service.send(identifier="n1")[0]["outcome"], "sent")
        (path,) = (self.folder / "out").iterdir()
        self.assertEqual(path.name, "n1@mail.example.com.eml")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertIn(b"\r\nTo: " + ADDRESS.encode() + b"\r\n", path.read_bytes())
        told = Service(self.folder, 'transport = "folder"\nfolder = "gone"\n').send()[0]
        self.assertEqual((told["outcome"], told["cause"], told["next"]), ("not_sent", "local", "again"))

    def sendmail(self, script):
        program = self.folder / "sendmail"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{self.folder}/arguments\n{script}\n')
        program.chmod(0o755)
        return Service(self.folder, 'transport = "sendmail"\nsendmail = "sendmail"\ndata_timeout = 5\n').send()[0]

    def test_sendmail_reads_the_mail_and_nobody_sees_the_address(self):
        told = self.sendmail(f"cat >{self.folder}/mail")
        self.assertEqual((told["outcome"], told["next"]), ("sent", "done"))
        arguments = (self.folder / "arguments").read_text().split("\n")
        self.assertEqual(arguments, ["-i", "-t", "-f", "kyc@mail.example.com", ""])
        mail = (self.folder / "mail").read_bytes()
        self.assertIn(b"\nTo: " + ADDRESS.encode() + b"\n", mail)
        self.assertNotIn(b"\r", mail)

    def test_exit_codes_of_sendmail(self):
        for script, expected in [
            ("cat >/dev/null; exit 75", ("refused", "again")),
            ("cat >/dev/null; exit 69", ("refused", "again")),
            ("cat >/dev/null; exit 67", ("refused", "never")),
            ("cat >/dev/null; kill -9 $$", ("unclear", "unknown")),
            ("cat >/dev/null; exec sleep 60", ("unclear", "unknown")),
        ]:
            with self.subTest(script=script):
                told = self.sendmail(script)
                self.assertEqual((told["outcome"], told["next"]), expected)
        told = Service(self.folder, 'transport = "sendmail"\nsendmail = "gone"\n').send()[0]
        self.assertEqual((told["outcome"], told["cause"]), ("not_sent", "local"))


if __name__ == "__main__":
    unittest.main()
