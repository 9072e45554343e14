"""The pair page on a port: of this machine alone or, with a secret in its address, for others too."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from ipaddress import ip_address
from secrets import token_urlsafe
from urllib.parse import urlencode

from starlette.applications import Starlette

from rushes.errors import BadInput, SetupError
from rushes.pages.rate.app import app, rater_name
from rushes.pages.rate.desk import Desk

HERE = "127.0.0.1"


def serve(
    desk: Desk,
    *,
    host: str = HERE,
    port: int = 0,
    rater: str | None = None,
    simulated: bool = False,
    on_ready: Callable[[str], None],
) -> None:
    """Serves until Ctrl-C; calls `on_ready` with the page's address once it is there. Port 0 takes any free one.

    Other hosts than this one need the secret in that address. Raises SetupError where the port is taken, BadInput for a
    host that this machine is not.
    """
    try:
        query = "" if rater is None else f"?{urlencode({'rater': rater_name(rater)})}"
    except ValueError as error:
        raise BadInput(f"--rater '{rater}': {error}") from None
    if not 0 <= port <= 65535:
        raise BadInput(f"--port {port}: ports are numbers from 0 to 65535")
    if host == "localhost":
        host = HERE  # which may be two addresses
    with _listening(host, port) as listener:
        port = listener.getsockname()[1]
        if is_here(host):
            hosts: Collection[str] | None = _names(host, port)
            secret, name = "", host
        else:
            hosts, secret = None, token_urlsafe(16)
            name = socket.gethostname() if host in ("0.0.0.0", "::") else host
        url = f"http://{_literal(name)}:{port}/{secret and secret + '/'}{query}"
        page = app(desk, hosts=hosts, secret=secret, simulated=simulated)
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(page, listener, lambda: on_ready(url)))


def _names(host: str, port: int) -> set[str]:
    """What browsers on this machine call us in `Host`."""
    names = {HERE, "localhost", "[::1]", _literal(host)}
    return {f"{name}:{port}" for name in names} | (names if port == 80 else set())


def _literal(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_here(host: str) -> bool:
    """True for addresses that only this machine reaches."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise BadInput(f"--host {host} --port {port}: {getattr(error, 'strerror', None) or error}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"port {port} is taken", hint="Give another --port, or none: then any free one is used."
            ) from None
        raise BadInput(f"--host {host} --port {port}: {error.strerror or error}") from None
    return listener


async def _serve(page: Starlette, listener: socket.socket, ready: Callable[[], None]) -> None:
    import uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        page, lifespan="off", log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=1
    )
    await Announcing(config).serve(sockets=[listener])
