"""The options that several commands share, each described once."""

from __future__ import annotations

import json as jsonlib
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from rushes.cli.ending import Interrupted
from rushes.cli.show import say
from rushes.errors import BadInput
from rushes.nearest import unknown
from rushes.request import AspectRatio, Resolution, VideoRequest

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.config import Config

CLIP = Group("The clip", sort_key=1)
WHERE = Group("Where it is made", sort_key=2)
MONEY = Group("Money", sort_key=3)
WORLD = Group("World, files, output", sort_key=4)
FLAG = Parameter(negative="", show_default=False)
MANY = Parameter(negative="", show_default=False)


@Parameter(name="*", group=WORLD)
@dataclass(frozen=True, kw_only=True)
class Place:
    """Which files, which form of output."""

    config: Path | None = None
    "Folder with your own providers.yaml and models/*.yaml."
    home: Path | None = None
    "Folder of the ledger and the takes; RUSHES_HOME, or the platform's data folder."
    json: Annotated[bool, FLAG] = False
    "Print JSON, for other programs."


@Parameter(name="*", group=WORLD)
@dataclass(frozen=True, kw_only=True)
class Common(Place):
    """The same, and which world."""

    simulate: Annotated[bool, FLAG] = False
    "Use the simulator in this process: no key, no network, no cost."
    as_of: date | None = None
    "The day by which lifecycle and prices are judged (YYYY-MM-DD); today, or 2026-08-01 with --simulate."

    def rushes(self, **more: Any) -> Rushes:
        """A `Rushes` of these settings, not yet open."""
        from rushes.app import Rushes

        given = {"simulate": self.simulate, "as_of": self.as_of, "config": self.config, "home": self.home}
        return Rushes.open(**(given | more))

    def again(self) -> str:
        """The options that make another command look at the same world and files, with a space before each."""
        from shlex import quote

        given = [(" --home", self.home), (" --config", self.config), (" --as-of", self.as_of)]
        return "".join([f"{name} {quote(str(value))}" for name, value in given if value is not None]) + (
            " --simulate" if self.simulate else ""
        )

    def announce(self) -> None:
        """Says first of all that nothing of what follows is real, where that is so."""
        from rushes.app import SIMULATED_DAY

        if self.simulate:
            day = self.as_of or SIMULATED_DAY
            line = f"Simulated world of {day}: no cost; seconds and dollars are the simulated world's."
            if self.json:
                say(line)
            else:
                from rushes.cli.show import console

                console().print(line, style="cyan")


@Parameter(name="*", group=WORLD)
@dataclass(frozen=True, kw_only=True)
class Making(Common):
    """The same where clips are made."""

    fault: Annotated[tuple[str, ...], MANY] = ()
    "A fault of the simulator, such as drop_after_accept; may be repeated, only with --simulate."

    def rushes(self, **more: Any) -> Rushes:
        if self.fault and not self.simulate:
            raise BadInput("--fault needs --simulate: faults are the simulator's, not a vendor's")
        return super().rushes(**({"faults": self.fault} | more))


@Parameter(name="*", group=WHERE)
@dataclass(frozen=True, kw_only=True)
class Where:
    """Which endpoints are in question, and how closely they must fit."""

    model: str | None = None
    "A model, such as veo-3.1: any endpoint that serves it."
    endpoint: str | None = None
    "One endpoint, PROVIDER/MODEL, such as vertex/veo-3.1."
    among: Annotated[tuple[str, ...], MANY] = ()
    "An endpoint, model or provider to choose between, instead of all that the policy allows; may be repeated."
    fit: Literal["exact", "nearest", "shorter", "cheaper"] = "exact"
    "What may be adapted: nothing, or to the nearest, no longer, or no dearer; every change is listed."
    unpriced: Annotated[bool, FLAG] = False
    "Allow endpoints whose price is not known."
    policy: str | None = None
    "How to choose: a policy's name (speed, quality, cost, balanced, draft-then-final, or one of yours) or its file."
    prefer: Literal["speed", "quality", "cost", "balanced"] | None = None
    "Short for the shipped policy of that name; without either, balanced."

    def settings(self) -> dict[str, Any]:
        """As `Rushes.route` takes them. Raises BadInput for two names at once."""
        if self.model is not None and self.endpoint is not None:
            raise BadInput("give --model or --endpoint, not both")
        if self.policy is not None and self.prefer is not None:
            raise BadInput("give --policy or --prefer, not both", hint="--prefer is short for a shipped policy.")
        return {
            "model": self.model,
            "endpoint": self.endpoint,
            "among": self.among,
            "fit": self.fit,
            "unpriced": self.unpriced,
            "policy": self.policy or self.prefer,
        }


