"""`rushes bench`: makes or brings the clips of a suite, measures them, and shows what they took and what they are."""

from __future__ import annotations

from cyclopts import App

#: Each command's module is imported only when it is called.
COMMANDS = {
    "run": ("run:run", "Make the clips of SUITE, measure them, and show what they took and what they are."),
    "import": ("bring:bring", "Bring clips that are there into a run, to be measured and compared like fresh ones."),
    "table": ("look:table", "Measure what is not measured yet, and show a run's table again."),
    "report": ("look:report", "Draw a run's report again: one HTML file, with players."),
    "compare": ("compare:compare", "Compare two runs of one suite, prompt by prompt."),
    "claims": ("claims:claims", "Show whether the brief's words on the models hold in RUN."),
    "list": ("look:listing", "Show the shipped suites, and the runs that are there."),
    "schema": ("schema:schema", "Print the JSON Schema of suites, runs or manifests, for editors."),
}

bench = App(name="bench", help="Compare models: make or bring the clips of a suite, measure them, draw the tables.")
for name, (place, words) in COMMANDS.items():
    bench.command(f"rushes.cli.bench.{place}", name=name, help=words)
