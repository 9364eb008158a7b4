"""A web server on this machine that gives one file, and misbehaves as it is told."""

from __future__ import annotations

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves `content` under any path.

    plan: what each next request meets, after which all goes well: "cut" (half of the rest, then nothing), "stall",
        a status, or a function that is called first and may return one of these.
    ranges, if_range, etags, length: whether it knows of these; requests: the headers of each.
    """

    def __init__(self, content):
        self.content, self.plan, self.requests = content, [], []
        self.ranges = self.etags = self.if_range = self.length = True
        self.multipart = False
        self.released = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}/zips"

    @property
    def etag(self):
        return f'"{hashlib.md5(self.content).hexdigest()}{"-3" if self.multipart else ""}"'

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    def _handler(server):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                server.requests.append(dict(self.headers))
                wish = server.plan.pop(0) if server.plan else ""
                if callable(wish):
                    wish = wish() or ""
                if isinstance(wish, int):
                    self.send_error(wish)
                    return
                first = server._first(self.headers)
                if first is not None and first >= len(server.content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(server.content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = server.content[first or 0 :]
                self.send_response(200 if first is None else 206)
                if first is not None:
                    last = len(server.content) - 1
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(server.content)}")
                if server.length:
                    self.send_header("Content-Length", str(len(body)))
                if server.etags:
                    self.send_header("ETag", server.etag)
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if wish in ("cut", "stall") else body)
                if wish == "stall":
                    self.wfile.flush()
                    server.released.wait(10)
                self.close_connection = True

        return Handler

    def _first(self, headers):
        """Return the first byte that is asked for, or None for the whole."""
        match = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
        if match is None or not self.ranges:
            return None
        if self.if_range and headers.get("If-Range", self.etag) != self.etag:
            return None
        return int(match[1])
