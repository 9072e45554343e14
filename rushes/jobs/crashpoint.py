"""Places at which a test can kill or freeze this process, to prove what the ledger promises.

No-ops unless RUSHES_CRASHPOINT names one; then the process sends itself the signal RUSHES_CRASHSIGNAL (KILL unless
set), once for each RUSHES_CRASHFLAG file.
"""

from __future__ import annotations

import os
import signal

_NAME = os.environ.get("RUSHES_CRASHPOINT")


def crashpoint(name: str) -> None:
    """Dies or stops here, if this is the one."""
    if name != _NAME:
        return
    flag = os.environ["RUSHES_CRASHFLAG"]
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), getattr(signal, "SIG" + os.environ.get("RUSHES_CRASHSIGNAL", "KILL")))
