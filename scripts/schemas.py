"""Writes configs/schemas/: what editors complete and check YAML files of people by. --check only compares."""

import json
import sys
from pathlib import Path

from rushes.benchmarks.schemas import FORMS, schema_of
from rushes.router.policies import policy_schema

FOLDER = Path(__file__).resolve().parent.parent / "configs" / "schemas"


def main() -> None:
    stale = []
    for name, schema in {**{name: schema_of(name) for name in FORMS}, "policy": policy_schema()}.items():
        path = FOLDER / f"{name}.schema.json"
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if "--check" in sys.argv:
            stale += [path.name] * (not path.exists() or path.read_text(encoding="utf-8") != text)
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(FOLDER.parent.parent))
    if stale:
        sys.exit(f"not what the program says: {', '.join(stale)}; run `make schemas`")


if __name__ == "__main__":
    main()
