"""Builds the image's stages as the Dockerfile says, without a container engine, and runs the result as it says.

Started by `./test container`. The build is of the profile dev, in cargo's usual target folder, whose dependencies it
shares.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import tomllib
import unittest
import urllib.error
import urllib.request

import dockerfile
import dockerignore

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", SOURCE / "target")).resolve()


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=SOURCE, check=True, capture_output=True, text=True)
    return [path for path in listed.stdout.split("\0") if path and (SOURCE / path).is_file()]


class TheReader(unittest.TestCase):
    """What stands in the Dockerfile and is not understood must not go through."""

    def carry_out(self, text: str) -> dockerfile.Build:
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "Dockerfile").write_text(text)
        (folder / ".dockerignore").write_text("*\n!a\n")
        (folder / "a").write_text("a")
        return dockerfile.Build(folder, ["a", "Dockerfile"], folder / "roots", folder / "target", {"P": "given"})

    def test_what_it_does_not_know_fails(self) -> None:
        for line in [
            "ADD a /a",
            "run true",
            "SHELL [\"/bin/bash\"]",
            "COPY a b c",
            "COPY --chown=1 . .",
            "COPY --from=elsewhere /a /a",
            "RUN --network=none true",
            "RUN --mount=type=secret,id=a true",
            "RUN --mount=type=cache,target=/root true",
            "RUN cat /etc/hostname",
            "RUN true >/tmp/x",
            "ARG WITHOUT_DEFAULT",
            "ENV A=$B",
            "CMD serve",
            "HEALTHCHECK NONE",
            "FROM debian",
            "FROM debian:latest",
            "VOLUME /x",
        ]:
            with self.subTest(line), self.assertRaises(dockerfile.Unknown):
                self.carry_out(f"FROM debian:bookworm\n{line}\n")

    def test_a_command_that_fails_fails(self) -> None:
        with self.assertRaises(subprocess.CalledProcessError):
            self.carry_out("FROM debian:bookworm\nRUN false\n")
        with self.assertRaises(FileNotFoundError):
            self.carry_out("FROM debian:bookworm AS one\nFROM debian:bookworm\nCOPY --from=one /a /a\n")

    def test_it_does_what_is_said(self) -> None:
        build = self.carry_out(
            "FROM debian:bookworm AS one\n# a comment\nWORKDIR /w\nARG P=default\nENV E=e\nCOPY . .\n"
            'RUN cat a >b && \\\n  printf "$P$E" >>b\n'
            'FROM debian:bookworm\nCOPY --from=one /w/b /x/b\nUSER 5:6\nCMD ["/x/b", "c d"]\n'
        )
        self.assertEqual((build.stage.root / "x/b").read_text(), "agivene")
        self.assertFalse(build.stages[0].path("Dockerfile").exists())
        self.assertEqual((build.stage.user, build.stage.command), ("5:6", ["/x/b", "c d"]))

    def test_secrets_of_a_deployment_stay_out_of_the_context(self) -> None:
        rules = dockerignore.parse((SOURCE / ".dockerignore").read_text())
        for path in [".env", "config.toml", "keys/signing.key", "secrets/database_url", "target/x", ".git/config"]:
            self.assertTrue(dockerignore.ignored(rules, path), path)
        for path in ["Cargo.toml", "src/main.rs", "crates/idos-client/src/lib.rs"]:
            self.assertFalse(dockerignore.ignored(rules, path), path)


class TheImage(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # Always the same folder, for paths that cargo remembers; so one run at a time.
        folder = TARGET / "container"
        folder.mkdir(parents=True, exist_ok=True)
        lock = cls.enterClassContext(open(folder / "lock", "w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = dockerfile.Build(SOURCE, tracked(), folder / "stages", TARGET, {"PROFILE": "dev"})
        cls.image = build.stage
        # In a folder that every user can reach, since the image's user is to run it.
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="idos-container.")))
        cls.root.chmod(0o755)
        shutil.copytree(cls.image.root, cls.root, dirs_exist_ok=True)
        cls.image.root = cls.root
        cls.as_user = {}
        if os.getuid() == 0:
            uid, gid = map(int, cls.image.user.split(":"))
            cls.as_user = {"user": uid, "group": gid, "extra_groups": []}

    def words(self, words: list[str]) -> list[str]:
        """The words of a command in the image, for this machine."""
        return [str(self.image.path(word)) if word.startswith("/") else word for word in words]

    def run_in_image(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.words([*self.image.entrypoint, *arguments]),
            env=self.image.environment | environment, capture_output=True, text=True, timeout=60, **self.as_user,
        )

    def test_it_says_its_version(self) -> None:
        answer = self.run_in_image("--version")
        version = tomllib.loads((SOURCE / "Cargo.toml").read_text())["workspace"]["package"]["version"]
        self.assertEqual((answer.returncode, answer.stdout.split()), (0, ["idos-issuer", version]))

    def test_it_has_no_development_node(self) -> None:
        for command in ["demo", "dev"]:
            answer = self.run_in_image(command, "--help")
            self.assertEqual(answer.returncode, 2, command)
            self.assertIn("unrecognized subcommand", answer.stderr)
        program = self.image.path(self.image.entrypoint[0]).read_bytes()
        self.assertIn(b"idos_client", program, "symbols would tell")
        self.assertNotIn(b"idos_devnode", program)

    def test_its_user_is_a_number_and_not_root(self) -> None:
        self.assertRegex(self.image.user, r"^[1-9][0-9]{3,}:[1-9][0-9]{3,}$")

    def test_it_brings_certificates(self) -> None:
        certificates = self.image.path("/etc/ssl/certs/ca-certificates.crt").read_text()
        self.assertIn("BEGIN CERTIFICATE", certificates)

    def test_it_listens_where_it_is_exposed(self) -> None:
        host, _, port = self.image.environment["IDOS_ISSUER_HTTP_LISTEN"].rpartition(":")
        self.assertEqual((host, [port]), ("0.0.0.0", self.image.exposed))

    def test_probes_from_outside_reach_it_at_another_port_that_is_not_exposed(self) -> None:
        host, _, port = self.image.environment["IDOS_ISSUER_HTTP_HEALTH_LISTEN"].rpartition(":")
        self.assertEqual(host, "0.0.0.0")
        self.assertNotIn(port, self.image.exposed)

    def test_it_serves_is_healthy_and_stops(self) -> None:
        config = self.image.path("/etc/idos-issuer/config.toml")
        config.parent.mkdir(parents=True)
        shutil.copy(SOURCE / "config.example.toml", config)
        data = self.root / "data"
        data.mkdir()
        if self.as_user:  # all else belongs to root and cannot be written, as where the root folder is read-only
            for folder in (config.parent, data):
                os.chown(folder, self.as_user["user"], self.as_user["group"])
        listen, health = (f"127.0.0.1:{free_port()}" for _ in range(2))
        settings = {
            "IDOS_ISSUER_DATABASE_URL": f"sqlite://{data}/issuer.sqlite",
            "IDOS_ISSUER_HTTP_LISTEN": listen,
            "IDOS_ISSUER_HTTP_HEALTH_LISTEN": health,
            # Nothing is there: a service whose node is away must come up all the same.
            "IDOS_NODE_URL": f"http://127.0.0.1:{free_port()}",
        }
        with_config = ["--config", "/etc/idos-issuer/config.toml"]
        for command in (["keys", "generate"], ["migrate", "--create"]):
            answer = self.run_in_image(*with_config, *command, **settings)
            self.assertEqual(answer.returncode, 0, f"{command}: {answer.stderr}")

        with tempfile.TemporaryFile("w+") as log:
            service = subprocess.Popen(
                self.words([*self.image.entrypoint, *self.image.command]),
                env=self.image.environment | settings, stdout=log, stderr=log, cwd="/", **self.as_user,
            )
            try:
                self.assertTrue(alive(f"http://{listen}/livez", service), "it does not serve /livez")
                self.assertTrue(alive(f"http://{health}/livez", service), "it does not serve /livez for probes")
                self.assertEqual(self.health(settings), 0)
                service.send_signal(signal.SIGTERM)
                self.assertEqual(service.wait(40), 0)
                self.assertNotEqual(self.health(settings), 0, "healthy without a service")
            except (AssertionError, subprocess.TimeoutExpired):
                log.seek(0)
                print(log.read())
                raise
            finally:
                service.kill()
                service.wait()

    def health(self, settings: dict[str, str]) -> int:
        return subprocess.run(
            self.words(self.image.healthcheck),
            env=self.image.environment | settings, timeout=60, capture_output=True, **self.as_user,
        ).returncode


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def alive(url: str, service: subprocess.Popen) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end and service.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status == 200
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    unittest.main()
