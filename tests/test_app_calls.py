"""What an error of a Rushes tells a person to type leads to the ledger and the world that it is about."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rushes import Rushes
from rushes.app.calls import completed, options_for
from rushes.app.given import keywords
from rushes.errors import BadInput, Overdue, SetupError
from rushes.take import Take
from tests.jobs.conftest import Simulated, config, migrated, one_film, quick_films, simulated

__all__ = ["config", "migrated", "one_film", "quick_films", "simulated"]

DEFAULT: dict[str, Any] = {"home": Path("/here"), "config": None, "as_of": None, "simulate": False}


@pytest.fixture(autouse=True)
def usual_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHES_HOME", "/here")


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, ""),
        ({"simulate": True}, " --simulate"),
        ({"home": Path("/else where")}, " --home '/else where'"),
        ({"config": Path("mine")}, " --config mine"),
        (
            {"home": Path("/there"), "config": Path("my"), "as_of": date(2026, 8, 1), "simulate": True},
            " --home /there --config my --as-of 2026-08-01 --simulate",
        ),
    ],
)
def test_only_what_is_not_usual_has_to_be_typed(changes: dict[str, Any], options: str) -> None:
    assert options_for(**(DEFAULT | changes)) == options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`rushes jobs list` shows them.", "`rushes jobs list --simulate` shows them."),
        ("`rushes takes` shows them.", "`rushes takes --simulate` shows them."),
        ("`rushes jobs show a` or `rushes takes`", "`rushes jobs show a --simulate` or `rushes takes --simulate`"),
        ("`rushes jobs list --simulate` shows them.", "`rushes jobs list --simulate` shows them."),
        ("`rushes models` shows what lives", "`rushes models` shows what lives"),
        ("a prompt of rushes jobs", "a prompt of rushes jobs"),
        ("`rushes jobsworth`", "`rushes jobsworth`"),
    ],
)
def test_commands_that_look_into_a_ledger_are_completed_once(text: str, expected: str) -> None:
    assert completed(completed(text, " --simulate"), " --simulate") == expected


async def test_an_error_that_is_raised_says_what_to_type(simulated: Simulated) -> None:
    options = f"--home {shlex.quote(str(simulated.home))} --config {simulated.config} --simulate"
    async with simulated.open() as rushes:
        for asked in (rushes.job("none"), rushes.cancel("none"), rushes.resume("none")):
            with pytest.raises(BadInput) as error:
                await asked
            assert error.value.hint == f"`rushes jobs list {options}` shows them."
        with pytest.raises(BadInput) as error:
            await rushes.take("none")
        assert error.value.hint == f"`rushes takes {options}` shows them."


async def test_an_error_that_stands_among_results_says_it_too_and_once(simulated: Simulated) -> None:
    async with simulated.open(faults=["never_finishes"]) as rushes:
        [result] = await rushes.generate_many(["a kite"], endpoint="openai/sora-2")
        [job] = await rushes.jobs()
        [again] = await rushes.wait(job)

    for error in (result, again):
        assert isinstance(error, Overdue)
        assert f"`{rushes.command(f'jobs resume {job.id}')}` waits on" in error.message
        assert error.message.count("--simulate") == 1


async def test_one_of_the_usual_home_says_no_more_than_it_has_to(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUSHES_HOME", str(simulated.home))

    assert simulated.open(config=None).command("jobs list") == "rushes jobs list --simulate"


@pytest.mark.parametrize("name", ["wait", "settle", "resume", "spent", "takes", "generate_all"])
async def test_whatever_needs_an_open_one_says_so(name: str, simulated: Simulated) -> None:
    given: dict[str, tuple[Any, ...]] = {"settle": ("any", 1), "spent": (), "takes": ()}
    with pytest.raises(SetupError, match=r"this Rushes is not open\n") as error:
        await getattr(simulated.open(), name)(*given.get(name, ("any",)))

    assert "async with" in (error.value.hint or "")


async def test_many_clips_take_whatever_one_call_takes_by_name(simulated: Simulated) -> None:
    """The fields of a request go into each request, everything else to each call, and what is neither is refused."""
    assert {"policy", "prefer", "endpoint", "max_usd", "run"} <= keywords(Rushes.generate_all)
    assert not keywords(Rushes.generate_all) & {"seconds", "settings", "request", "self"}

    async with simulated.open() as rushes:
        [result] = await rushes.generate_many(["a kite"], endpoint="openai/sora-2", seconds=4, run="kites")
        assert isinstance(result, Take)
        assert (result.sent["seconds"], result.run) == (4, "kites")
        with pytest.raises(BadInput, match="'secnds' is no field of a request; there are"):
            await rushes.generate_many(["a kite"], endpoint="openai/sora-2", secnds=4)
        assert len(await rushes.jobs()) == 1


def test_docstrings_and_names_are_those_of_the_methods() -> None:
    assert (Rushes.cancel.__doc__ or "").startswith("Gives up a job that has not been sent")
    assert Rushes.generate_all.__name__ == "generate_all"
