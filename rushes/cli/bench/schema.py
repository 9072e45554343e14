"""`rushes bench schema`: the forms of the files that people write, for editors to complete and check."""

from __future__ import annotations

from typing import Literal

from rushes.cli.show import write_json


def schema(what: Literal["suite", "run", "manifest"] = "suite", /) -> int:
    """Print the JSON Schema of a suite's, a run's or a manifest's file.

    The first line of the file names it for editors: # yaml-language-server: $schema=PATH
    """
    from rushes.benchmarks.schemas import schema_of

    write_json(schema_of(what))
    return 0
