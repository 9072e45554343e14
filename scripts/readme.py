"""Fills the parts of README.md that are made by running: the demo's table and picture, the commands, what lives.

`--check` changes nothing and fails where the commands or the list of living models differ from what README.md says.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

from rushes.card import load_cards

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DEMO = ROOT / "demo"
SPOKEN = ("openai", "azure", "vertex", "dashscope-intl", "dashscope-cn", "gemini")


def commands() -> str:
    """`rushes --help` as a reader with 100 columns sees it."""
    environ = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR_FORCE")}
    command = [sys.executable, "-m", "rushes", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environ | {"COLUMNS": "100"})
    lines = [line.rstrip() for line in shown.stdout.strip().splitlines()]
    return "\n".join(["", "```text", *lines, "```", ""])


def lives(day: date) -> str:
    """Every first-party endpoint and how it stands on `day`."""
    rows = ["", "| Model | Endpoint | Seconds | State |", "| --- | --- | --- | --- |"]
    for card in load_cards().values():
        for endpoint in card.endpoints:
            if endpoint.provider in SPOKEN:
                life = endpoint.lifecycle
                state = f"live ({life.stage})" if endpoint.alive(day) else f"retired on {life.retired}"
                if endpoint.alive(day) and life.earliest_retirement:
                    state += f", at least until {life.earliest_retirement}"
                made = {
                    seconds for offer in endpoint.offers if "extend" not in offer.modes for seconds in offer.seconds
                }
                lengths = ", ".join(f"{seconds:g}" for seconds in sorted(made))
                rows.append(f"| {card.name} | `{endpoint.id}` | {lengths} | {state} |")
    return "\n".join([*rows, ""])


def demo() -> str:
    """The first part of the table that the last `make demo` left."""
    return "\n" + (DEMO / "table.md").read_text().partition("**Details**")[0].strip() + "\n"


def fill(text: str, name: str, content: str) -> str:
    """`text` with `content` between the marks of `name`."""
    marked = re.compile(rf"(<!-- {name}:.*?-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    filled, found = marked.subn(lambda match: f"{match[1]}{content}\n{match[2]}", text)
    if found != 1:
        raise SystemExit(f"README.md has {found} places for {name}, not one")
    return filled


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail where README.md is out of date")
    options = parser.parse_args()
    before = README.read_text()
    stated = re.search(r"<!-- lives:.*as of (\d{4}-\d{2}-\d{2})", before)
    if stated is None:
        raise SystemExit("README.md does not say the day of its list of living models")
    after = fill(before, "help", commands())
    after = fill(after, "lives", lives(date.fromisoformat(stated[1])))
    if options.check:
        if after != before:
            print("README.md is out of date: run `make readme`")
        return int(after != before)
    if (DEMO / "table.md").exists():
        after = fill(after, "demo", demo())
        shutil.copyfile(DEMO / "speed.png", ROOT / "docs" / "images" / "speed.png")
    README.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
