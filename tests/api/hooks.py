"""What schemathesis does otherwise than by itself.

Lines of JSON (NDJSON), which it does not know, are sent as one line, with what it has made up for it; and read by the last one, since
a body has one schema for `response_schema_conformance`.

Whoever asks at a person's own page (/me) is somebody else each time, as a trusted proxy would say: from one address, few requests are
taken, and behind those everything would be 429, right or wrong.
"""

import ipaddress
import itertools
import json

import schemathesis

# RFC 2544: of no machine.
VISITORS = itertools.count(int(ipaddress.ip_address("198.18.0.1")))


@schemathesis.hook
def before_call(_context, case, _kwargs):
    if case.operation.path == "/me" or case.operation.path.startswith("/me/"):
        case.headers["X-Forwarded-For"] = str(ipaddress.ip_address(next(VISITORS)))


@schemathesis.serializer("application/x-ndjson")
def one_line(_context, value):
    if isinstance(value, bytes):
        return {"data": value}
    return {"data": json.dumps(value, default=str).encode() + b"\n"}


@schemathesis.deserializer("application/x-ndjson")
def last_line(_context, response):
    return json.loads(response.content.splitlines()[-1])
