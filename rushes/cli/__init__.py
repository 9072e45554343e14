"""The terminal door: which commands there are, and how each of them ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from inspect import getdoc

from cyclopts import App, CycloptsError

from rushes import __version__

#: Each command's module is imported only when it is called.
COMMANDS = {
    "models": "Show every endpoint: alive or not, limits, price, key; and what the brief says beside it.",
    "plan": "Show which endpoints would make a clip, in which order and why, and why the others would not.",
    "coach": "Show what a prompt describes and what it leaves out, and variants to try first.",
    "generate": "Make a clip.",
    "explore": "Make several cheap drafts of one prompt, side by side.",
    "finalize": "Render a draft again on its final model.",
    "bench": "Compare models: make or bring the clips of a suite, measure them, draw the tables.",
    "rate": "Serve a page on which people say which of two clips is better, without knowing whose they are.",
    "judge": "Show a vision-language model the clips of a run two by two, and keep what it says as votes.",
    "votes": "Bring the votes of a run out to a file, or in from one.",
    "evidence": "Show what benchmarks have found out about endpoints.",
    "jobs": "Show jobs, go on with them, stop them, decide those that are unclear.",
    "takes": "Show finished clips.",
    "doctor": "Check keys, endpoints, clock, disk and open jobs.",
    "simulate": "Serve the vendors' wires on this machine, without keys or cost.",
}

app = App(
    name="rushes", help="One request for every video model.", version=__version__, suppress_keyboard_interrupt=False
)
for name, words in COMMANDS.items():
    app.command(f"rushes.cli.{name}:{name}", name=name, help=words)


def main(tokens: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    0 ok, 1 failed, 2 bad input or config, 3 refused by limits, lifecycle, missing key or budget, 4 unclear or overdue,
    130 interrupted.
    """
    from rushes.cli.ending import quiet_pipe, report, warnings_to_stderr
    from rushes.errors import BadInput

    given = list(sys.argv[1:] if tokens is None else tokens)
    if "--help" in given or "-h" in given:
        _tell_in_full(given)
    as_json = "--json" in given
    warnings_to_stderr()
    try:
        code = app(given, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        return report(BadInput(str(error), hint="Add --help to see what there is."), as_json=as_json)
    except BrokenPipeError:
        return quiet_pipe()
    except (KeyboardInterrupt, Exception) as error:
        return report(error, as_json=as_json)
    return code or 0


def _tell_in_full(given: Sequence[str]) -> None:
    """Has the command that is asked for say all of its docstring, and not only its line in the list of commands."""
    command = app
    for token in given:
        if token.startswith("-") or token not in command:
            break
        command = command[token]
    if command is not app and command.default_command is not None:
        command.help = getdoc(command.default_command)
