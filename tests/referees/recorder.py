"""An HTTP server on loopback that accepts every job and keeps what it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import urlsplit

#: Said by every HTTP client in its own way; no vendor reads them.
TRANSPORT = {"host", "content-length", "connection", "accept", "accept-encoding", "user-agent", "date"}


@dataclass(frozen=True)
class Sent:
    """One request. `fields` is its JSON, or its form: text by name, a file as its content type and bytes."""

    method: str
    path: str
    content_type: str
    fields: Any
    headers: Mapping[str, str]

    def flat(self) -> dict[str, Any]:
        """Everything that a vendor could tell apart, by a path of its own; a key's value is not shown."""
        shown = {name: "sent" if name == "authorization" else value for name, value in self.headers.items()}
        return {
            "method": self.method,
            "path": self.path,
            "content type": self.content_type,
            **{f"header {name}": value for name, value in shown.items()},
            **_flat("body", self.fields),
        }


def differences(ours: Sent, theirs: Sent) -> dict[str, tuple[Any, Any]]:
    """Where two requests differ: ours and theirs by path, None for what was not sent."""
    mine, other = ours.flat(), theirs.flat()
    names = sorted(mine.keys() | other.keys())
    pairs = {name: (mine.get(name), other.get(name)) for name in names}
    # A vendor tells 1 from true and from 1.0; Python does not.
    return {name: (a, b) for name, (a, b) in pairs.items() if a != b or type(a) is not type(b)}


class Recorder:
    """Serves while it is entered. `sent` holds the requests in the order in which they came."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                recorder._keep(self)

            def do_POST(self) -> None:
                recorder._keep(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def last(self, path: str) -> Sent:
        """The last request to a path that ends so."""
        return [each for each in self.sent if urlsplit(each.path).path.endswith(path)][-1]

    def _keep(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        kind = handler.headers.get("content-type", "")
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.sent.append(
            Sent(
                handler.command,
                handler.path,
                kind.partition(";")[0],
                _fields(kind, body),
                {name: value for name, value in headers.items() if name not in TRANSPORT | {"content-type"}},
            )
        )
        answer = json.dumps(_accepted(self.url, handler.path)).encode()
        handler.send_response(200)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)


def _accepted(root: str, path: str) -> dict[str, Any]:
    """What each vendor answers to a job, and DashScope to a wish to upload."""
    place = urlsplit(path).path
    if place.endswith(":predictLongRunning"):
        model = place.partition("projects/")[2].partition(":")[0]
        return {"name": f"projects/{model}/operations/1"}
    if place.endswith("/uploads"):
        policy = {"upload_host": f"{root}/oss", "upload_dir": "folder", "oss_access_key_id": "id", "signature": "s"}
        policy |= {"policy": "p", "x_oss_object_acl": "private", "x_oss_forbid_overwrite": "true"}
        return {"request_id": "1", "data": policy | {"max_file_size_mb": 100}}
    if place.endswith("/video-synthesis"):
        return {"request_id": "1", "output": {"task_id": "1", "task_status": "PENDING"}}
    return {"id": "video_1", "object": "video", "status": "queued", "progress": 0}


def _fields(kind: str, body: bytes) -> Any:
    if kind.startswith("application/json"):
        return json.loads(body)
    if not kind.startswith("multipart/form-data"):
        return body.decode()
    message = BytesParser(EmailMessage, policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + body)
    fields: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content, kind = part.get_payload(decode=True), part["content-type"]
        assert isinstance(content, bytes)
        if part.get_filename() is None:
            fields[str(name)] = content.decode()
        else:
            fields[str(name)] = {"type": kind and str(kind), "bytes": content}
    return fields


def _flat(path: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {name: leaf for key, each in value.items() for name, leaf in _flat(f"{path}.{key}", each).items()}
    if isinstance(value, list):
        return {name: leaf for key, each in enumerate(value) for name, leaf in _flat(f"{path}.{key}", each).items()}
    return {path: value}
