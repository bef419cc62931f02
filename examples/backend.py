"""A provider's back end: what it does so that a user whom it has verified gets an idOS credential. Python 3.11, no packages.
ISSUER_URL and ISSUER_KEY name the service and an API key, WEBHOOK_SECRET what it signs events with, RESULT a file of yours."""
import base64, hashlib, hmac, json, os, pathlib, time, urllib.error, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
URL, KEY, SECRET, RESULT = (os.environ[name] for name in ("ISSUER_URL", "ISSUER_KEY", "WEBHOOK_SECRET", "RESULT"))
def issuer(method, path, body=None, once=None):
    """`once` is a name of yours for what is made: however often the same is sent under it, it is made once."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Idempotency-Key": once or "-"}
    request = urllib.request.Request(URL + path, body and json.dumps(body).encode(), headers, method=method)
    said = json.load(urllib.request.urlopen(request))
    # What is under way is asked for again; the answer comes as soon as there is something new.
    under_way = method == "GET" and said.get("state") in ("pending", "queued", "uploading", "awaiting_profile")
    return issuer(method, path) if under_way else said
def with_files(value):
    name = value.get("file")
    return {"base64": base64.b64encode(pathlib.Path(RESULT).with_name(name).read_bytes()).decode()} if name else value
def is_signed(headers, body):
    of = {name: headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")}
    text = f"{of['id']}.{of['timestamp']}.".encode() + body
    ours = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), text, hashlib.sha256)
    good = any(hmac.compare_digest(one.encode(), b"v1," + base64.b64encode(ours)) for one in of["signature"].split(" "))
    return good and of["timestamp"].isdigit() and abs(time.time() - int(of["timestamp"])) < 300
def wallet(ask, _):  # The text that the user's wallet is to sign, to show that it is the user's.
    return issuer("POST", "/v1/wallets/challenge", ask)
def profile(ask, _):  # It is signed: the profile is made. The answer is the text that permits one credential.
    made = issuer("POST", "/v1/profiles", ask | {"passwordStore": "user"}, f"profile-{ask['userId']}")
    record = issuer("GET", f"/v1/profiles/{made['id']}?wait=30")
    assert record["state"] == "created", record["halt"]["cure"]
    return issuer("POST", "/v1/write-grants", {"owner": {name: ask["wallet"][name] for name in ("type", "address")}})
def permit(ask, _):  # That is signed, too: your result becomes a credential.
    submission = {"userId": ask["userId"], "kind": "kyc", "reference": ask["reference"],
                  "evidence": json.loads(pathlib.Path(RESULT).read_text(), object_hook=with_files),
                  "delivery": {"by": "write_grant", "writeGrant": ask["writeGrant"]}, "contact": {"email": ask["email"], "locale": "en"}}
    made = issuer("POST", "/v1/issuances", submission, f"issuance-{ask['reference']}")
    return issuer("GET", f"/v1/issuances/{made['id']}?wait=30")
def renew(_, query):  # The link of a reminder: verify the person anew, and submit the new result with `renews`.
    found = issuer("POST", "/v1/renewals/redeem", {"token": urllib.parse.parse_qs(query)["token"][0]})
    return [{"renews": one["id"]} for one in found["issuances"]]
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        place, body = urllib.parse.urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if place.path == "/webhooks":  # What becomes of it: go on with your case. It may come twice, with the same webhook-id.
            if signed := is_signed(self.headers, body): print(body.decode(), flush=True)
            return self.send(200 if signed else 401, {})
        try:
            step = {"/wallet": wallet, "/profile": profile, "/permit": permit, "/renew": renew}[place.path]
            self.send(200, step(json.loads(body or "{}"), place.query))
        except urllib.error.HTTPError as error:
            self.send(error.code, json.load(error))
        except KeyError as error:
            self.send(404, {"title": f"no {error}"})
    do_GET = do_POST
    def send(self, code, value):
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())
    def log_request(self, *_): pass  # Links have tokens in them.
server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 3000))), Handler)
print("{}", flush=True)
server.serve_forever()
