"""`rushes coach`: what a prompt describes, what it leaves out, and variants of it to try first."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rushes.cli.options import CLIP, FLAG, WORLD
from rushes.cli.show import clean, console, grid, write_json

if TYPE_CHECKING:
    from rushes.coach import Advice, Mark

#: What `explore` makes unless told otherwise.
MOST = 6
WORDS = {True: "yes", False: "missing", None: "not judged"}
STYLES = {True: "green", False: "yellow", None: "dim"}
#: Of the words that show a part, so many are printed; --json has them all.
SHOWN = 6


def coach(
    prompt: str,
    /,
    *,
    audio: Annotated[bool | None, Parameter(group=CLIP)] = None,
    variants: int = MOST,
    json: Annotated[bool, FLAG, Parameter(group=WORLD)] = False,
) -> int:
    """Show what PROMPT says of scene, camera, sound and motion, and 4 to 6 variants that each try one direction.

    Fixed rules over English words: no model, no network, no cost, the same answer every time.

    Parameters
    ----------
    audio
        The clip must have sound, or must be silent; left out: whatever the model does.
    variants
        How many variants, 4 to 6.
    json
        Print JSON, for other programs.
    """
    from rushes.coach import coach as judge

    advice = judge(prompt, sound=audio, most=variants)
    command = explore(prompt, audio, variants, coached=bool(advice.variants))
    if json:
        write_json(advice.json() | {"explore": command})
    else:
        _print(advice, command)
    return 0


def explore(prompt: str, audio: bool | None, count: int, *, coached: bool) -> str:
    """The command that makes them, to be copied."""
    options = {True: " --audio", False: " --no-audio", None: ""}[audio] + (" --variants coach" if coached else "")
    # A prompt that begins with a dash is no option.
    if prompt.startswith("-"):
        return f"rushes explore -n {count}{options} -- {shlex.quote(prompt)}"
    return f"rushes explore {shlex.quote(prompt)} -n {count}{options}"


def _print(advice: Advice, command: str) -> None:
    from rich.padding import Padding

    from rushes.coach import DESCRIBE

    screen = console()
    screen.print("The prompt describes", style="bold")
    marks = grid(None, None, "dim")
    for mark in advice.marks:
        word = WORDS[mark.present] if mark.present is not False or mark.part in advice.absent else "not asked for"
        marks.add_row(f"   {mark.part}", word, clean(_shown(mark)), style=STYLES[mark.present])
    screen.print(marks)
    if advice.notes:
        notes = grid(None)
        for note in advice.notes:
            notes.add_row(Padding(note, (0, 0, 0, 3)))
        screen.print(notes)
    screen.print("Tips", style="bold")
    for tip in advice.tips:
        about = f" Missing: {', '.join(tip.about)}." if tip.about and tip.text == DESCRIBE else ""
        screen.print(f"   {tip.text}{about}")
    if advice.variants:
        screen.print("Variants, each the prompt with one sentence more", style="bold")
        rows = grid(None, "bold", None)
        for place, each in enumerate(advice.variants, 1):
            rows.add_row(f"{place:>4}.", each.direction, each.added)
        screen.print(rows)
    screen.print("To make and compare them", style="bold")
    # On one line, however long: it is there to be copied.
    screen.print(f"   {clean(command)}", soft_wrap=True)


def _shown(mark: Mark) -> str:
    found = list(dict.fromkeys(" ".join(span.words.split()) for span in mark.spans))
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more
