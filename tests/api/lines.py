"""How schemathesis sends lines of JSON (NDJSON), which it does not know: one line, with what it has made up for it.

And how it reads them: `response_schema_conformance` looks at the last line, since a body has one schema.
"""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def one_line(_context, value):
    if isinstance(value, bytes):
        return {"data": value}
    return {"data": json.dumps(value, default=str).encode() + b"\n"}


@schemathesis.deserializer("application/x-ndjson")
def last_line(_context, response):
    return json.loads(response.content.splitlines()[-1])
