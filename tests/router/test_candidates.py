"""Endpoints held against a request: what keeps each from making it, and what would be no use to know."""

from __future__ import annotations

from datetime import date

import pytest

from rushes import Rushes
from rushes.card import Endpoint
from rushes.config import load_config
from rushes.errors import BadInput, Retired
from rushes.request import VideoRequest
from rushes.router.candidates import Candidate, candidates, endpoints

CONFIG = load_config()
TODAY = date(2026, 11, 22)


def held(model: str, day: date = TODAY) -> dict[str, Candidate]:
    """Each endpoint of a model, where no key is set at all."""

    def missing(endpoint: Endpoint) -> tuple[str, ...]:
        return (f"set {endpoint.provider.upper()}_KEY",)

    found = candidates(
        VideoRequest(prompt="a kite"),
        endpoints(CONFIG, model=model),
        config=CONFIG,
        day=day,
        fit="exact",
        unpriced=True,
        missing=missing,
    )
    return {each.endpoint.id: each for each in found}


def test_of_a_retired_endpoint_neither_its_key_nor_its_wire_is_told() -> None:
    found = held("veo-3.1")

    assert found["gemini/veo-3.1"].needs == ()
    assert [reason.split(" (")[0] for reason in found["gemini/veo-3.1"].reasons] == ["retired on 2026-10-22"]
    assert found["vertex/veo-3.1"].needs == ("set VERTEX_KEY",)
    assert found["fal/veo-3.1"].needs == ("rushes does not speak the fal wire",)


def test_the_day_before_it_is_retired_an_endpoint_says_what_it_needs() -> None:
    before = held("veo-3.1", date(2026, 10, 21))["gemini/veo-3.1"]

    assert before.needs == ("rushes does not speak the gemini wire",)
    assert held("sora-2", date(2026, 9, 23))["openai/sora-2"].needs == ("set OPENAI_KEY",)


def test_an_endpoint_that_is_not_released_yet_says_what_it_will_need() -> None:
    early = held("sora-2", date(2025, 1, 1))["openai/sora-2"]

    assert early.reasons == ("not released before 2025-10-06", "set OPENAI_KEY")


async def test_the_error_about_retired_endpoints_names_no_key() -> None:
    route = await Rushes.open(as_of=TODAY, environ={}).route("a kite", model="sora-2")

    error = route.error()

    assert isinstance(error, Retired)
    assert [each.filters for each in route.excluded] == [("retired",)] * 4
    assert "retired on 2026-09-24" in error.message
    assert "set " not in error.message
    assert "does not speak" not in error.message


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"model": "sora2"}, "there is no model 'sora2'; did you mean 'sora-2'?"),
        ({"endpoint": "vertx/veo-3.1"}, "there is no endpoint 'vertx/veo-3.1'; did you mean 'vertex/veo-3.1'?"),
        ({"model": "opena/sora-2"}, "there is no endpoint 'opena/sora-2'; did you mean 'openai/sora-2'?"),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(named: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        endpoints(CONFIG, **named)

    assert caught.value.message == said


async def test_names_to_choose_among_that_there_are_not_are_all_told() -> None:
    rushes = Rushes.open(as_of=TODAY, environ={})

    with pytest.raises(BadInput, match=r"^among: there is no .* 'veo3'; .*; there is no .* 'sora2'; did you mean"):
        await rushes.route("a kite", among=["veo3", "vertex", "sora2"])
