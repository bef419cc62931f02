"""Decides as .dockerignore does: the last rule that fits a path, or a folder above it, wins."""

import re


def parse(text: str) -> list[tuple[bool, re.Pattern]]:
    """Pairs of (does it ignore?, what it fits). Wildcards that we do not use raise ValueError."""
    rules = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        ignores = not line.startswith("!")
        pattern = line.lstrip("!").strip("/")
        if "**" in pattern or re.search(r"[\[\]?\\]", pattern) or "//" in pattern or "." in pattern.split("/"):
            raise ValueError(f".dockerignore: {line} has a form that this reader does not know")
        rules.append((ignores, re.compile(re.escape(pattern).replace(r"\*", "[^/]*"))))
    return rules


def ignored(rules: list[tuple[bool, re.Pattern]], path: str) -> bool:
    parts = path.split("/")
    folders = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    verdict = False
    for ignores, pattern in rules:
        if any(pattern.fullmatch(folder) for folder in folders):
            verdict = ignores
    return verdict
