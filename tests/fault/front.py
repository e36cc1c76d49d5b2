"""What stands between the program and everything that it asks, and does one wrong thing at one request.

Front listens with TLS, counts the requests as they come, hands each to whoever serves it (the emulator of IBM Cloud, or Vault as
vault.py plays it) and hands the answer back. At the request that it was armed for it does what a fault says: it answers something
else, does the work and loses the answer, does it twice, or refuses the connection by which the request would have come. One
place for the faults of all services; the emulator's own rules know requests alone, and no connections.

A connection is refused from that request on until disarm(); all else happens once. A request that goes side by side with the one
before it comes by a connection that is there already, which no fault of a connection can meet (`beside`). Before and after each
request is carried out Front calls `look`, from which the test sees each state of the world that a consumer can meet.
"""
import contextlib
import http.client
import json
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

OVERSIZE = 8 << 20
DEPTH = 50000
SLOW_S = 0.2
SILENT_S = 120


class Reply:
    def __init__(self, status, headers=(), body=b""):
        self.status, self.headers, self.body = status, list(headers), body


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.status = None  # of the answer, where it was carried out

    @property
    def service(self):
        if "x-vault-request" in self.headers:
            return "vault"
        return "token" if self.path == "/identity/token" else "logs" if "/logs/v1/" in self.path else "iam"

    def name(self):
        """The same in every run: without ids, values and queries."""
        parts = ["*" if p.startswith(("ApiKey-", "ServiceId-")) or len(p) == 36 else p for p in self.path.split("?")[0].split("/")]
        return "%s %s" % (self.method, "/".join(parts))


# --- faults: each takes a Turn, and answers by it ---

class Turn:
    """One request at which something goes wrong."""

    def __init__(self, front, peer, request):
        self.front, self.peer, self.request = front, peer, request

    def do(self):
        return self.front.serve(self.request)

    def answer(self, reply):
        self.peer.sendall(encode(self.request, reply))

    def hang_up(self, hard=False):
        if hard:
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Closed


class Closed(Exception):
    """The connection is to be closed."""


def encode(request, reply, length=None):
    lines = ["HTTP/1.1 %d %s" % (reply.status, http.client.responses.get(reply.status, "Unknown"))]
    lines += ["%s: %s" % h for h in reply.headers]
    if reply.status not in (204, 304):
        lines.append("Content-Length: %d" % (len(reply.body) if length is None else length))
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return head + (b"" if request.method == "HEAD" else reply.body)


def error_body(service, status):
    text = "A fault was asked for."
    if service == "vault":
        return {"errors": [text]}
    if service == "token":
        return {"errorCode": "BXNIM9000E", "errorMessage": text, "context": {"requestId": "x"}}
    return {"trace": "x", "status_code": status,
            "errors": [{"code": "request_not_processed", "message_code": "BXNIM9000E", "message": text}]}


JSON = [("Content-Type", "application/json")]
HTML = Reply(200, [("Content-Type", "text/html")], b"<html><body><h1>Please log in</h1></body></html>")


def status(code, done):
    def effect(turn):
        if done:
            turn.do()
        turn.answer(Reply(code, JSON, json.dumps(error_body(turn.request.service, code)).encode()))
    return effect


def closed(done, hard=False):
    def effect(turn):
        if done:
            turn.do()
        turn.hang_up(hard)
    return effect


def silent(done):
    """No answer; until the program gives up."""
    def effect(turn):
        if done:
            turn.do()
        select.select([turn.peer], [], [], SILENT_S)
        turn.hang_up()
    return effect


def late(turn):
    turn.front.at_the_end.append(turn.request)
    turn.hang_up()


def doubled(turn):
    reply = turn.do()
    turn.do()
    turn.answer(reply)


def doubled_late(turn):
    turn.front.at_the_end.append(turn.request)
    turn.answer(turn.do())


def html(done):
    def effect(turn):
        if done:
            turn.do()
        turn.answer(HTML)
    return effect


