"""Everything that can go wrong, sorted by who can do something about it.

* VideoError                      same again?    another endpoint?   exit code
  x RequestError    (the caller)
    + Unsupported                 no             yes                 3
    + Refused                     no             the policy says     1
    + BadInput                    no             no                  2
  x SetupError      (the operator)
    + BadConfig                   no             no                  2
    + NotAuthorized               no             yes                 3
    + Retired                     no             yes                 3
    + OverBudget                  no             cheaper ones        3
    + DiskFull, LedgerBroken      no             no                  2
  x VendorError     (nobody here)
    + NotSent                     yes            yes                 1
    + RateLimited                 yes, later     yes                 1
    + Unavailable                 yes, later     yes                 1
    + Unclear                     no             no                  4
    + JobFailed                   no             yes                 1
    + JobLost                     no             yes                 1
    + Overdue                     no: resume     the policy says     4
    + BadReply                    yes            yes                 1
    + BadFile                     yes            yes                 1

`again` and `fallback` are those two columns; the job machine and the router read them and nothing else. They
answer for everything *but* a submit whose outcome is open: that is decided by `rushes.jobs.outcome` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class VideoError(Exception):
    """The root: everything this package raises on purpose."""

    again: ClassVar[bool] = False
    fallback: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: What to do next, in one sentence.
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class RequestError(VideoError):
    """The caller asked for something that cannot be had."""


class Unsupported(RequestError):
    """No endpoint in question makes this; `reasons` has every reason at once."""

    fallback = True
    exit_code = 3

    def __init__(self, message: str, *, reasons: Sequence[str] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reasons = tuple(reasons)

    def __str__(self) -> str:
        return "\n".join(
            [self.message, *(f"- {reason}" for reason in self.reasons), *([self.hint] if self.hint else [])]
        )


class Refused(RequestError):
    """The vendor's moderation refused the prompt, an input or the finished clip."""


class BadInput(RequestError):
    """An argument or a file that no endpoint could take."""

    exit_code = 2


class SetupError(VideoError):
    """Something on this side is not set up."""

    exit_code = 2


class BadConfig(SetupError):
    """A YAML file or a setting that cannot be right; the message names file, line and what would be valid."""

    exit_code = 2


class NotAuthorized(SetupError):
    """No key, a key that the vendor turned down, or an account without access or money."""

    fallback = True
    exit_code = 3


class Retired(SetupError):
    """The model was switched off there; the message names the date and the successor, where known."""

    fallback = True
    exit_code = 3


class OverBudget(SetupError):
    """A cap would be exceeded; nothing was sent."""

    exit_code = 3


class DiskFull(SetupError):
    """The home folder's disk has no room for the clip; checked before anything is sent."""

    exit_code = 2


class LedgerBroken(SetupError):
    """The ledger's database cannot be read or written."""

    exit_code = 2


class VendorError(VideoError):
    """The vendor, or the way to it, failed."""


class NotSent(VendorError):
    """The request certainly never reached the vendor."""

    again = True
    fallback = True


class RateLimited(VendorError):
    """Too fast or too many at once; `retry_after` is the vendor's own wish in seconds, or None."""

    again = True
    fallback = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Unavailable(VendorError):
    """The vendor is down or too busy. On a submit this is Unclear unless the adapter knows better."""

    again = True
    fallback = True


class Unclear(VendorError):
    """The request went out and no answer came back that can be trusted: a job may be running and billed."""

    exit_code = 4


class JobFailed(VendorError):
    """The vendor accepted the job and then ended it without a clip; `kind` is vendor, invalid, expired or cancelled."""

    fallback = True

    def __init__(self, message: str, *, kind: str = "vendor", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class JobLost(VendorError):
    """The vendor no longer knows the job."""

    fallback = True


class Overdue(VendorError):
    """Our deadline passed while the vendor was still at work; the job can be resumed."""

    exit_code = 4


class BadReply(VendorError):
    """An answer that is not what the vendor documents."""

    again = True
    fallback = True


class BadFile(VendorError):
    """A delivered file that is no usable video: empty, cut, too large or not a video."""

    again = True
    fallback = True
