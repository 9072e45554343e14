"""YAML that says where it is wrong: every error names file, line and the nearest valid key.

Plain YAML 1.1 has traps that matter here: an unquoted `16:9` is the number 969 and a repeated key silently wins.
Both are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from rushes.errors import BadConfig
from rushes.nearest import instead

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]
#: A line of a file, and what is wrong there.
Complaint = tuple[int, str]
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
        """All of them at once, in the order of lines, each on a line of its own."""
        return _error(self.path, ((self.line(location), message) for location, message in complaints))

    def instead(self, data: Any) -> Document:
        """The same places with other data: what a file only changes, made whole."""
        return Document(self.path, data, self._lines)

    def under(self, key: str) -> Document:
        """The same as the only value of a block, under `key`."""
        lines = {(key, *location): line for location, line in self._lines.items()}
        return Document(self.path, {key: self.data}, {(): 1} | lines)

    def parse(self, model: type[Model], *, at: Location = (), also: Iterable[tuple[Location, str]] = ()) -> Model:
        """The data under `at` as `model`.

        Raises BadConfig with every complaint in the order of lines, those of `also` among them: what is wrong with the
        file beyond its form.
        """
        data = self.data
        for step in at:
            data = data[step]
        wrong = [(self.line(location), message) for location, message in also]
        try:
            parsed = model.model_validate(data)
        except ValidationError as error:
            raise _error(self.path, [*self._complaints(error, model, at), *wrong]) from None
        if wrong:
            raise _error(self.path, wrong)
        return parsed

    def _complaints(self, error: ValidationError, model: type[BaseModel], at: Location) -> Iterator[Complaint]:
        found = error.errors()
        for detail in found:
            # Of a list with wrong entries pydantic also says that it is short, since it counts the right ones only.
            if detail["type"] == "too_short" and any(_inside(other["loc"], detail["loc"]) for other in found):
                continue
            # A validator that looks at the whole says under `at` which part it means.
            location = at + detail["loc"] + tuple(detail.get("ctx", {}).get("at", ()))
            known = self._known(location)
            name = ".".join(str(part) for part in known) or "the file"
            if detail["type"] == "extra_forbidden":
                key = str(location[-1])
                beside = _keys_beside(model, detail["loc"][:-1])
                yield self.line(known), f"unknown key '{key}'; {instead(key, beside)}"
            else:
                yield self.line(known), f"{name}: {_message(detail)}"

    def _known(self, location: Location) -> Location:
        """`location` without the steps that pydantic adds for unions and tags."""
        known: Location = ()
        for part in location:
            if part == "[key]":  # pydantic's way to say that the key itself is wrong
                break
            if (*known, part) in self._lines or (part == location[-1] and isinstance(part, str)):
                known = (*known, part)
        return known


def _message(detail: ErrorDetails) -> str:
    """What is wrong with one value, without the words of Python for it."""
    given, kind = detail.get("input"), detail["type"]
    if given is None and kind in ("model_type", "dict_type", "model_attributes_type"):
        return "is empty"
    message = detail["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        message = "must be keys with values"
    elif kind == "string_too_short" and given == "":
        return "must not be empty"
    shown = "" if isinstance(given, dict | list) or kind == "missing" else f" (given: {given!r})"
    return f"{message[:1].lower()}{message[1:]}{shown}"


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
    wrong: list[Complaint] = []
    try:
        loader = LOADER(text)
        node = loader.get_single_node()
        data = None if node is None else _build(loader, node, (), lines, wrong)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadConfig(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadConfig(f"{path}:{line}: not valid YAML: {error.reason}") from None
    except RecursionError:
        raise BadConfig(f"{path}: nested without end; an alias (*name) stands inside its own anchor (&name)") from None
    if wrong:
        raise _error(path, wrong)
    return Document(path, data, lines)


def _error(path: Path, complaints: Iterable[Complaint]) -> BadConfig:
    ordered = sorted(dict.fromkeys(complaints), key=lambda complaint: complaint[0])
    return BadConfig("\n".join(f"{path}:{line}: {message}" for line, message in ordered))


def _build(loader: Loader, node: yaml.Node, at: Location, lines: dict[Location, int], wrong: list[Complaint]) -> Any:
    """The data of a node; its lines and what is wrong in it are added to `lines` and `wrong`."""
    line = node.start_mark.line + 1
    lines.setdefault(at, line)
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key, (key_node, value_node) in _pairs(loader, node, wrong).items():
            lines[(*at, key)] = key_node.start_mark.line + 1
            result[key] = _build(loader, value_node, (*at, key), lines, wrong)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*at, index), lines, wrong) for index, child in enumerate(node.value)]
    return _scalar(loader, node, wrong)


def _pairs(loader: Loader, node: yaml.MappingNode, wrong: list[Complaint]) -> dict[Any, tuple[yaml.Node, yaml.Node]]:
    """The keys of a block with their nodes; what `<<` brings in gives way to the block's own keys."""
    own: set[Any] = set()
    for key_node, _ in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            wrong.append((line, "a key must be plain text"))
        elif key_node.tag != _MERGE:
            key = _scalar(loader, key_node, wrong)
            if key in own:
                wrong.append((line, f"'{key_node.value}' stands twice in the same block"))
            own.add(key)
    loader.flatten_mapping(node)
    plain = [pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode)]
    pairs = {_scalar(loader, pair[0], wrong): pair for pair in plain}
    node.value = list(pairs.values())  # an alias brings us to this node again
    return pairs


def _scalar(loader: Loader, node: yaml.Node, wrong: list[Complaint]) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode) and not node.style and _RATIO.match(node.value):
        wrong.append((line, f'write "{node.value}" in quotes: bare, YAML reads it as a number'))
        return node.value
    try:
        return loader.construct_object(node, deep=True)
    except ValueError as error:
        wrong.append((line, f"'{node.value}' is no valid value: {error}"))
        loader.recursive_objects.pop(node, None)  # an alias may bring us to this node again
        return None


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
