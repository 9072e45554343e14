"""A vendor's SDK in a process and an environment of its own, asked for one thing after another."""

from __future__ import annotations

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest

ROOT = Path(__file__).parents[2]
SDK = Path(__file__).parent / "sdk"
#: Seconds that a scenario may take.
PATIENCE = 120


class SdkError(Exception):
    """What the SDK raised, in its own words: `class`, `status`, `message` and what else it says."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["message"])
        self.told = told


class Referee:
    """One SDK. `name` is its environment in `.referees/`, `script` what it can do, in `sdk/`."""

    def __init__(self, name: str, script: str, home: Path) -> None:
        self.name = name
        python = ROOT / ".referees" / name / "bin" / "python"
        if not python.exists():
            text = f".referees/{name} is not there: run `make test`, or scripts/referees.py"
            if os.environ.get("CI") == "true":
                pytest.fail(text)
            pytest.skip(text)
        self._log = (home / f"{name}.log").open("w+")
        self._process = subprocess.Popen(
            [str(python), "-I", "-c", f"import runpy, sys; sys.path.insert(0, {str(SDK)!r}); {START.format(script)}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=home,
            env={"HOME": str(home), "PATH": os.defpath},
        )

    def ask(self, scenario: str, **given: Any) -> Any:
        """The result. Raises SdkError for an error of the SDK's own, fails for everything else."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"scenario": scenario, "given": given}) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self._log.seek(0)
            pytest.fail(f"{self.name} gave no answer:\n{self._log.read()}")
        reply = json.loads(line)
        if "error" in reply:
            raise SdkError(reply["error"])
        if "traceback" in reply:
            pytest.fail(f"{self.name}, {scenario}:\n{reply['traceback']}")
        return reply["result"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()


START = "runpy.run_path(sys.path[0] + '/{}.py', run_name='__main__')"