@Parameter(name="*", group=CLIP)
@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the clip should be; what is left out takes the model's stated default."""

    seconds: float | None = None
    "Length; with --extend, the length to add."
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    audio: bool | None = None
    "Must have sound, or must be silent; left out: whatever the model does."
    image: str | None = None
    "First frame: a file or an https URL."
    last_image: str | None = None
    "Last frame; needs --image."
    reference_image: Annotated[tuple[str, ...], MANY] = ()
    "A picture of what should appear; may be repeated."
    audio_track: str | None = None
    "Sound that the clip should follow."
    extend: str | None = None
    "A clip to lengthen: a take's id, or a video file."
    negative_prompt: str | None = None
    "What should not be seen or heard."
    seed: int | None = None
    "The same seed and request make a similar clip again, where the model takes one."
    count: int = 1
    "How many clips."
    option: Annotated[tuple[str, ...], MANY] = ()
    "What only one provider has: PROVIDER.NAME=VALUE, such as dashscope-intl.watermark=true; may be repeated."

    def request(self, prompt: str, config: Config) -> VideoRequest:
        """The request. Raises BadInput with every complaint."""
        from rushes.app import as_request

        names = [name for name in self.__dataclass_fields__ if name not in ("reference_image", "option")]
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.reference_image:
            given["reference_images"] = self.reference_image
        if self.option:
            given["options"] = _options(self.option, config)
        return as_request(prompt, given)


@Parameter(name="*", group=MONEY)
@dataclass(frozen=True, kw_only=True)
class Cap:
    """How much may be spent."""

    max_usd: str | None = None
    "Send nothing if this call could cost more US dollars."

    def cap(self) -> Decimal | None:
        """`max_usd` as dollars. Raises BadInput for what is no amount of money."""
        if self.max_usd is None:
            return None
        try:
            amount = Decimal(self.max_usd)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            raise BadInput(f"--max-usd takes an amount of US dollars, such as 2.50, not '{self.max_usd}'")
        return amount


@Parameter(name="*", group=MONEY)
@dataclass(frozen=True, kw_only=True)
class Spending(Cap):
    """The same, and whether to ask first."""

    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", show_default=False)] = False
    "Do not ask before money is spent."

    def confirm(self, question: str, *, free: bool) -> bool:
        """Asks a person. Raises BadInput where there is none to ask and --yes was not given."""
        if self.yes or free:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise BadInput(
                f"nobody can be asked '{question}': this is not a terminal",
                hint="Nothing was sent. Give --yes to spend without being asked, and --max-usd to cap it.",
            )
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        try:
            return sys.stdin.readline().strip().lower() in ("y", "yes")
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            raise Interrupted("Interrupted. Nothing was sent.") from None


def _options(given: tuple[str, ...], config: Config) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        provider, dot, rest = text.partition(".")
        name, equals, value = rest.partition("=")
        if not (provider and dot and name and equals):
            raise BadInput(f"--option takes PROVIDER.NAME=VALUE, not '{text}'")
        if provider not in config.providers:
            raise BadInput(f"--option {text}: {unknown('provider', provider, config.providers)}")
        found.setdefault(provider, {})[name] = _typed(value, _type(config, provider, name))
    return found


def _type(config: Config, provider: str, name: str) -> type | None:
    from rushes.providers import PROVIDERS

    adapter = PROVIDERS.get(config.providers[provider].wire)
    return adapter.options.get(name) if adapter else None


def _typed(value: str, wanted: type | None) -> Any:
    """`value` as JSON (true, 3, {…}) where it is that, and as text where it is not or text is wanted."""
    if wanted is str:
        return value
    try:
        return jsonlib.loads(value)
    except ValueError:
        return value
