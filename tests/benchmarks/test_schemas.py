"""The published schemas: what the program takes, word for word, and every shipped suite fits them."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks.manifest import Manifest
from rushes.benchmarks.schemas import FORMS, schema_of
from rushes.benchmarks.settings import RunFile
from rushes.benchmarks.suite import Suite, shipped_suites
from rushes.yaml import read

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "configs" / "schemas"


def test_there_is_a_schema_for_every_file_that_people_write() -> None:
    assert {name: form for name, (form, _) in FORMS.items()} == {"suite": Suite, "run": RunFile, "manifest": Manifest}
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.schema.json" for name in (*FORMS, "policy")}


@pytest.mark.parametrize("name", FORMS)
def test_the_published_schema_is_what_the_program_takes(name: str) -> None:
    published = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))

    assert published == schema_of(name)


def test_the_script_that_writes_them_finds_nothing_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["schemas.py", "--check"])

    runpy.run_path(str(ROOT / "scripts" / "schemas.py"), run_name="__main__")


@pytest.mark.parametrize("name", FORMS)
def test_every_key_is_described_and_no_other_is_taken(name: str) -> None:
    schema = schema_of(name)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for part in [schema, *schema.get("$defs", {}).values()]:
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


@pytest.mark.parametrize(
    ("name", "key"), [("suite", "models"), ("run", "concurrency"), ("run", "block_minutes"), ("suite", "version")]
)
def test_what_stands_under_a_field_is_its_description(name: str, key: str) -> None:
    assert len(schema_of(name)["properties"][key]["description"]) > 20


def test_a_count_may_be_a_number_or_a_range() -> None:
    count = schema_of("suite")["$defs"]["Count"]

    assert [each.get("type") for each in count["anyOf"]] == ["integer", "object"]
    assert "`3` is short for" in count["description"]


@pytest.mark.parametrize("suite", shipped_suites())
def test_every_shipped_suite_names_its_schema_and_fits_it(suite: str) -> None:
    path = shipped_suites()[suite]
    document = read(path)

    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/suite.schema.json"
    assert (path.parent / "../schemas/suite.schema.json").resolve() == FOLDER / "suite.schema.json"
    assert document.parse(Suite).id == suite
    assert list(_unknown(document.data, schema_of("suite"), schema_of("suite")["$defs"])) == []


def test_a_key_that_the_schema_does_not_have_would_be_noticed() -> None:
    wrong = {"id": "x", "prompts": [{"id": "one", "expect": {"cutz": 1}}], "cells": {"short": {"secs": {}}}}

    assert list(_unknown(wrong, schema_of("suite"), schema_of("suite")["$defs"])) == ["cutz", "secs"]


def _unknown(value: Any, schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    """Keys of `value` that the schema does not have; all that a check without a validator can do."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    fitting = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if isinstance(value, dict) and len(fitting) == 1:
        [whole] = [defs[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in fitting]
        properties, others = whole.get("properties", {}), whole.get("additionalProperties", True)
        others = next(iter(whole.get("patternProperties", {}).values()), others)
        for key, each in value.items():
            if key in properties:
                yield from _unknown(each, properties[key], defs)
            elif isinstance(others, dict):
                yield from _unknown(each, others, defs)
            elif not others:
                yield key
    if isinstance(value, list):
        for each in value:
            yield from _unknown(each, schema.get("items", {}), defs)
