"""What mails look like in a browser: legible in the light and in the dark, on a narrow screen, and from the right to the left.

With IDOS_MAIL_PICTURES=FOLDER, the pictures of the documentation are made anew there.
"""

import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser import Browser  # noqa: E402
from service import Service  # noqa: E402

class Looks(Browser, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.kept.name)
        arabic = pathlib.Path(__file__).parent / "arabic"
        done = Service(cls.folder, 'transport = "folder"\nfolder = "out"\n').run(
            "preview", "--out", str(cls.folder / "seen"), "--templates", str(arabic)
        )
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def mail(self, name):
        return (self.folder / "seen" / f"{name}.html").read_text()

    def frame(self, name, mail, width, scheme, height=1100):
        return self.frame_of(name, self.mail(mail), width, scheme, height)

    def test_legible_in_any_colours_width_language_and_direction(self):
        frames = [
            self.frame(f"{mail} {scheme} {width}", mail, width, scheme)
            for mail in ["expiring.en", "expiring.de", "expired.fr", "expired.es", "expiring.pt", "expiring.ar", "access.fr", "access.ar", "erased.en", "erased.de", "test.en"]
            for scheme in ["light", "dark"]
            for width in [320, 700]
        ]
        told = self.measure(frames)
        self.assertEqual(len(told), len(frames))
        for name, seen in told.items():
            with self.subTest(name=name):
                self.assertGreater(len(seen["texts"]), 4)
                self.assert_legible(name, seen, "rtl" if ".ar" in name else "ltr")
                if not name.startswith(("erased", "test")):
                    # A finger finds it (WCAG 2.2, 2.5.8 asks for 24).
                    self.assertGreaterEqual(seen["button"]["height"], 44)
                self.assertEqual((seen["roles"], seen["pictures"], seen["headings"]), (0, 0, 1))

    def test_pictures(self):
        """Something is drawn, and looks different where it should."""
        out = os.environ.get("IDOS_MAIL_PICTURES")
        folder = pathlib.Path(out) if out else self.folder
        sheets = {
            "mail-light-dark": ([("expiring.en", 600, "light"), ("expiring.en", 600, "dark")], 690),
            "mail-narrow-rtl": ([("expiring.de", 360, "light"), ("expired.fr", 360, "dark"), ("expiring.ar", 360, "light")], 880),
        }
        made = []
        for name, (frames, height) in sheets.items():
            frames = [(self.mail(mail), width, scheme) for mail, width, scheme in frames]
            made.append(self.draw(folder / f"{name}.png", frames, height))
            self.assertGreater(len(made[-1]), 5_000)
            self.assertLess(len(made[-1]), 60_000)
        self.assertNotEqual(*made)


if __name__ == "__main__":
    unittest.main()
