"""The JSON Schemas of the files that people write: suites, runs and manifests."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from rushes.benchmarks.manifest import Manifest
from rushes.benchmarks.settings import RunFile
from rushes.benchmarks.suite import Suite

FORMS: dict[str, tuple[type[BaseModel], str]] = {
    "suite": (Suite, "A Rushes suite: what to compare"),
    "run": (RunFile, "A Rushes run: how a suite is run"),
    "manifest": (Manifest, "A Rushes manifest: clips to bring into a run"),
}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of one of FORMS, by JSON Schema 2020-12."""
    form, title = FORMS[name]
    schema = form.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
