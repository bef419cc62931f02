"""Mail servers: aiosmtpd and Dovecot, as servers are; and one that breaks off, waits and talks nonsense at any point."""

import datetime
import grp
import imaplib
import ipaddress
import os
import pathlib
import pwd
import socket
import ssl
import subprocess
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder, names=("localhost",)):
    """A certificate of an authority of its own: (authority's file, context for a server)."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(name, key, issuer, issuer_key, ca):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            alternatives = [x509.DNSName(n) for n in names] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = build("Authority", authority_key, "Authority", authority_key, True)
    leaf = build(names[0], key, "Authority", authority_key, False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(
        leaf.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "ca.pem", context


class Handler:
    """Keeps what it is sent; `refuse` maps a command to answers, of which each is given once."""

    def __init__(self, refuse=None):
        self.mails, self.sessions, self.refuse = [], [], refuse or {}

    def _answer(self, command):
        answers = self.refuse.get(command, [])
        return answers.pop(0) if answers else None

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if answer := self._answer("MAIL"):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if answer := self._answer("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if answer := self._answer("DATA"):
            return answer
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content, list(envelope.mail_options)))
        self.sessions.append((session.ssl is not None, bool(session.authenticated)))
        return "250 2.0.0 taken"


def login(server, session, envelope, mechanism, data):
    """User `user`, password `Xyzzy&pass`."""
    good = (data.login, data.password) == (b"user", b"Xyzzy&pass")
    return AuthResult(success=good, handled=False)


class Real:
    """aiosmtpd on a free port. `implicit` or `starttls` is a context for TLS."""

    def __init__(self, handler, implicit=None, starttls=None, **options):
        if starttls:
            options.update(tls_context=starttls, require_starttls=True)
        self.controller = Controller(handler, hostname="127.0.0.1", port=free_port(), ssl_context=implicit, **options)
        # With TLS from the first byte, the login need not ask for more.
        self.controller.factory = lambda: SMTP(
            handler, hostname="server.example", enable_SMTPUTF8=True, auth_require_tls=starttls is not None, **options
        )

    def __enter__(self):
        self.controller.start()
        return self.controller.port

    def __exit__(self, *_):
        self.controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Scripted:
    """A server that says what it is told to: `script` maps a step to what is done there.

    Steps: connect, EHLO, STARTTLS, MAIL, RCPT, DATA, body (within the message), end (its end), RSET, QUIT. What is done: bytes to
    send; "cut" closes the connection, "reset" does so hard, "silence" answers nothing any more, a number waits so many seconds. Several
    of these are a list. With "end" one is told the number of messages that have come whole. "body" is done when `after` bytes of a
    message have come. `small` keeps the system from taking much that was not read; `pace` waits so many seconds behind each 4 KiB.
    """

    USUAL = {
        "connect": b"220 there\r\n",
        "EHLO": b"250-there\r\n250 8BITMIME\r\n",
        "MAIL": b"250 2.1.0 fine\r\n",
        "RCPT": b"250 2.1.5 fine\r\n",
        "DATA": b"354 go on\r\n",
        "end": b"250 2.0.0 taken\r\n",
        "RSET": b"250 fine\r\n",
        "QUIT": b"221 bye\r\n",
    }

    def __init__(self, script, after=0, small=False, pace=0):
        self.script, self.whole, self.commands = {**self.USUAL, **script}, 0, []
        self.after, self.pace = after, pace
        self.listener = socket.socket()
        if small:
            # What a sender keeps to send grows with the size of segments, and what a receiver keeps is this.
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.open = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.open:
            connection.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._lead, args=(connection,), daemon=True).start()

    def _do(self, connection, step):
        """Whether to go on."""
        actions = self.script.get(step, b"502 what?\r\n")
        for action in actions if isinstance(actions, list) else [actions]:
            if isinstance(action, bytes):
                connection.sendall(action)
            elif isinstance(action, (int, float)):
                time.sleep(action)
            elif action == "cut":
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()
                return False
            elif action == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.close()
                return False
            elif action == "silence":
                while connection.recv(65536):
                    pass
                return False
        return True

    def _lead(self, connection):
        try:
            if not self._do(connection, "connect"):
                return
            lines = connection.makefile("rb")
            while line := lines.readline():
                command = line.split()[0].upper().decode(errors="replace") if line.strip() else ""
                self.commands.append(command)
                step = command if command in ("EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "RSET", "QUIT", "AUTH") else "other"
                if not self._do(connection, step) or step == "QUIT":
                    return
                if step == "DATA" and self.script["DATA"] == self.USUAL["DATA"]:
                    size, is_done = 0, False
                    while (line := lines.readline()) and line != b".\r\n":
                        if self.pace and (size + len(line)) // 4096 > size // 4096:
                            time.sleep(self.pace)
                        size += len(line)
                        if size > self.after and "body" in self.script and not is_done:
                            is_done = True
                            if not self._do(connection, "body"):
                                return
                    if not line:
                        return
                    self.whole += 1
                    if not self._do(connection, "end"):
                        return
        except OSError:
            pass


class Dovecot:
    """Dovecot, with one user: over IMAP with TLS from the first byte (`imaps`) and by STARTTLS (`imap`), on free ports of this machine.

    Its files lie in `folder`, where `server.pem` is. Where this is root, mails belong to nobody, since Dovecot serves no root.
    """

    USER, PASSWORD = "bounces@mail.example.com", "Xyzzy&pass ä"

    def __init__(self, folder):
        self.folder, self.imap, self.imaps, self.process = pathlib.Path(folder) / "dovecot", free_port(), free_port(), None
        self.folder.mkdir()
        for path in [self.folder, *self.folder.parents]:
            if str(path).startswith("/tmp/"):
                path.chmod(path.stat().st_mode | 0o055)
        is_root = os.getuid() == 0
        owner = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.getuid())
        inner = ("dovecot", "dovenull") if is_root else (owner.pw_name, owner.pw_name)
        (self.folder / "mail").mkdir()
        if is_root:
            os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        (self.folder / "users").write_text(f"{self.USER}:{{PLAIN}}{self.PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::{self.folder}/mail\n")
        (self.folder / "dovecot.conf").write_text(f"""
