"""`rushes doctor`: what could keep this machine from making clips."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import asdict

from rushes.cli.options import Common
from rushes.cli.show import clean, console, grid, write_json

STYLES = {"ok": "green", "note": "dim", "warning": "yellow", "broken": "bold red"}


def doctor(*, common: Common = Common()) -> int:
    """Check keys, endpoints, clock, disk and open jobs. Sends nothing and shows no key.

    Ends with 1 where something is broken.
    """
    from rushes.doctor import findings

    found = asyncio.run(findings(common.rushes(resume=False)))
    broken = any(each.level == "broken" for each in found)
    if common.json:
        write_json({"ok": not broken, "findings": [asdict(each) for each in found]})
        return int(broken)
    common.announce()
    screen = console()
    lines = grid("bold", None, None)
    area = ""
    for each in found:
        name = "" if each.area == area else each.area
        area = each.area
        lines.add_row(name, f"[{each.level}]", clean(each.text), style=STYLES[each.level])
    screen.print(lines)
    counts = Counter(each.level for each in found)
    screen.print(f"Broken: {counts['broken']}. Warnings: {counts['warning']}.", style="bold")
    return int(broken)
