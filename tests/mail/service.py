"""The program under test, and a configuration for it."""

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ["IDOS_ISSUER_BIN"]
ADDRESS = "xyzzy.reader@reader.example"

BASE = """
[node]
url = "http://127.0.0.1:1"
[issuer]
name = "Example KYC"
[keys]
signing = "s"
write = "w"
encryption = "e"
[mail]
from = "Example KYC <kyc@mail.example.com>"
reply_to = "Help <help@example.com>"
contact_url = "https://kyc.example.com/contact"
privacy_url = "https://kyc.example.com/privacy"
"""


class Service:
    """`idos-issuer mail …` with a configuration of its own in `folder`."""

    def __init__(self, folder, mail="", dkim=""):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "config.toml"
        self.config.write_text(BASE + mail + "\n" + dkim)

    def run(self, *arguments):
        # All that is ever logged.
        environment = {**os.environ, "RUST_LOG": "trace"}
        environment.pop("IDOS_ISSUER_MAIL_URL", None)
        return subprocess.run(
            [PROGRAM, "--config", self.config, "mail", *arguments],
            capture_output=True,
            text=True,
            timeout=240,
            env=environment,
            check=False,
        )

    def send(self, sample="expiring", locale="en", identifier=None, to=ADDRESS):
        """Sends a mail: what came of it, and whatever the program said besides."""
        arguments = ["test", to, "--sample", sample, "--locale", locale, "--json"]
        if identifier:
            arguments += ["--id", identifier]
        done = self.run(*arguments)
        lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
        told = [json.loads(line) for line in lines if '"outcome"' in line]
        if len(told) != 1:
            raise AssertionError(f"no outcome: {done.returncode} {done.stdout} {done.stderr}")
        assert (done.returncode == 0) == (told[0]["outcome"] == "sent"), done
        # The address itself is an argument; nothing repeats it.
        said = done.stdout + done.stderr
        local = to.split("@")[0]
        assert local not in said, "an address is said: " + said
        return told[0], said


def issued(folder):
    """Has `idos-issuer dev` keep everything in `folder`, and bring a credential into a profile, of whose end its user is to be told. Gives
    the issuance's id. Nothing runs any more then; `folder` has a configuration and a database."""
    command = [PROGRAM, "dev", "--json", "--no-people", "--data", folder]
    for door in ["--listen", "--node-listen", "--mailbox-listen"]:
        command += [door, "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        told = json.loads(process.stdout.readline())

        def ask(place, body=None):
            headers = {"Authorization": f"Bearer {told['apiKey']}", "Content-Type": "application/json", "Idempotency-Key": "one"}
            request = urllib.request.Request(told["url"] + place, body, headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)

        body = pathlib.Path(told["samples"]["requests"]["submit"]).read_bytes()
        issuance = ask("/v1/issuances", body)["id"]
        for _ in range(1200):
            if ask(f"/v1/issuances/{issuance}")["state"] == "issued":
                return issuance
            time.sleep(0.1)
        raise AssertionError("not issued")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        process.stdout.close()