protocols = imap
listen = 127.0.0.1
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
default_internal_user = {inner[0]}
default_internal_group = {grp.getgrgid(pwd.getpwnam(inner[0]).pw_gid).gr_name}
default_login_user = {inner[1]}
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
auth_mechanisms = plain
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
userdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
first_valid_uid = 0
mail_location = maildir:{self.folder}/mail/Maildir
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = {self.imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""")

    def __enter__(self):
        command = ["dovecot", "-F", "-c", self.folder / "dovecot.conf"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for _ in range(600):
            try:
                self.client().logout()
                return self
            except (OSError, imaplib.IMAP4.error):
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        log = self.folder / "log"
        raise AssertionError(f"no Dovecot: {log.read_text() if log.exists() else ''} {self.process.poll()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.process.stderr.close()

    def client(self):
        """Somebody who is logged in."""
        context = ssl.create_default_context(cafile=self.folder.parent / "ca.pem")
        client = imaplib.IMAP4_SSL("localhost", self.imaps, ssl_context=context)
        client._encoding = "utf-8"
        client.authenticate("PLAIN", lambda _: f"\0{self.USER}\0{self.PASSWORD}".encode())
        return client

    def put(self, *mails, folder="INBOX"):
        client = self.client()
        client.create(f'"{folder}"')
        for mail in mails:
            assert client.append(f'"{folder}"', None, None, mail)[0] == "OK"
        client.logout()

    def there(self, folder="INBOX"):
        """What is in a folder: subjects, and whether they were seen."""
        client = self.client()
        assert client.select(f'"{folder}"', readonly=True)[0] == "OK"
        found = client.search(None, "ALL")[1][0].split()
        told = []
        for number in found:
            data = client.fetch(number, "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
            flags = b" ".join(part if isinstance(part, bytes) else part[0] for part in data)
            told.append((data[0][1].decode().strip().removeprefix("Subject: "), b"\\Seen" in flags))
        client.logout()
        return told
