"""Sends a file of results, a line each, and prints the verdicts while it does. Python 3, no packages: import.py FILE [FROM]

ISSUER_URL and ISSUER_KEY name the service and an API key. KEY is the file's Idempotency-Key: the same for each attempt at the same file.
"""

import http.client
import json
import os
import sys
import threading
from urllib.parse import urlsplit

path, start = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
url = urlsplit(os.environ["ISSUER_URL"])
kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
call = kind(url.hostname, url.port)
call.putrequest("POST", f"{url.path}/v1/imports?from={start}")
call.putheader("Authorization", f"Bearer {os.environ['ISSUER_KEY']}")
call.putheader("Idempotency-Key", os.environ.get("KEY", "import.py"))
call.putheader("Content-Type", "application/x-ndjson")
call.putheader("Transfer-Encoding", "chunked")
call.endheaders()
# Not call.send: when the answer begins, `call` lets go of the connection, which closes with the end of the answer.
link = call.sock


def send() -> None:
    """In a thread of its own: urllib, requests and httpx send everything before they read, and wait for ever with a long file."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if number >= start:
                    link.sendall(b"%x\r\n%s\r\n" % (len(line), line))
        link.sendall(b"0\r\n\r\n")
    except OSError as error:
        print(f"sending ended: {error}", file=sys.stderr)


threading.Thread(target=send, daemon=True).start()
last = b"{}"
for last in call.getresponse():
    sys.stdout.write(last.decode())
# Where this is not so, go on: with the same KEY, FROM being `next` of the last line, or the number behind that of the last verdict.
sys.exit(0 if json.loads(last).get("complete") else 1)
