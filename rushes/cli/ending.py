"""How a command ends when it does not end well: what is said, and with which exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Any

from rushes.cli.show import clean, say, write_json
from rushes.errors import VideoError

INTERRUPTED = 130


class Interrupted(Exception):
    """Ctrl-C was struck while something was on its way; says what became of it."""


def report(error: BaseException, *, as_json: bool) -> int:
    """Says what went wrong, on stderr and for programs on stdout too; returns the exit code."""
    match error:
        case VideoError():
            reasons = getattr(error, "reasons", ())
            say("\n".join([error.message, *(f"- {reason}" for reason in reasons)]), style="red")
            if error.hint:
                say(error.hint)
            code = error.exit_code
        case Interrupted():
            say(str(error))
            code = INTERRUPTED
        case KeyboardInterrupt():
            say("Interrupted.")
            code = INTERRUPTED
        case _:
            if os.environ.get("RUSHES_DEBUG"):
                say("".join(traceback.format_exception(error)).rstrip())
            say(
                f"rushes broke ({type(error).__name__}). That is a bug: please report it, with what you typed and what "
                "RUSHES_DEBUG=1 shows.",
                style="red",
            )
            code = 1
    if as_json:
        write_json({"error": error_json(error)})
    return code


def error_json(error: BaseException) -> dict[str, Any]:
    """An error for other programs. A bug's own words are left out: they may hold anything."""
    if isinstance(error, VideoError):
        reasons = list(getattr(error, "reasons", ()))
        return {"kind": type(error).__name__, "message": error.message, "reasons": reasons, "hint": error.hint}
    match error:
        case Interrupted():
            message = str(error)
        case KeyboardInterrupt():
            message = "Interrupted."
        case _:
            message = "a bug; RUSHES_DEBUG=1 shows more"
    return {"kind": type(error).__name__, "message": message, "reasons": [], "hint": None}


def quiet_pipe() -> int:
    """Whoever read our output has gone, such as `head`: nothing to say, and nobody to say it to."""
    # Python would complain once more when it flushes stdout at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # Looked up each time: a progress bar puts a stream of its own there while it shows.
        print(f"{record.levelname.lower()}: {clean(record.getMessage())}", file=sys.stderr)  # noqa: T201


def warnings_to_stderr() -> None:
    """Log records from warnings upwards, one plain line each."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Stderr) for handler in root.handlers):
        handler = _Stderr(logging.WARNING)
        root.addHandler(handler)
