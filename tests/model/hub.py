"""A Hugging Face Hub of this machine's own, as much of it as Impasto uses."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Hub:
    """Repositories of files by their names; `asked` are the files that were downloaded."""

    def __init__(self):
        self.repositories, self.tags, self.asked = {}, {}, []
        self.status = 200
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, repo, folder, tag=None):
        """Take over a folder's files as a repository's newest state, and under a tag."""
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self.repositories[repo] = files
        if tag:
            self.tags[repo, tag] = files

    def files(self, repo, revision):
        """Return the files of a repository's branch, tag or commit, or None."""
        known = [self.repositories.get(repo), *(files for (name, _), files in self.tags.items() if name == repo)]
        by_commit = {commit(files): files for files in known if files is not None}
        main = self.repositories.get(repo) if revision in (None, "main") else None
        return main or self.tags.get((repo, revision)) or by_commit.get(revision)


def commit(files):
    """Return the name of a state: 40 hexadecimal digits."""
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_):
        """Print nothing."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            repo, rest = "/".join(parts[2:4]), parts[4:]
        else:
            repo, rest = "/".join(parts[:2]), parts[2:]
        if repo not in self.hub.repositories:
            self.answer(404, {"error": "Repository not found"}, **{"X-Error-Code": "RepoNotFound"})
            return
        files = self.hub.files(repo, rest[1] if len(rest) > 1 else None)
        if files is None:
            self.answer(404, {"error": "Revision not found"}, **{"X-Error-Code": "RevisionNotFound"})
        elif rest[:1] == ["tree"]:
            entries = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in files.items()
            ]
            self.answer(200, entries)
        elif rest[:1] == ["resolve"]:
            self.download("/".join(rest[2:]), files)
        else:
            siblings = [{"rfilename": name} for name in files]
            self.answer(200, {"id": repo, "modelId": repo, "sha": commit(files), "siblings": siblings})

    def download(self, name, files):
        data = files[name]
        if self.command == "GET":
            self.hub.asked.append(name)
        self.answer(200, data, **{"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": commit(files)})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path).path.strip("/").split("/")
        if self.hub.status != 200:
            self.answer(self.hub.status, {"error": "no"})
        elif parts[1:] == ["repos", "create"]:
            asked = json.loads(body)
            repo = f"{asked.get('organization') or 'user'}/{asked['name']}"
            self.hub.repositories.setdefault(repo, {})
            self.answer(200, {"url": f"{self.hub.address}/{repo}"})
        elif "preupload" in parts:
            names = [each["path"] for each in json.loads(body)["files"]]
            self.answer(200, {"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]})
        elif "commit" in parts:
            repo = "/".join(parts[2:4])
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.hub.repositories[repo][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            address = f"{self.hub.address}/{repo}/commit/{commit(self.hub.repositories[repo])}"
            self.answer(200, {"success": True, "commitUrl": address, "commitOid": address.rpartition("/")[2]})
        else:
            self.answer(200, {"errors": [], "warnings": []})

    def answer(self, status, content, **headers):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
