"""Fills an environment of its own for each release of the vendors' SDKs that referees the simulator and the adapters.

Each one is `.referees/NAME`, with exactly the packages of `tests/referees/constraints-NAME.txt`. A second run, with
nothing to do, ends at once. The wheels come through the pip of the Python that runs this.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".referees"
PINS = ROOT / "tests" / "referees"

#: What each environment is about; the rest of its pins are what this needs.
REFEREES = {
    "openai-2.26": "openai==2.26.0",  # the last release that sends a create without a file as JSON
    "openai-2.54": "openai==2.54.0",  # the last 2.x; every create is multipart
    "openai-3": "openai>=3,<4",
    "google-genai": "google-genai>=3,<4",
    "dashscope": "dashscope==2.0.2",
}


def pins_of(name: str) -> Path:
    """The file with the exact versions of one environment."""
    return PINS / f"constraints-{name}.txt"


def python_of(name: str) -> Path:
    """The Python of one environment, whether it is there or not."""
    return FOLDER / name / "bin" / "python"


def wanted(name: str) -> str:
    """What an environment is made from; where this changes it is made anew."""
    return f"# Python {sys.version}\n{pins_of(name).read_text()}"


def ready(name: str) -> bool:
    """True where the environment holds exactly what it should."""
    made_from = FOLDER / name / "made-from.txt"
    return made_from.is_file() and made_from.read_text() == wanted(name)


def pip(*arguments: str, python: Path) -> None:
    """Runs our own pip for another environment. Ends the program where pip fails: it has said why."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "--python", str(python)]
    if code := subprocess.run([*command, *arguments], check=False).returncode:
        sys.exit(code)


def fill(name: str) -> None:
    """Makes one environment from nothing."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder)
    pip("install", "--no-deps", "-r", str(pins_of(name)), python=python_of(name))
    (folder / "made-from.txt").write_text(wanted(name))


def main() -> None:
    for name in REFEREES:
        if not ready(name):
            print(f"filling .referees/{name}", flush=True)
            fill(name)


if __name__ == "__main__":
    main()
