"""`rushes takes`: the finished clips of a home folder."""

from __future__ import annotations

from rushes.amounts import usd
from rushes.cli.options import Common
from rushes.cli.results import delivered
from rushes.cli.show import clean, columns, console, moment, write_json
from rushes.cli.work import look


def takes(*, limit: int | None = None, common: Common = Common()) -> int:
    """Show finished clips, newest first.

    Parameters
    ----------
    limit
        Show so many at most.
    """
    found = look(common, lambda rushes: rushes.takes(limit=limit))
    if common.json:
        write_json([take.json() for take in found])
        return 0
    screen = console()
    if not found:
        screen.print("There are no takes yet: `rushes generate` makes one.")
        return 0
    rows = [[take.id, take.endpoint, moment(take.created), usd(take.cost)] for take in found]
    for take, line in zip(found, columns(rows), strict=True):
        screen.print(line, style="bold")
        screen.print(f"  {clean(take.prompt)}", overflow="ellipsis", no_wrap=True)
        screen.print(f"  {'simulated; ' if take.simulated else ''}{delivered(take.delivered)}", style="dim")
        # On one line, however long: it is there to be copied.
        screen.print(f"  {take.path}", style="dim", soft_wrap=True)
    return 0
