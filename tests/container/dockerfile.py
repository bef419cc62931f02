"""Reads our Dockerfile and carries it out in folders, without a container engine.

Knows the directives, flags and forms that our Dockerfile uses, and no others: whatever else stands there raises
`Unknown`, so that nothing in it goes untested unnoticed. What it cannot do is change the root folder: commands run
as they are on this machine, so a RUN may name no absolute path, and base images are not looked into.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field

import dockerignore

# Files that a base image brings and a COPY may take, by their place in the image.
BASE_IMAGE_FILES = {"/etc/ssl/certs/ca-certificates.crt"}
# Where the image of the builder keeps what cargo has downloaded.
CARGO_REGISTRY = "/usr/local/cargo/registry"


class Unknown(Exception):
    """Something that this reader does not know, and so cannot vouch for."""


@dataclass
class Directive:
    """One directive: `RUN --mount=… cargo build` has the flag ("mount", "…") and the rest `cargo build`."""

    name: str
    flags: list[tuple[str, str]]
    rest: str
    line: int

    def unknown(self, what: str) -> Unknown:
        return Unknown(f"Dockerfile, line {self.line}: {self.name}: {what}")

    def exec_form(self) -> list[str]:
        try:
            words = json.loads(self.rest)
        except ValueError:
            words = None
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise self.unknown('only the form ["program", "argument"] is known')
        return words

    def plain(self) -> str:
        if not self.rest or re.search(r"[$`\"'\\*?\[]", self.rest):
            raise self.unknown("variables, quotes and wildcards are not known here")
        return self.rest


@dataclass
class Stage:
    """One stage: what it says of itself, and the folder that stands for its root."""

    image: str
    name: str | None
    root: pathlib.Path
    workdir: str = "/"
    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    exposed: list[str] = field(default_factory=list)
    user: str | None = None
    healthcheck: list[str] | None = None
    entrypoint: list[str] | None = None
    command: list[str] | None = None

    def path(self, inside: str) -> pathlib.Path:
        """The place in this machine of a path in the image."""
        return self.root / os.path.normpath(os.path.join(self.workdir, inside)).lstrip("/")


def parse(text: str) -> list[Directive]:
    directives = []
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            if not directives and not pending and re.match(r"#\s*\w+\s*=", line):
                raise Unknown(f"Dockerfile, line {number}: parser directives are not known")
            continue
        if not pending:
            start = number
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1].rstrip() + " "
            continue
        if pending:
            directives.append(directive(pending, start))
        pending = ""
    if pending:
        raise Unknown("Dockerfile: the last line continues nowhere")
    return directives


def directive(text: str, line: int) -> Directive:
    name, _, rest = text.partition(" ")
    flags = []
    while match := re.match(r"\s*--([a-z-]+)=(\S+)\s+", rest):
        flags.append((match[1], match[2]))
        rest = rest[match.end():]
    return Directive(name, flags, rest.strip(), line)


class Build:
    """Carries out a Dockerfile.

    source     the folder with Dockerfile and .dockerignore
    files      the paths in it that may get into the context, such as those that git tracks
    folder     where the stages' roots are made; emptied first
    target     cargo's target folder, in place of the cache of the builder
    arguments  --build-arg
    """

    def __init__(self, source, files, folder, target, arguments) -> None:
        self.source, self.folder, self.target, self.arguments = source, folder, target, arguments
        rules = dockerignore.parse((source / ".dockerignore").read_text())
        self.context = [path for path in files if not dockerignore.ignored(rules, path)]
        self.stages: list[Stage] = []
        shutil.rmtree(folder, ignore_errors=True)
        for step in parse((source / "Dockerfile").read_text()):
            act = getattr(self, f"do_{step.name.lower()}", None)
            if act is None or step.name != step.name.upper():
                raise step.unknown("is not known")
            if not self.stages and step.name != "FROM":
                raise step.unknown("before the first FROM")
            known = {"COPY": {"from"}, "RUN": {"mount"}, "HEALTHCHECK": {"interval", "timeout", "start-period", "retries"}}
            for flag, _ in step.flags:
                if flag not in known.get(step.name, set()):
                    raise step.unknown(f"--{flag} is not known")
            act(step)

    @property
    def stage(self) -> Stage:
        return self.stages[-1]

    def do_from(self, step: Directive) -> None:
        match = re.fullmatch(r"([a-z0-9./-]+:[a-z0-9.-]+)(?: AS ([a-z]+))?", step.rest)
        if not match or match[1].endswith(":latest"):
            raise step.unknown("only image:tag [AS stage] is known, and the tag latest names nothing")
        root = self.folder / (match[2] or f"stage{len(self.stages)}")
        root.mkdir(parents=True)
        self.stages.append(Stage(match[1], match[2], root))

    def do_workdir(self, step: Directive) -> None:
        self.stage.workdir = os.path.join(self.stage.workdir, step.plain())
        self.stage.path(".").mkdir(parents=True, exist_ok=True)

    def do_arg(self, step: Directive) -> None:
        name, is_set, default = step.plain().partition("=")
        if not is_set:
            raise step.unknown("only ARG NAME=default is known")
        self.stage.arguments[name] = self.arguments.get(name, default)

    def do_env(self, step: Directive) -> None:
        for setting in step.plain().split():
            name, is_set, value = setting.partition("=")
            if not is_set:
                raise step.unknown("only ENV NAME=value is known")
            self.stage.environment[name] = value

    def do_copy(self, step: Directive) -> None:
        words = step.plain().split()
        if len(words) != 2:
            raise step.unknown("only one source is known")
        if not step.flags:
            if words != [".", "."]:
                raise step.unknown("of the context, only COPY . . is known")
            for path in self.context:
                place = self.stage.path(path)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.source / path, place)
            return
        (_, name), = step.flags
        origin = next((stage for stage in self.stages[:-1] if stage.name == name), None)
        if origin is None:
            raise step.unknown(f"there is no stage {name} before")
        if not all(word.startswith("/") for word in words) or words[1].endswith("/"):
            raise step.unknown("between stages, only a file's absolute path to a file's absolute path is known")
        found = origin.path(words[0])
        if not found.is_file() and words[0] in BASE_IMAGE_FILES:
            found = pathlib.Path(words[0])
        if not found.is_file():
            raise FileNotFoundError(f"Dockerfile, line {step.line}: the stage {name} has no file {words[0]}")
        place = self.stage.path(words[1])
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(found, place)

    def do_run(self, step: Directive) -> None:
        if re.search(r"(^|[\s=:;|&(<>\"'])/", step.rest):
            raise step.unknown("an absolute path would be one of this machine")
        target = os.path.join(self.stage.workdir, "target")
        for _, value in step.flags:
            mount = dict(part.partition("=")[::2] for part in value.split(","))
            if mount.pop("type", None) != "cache" or mount.pop("target", None) not in {CARGO_REGISTRY, target}:
                raise step.unknown("only caches of cargo's registry and of its target folder are known")
            if mount.pop("sharing", "locked") != "locked" or mount:
                raise step.unknown("of a mount, only type, target and sharing=locked are known")
        # This machine's tools stand in for the base image's. What cargo is told by whoever started us must not count.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO_", "RUST"))}
        kept |= {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
        environment = kept | self.stage.arguments | self.stage.environment | {"CARGO_TARGET_DIR": str(self.target)}
        subprocess.run(["/bin/sh", "-c", step.rest], cwd=self.stage.path("."), env=environment, check=True)

    def do_expose(self, step: Directive) -> None:
        self.stage.exposed += step.plain().split()

    def do_user(self, step: Directive) -> None:
        self.stage.user = step.plain()

    def do_healthcheck(self, step: Directive) -> None:
        keyword, _, rest = step.rest.partition(" ")
        if keyword != "CMD":
            raise step.unknown("only HEALTHCHECK CMD is known")
        self.stage.healthcheck = Directive(step.name, [], rest.strip(), step.line).exec_form()

    def do_entrypoint(self, step: Directive) -> None:
        self.stage.entrypoint = step.exec_form()

    def do_cmd(self, step: Directive) -> None:
        self.stage.command = step.exec_form()
