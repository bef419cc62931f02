"""What goes over the wire: headers as the standards want them, DKIM by another's library, dates as CLDR has them."""

import base64
import datetime
import email
import email.policy
import email.utils
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest
import unicodedata

import dkim
from babel import Locale
from babel.dates import format_date, get_month_names

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from service import ADDRESS, ROOT, Service  # noqa: E402

LANGUAGES = {"en": "en_GB", "de": "de", "fr": "fr", "es": "es", "pt": "pt"}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "out").mkdir()

    def written(self, dkim_settings="", more="", **arguments):
        """The bytes of a mail, by way of a folder."""
        service = Service(self.folder, 'transport = "folder"\nfolder = "out"\n' + more, dkim_settings)
        self.assertEqual(service.send(identifier="n1", **arguments)[0]["outcome"], "sent")
        return (self.folder / "out" / "n1@mail.example.com.eml").read_bytes()


class Headers(Case):
    ONCE = ["From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted", "Content-Language"]

    def test_each_mail_in_each_language(self):
        (self.folder / "logo.png").write_bytes(PIXEL)
        for sample in ["expiring", "expired", "identify", "access", "erased", "test"]:
            for language in LANGUAGES:
                with self.subTest(sample=sample, language=language):
                    content = self.written(sample=sample, locale=language, more='logo = "logo.png"\n')
                    self.examine(sample, language, content)

    def examine(self, sample, language, content):
        self.assertTrue(content.isascii())
        for line in content.split(b"\r\n"):
            self.assertLessEqual(len(line), 998)
            self.assertNotRegex(line, rb"[\r\n\0]")
        message = email.message_from_bytes(content, policy=email.policy.default)
        for part in message.walk():
            self.assertEqual(list(part.defects), [])
            for value in part.values():
                self.assertEqual(list(value.defects), [], str(value))
        for name in self.ONCE:
            self.assertEqual(len(message.get_all(name, [])), 1, name)
        self.assertEqual(message["From"].addresses[0].addr_spec, "kyc@mail.example.com")
        self.assertEqual(message["From"].addresses[0].display_name, "Example KYC")
        self.assertEqual(message["Reply-To"].addresses[0].addr_spec, "help@example.com")
        self.assertEqual(message["To"].addresses[0].addr_spec, ADDRESS)
        self.assertIsNotNone(email.utils.parsedate_to_datetime(message["Date"]).tzinfo)
        self.assertEqual(message["Message-ID"], "<n1@mail.example.com>")
        # RFC 3834, 5; RFC 3282.
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual(message["Content-Language"], language)
        self.assertIn("Example KYC", message["Subject"])
        # RFC 8058, 3.1: one https URI, and the other header as it stands there; only where there is something to order off.
        one_click = (message.get_all("List-Unsubscribe", []), message.get_all("List-Unsubscribe-Post", []))
        if sample in ("identify", "access", "erased", "test"):
            self.assertEqual(one_click, ([], []))
        else:
            self.assertRegex(one_click[0][0], r"^<https://[^<>, ]+>$")
            self.assertEqual(one_click[1], ["List-Unsubscribe=One-Click"])
            self.assertEqual(len(one_click[0]), 1)
        # Text first, so that HTML is what is shown where it can be (RFC 2046, 5.1.4); the picture belongs to the HTML.
        self.assertEqual(message.get_content_type(), "multipart/alternative")
        text, related = message.iter_parts()
        self.assertEqual((text.get_content_type(), related.get_content_type()), ("text/plain", "multipart/related"))
        html, picture = related.iter_parts()
        self.assertEqual((html.get_content_type(), picture.get_content_type()), ("text/html", "image/png"))
        self.assertEqual((picture["Content-ID"], picture.get_content_disposition()), ("<logo>", "inline"))
        self.assertEqual(picture.get_content(), PIXEL)
        self.assertIn('src="cid:logo"', html.get_content())
        for part in (text, html):
            said = part.get_content()
            self.assertNotIn(ADDRESS.split("@")[0], said)
            self.assertEqual(said, unicodedata.normalize("NFC", said))
            self.assertNotRegex(said, r"\{\{|\{%|undefined|None")
        self.assertNotRegex(html.get_content(), r"(?i)<(script|link|iframe|form)|https?://[^\"]*\.(png|gif|jpe?g|css|js)")


