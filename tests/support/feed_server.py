"""A web server on loopback with OSV's layout, and the faults that public ones have."""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FeedServer:
    """Files by path, what was asked for, and one fault for each of the next requests.

    Args:
        faults: taken in order: a status such as "429", "cut" (the connection ends half-way),
            "wrong-digest", "endless" (never a length), "stall" (nothing comes until `go_on`),
            "goog" and "wrong-goog" (a digest in the way of Google's storage), "to:URL", "raw:TEXT"
            (instead of an answer).
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.asked: list[tuple[str, str]] = []  # path, Range
        self.retry_after = "7"
        self.go_on = threading.Event()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # a socket that is left to a thread is never closed
    feeds: FeedServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no fault of the server."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        feeds = self.server.feeds
        feeds.asked.append((self.path, self.headers["Range"] or ""))
        content = feeds.files.get(self.path)
        fault = feeds.faults.pop(0) if feeds.faults else ""
        if fault.isdecimal():
            self._end(int(fault), {"Retry-After": feeds.retry_after})
        elif fault.startswith("raw:"):
            self.wfile.write(fault.removeprefix("raw:").encode("latin-1"))
            self.close_connection = True
        elif content is None:
            self._end(404, {})
        elif fault.startswith("to:"):
            self._end(302, {"Location": fault.removeprefix("to:")})
        elif self.headers["If-None-Match"] == _etag(content):
            self._end(304, {})
        else:
            self._send(content, fault)

    def _send(self, content: bytes, fault: str) -> None:
        begin = 0
        asked = self.headers["Range"] or ""
        if asked and self.headers["If-Range"] == _etag(content):
            begin = int(asked.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", _etag(content))
        told = b"other" if fault == "wrong-digest" else content
        digest = base64.b64encode(hashlib.sha256(told).digest()).decode()
        if fault in {"goog", "wrong-goog"}:
            md5 = hashlib.md5(content if fault == "goog" else b"other").digest()  # noqa: S324 - theirs
            told_here = f"crc32c=AAAAAA==,md5={base64.b64encode(md5).decode()}"
            self.send_header("X-Goog-Hash", told_here)
        else:
            self.send_header("Repr-Digest", f"sha-256=:{digest}:")
        if fault != "endless":
            self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        rest = content[begin:]
        if fault in {"cut", "stall"}:
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)
        if fault == "stall":
            self.wfile.flush()
            self.server.feeds.go_on.wait(10)
        self.close_connection = True

    def _end(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[FeedServer]:
    """A server until the end of the block; by https where `tls` has its certificate."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        server.feeds = FeedServer(f"{scheme}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.feeds
        finally:
            server.feeds.go_on.set()
            server.shutdown()
            thread.join()
