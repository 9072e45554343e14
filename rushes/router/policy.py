"""What a caller wants of a route, as YAML: how to choose, among whom, at what price, and what after a failure.

The shipped ones stand in `configs/policies/`; a user's own lie in `policies/` of the config folder, or anywhere.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from rushes.request import Mode

Rule = Literal["speed", "quality", "cost", "balanced"]
#: What becomes of an endpoint of which the deciding number is not known, or too unsure: it stands behind all others,
#: or is left out.
Unknown = Literal["last", "exclude"]
#: never: votes of models do not count. agreeing: those of a judge that was found to agree with people about as well as
#: people with each other, and in a simulated world any. always: all.
Judges = Literal["never", "agreeing", "always"]
#: free: go on only where everything before cost nothing. capped: also after attempts that cost something or may have,
#: as long as all of them together stay within `max_usd`, or the call's own cap; without either, as free.
Spending = Literal["free", "capped"]
Dollars = Annotated[Decimal, Field(ge=0)]


def _a_list(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError(f"write a list: [{value}]")
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_a_list)]
Modes = Annotated[tuple[Mode, ...], BeforeValidator(_a_list)]


class Part(BaseModel):
    # Built when the first policy is read: whoever only imports us does not pay for it. What stands under a field is its
    # description, also in the published JSON Schema.
    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class Weights(Part):
    """What a dollar and a minute weigh against the chance of looking better than the other endpoints (0 to 1)."""

    usd: Annotated[float, Field(ge=0)] = 0.1
    "Taken off for each US dollar that a clip costs."
    minute: Annotated[float, Field(ge=0)] = 0.05
    "Taken off for each minute until a file that can be used."


class Fallback(Part):
    """What happens after an attempt that came to nothing; never is the same submission sent again."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    "How many attempts at one clip at most, the first included; 1: no fallback."
    after_failed: bool = True
    "After a vendor turned the job down, ended it without a clip, lost it, or the file was broken."
    after_refused: bool = False
    "After the vendor's moderation refused the prompt, an input or the clip."
    after_unfit: bool = False
    "After a clip that is not what was sent for: another length or size, or without the sound asked for."
    after_overdue: bool = False
    "After a deadline passed while the vendor was still at work: both jobs may be paid."
    after_unclear: bool = False
    "After a submit of which nobody knows whether it was accepted: both jobs may be paid."
    patience: Annotated[float, Field(ge=0)] = 60
    "Seconds that an endpoint may go on not taking a job (rate limits, no connection) before the next one is asked."
    spending: Spending = "free"
    (
        "free: go on only where everything before cost nothing. capped: also after attempts that cost something or may "
        "have, within max_usd or the call's own cap; without either, as free."
    )


class Needs(Part):
    """Features that an endpoint must have, whether or not this request uses them."""

    seed: bool = False
    "It follows a seed."
    negative_prompt: bool = False
    "It takes a negative prompt."
    sound: bool = False
    "It makes sound when asked."
    silence: bool = False
    "It makes silent clips when asked."
    modes: Modes = ()
    "What its clips may start from; all of these."


class Draft(Part):
    """Explore and finalize: which policies choose the endpoint of the drafts and that of the final clip."""

    models: Names = ()
    "Endpoints, models or providers on which to draft; empty: models that are some other's draft, else the cheapest."
    choose: Rule = "cost"
    "How to choose the endpoint of the drafts."
    final: str | None = None
    "The model of the final clip, or its endpoint; null: the one whose draft it is, else by `final_choose`."
    final_choose: Rule = "quality"
    "How to choose the endpoint of the final clip."


class Policy(Part):
    """One way to choose."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    "That of the file, without .yaml."
    description: str | None = None
    "One line that says what it is for."
    choose: Rule
    (
        "speed: least seconds to a usable file. quality: best rated, and of the equally good the cheapest. cost: least "
        "dollars a second of usable film. balanced: all three, weighed."
    )
    allow: Names = ()
    "Only these: endpoints (vertex/veo-3.1), models (veo-3.1) or providers (vertex); empty: all."
    deny: Names = ()
    "None of these: endpoints, models or providers."
    regions: Names = ()
    "Only providers of these regions, as in providers.yaml; one without a region is left out. Empty: all."
    require: Needs = Needs()
    "Features that an endpoint must have."
    max_usd: Dollars | None = None
    "US dollars that one clip may cost, all attempts included."
    deadline: Annotated[float, Field(gt=0)] | None = None
    "Seconds for the whole route of one clip, all attempts included."
    within: Annotated[float, Field(ge=0, le=1)] = 0.1
    "speed: endpoints no more than this share slower than the fastest count as equally fast; the cheapest wins."
    pessimism: Annotated[float, Field(ge=0, le=4)] = 1
    "How many standard errors waiting is taken to be worse than thought."
    quality_margin: Annotated[float, Field(ge=0)] = 20
    "quality: Elo by which an endpoint may be behind the best and still count as equally good; 0: only the best."
    tie_break: Literal["cheapest", "fastest"] = "cheapest"
    "quality: who wins among the equally good."
    rated_within: Annotated[float, Field(gt=0)] = 80
    "quality, balanced: a rating less sure than this many Elo (standard deviation) counts as none."
    judges: Judges = "agreeing"
    (
        "Whose votes count beside people's. never: no model's. agreeing: those of a judge that was found to agree with "
        "people about as well as people with each other, and in a simulated world any. always: all."
    )
    unknown: Unknown = "last"
    "An endpoint of which the deciding number is not known stands behind all others (last), or is left out (exclude)."
    weights: Weights = Weights()
    "balanced: what a dollar and a minute weigh."
    fallback: Fallback = Fallback()
    "What happens after an attempt that came to nothing."
    draft: Draft | None = None
    "Explore and finalize: which endpoints make the drafts and the final clip."

    @field_validator("deny")
    @classmethod
    def _nothing_is_both_allowed_and_denied(cls, deny: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        for at, name in enumerate(deny):
            if name in others.data.get("allow", ()):
                message = f"'{name}' cannot be both allowed and denied"
                raise PydanticCustomError("policy", "{message}", {"message": message, "at": (at,)})
        return deny