class Signatures(Case):
    def key(self, *kind):
        subprocess.run(["openssl", "genpkey", *kind, "-out", self.folder / "dkim.pem"], check=True, capture_output=True)
        (self.folder / "dkim.pem").chmod(0o600)
        der = subprocess.run(
            ["openssl", "pkey", "-in", self.folder / "dkim.pem", "-pubout", "-outform", "DER"], check=True, capture_output=True
        ).stdout
        return base64.b64encode(der), base64.b64encode(der[-32:])

    SETTINGS = '[mail.dkim]\ndomain = "example.com"\nselector = "idos"\nkey = "dkim.pem"\n'

    def verify(self, content, record):
        asked = []

        def dns(name, timeout=5):
            asked.append(name)
            return record

        good = dkim.verify(content, dnsfunc=dns)
        self.assertEqual(asked, [b"idos._domainkey.example.com."])
        return good

    def judge(self, content, record):
        self.assertTrue(self.verify(content, record))
        # Whoever is on the way may do what the relaxed form allows.
        self.assertTrue(self.verify(content.replace(b"\r\nSubject: ", b"\r\nsubject:   ") + b"\r\n\r\n", record))
        header = content.split(b"\r\n\r\n")[0]
        for old, new in [
            (b"Example_KYC" if b"Example_KYC" in header else b"Subject: Example", b"Subject: Forged"),
            (b"List-Unsubscribe: <https://kyc", b"List-Unsubscribe: <https://evil"),
            (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: Lost"),
            (b"Auto-Submitted: auto", b"Auto-Submitted: no"),
            (b"\r\nDate: ", b"\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\nX: "),
            (b"credential", b"kredential"),
        ]:
            self.assertIn(old, content)
            self.assertFalse(self.verify(content.replace(old, new, 1), record), new)
        for more in [b"Subject: Forged", b"From: forged@example.com", b"To: b@example.com", b"Reply-To: b@example.com"]:
            self.assertFalse(self.verify(content.replace(b"\r\nFrom:", b"\r\n" + more + b"\r\nFrom:", 1), record), more)

    def test_rsa(self):
        public, _ = self.key("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048")
        self.judge(self.written(self.SETTINGS), b"v=DKIM1; k=rsa; p=" + public)

    def test_ed25519(self):
        _, public = self.key("-algorithm", "ed25519")
        self.judge(self.written(self.SETTINGS), b"v=DKIM1; k=ed25519; p=" + public)

    def test_what_cannot_sign_is_said_and_nothing_is_sent(self):
        for kind, settings, said in [
            (("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024"), self.SETTINGS, "the key must be a private key in PEM"),
            (("-algorithm", "ed25519"), self.SETTINGS.replace("example.com", "other.example"), "mail.dkim.domain must be the domain"),
            (("-algorithm", "ed25519"), self.SETTINGS.replace("idos", "i dos"), "the selector must be"),
            (("-algorithm", "ed25519"), self.SETTINGS.replace("dkim.pem", "gone.pem"), "gone.pem is not there"),
        ]:
            self.key(*kind)
            done = Service(self.folder, 'transport = "folder"\nfolder = "out"\n', settings).run("test", ADDRESS)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)
        self.assertEqual(list((self.folder / "out").iterdir()), [])


class Words(Case):
    def test_dates_are_those_of_cldr(self):
        done = Service(self.folder, 'transport = "folder"\nfolder = "out"\n').run("preview", "--out", str(self.folder / "seen"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for language, name in LANGUAGES.items():
            words = tomllib.loads((ROOT / "templates/mail" / f"{language}.toml").read_text())
            months = get_month_names("wide", "format", Locale.parse(name))
            self.assertEqual(words["month"], {str(n): month for n, month in months.items()})
            text = (self.folder / "seen" / f"expiring.{language}.txt").read_text()
            for day in (1, 2):
                shown = format_date(datetime.date(2031, 3, day), "long", locale=name)
                # CLDR has "1 mars" for French; the first of a month is "1er" all the same (Imprimerie nationale).
                shown = re.sub(r"^1 mars", "1er mars", shown) if language == "fr" else shown
                self.assertIn(shown, text)

    def test_faults_are_named(self):
        (self.folder / "over").mkdir()
        service = Service(self.folder, 'transport = "folder"\nfolder = "out"\ntemplates = "over"\n')
        self.assertEqual((service.run("check").returncode), 0)
        (self.folder / "over" / "de.toml").write_text('[expiring]\nsubject = "{{ nickname }}"\n')
        done = service.run("check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("de.toml:2: undefined value", done.stdout)
        done = service.run("test", ADDRESS)
        self.assertEqual(done.returncode, 2)
        self.assertIn("de.toml:2: undefined value", done.stderr)

    def test_a_language_can_be_added(self):
        arabic = pathlib.Path(__file__).parent / "arabic"
        done = Service(self.folder, 'transport = "folder"\nfolder = "out"\n').run("check", "--templates", str(arabic))
        self.assertEqual((done.returncode, done.stdout), (0, "fine: expiring, expired, identify, access, erased, test in ar, de, en, es, fr, pt\n"), done)
        content = self.written(more=f'templates = "{arabic}"\n', locale="ar-EG")
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.assertEqual(message["Content-Language"], "ar")
        self.assertIn("30", message["Subject"])


# A picture of one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763606060000000040001274f"
    "0a2b0000000049454e44ae426082"
)

if __name__ == "__main__":
    unittest.main()
