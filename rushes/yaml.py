"""YAML that says where it is wrong: every error names file, line and the nearest valid key.

Plain YAML 1.1 has traps that matter here: an unquoted `16:9` is the number 969 and a repeated key silently wins.
Both are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from rushes.errors import BadConfig

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]
Loader = yaml.SafeLoader | yaml.CSafeLoader

# libyaml reads the shipped cards seven times as fast; a PyYAML built without it has only the other.
LOADER: type[Loader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML 1.1 counts these in sixties: 16:9, but also 1:30 and 10:30:00.
_RATIO = re.compile(r"^\d+(:\d+)+(\.\d*)?$")
_MERGE = "tag:yaml.org,2002:merge"


class Document:
    """A YAML file's data, with the line of every key and value."""

    def __init__(self, path: Path, data: Any, lines: dict[Location, int]) -> None:
        self.path = path
        self.data = data
        self._lines = lines

    def line(self, location: Location) -> int:
        """The line of `location`, or of the nearest thing around it."""
        while location and location not in self._lines:
            location = location[:-1]
        return self._lines.get(location, 1)

    def error(self, location: Location, message: str) -> BadConfig:
        return BadConfig(f"{self.path}:{self.line(location)}: {message}")

    def errors(self, complaints: Iterable[tuple[Location, str]]) -> BadConfig:
        """All of them at once, each on a line of its own."""
        return BadConfig("\n".join(self.error(location, message).message for location, message in complaints))

    def instead(self, data: Any) -> Document:
        """The same places with other data: what a file only changes, made whole."""
        return Document(self.path, data, self._lines)

    def under(self, key: str) -> Document:
        """The same as the only value of a block, under `key`."""
        lines = {(key, *location): line for location, line in self._lines.items()}
        return Document(self.path, {key: self.data}, {(): 1} | lines)

    def parse(self, model: type[Model], *, at: Location = ()) -> Model:
        """The data under `at` as `model`; raises BadConfig with every complaint, each on a line of its own."""
        data = self.data
        for step in at:
            data = data[step]
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise BadConfig("\n".join(self._complaints(error, model, at))) from None

    def _complaints(self, error: ValidationError, model: type[BaseModel], at: Location) -> Iterable[str]:
        found = error.errors()
        for detail in found:
            # Of a list with wrong entries pydantic also says that it is short, since it counts the right ones only.
            if detail["type"] == "too_short" and any(_inside(other["loc"], detail["loc"]) for other in found):
                continue
            # A validator that looks at the whole says under `at` which part it means.
            location = at + detail["loc"] + tuple(detail.get("ctx", {}).get("at", ()))
            known = self._known(location)
            where = f"{self.path}:{self.line(known)}"
            name = ".".join(str(part) for part in known) or "the file"
            if detail["type"] == "extra_forbidden":
                key = str(location[-1])
                valid = sorted(_keys_beside(model, detail["loc"][:-1]))
                near = get_close_matches(key, valid, n=1, cutoff=0.4)
                hint = f"did you mean '{near[0]}'?" if near else f"valid keys: {', '.join(valid)}"
                yield f"{where}: unknown key '{key}'; {hint}"
            else:
                given = detail.get("input")
                shown = "" if isinstance(given, dict | list) or detail["type"] == "missing" else f" (given: {given!r})"
                message = detail["msg"].removeprefix("Value error, ")
                yield f"{where}: {name}: {message[:1].lower()}{message[1:]}{shown}"

    def _known(self, location: Location) -> Location:
        """`location` without the steps that pydantic adds for unions and tags."""
        known: Location = ()
        for part in location:
            if part == "[key]":  # pydantic's way to say that the key itself is wrong
                break
            if (*known, part) in self._lines or (part == location[-1] and isinstance(part, str)):
                known = (*known, part)
        return known


def read(path: Path) -> Document:
    """Reads one YAML file. Raises BadConfig for what is no YAML, repeated keys and bare ratios."""
    return read_text(path, text_of(path))


def text_of(path: Path) -> str:
    """A file's text. Raises BadConfig where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadConfig(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: cannot be read: {error}") from None


def read_text(path: Path, text: str) -> Document:
    """The same for the text of a file that was read already."""
    lines: dict[Location, int] = {(): 1}
    try:
        loader = LOADER(text)
        node = loader.get_single_node()
        data = None if node is None else _build(path, loader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadConfig(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadConfig(f"{path}:{line}: not valid YAML: {error.reason}") from None
    except RecursionError:
        raise BadConfig(f"{path}: nested without end; an alias (*name) stands inside its own anchor (&name)") from None
    return Document(path, data, lines)


def _build(path: Path, loader: Loader, node: yaml.Node, at: Location, lines: dict[Location, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(at, line)
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key, (key_node, value_node) in _pairs(path, loader, node).items():
            lines[(*at, key)] = key_node.start_mark.line + 1
            result[key] = _build(path, loader, value_node, (*at, key), lines)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(path, loader, child, (*at, index), lines) for index, child in enumerate(node.value)]
    return _scalar(path, loader, node)


def _pairs(path: Path, loader: Loader, node: yaml.MappingNode) -> dict[Any, tuple[yaml.Node, yaml.Node]]:
    """The keys of a block with their nodes; what `<<` brings in gives way to the block's own keys."""
    own: set[Any] = set()
    for key_node, _ in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadConfig(f"{path}:{line}: a key must be plain text")
        if key_node.tag != _MERGE:
            key = _scalar(path, loader, key_node)
            if key in own:
                raise BadConfig(f"{path}:{line}: '{key_node.value}' stands twice in the same block")
            own.add(key)
    loader.flatten_mapping(node)
    pairs = {_scalar(path, loader, pair[0]): pair for pair in node.value}
    node.value = list(pairs.values())  # an alias brings us to this node again
    return pairs


def _scalar(path: Path, loader: Loader, node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode) and not node.style and _RATIO.match(node.value):
        raise BadConfig(f'{path}:{line}: write "{node.value}" in quotes: bare, YAML reads it as a number')
    try:
        return loader.construct_object(node, deep=True)
    except ValueError as error:
        raise BadConfig(f"{path}:{line}: '{node.value}' is no valid value: {error}") from None


def _inside(location: Location, other: Location) -> bool:
    return len(location) > len(other) and location[: len(other)] == other


def _keys_beside(model: type[BaseModel], location: Location) -> set[str]:
    """The keys that would have been valid in the block at `location` of `model`."""
    candidates: list[Any] = [model]
    for step in location:
        following: list[Any] = []
        for candidate in candidates:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                field = _field(candidate, step)
                following += [] if field is None else _models_in(field)
            else:
                following.append(candidate)
        candidates = following or candidates
    keys: set[str] = set()
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            keys |= {field.alias or name for name, field in candidate.model_fields.items()}
    return keys


def _field(model: type[BaseModel], step: str | int) -> Any:
    for name, field in model.model_fields.items():
        if step in (name, field.alias):
            return field.annotation
    return None


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
