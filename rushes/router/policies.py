"""Reads policies from their YAML files, and says by file and line what cannot be right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rushes.card import shipped_configs
from rushes.config import Config
from rushes.errors import BadConfig, BadInput
from rushes.router.policy import Policy
from rushes.yaml import Document, Location, read

FOLDER = "policies"


def load_policy(name: str | Path, folder: Path | None = None, config: Config | None = None) -> Policy:
    """A policy by name, from `folder` (the user's configs) or as shipped; by path where it has a `/` or ends in .yaml.

    With `config`, the endpoints and regions that it names are checked too. Raises BadInput for a name that there is
    not, BadConfig with every complaint by file and line.
    """
    if "/" in str(name) or Path(name).suffix in (".yaml", ".yml"):
        return _load(Path(name), config)
    files = _files(folder)
    if str(name) not in files:
        near = get_close_matches(str(name), files, n=1, cutoff=0.4)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise BadInput(f"there is no policy '{name}'", hint=f"{meant}There are {', '.join(sorted(files))}.")
    return _load(files[str(name)], config)


def policies(folder: Path | None = None, config: Config | None = None) -> dict[str, Policy]:
    """Every policy by name; one in `folder` replaces a shipped one of the same name. Raises BadConfig."""
    return {name: _load(path, config) for name, path in sorted(_files(folder).items())}


def only(policy: Policy, among: Sequence[str], config: Config) -> Policy:
    """The same, choosing between these endpoints, models or providers alone. Raises BadInput for one there is not."""
    deny = tuple(name for name in policy.deny if name not in among)
    chosen = policy.model_copy(update={"allow": tuple(among), "deny": deny})
    if wrong := [message for at, message in _misnamed(chosen, config) if at[0] == "allow"]:
        raise BadInput("; ".join(wrong))
    return chosen


def check_policy(policy: Policy, config: Config, document: Document | None = None) -> None:
    """Raises BadConfig for endpoints, models, providers and regions that there are not, by line where it has a file."""
    wrong = [*_misnamed(policy, config)]
    if wrong and document is not None:
        raise document.errors(wrong)
    if wrong:
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
    policy = document.parse(Policy)
    if policy.name != path.stem:
        raise document.error(("name",), f"name: must be '{path.stem}', like the file, not '{policy.name}'")
    if config is not None:
        check_policy(policy, config, document)
    return policy


def _misnamed(policy: Policy, config: Config) -> Iterator[tuple[Location, str]]:
    models = {*config.cards}
    ids = {endpoint.id for card in config.cards.values() for endpoint in card.endpoints}
    regions = {provider.region for provider in config.providers.values() if provider.region}
    anything = ids | models | {*config.providers}
    yield from _unknown(("allow",), policy.allow, anything, "endpoint, model or provider")
    yield from _unknown(("deny",), policy.deny, anything, "endpoint, model or provider")
    yield from _unknown(("regions",), policy.regions, regions, "provider's region")
    if policy.draft is not None:
        yield from _unknown(("draft", "models"), policy.draft.models, anything, "endpoint, model or provider")
        if (final := policy.draft.final) is not None and final not in models | ids:
            yield ("draft", "final"), f"draft.final: {_not_there(final, models | ids, 'model or endpoint')}"


def _unknown(at: Location, names: Iterable[str], known: Collection[str], what: str) -> Iterator[tuple[Location, str]]:
    for place, name in enumerate(names):
        if name not in known:
            yield (*at, place), f"{'.'.join(str(step) for step in at)}: {_not_there(name, known, what)}"


def _not_there(name: str, known: Collection[str], what: str) -> str:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    meant = f"did you mean '{near[0]}'?" if near else f"there: {', '.join(sorted(known))}"
    return f"there is no {what} '{name}'; {meant}"
