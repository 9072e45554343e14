"""Who serves models, where, and with whose key: `providers.yaml`, overlaid by the user's own, and the environment.

Secrets are read from the environment alone and live in `Access`, which never shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rushes.card import Card, load_cards, shipped_configs
from rushes.errors import BadConfig
from rushes.yaml import Document, read

#: What may be put into the {…} of a base URL: nothing that could turn it into another vendor's.
PART_OF_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


class Credential(BaseModel):
    """One of several keys of a provider; what is left out is as in the provider's own entry."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key_variables: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    variables: Mapping[str, str] | None = None
    settings: Mapping[str, str | int | float | bool | None] = Field(default_factory=dict)
    concurrency: Annotated[int, Field(ge=1)] | None = None
    submits_per_minute: Annotated[float, Field(gt=0)] | None = None


class Provider(BaseModel):
    """One entry of `providers.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    #: Another entry to start from, or the shipped one of the same name; what stands here replaces what stands there.
    like: str | None = None
    name: str
    #: Which adapter speaks to it.
    wire: str
    #: May hold {names} of `variables` and `settings`.
    base_url: str
    #: Base URLs by the value of `settings.location`, where a region's host follows no pattern.
    base_urls: Mapping[str, str] = Field(default_factory=dict)
    #: The variable that the vendor's own SDK reads for its base URL.
    base_url_variable: str | None = None
    auth: Literal["bearer", "api-key", "google", "none"]
    #: Environment variables that may hold the key, the first one set counts.
    key_variables: tuple[str, ...] = ()
    #: Settings read from the environment: name to variable.
    variables: Mapping[str, str] = Field(default_factory=dict)
    region: str | None = None
    #: Other hosts of this vendor that may be sent the key, by https.
    trusted_hosts: tuple[str, ...] = ()
    #: The least interval between two polls of one job, in seconds.
    poll_seconds: Annotated[float, Field(gt=0)] = 3
    #: How many jobs may run at once, with each credential.
    concurrency: Annotated[int, Field(ge=1)] = 4
    #: How many jobs may be submitted a minute, with each credential; None: no limit is known.
    submits_per_minute: Annotated[float, Field(gt=0)] | None = None
    #: Several keys, by a name that stands in the ledger beside each job; empty: the one of this entry.
    credentials: Mapping[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")], Credential] = Field(
        default_factory=dict
    )
    settings: Mapping[str, str | int | float | bool | None] = Field(default_factory=dict)
    docs: str | None = None
    note: str | None = None

    @property
    def keys(self) -> tuple[str | None, ...]:
        """The names of the credentials; None for the one that has no name."""
        return tuple(self.credentials) or (None,)

    def by(self, credential: str | None) -> Provider:
        """This provider as one credential has it. Raises KeyError for one that is not there."""
        if credential is None:
            return self
        own = self.credentials[credential].model_dump(exclude_none=True)
        return self.model_copy(update={**own, "settings": {**self.settings, **own["settings"]}, "credentials": {}})


#: The blocks of each name, the shipped one first, with the files that they stand in.
Entries = dict[str, list[tuple[Document, dict[str, Any]]]]


@dataclass(frozen=True)
class Access:
    """A provider as this machine can reach it."""

    base_url: str
    key: str | None = field(repr=False)
    #: The adapter's settings, with those of the environment.
    settings: Mapping[str, Any]
    #: What is not set, each with the way to set it; empty where the provider can be used.
    missing: tuple[str, ...]
    #: True where the base URL is not the vendor's own.
    redirected: bool


@dataclass(frozen=True)
class Config:
    """Every card and provider."""

    cards: Mapping[str, Card]
    providers: Mapping[str, Provider]


class Limits(BaseModel):
    """Caps and waits that hold for everything one `Rushes` does; from `RUSHES_…` variables."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    #: US dollars a day (UTC), over all processes that share the home folder; None: no cap.
    max_usd_per_day: Annotated[Decimal, Field(ge=0)] | None = None
    #: Seconds until a job counts as overdue.
    deadline: Annotated[float, Field(gt=0)] = 1800
    #: Seconds that a job may go on not being taken, through refused connections and rate limits; a policy that has
    #: another endpoint to ask waits less.
    patience: Annotated[float, Field(ge=0)] = 900
    #: Seconds after which a submit that has not been answered counts as unclear.
    submit_timeout: Annotated[float, Field(gt=0)] = 120
    #: A submit is not sent if more than this many seconds have passed since its intent was made durable: the process
    #: was frozen meanwhile, and another may have taken the job over.
    guard: Annotated[float, Field(gt=0)] = 10
    #: A process that has not been heard of for so many seconds is dead, even if it still holds its lock file; more than
    #: `guard`, so that one that wakes up again sends nothing.
    stale: Annotated[float, Field(gt=0)] = 60
    #: Seconds that a vendor's list may lag behind what it has accepted.
    settle: Annotated[float, Field(ge=0)] = 15
    #: The largest clip that is fetched, in bytes.
    max_clip_bytes: Annotated[int, Field(gt=0)] = 2_000_000_000

    @model_validator(mode="after")
    def _frozen_processes_send_nothing(self) -> Limits:
        if self.guard >= self.stale:
            raise ValueError("guard must be less than stale")
        return self


