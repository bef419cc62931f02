"""The pages behind links in mails, in a browser: legible in the light and in the dark, and on a narrow screen.

With IDOS_MAIL_PICTURES=FOLDER, the picture of the documentation is made anew there.
"""

import base64
import hashlib
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser import Browser  # noqa: E402
from servers import free_port  # noqa: E402
from service import PROGRAM, issued  # noqa: E402

LANGUAGES = ["en", "de", "fr", "es", "pt"]


class Pages(Browser, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.kept.name)
        data = cls.folder / "data"
        issuance = issued(data)
        cls.tokens = [os.urandom(32) for _ in range(2)]
        database = sqlite3.connect(data / "issuer.db")
        day = 86_400_000
        now = int(time.time() * 1000)
        # One that works, and one whose time is over.
        for token, end in zip(cls.tokens, [now + day, now - day]):
            row = (hashlib.sha256(token).hexdigest(), issuance, "unsubscribe", now - 2 * day, end)
            database.execute("INSERT INTO mail_link (hash, issuance_id, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?)", row)
        database.commit()
        database.close()
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "IDOS_ISSUER_HTTP_LISTEN": f"127.0.0.1:{port}"}
        command = [PROGRAM, "--config", data / "config.toml", "serve", "--no-worker"]
        cls.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                cls.get(cls.tokens[1])
                break
            except OSError:
                time.sleep(0.1)

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait(60)
        cls.kept.cleanup()

    @classmethod
    def address(cls, token):
        return f"{cls.url}/unsubscribe/{base64.urlsafe_b64encode(token).decode().rstrip('=')}"

    @classmethod
    def get(cls, token, language="en", body=None):
        """The status and the page; with a body, what its button sends."""
        headers = {"Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"}
        request = urllib.request.Request(cls.address(token), body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def test_ask_done_and_over_in_any_language_colours_and_width(self):
        good, over = self.tokens
        # The page itself, with what it forbids the browser: its style is let through, and the form is there.
        shown = self.chromium_at(self.address(good), "--dump-dom")
        self.assertIn("<form", shown)
        pages = {}
        for language in LANGUAGES:
            status, pages[f"ask {language}"] = self.get(good, language)
            self.assertEqual(status, 200)
        for language in LANGUAGES:
            status, pages[f"done {language}"] = self.get(good, language, b"List-Unsubscribe=One-Click")
            self.assertEqual(status, 200)
            status, pages[f"over {language}"] = self.get(over, language)
            self.assertEqual(status, 404)
        self.assertEqual(len(set(pages.values())), 15)
        frames = [
            self.frame_of(f"{name} {scheme} {width}", page, width, scheme, 500)
            for name, page in pages.items()
            for scheme in ["light", "dark"]
            for width in [320, 700]
        ]
        told = self.measure(frames)
        self.assertEqual(len(told), 60)
        for name, seen in told.items():
            with self.subTest(name=name):
                self.assertGreaterEqual(len(seen["texts"]), 2)
                self.assert_legible(name, seen)
                self.assertEqual(seen["headings"], 1)
                self.assertEqual(seen["button"] is not None, name.startswith("ask"))
                if seen["button"]:
                    # A finger finds it (WCAG 2.2, 2.5.8 asks for 24).
                    self.assertGreaterEqual(seen["button"]["height"], 44)
        folder = pathlib.Path(os.environ.get("IDOS_MAIL_PICTURES") or self.folder)
        sheet = [(pages["ask en"], 360, "light"), (pages["done de"], 360, "dark"), (pages["over fr"], 360, "light")]
        self.assertGreater(len(self.draw(folder / "page-unsubscribe.png", sheet, 360)), 3_000)


if __name__ == "__main__":
    unittest.main()
