"""Writes `constraints.txt` and `tests/referees/constraints-*.txt` anew: the newest versions that fit.

Pinned with the oldest Python that Rushes runs on, so that the versions are there for every newer one.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from referees import PINS, REFEREES, ROOT, pins_of, pip

OLDEST = (3, 11)


def frozen(*wanted: str) -> str:
    """The versions that pip takes for these requirements in an empty environment, one a line."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder)
        python = Path(folder) / "bin" / "python"
        pip("install", *wanted, python=python)
        freeze = [sys.executable, "-m", "pip", "--python", str(python), "freeze", "--all", "--exclude", "rushes"]
        return subprocess.run(freeze, check=True, capture_output=True, text=True).stdout


def write(path: Path, heading: str, versions: str) -> None:
    if " @ " in versions:
        sys.exit(f"a package came from a folder or a link, which is no pin:\n{versions}")
    path.write_text(f"# {heading} Made by `make constraints`.\n{versions}")
    print(f"{path.relative_to(ROOT)}: {len(versions.splitlines())} packages")


def main() -> None:
    if sys.version_info[:2] != OLDEST:
        sys.exit(f"pin with Python {'.'.join(map(str, OLDEST))}: newer ones take versions that it cannot run")
    everything = frozen("pip", f"{ROOT}[all]", "--group", f"{ROOT}/pyproject.toml:dev")
    write(ROOT / "constraints.txt", "The versions that `make` installs.", everything)
    PINS.mkdir(exist_ok=True)
    for name, requirement in REFEREES.items():
        write(pins_of(name), f"{requirement} and all it needs.", frozen(requirement))


if __name__ == "__main__":
    main()
