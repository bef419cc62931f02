"""Chromium, which shows pages and mails in frames: in the light and in the dark, as wide as wanted, measured and drawn."""

import html
import json
import os
import pathlib
import re
import subprocess

CHROMIUM = os.environ.get("CHROMIUM", "chromium")

# What is measured in each frame: whether anything is cut off, and how text stands out from what is behind it (WCAG 2.2, 1.4.3).
MEASURE = """
<script>
function rgb(text) { const n = text.match(/[0-9.]+/g).map(Number); return n.length > 3 && n[3] === 0 ? null : n.slice(0, 3); }
function light(c) {
  const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function behind(element, view) {
  for (let at = element; at; at = at.parentElement) {
    const color = rgb(view.getComputedStyle(at).backgroundColor);
    if (color) return color;
  }
  return [255, 255, 255];
}
addEventListener("load", () => {
  const told = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const doc = frame.contentDocument, view = frame.contentWindow, texts = [];
    const walker = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
      if (!node.data.trim()) continue;
      const element = node.parentElement, style = view.getComputedStyle(element);
      const [a, b] = [light(rgb(style.color)), light(behind(element, view))].sort((x, y) => y - x);
      const box = element.getBoundingClientRect();
      texts.push({ text: node.data.trim().slice(0, 40), contrast: (a + 0.05) / (b + 0.05), size: parseFloat(style.fontSize),
        left: box.left, right: box.right, align: style.textAlign, direction: style.direction });
    }
    const link = doc.querySelector(".button a, form button");
    const box = link && link.getBoundingClientRect();
    told[frame.name] = { texts, width: doc.documentElement.clientWidth, needed: doc.documentElement.scrollWidth,
      height: doc.documentElement.scrollHeight, button: box && { left: box.left, right: box.right, height: box.height },
      background: view.getComputedStyle(doc.body).backgroundColor,
      roles: [...doc.querySelectorAll("table")].filter(t => !t.getAttribute("role")).length,
      pictures: [...doc.querySelectorAll("img")].filter(i => !i.alt).length,
      headings: doc.querySelectorAll("h1").length };
  }
  const out = document.createElement("pre");
  out.id = "told";
  out.textContent = JSON.stringify(told);
  document.body.append(out);
});
</script>
"""


class Browser:
    """For a test case with a `folder` of its own."""

    def chromium(self, page, *arguments):
        path = self.folder / "page.html"
        path.write_text(page)
        return self.chromium_at(path.as_uri(), *arguments)

    def chromium_at(self, address, *arguments):
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        command += [f"--user-data-dir={self.folder / 'profile'}", "--no-first-run", "--virtual-time-budget=5000"]
        done = subprocess.run([*command, *arguments, address], capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return done.stdout

    def frame_of(self, name, text, width, scheme, height=1100):
        # A frame sees the colours that its element has.
        style = f"width:{width}px;height:{height}px;border:0;color-scheme:{scheme}"
        return f'<iframe name="{name}" style="{style}" srcdoc="{html.escape(text)}"></iframe>'

    def measure(self, frames):
        page = self.chromium(
            f'<!doctype html><meta charset="utf-8"><body>{MEASURE}{"".join(frames)}</body>', "--dump-dom"
        )
        told = re.search(r'<pre id="told">(.*?)</pre>', page, re.S)
        self.assertIsNotNone(told, page[-2000:])
        return json.loads(html.unescape(told[1]))

    def assert_legible(self, name, seen, direction="ltr"):
        """Nothing is cut off, and all stands out from what is behind it; `name` says the colours."""
        self.assertLessEqual(seen["needed"], seen["width"], "something is cut off, or has to be moved to")
        for text in seen["texts"]:
            self.assertGreaterEqual(text["contrast"], 4.5, text)
            self.assertGreaterEqual(text["size"], 13, text)
            self.assertGreaterEqual(text["left"], -0.5, text)
            self.assertLessEqual(text["right"], seen["width"] + 0.5, text)
            self.assertEqual(text["direction"], direction, text)
        dark = sum(map(int, re.findall(r"\d+", seen["background"])[:3])) < 128
        self.assertEqual(dark, " dark " in name, seen["background"])

    def draw(self, path, frames, height):
        """A picture of frames beside each other: (text, width, colours) each."""
        width = sum(wide for _, wide, _ in frames)
        body = "".join(self.frame_of("f", text, wide, scheme, height) for text, wide, scheme in frames)
        page = f'<!doctype html><meta charset="utf-8"><body style="margin:0;display:flex">{body}</body>'
        self.chromium(page, f"--screenshot={path}", f"--window-size={width},{height}")
        quantize(path)
        return pathlib.Path(path).read_bytes()


def quantize(path):
    from PIL import Image

    Image.open(path).convert("RGB").quantize(24, dither=Image.Dither.NONE).save(path, optimize=True)