def body(make, code=None):
    """Done, and answered with another body."""
    def effect(turn):
        reply = turn.do()
        reply.status = code or (200 if reply.status == 204 else reply.status)
        reply.body = make(reply.body)
        turn.answer(reply)
    return effect


def truncated(turn):
    reply = turn.do()
    whole = reply.body or b"{}"
    reply.status = 200 if reply.status == 204 else reply.status
    reply.body = whole[: len(whole) // 2]
    turn.peer.sendall(encode(turn.request, reply, len(whole)))
    turn.hang_up()


def other_type(value):
    """The same document, each value of a type that it should not have."""
    if isinstance(value, dict):
        return {name: other_type(v) for name, v in value.items()}
    if isinstance(value, list):
        return {str(i): other_type(v) for i, v in enumerate(value)}
    if isinstance(value, bool) or value is None:
        return "no"
    return [value] if isinstance(value, str) else str(value)


def wrong_type(text):
    try:
        return json.dumps(other_type(json.loads(text))).encode()
    except ValueError:
        return b'"a text"'


def redirect(code):
    def effect(turn):
        turn.answer(Reply(code, [("Location", turn.front.trap.url + turn.request.path)]))
    return effect


def slow(turn):
    data = encode(turn.request, turn.do())
    piece = len(data) // 10 + 1
    for at in range(0, len(data), piece):
        time.sleep(SLOW_S / 10)
        turn.peer.sendall(data[at:at + piece])


FAULTS = {
    "tls": None, "stranger": None, "refused": None,  # of the connection: see Front
    "closed": closed(False), "lost": closed(True), "reset": closed(True, hard=True), "late": late,
    "silent": silent(False), "silent, done": silent(True),
    **{"%d" % code: status(code, False) for code in (400, 401, 403, 404, 409, 422, 429, 500, 503)},
    "500, done": status(500, True), "503, done": status(503, True),
    "HTML": html(False), "HTML, done": html(True), "truncated": truncated,
    "oversized": body(lambda text: text + b" " * OVERSIZE), "deep": body(lambda text: b"[" * DEPTH),
    "empty": body(lambda text: b""), "no members": body(lambda text: b"{}"), "wrong type": body(wrong_type),
    "302": redirect(302), "307": redirect(307), "slow": slow, "doubled": doubled, "doubled late": doubled_late,
}
OF_BODY = ("empty", "no members", "deep", "truncated")
OF_CONNECTION = ("tls", "stranger", "refused")
# What a person may be needed for: said for good, or not what the service speaks. All else passes by itself.
PERSON = ("400", "401", "403", "404", "409", "422", "oversized", "wrong type")
HARMLESS = ("slow", "doubled", "doubled late")  # the program need not notice
WAITS = ("silent", "silent, done", "refused")


# --- serving ---

def make_certificate(folder, name):
    """(certificate, key): one of its own for 127.0.0.1 and localhost, which whoever is to trust it has as an authority."""
    out = ["%s/%s.pem" % (folder, name), "%s/%s.key" % (folder, name)]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-out", out[0],
                    "-keyout", out[1]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return out


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def start(function, argument):
    """A thread; where the machine has none left just now, later."""
    while True:
        try:
            threading.Thread(target=function, args=(argument,), daemon=True).start()
            return
        except RuntimeError:
            time.sleep(0.05)


class Server:
    """TCP; a thread a connection, which calls talk(socket)."""

    def __init__(self):
        self.connections, self.lock = set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._accept(self.listener)

    def _accept(self, listener):
        start(self._serve, listener)

    def _serve(self, listener):
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            start(self._talk, raw)

    def _talk(self, raw):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        handle = raw.dup()  # TLS takes the other one away
        with self.lock:
            self.connections.add(handle)
        try:
            self.talk(raw)
        except (Closed, OSError):
            pass
        with self.lock:
            self.connections.discard(handle)
        handle.close()
        raw.close()

    def hang_up(self, but=None):
        """Those that are there end, but for the one from that address."""
        with self.lock:
            for handle in self.connections:
                with contextlib.suppress(OSError):
                    if handle.getpeername() != but:
                        handle.shutdown(socket.SHUT_RDWR)

    def close(self):
        """Nobody is heard any more: new connections are refused."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def open_again(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self._accept(self.listener)


def read_request(peer):
    """The next request; None where the peer has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(65536)
        if not part:
            return None
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(rest) < int(headers.get("content-length", 0)):
        part = peer.recv(65536)
        if not part:
            return None
        rest += part
    return Request(method, path, headers, rest)


class Trap(Server):
    """Another host, to which nothing may be sent that is secret: it keeps what came."""

    def __init__(self, certificate):
        self.context, self.caught = context_of(certificate), []
        super().__init__()
        self.url = "https://localhost:%d" % self.port

    def talk(self, raw):
        with self.context.wrap_socket(raw, server_side=True) as peer:
            request = read_request(peer)
            if request:
                self.caught.append(request)
                peer.sendall(encode(request, HTML))


class Front(Server):
    def __init__(self, certificates, emulator_port, vault):
        """certificates: ours, and that of a stranger."""
        self.context, self.stranger = (context_of(c) for c in certificates)
        self.emulator_port, self.vault, self.mine = emulator_port, vault, threading.local()
        self.requests, self.at_the_end, self.order = [], [], threading.RLock()
        self.fault, self.at, self.fired, self.look = None, -1, False, lambda: None
        self.next_fails = self.beside = False
        self.trap = Trap(certificates[0])
        super().__init__()
        self.url = "https://127.0.0.1:%d" % self.port

    # --- one trial ---

    def arm(self, at, fault):
        """From now on requests count from 0, and at one of them the fault happens; None: at none."""
        self.requests, self.fault, self.at, self.fired = [], fault, at, False
        self.next_fails = self.beside = False
        if at == 0 and fault in OF_CONNECTION:
            self._fail_connection()

    def disarm(self):
        """What is to come late comes now."""
        if self.fired and self.fault == "refused":
            self.open_again()
        self.fault, self.at = None, -1
        while self.at_the_end:
            self.serve(self.at_the_end.pop(0))

    def _fail_connection(self, but=None):
        """The next request is the one, and its connection is what fails: none that is there may be left."""
        self.next_fails = True
        if self.fault == "refused":
            self.fired = True
            self.close()
        self.hang_up(but)

    # --- a connection ---

    def talk(self, raw):
        context = self.context
        if self.fault in OF_CONNECTION and self.next_fails and not self.fired:
            self.fired = True
            if self.fault == "tls":
                raw.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return
            context = self.stranger
        with context.wrap_socket(raw, server_side=True) as peer:
            while True:
                request = read_request(peer)
                if request is None:
                    return
                self._one(peer, request)

    def _one(self, peer, request):
        with self.order:
            number = len(self.requests)
            self.requests.append(request)
        if number == self.at and self.fault not in OF_CONNECTION:
            self.fired = True
            FAULTS[self.fault](Turn(self, peer, request))
            return
        reply = self.serve(request)
        if number == self.at:
            self.beside = not self.fired
        if number + 1 == self.at and self.fault in OF_CONNECTION and not self.beside:
            self._fail_connection(peer.getpeername())  # before the answer: the next request would be quicker
            reply.headers.append(("Connection", "close"))
            peer.sendall(encode(request, reply))
            raise Closed
        peer.sendall(encode(request, reply))

    # --- the services ---

    def serve(self, request):
        with self.order:
            self.look()
            reply = self.vault.serve(request) if request.service == "vault" else self._emulator(request)
            self.look()
            request.status = reply.status
            return reply

    def _emulator(self, request):
        connection = getattr(self.mine, "connection", None)
        if connection is None:
            connection = self.mine.connection = http.client.HTTPConnection("127.0.0.1", self.emulator_port, timeout=30)
        headers = {n: v for n, v in request.headers.items() if n not in ("connection", "content-length")}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return Reply(answer.status, [h for h in answer.getheaders() if h[0].lower() not in ("content-length", "connection")], text)
