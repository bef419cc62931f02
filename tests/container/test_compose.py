"""Reads compose.yaml and holds it against the rest of the repository.

Keys that this file does not know fail, so that nothing there goes unread: add them here together with a rule.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tomllib
import unittest

import dockerfile
import dockerignore
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TEXT = (SOURCE / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]

TOP_KEYS = {"name", "services", "networks", "volumes", "configs", "secrets"}
SERVICE_KEYS = {
    "build", "cap_drop", "command", "configs", "depends_on", "deploy", "environment", "healthcheck", "image",
    "networks", "ports", "read_only", "restart", "secrets", "security_opt", "stop_grace_period", "tmpfs", "user",
    "volumes",
}


def ours() -> dict[str, dict]:
    return {name: service for name, service in SERVICES.items() if "build" in service}


class Compose(unittest.TestCase):
    def test_nothing_in_it_is_unknown(self) -> None:
        top = {key for key in COMPOSE if not key.startswith("x-")}
        self.assertLessEqual(top, TOP_KEYS)
        for name, service in SERVICES.items():
            self.assertLessEqual(set(service), SERVICE_KEYS, name)

    def test_every_service_is_fenced_in(self) -> None:
        for name, service in SERVICES.items():
            self.assertIs(service["read_only"], True, name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"], name)
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port} is open to other machines")
            user = service["user"].removeprefix("${IDOS_ISSUER_USER:-").removesuffix("}")
            self.assertNotIn(user.partition(":")[0], {"root", "0"}, name)

    def test_what_is_used_is_defined_and_what_is_defined_is_used(self) -> None:
        for kind in ["secrets", "configs"]:
            used = {entry["source"] for service in SERVICES.values() for entry in service.get(kind, [])}
            self.assertEqual(used, set(COMPOSE[kind]), kind)
        volumes = {entry.split(":")[0] for service in SERVICES.values() for entry in service.get("volumes", [])}
        self.assertEqual(volumes, set(COMPOSE["volumes"]))
        networks = {entry for service in SERVICES.values() for entry in service["networks"]}
        self.assertEqual(networks, set(COMPOSE["networks"]))

    def test_files_of_the_operator_are_explained_and_never_committed(self) -> None:
        head = TEXT[: TEXT.index("\nname:")]
        rules = dockerignore.parse((SOURCE / ".dockerignore").read_text())
        for entry in [*COMPOSE["secrets"].values(), *COMPOSE["configs"].values()]:
            path = entry["file"].removeprefix("./")
            made = path in head or (path.startswith("keys/") and "keys generate" in head)
            self.assertTrue(made, f"the head of compose.yaml does not say how {path} comes to be")
            ignored = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=SOURCE)
            self.assertEqual(ignored.returncode, 0, f"git does not ignore {path}")
            self.assertTrue(dockerignore.ignored(rules, path), f"{path} would get into an image")

    def test_keys_are_where_the_example_configuration_looks_for_them(self) -> None:
        example = tomllib.loads((SOURCE / "config.example.toml").read_text())
        names = {value for value in example["keys"].values() if isinstance(value, str)}
        for name, service in ours().items():
            config, = service["configs"]
            folder = os.path.dirname(config["target"])
            targets = {entry["target"]: COMPOSE["secrets"][entry["source"]]["file"] for entry in service["secrets"]}
            for key in names:
                self.assertEqual(targets.get(f"{folder}/{key}"), f"./{key}", f"{name}: {key}")

    def test_settings_and_secret_files_of_the_environment_exist(self) -> None:
        documented = (SOURCE / "config.example.toml").read_text()
        for name, service in SERVICES.items():
            targets = {entry["target"] for entry in service.get("secrets", [])}
            for setting, value in service["environment"].items():
                if setting.endswith("_FILE"):
                    self.assertIn(value, targets, f"{name}: {setting}")
                if name in ours():
                    found = re.search(rf"\b{setting.removesuffix('_FILE')}\b", documented)
                    self.assertTrue(found, f"{name}: config.example.toml does not name {setting}")

    def test_its_commands_fit_the_image(self) -> None:
        steps = dockerfile.parse((SOURCE / "Dockerfile").read_text())
        command = [step for step in steps if step.name == "CMD"][-1].exec_form()
        exposed = [step for step in steps if step.name == "EXPOSE"][-1].rest
        for name, service in ours().items():
            self.assertEqual(service.get("command", command)[:-1], command[:-1], name)
            self.assertIn(service["configs"][0]["target"], command, name)
            for port in service.get("ports", []):
                self.assertEqual(port.rpartition(":")[2], exposed, name)
        first, last = map(int, SERVICES["issuer"]["ports"][0].split(":")[1].split("-"))
        self.assertEqual(last - first + 1, SERVICES["issuer"]["deploy"]["replicas"], "a port for each replica")

    def test_replicas_wait_for_the_migration_and_it_for_the_database(self) -> None:
        self.assertEqual(SERVICES["issuer"]["depends_on"]["migrate"], {"condition": "service_completed_successfully"})
        self.assertEqual(SERVICES["migrate"]["command"][-1], "migrate")
        for name in ours():
            self.assertEqual(SERVICES[name]["depends_on"]["postgres"], {"condition": "service_healthy"})
        self.assertEqual(SERVICES["postgres"]["healthcheck"]["test"][0], "CMD")
        self.assertRegex(SERVICES["postgres"]["image"], r"^postgres:\d+-[a-z]+$")
        self.assertIn("postgres://issuer:%s@postgres/issuer", TEXT)
        settings = SERVICES["postgres"]["environment"]
        self.assertEqual((settings["POSTGRES_USER"], settings["POSTGRES_DB"]), ("issuer", "issuer"))

    def test_variables_have_defaults(self) -> None:
        for variable in re.findall(r"\$\{[^}]*\}", "\n".join(l for l in TEXT.splitlines() if not l.startswith("#"))):
            self.assertRegex(variable, r"^\$\{[A-Z_]+:-[^}]+\}$")

    def test_compose_itself_accepts_it(self) -> None:
        if not shutil.which("docker") or subprocess.run(
            ["docker", "compose", "version"], capture_output=True
        ).returncode:
            self.skipTest("docker compose is not here")
        accepted = subprocess.run(
            ["docker", "compose", "config", "--quiet"], cwd=SOURCE, capture_output=True, text=True
        )
        self.assertEqual(accepted.returncode, 0, accepted.stderr)


if __name__ == "__main__":
    unittest.main()