def load_config(folder: Path | None = None) -> Config:
    """The shipped configs, overlaid by those in `folder`. Raises BadConfig by file and line."""
    if folder is not None and not folder.is_dir():
        raise BadConfig(f"{folder}: no such folder", hint="Give a folder that holds providers.yaml or models/*.yaml.")
    folders = [shipped_configs(), *([folder] if folder else [])]
    cards = load_cards(*(each / "models" for each in folders))
    entries: Entries = {}
    for each in folders:
        path = each / "providers.yaml"
        if path.exists():
            document = read(path)
            if not isinstance(document.data, dict):
                raise document.error((), "providers.yaml holds one block per provider")
            # What a user's block of the same name hides stays at hand for its `like`.
            entries |= {name: [*entries.get(name, ()), (document, block)] for name, block in document.data.items()}
    providers = {name: _provider(name, entries) for name in entries}
    for card in cards.values():
        for endpoint in card.endpoints:
            if endpoint.provider not in providers:
                known = ", ".join(sorted(providers))
                raise BadConfig(
                    f"models/{card.id}.yaml: provider '{endpoint.provider}' is not in providers.yaml ({known})"
                )
    return Config(cards, providers)


def _provider(name: str, entries: Entries, seen: Sequence[str] = (), *, depth: int = -1) -> Provider:
    document, entry = entries[name][depth]
    if not isinstance(entry, dict):
        raise document.error((name,), f"'{name}' must be a block of settings")
    like = entry.get("like")
    if like is None:
        return document.parse(Provider, at=(name,))
    below = depth - 1 if like == name else -1
    if not isinstance(like, str) or like not in entries or like in seen or len(entries[like]) < -below:
        others = ", ".join(sorted(set(entries) - {name}))
        raise document.error((name, "like"), f"like: '{like}' is no other provider; there are {others}")
    base = _provider(like, entries, [*seen, name] if like != name else seen, depth=below).model_dump(exclude={"like"})
    merged = base | entry
    if isinstance(own := entry.get("settings") or {}, dict):
        merged["settings"] = base["settings"] | own
    document.data[name] = merged
    return document.parse(Provider, at=(name,))


def access(provider: Provider, environ: Mapping[str, str]) -> Access:
    """`provider` as `environ` lets us reach it; what is missing is listed, not raised."""
    missing: list[str] = []
    settings: dict[str, Any] = dict(provider.settings)
    for name, variable in provider.variables.items():
        if environ.get(variable):
            settings[name] = environ[variable]
        elif settings.get(name) is None:
            missing.append(f"set {variable}")
    template = provider.base_urls.get(str(settings.get("location")), provider.base_url)
    base_url = template
    for name in set(re.findall(r"{(\w+)}", template)) & settings.keys():
        value = str(settings[name])
        if PART_OF_HOST.fullmatch(value) is None:
            missing.append(f"set {provider.variables.get(name, name)} to a plain name, not '{value}'")
        base_url = base_url.replace(f"{{{name}}}", value)
    own = environ.get(provider.base_url_variable or "") or base_url
    # A line break at its end comes with many a file of secrets.
    keys = {name: value for name in provider.key_variables if (value := environ.get(name, "").strip())}
    key = next(iter(keys.values()), None)
    if key is None and provider.auth in ("bearer", "api-key"):
        missing.append(f"set {' or '.join(provider.key_variables)}")
    if key is not None and not (key.isascii() and key.isprintable()):
        missing.append(f"set {next(iter(keys))} to a key: it holds characters that no header may carry")
    return Access(own, key, settings, tuple(missing), redirected=own.rstrip("/") != base_url.rstrip("/"))


def same_account(provider: Provider, reached: Access, base_url: str) -> bool:
    """True where the key in `reached` may go to `base_url`, at which an earlier job was made.

    That is today's host, and where the vendor itself is reached also the vendor's other regions.
    """
    then, now = urlsplit(base_url), urlsplit(reached.base_url)
    if (then.scheme, then.netloc) == (now.scheme, now.netloc) or provider.auth == "none":
        return True
    templates = [provider.base_url, *provider.base_urls.values()]
    own = (re.sub(r"\\{\w+\\}", PART_OF_HOST.pattern, re.escape(each.rstrip("/"))) for each in templates)
    return not reached.redirected and any(re.fullmatch(each, base_url.rstrip("/")) for each in own)
