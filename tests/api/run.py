"""Holds a running service against openapi.yaml, by schemathesis.

    python3 tests/api/run.py [--schema FILE] COMMAND [ARGUMENT…]   starts the service, and stops it at the end
    IDOS_API_URL=… IDOS_API_KEY=… python3 tests/api/run.py [--schema FILE]   takes one that runs

The command must print one line of JSON with `url` and `apiKey` on standard output as soon as it serves requests, and
run until SIGTERM. It must then end by itself with exit code 0: a service that had crashed, or cannot stop, fails
the run. Do not aim this at a service that holds anything real: it sends thousands of senseless requests.

Needs the packages of requirements.txt, in the interpreter that runs this. Settings are in schemathesis.toml.
"""

import argparse
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS = 60
RUN_SECONDS = 480
STOP_SECONDS = 30


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold a running service against openapi.yaml.")
    parser.add_argument("--schema", type=pathlib.Path, default=HERE.parent.parent / "openapi.yaml")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not arguments.schema.is_file():
        sys.exit(f"api: {arguments.schema} is not there")
    # A killed run shall stop its service too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))

    if not arguments.command:
        try:
            return check(arguments.schema, os.environ["IDOS_API_URL"], os.environ["IDOS_API_KEY"])
        except KeyError as missing:
            sys.exit(f"api: give a command that starts the service, or set {missing.args[0]}")
    with tempfile.TemporaryFile("w+") as log, Service(arguments.command, log) as service:
        passed = check(arguments.schema, service.url, service.key) == 0
        passed = service.stop() and passed
        if not passed:
            log.seek(0)
            print("api: the last lines of the service's log:", *log.readlines()[-60:], sep="\n", flush=True)
    return 0 if passed else 1


def check(schema: pathlib.Path, url: str, key: str) -> int:
    # The key travels in the environment: arguments can be read by every user of the machine.
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml"]
    hooks = str(HERE / "hooks.py")
    command += ["run", schema.resolve(), "--url", url, "--no-color"]
    with tempfile.TemporaryDirectory() as folder:  # where it would leave its files
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "IDOS_API_KEY": key, "SCHEMATHESIS_HOOKS": hooks})
        try:
            return process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"api: not done after {RUN_SECONDS} s; lower max-examples", flush=True)
            return 1
        finally:
            process.kill()
            process.wait()


class Service:
    """The service as a process group of its own, so that nothing of it outlives the run."""

    def __init__(self, command: list[str], log) -> None:
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, start_new_session=True
        )
        lines: queue.Queue[str] = queue.Queue()

        def read() -> None:  # to the end, or the service would block on a full pipe
            for line in self.process.stdout:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        try:
            ready = json.loads(lines.get(timeout=START_SECONDS))
            self.url, self.key = ready["url"], ready["apiKey"]
        except (queue.Empty, ValueError, KeyError):
            self.kill()
            log.seek(0)
            sys.exit(f"api: {command[0]} printed no line with url and apiKey.\n{log.read()}")

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_) -> None:
        self.kill()

    def stop(self) -> bool:
        if (code := self.process.poll()) is not None:
            print(f"api: the service ended during the run, with {code}", flush=True)
            return False
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"api: the service runs on {STOP_SECONDS} s after SIGTERM", flush=True)
            return False
        if code != 0:
            print(f"api: the service ended with {code} after SIGTERM", flush=True)
        return code == 0

    def kill(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


if __name__ == "__main__":
    sys.exit(main())
