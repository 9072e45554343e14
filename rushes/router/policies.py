"""Reads policies from their YAML files, and says by file and line what cannot be right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rushes.card import shipped_configs
from rushes.config import Config
from rushes.errors import BadConfig, BadInput
from rushes.nearest import unknown
from rushes.router.policy import Policy
from rushes.yaml import Location, read

FOLDER = "policies"
#: What an entry of `allow`, `deny` and the like may name.
ANYTHING = "endpoint, model or provider"


def load_policy(name: str | Path, folder: Path | None = None, config: Config | None = None) -> Policy:
    """A policy by name, from `folder` (the user's configs) or as shipped; by path where it has a `/` or ends in .yaml.

    With `config`, the endpoints and regions that it names are checked too. Raises BadInput for a name that there is
    not, BadConfig with every complaint by file and line.
    """
    if "/" in str(name) or Path(name).suffix in (".yaml", ".yml"):
        return _load(Path(name), config)
    files = _files(folder)
    if str(name) not in files:
        raise BadInput(unknown("policy", str(name), files), hint="Give the name of a policy, or the path of its file.")
    return _load(files[str(name)], config)


def policies(folder: Path | None = None, config: Config | None = None) -> dict[str, Policy]:
    """Every policy by name; one in `folder` replaces a shipped one of the same name. Raises BadConfig."""
    return {name: _load(path, config) for name, path in sorted(_files(folder).items())}


def only(policy: Policy, among: Sequence[str], config: Config) -> Policy:
    """The same, choosing between these endpoints, models or providers alone. Raises BadInput for one there is not."""
    known = _anything(config)
    if wrong := [unknown(ANYTHING, name, known) for name in among if name not in known]:
        raise BadInput(f"among: {'; '.join(wrong)}")
    deny = tuple(name for name in policy.deny if name not in among)
    return policy.model_copy(update={"allow": tuple(among), "deny": deny})


def check_policy(policy: Policy, config: Config) -> None:
    """Raises BadConfig for endpoints, models, providers and regions that there are not."""
    if wrong := [*_misnamed(policy.model_dump(), config)]:
        raise BadConfig("\n".join(f"policy {policy.name}: {message}" for _, message in wrong))


def policy_schema() -> dict[str, Any]:
    """What a policy's file holds, by JSON Schema 2020-12: for editors to complete and check."""
    schema = Policy.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A Rushes policy: how an endpoint is chosen, and what happens after a failure",
    }


def _files(folder: Path | None) -> dict[str, Path]:
    """The files of all policies, by name."""
    folders = [shipped_configs(), *([folder] if folder else [])]
    return {path.stem: path for each in folders for path in (each / FOLDER).glob("*.yaml")}


def _load(path: Path, config: Config | None) -> Policy:
    document = read(path)
    if not isinstance(document.data, dict):
        raise document.error((), "a policy is a block of settings, such as name: fast and choose: speed")
    wrong = [] if config is None else [*_misnamed(document.data, config)]
    name = document.data.get("name", path.stem)
    if name != path.stem:
        wrong.append((("name",), f"name: must be '{path.stem}', like the file, not '{name}'"))
    return document.parse(Policy, also=wrong)


def _misnamed(policy: Mapping[str, Any], config: Config) -> Iterator[tuple[Location, str]]:
    """Every name in a policy that nothing here has, with where it stands, whatever else is wrong with the policy."""
    anything, final = _anything(config), _anything(config) - {*config.providers}
    regions = {provider.region for provider in config.providers.values() if provider.region}
    places: list[tuple[tuple[str, ...], Collection[str], str]] = [
        (("allow",), anything, ANYTHING),
        (("deny",), anything, ANYTHING),
        (("regions",), regions, "provider's region"),
        (("draft", "models"), anything, ANYTHING),
        (("draft", "final"), final, "model or endpoint"),
    ]
    for place, known, what in places:
        for at, name in _texts(policy, place):
            if name not in known:
                yield at, f"{'.'.join(place)}: {unknown(what, name, known)}"


def _anything(config: Config) -> set[str]:
    """Every endpoint, model and provider."""
    return {endpoint.id for card in config.cards.values() for endpoint in card.endpoints} | {
        *config.cards,
        *config.providers,
    }


def _texts(data: Any, place: Location) -> Iterator[tuple[Location, str]]:
    """The text at a place, or each text of the list there, with where it stands; nothing where something else is."""
    for step in place:
        data = data.get(step) if isinstance(data, Mapping) else None
    if isinstance(data, str):
        yield place, data
    elif isinstance(data, list | tuple):
        yield from (((*place, at), each) for at, each in enumerate(data) if isinstance(each, str))
