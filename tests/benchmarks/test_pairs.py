"""Which models are said to differ in speed, and when nothing is said."""

from __future__ import annotations

from math import exp
from random import Random

import pytest

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.pairs import speed
from rushes.benchmarks.result import Result
from rushes.benchmarks.suite import Cell
from tests.benchmarks.conftest import failed, make_info, make_suite, took

ENDPOINT = "openai/sora-2"


def info_of(prompts: int, *models: str, cells: tuple[str, ...] = ("short",)) -> RunInfo:
    """A run of so many prompts in which every model is the same endpoint."""
    lengths = dict.fromkeys(models, 4.0)
    return make_info(
        make_suite(
            *(f"ball number {number}" for number in range(prompts)),
            models=dict.fromkeys(models, ENDPOINT),
            cells={cell: Cell(seconds=lengths) for cell in cells},
        )
    )


def timed(model: str, seconds: list[float], *, cell: str = "short") -> list[Result]:
    """A usable clip for each prompt in turn."""
    return [
        took(total, f"p{number}", model=model, cell=cell, label=f"{cell}/p{number}/{model}/1", endpoint=ENDPOINT)
        for number, total in enumerate(seconds, start=1)
    ]


def draw(seed: int, prompts: int, factor: float = 1.0, spread: float = 0.45) -> list[float]:
    """Log-normal seconds, as vendors' are."""
    dice = Random(seed)
    return [60 * factor * exp(dice.gauss(0, spread)) for _ in range(prompts)]


def verdict(info: RunInfo, *results: list[Result]) -> dict[str, object]:
    [row], _ = speed(info, clips_of(info, [each for some in results for each in some], {}))
    return row


def test_the_faster_model_stands_first_with_how_many_times_as_long_the_other_takes() -> None:
    fast = draw(1, 12, spread=0.1)
    info = info_of(12, "slow", "fast")

    row = verdict(info, timed("slow", [2 * each for each in fast]), timed("fast", fast))

    assert (row["a"], row["b"], row["verdict"], row["prompts"]) == ("fast", "slow", "faster", 12)
    assert row["ratio"] == pytest.approx(2)
    assert row["needed"] is None


def test_its_interval_holds_the_ratio_and_turns_with_it() -> None:
    info = info_of(20, "slow", "fast")

    row = verdict(info, timed("slow", draw(1, 20, 3)), timed("fast", draw(2, 20)))

    assert row["verdict"] == "faster"
    assert 1 < float(str(row["low"])) < float(str(row["ratio"])) < float(str(row["high"]))


def test_one_endpoint_under_two_names_is_not_separable() -> None:
    info = info_of(12, "one", "two")

    row = verdict(info, timed("one", draw(1, 12)), timed("two", draw(2, 12)))

    assert row["verdict"] == "not separable"
    needed = row["needed"]
    assert needed is None or (isinstance(needed, int) and needed > 12)


def test_the_same_seconds_under_two_names_are_equivalent() -> None:
    info = info_of(8, "one", "two")
    seconds = draw(1, 8)

    row = verdict(info, timed("one", seconds), timed("two", seconds))

    assert (row["verdict"], row["ratio"]) == ("equivalent", 1)
    assert tiers_of(info, timed("one", seconds), timed("two", seconds)) == {("short", "one"): 1, ("short", "two"): 1}


def tiers_of(info: RunInfo, *results: list[Result]) -> dict[tuple[str, str], int | None]:
    return dict(speed(info, clips_of(info, [each for some in results for each in some], {}))[1])


@pytest.mark.parametrize(
    ("turns", "word"),
    [
        ((1.03, 0.97), "equivalent"),  # within a tenth, and that is sure
        ((1.7, 0.6), "not separable"),  # perhaps much faster, perhaps much slower
        ((1.04, 1.06), "faster"),  # by little, but every time
    ],
)
def test_a_verdict_says_what_is_sure_and_no_more(turns: tuple[float, float], word: str) -> None:
    info = info_of(10, "one", "two")
    seconds = draw(1, 10)
    others = [turns[at % 2] * each for at, each in enumerate(seconds)]

    assert verdict(info, timed("one", seconds), timed("two", others))["verdict"] == word


@pytest.mark.parametrize("prompts", [1, 5])
def test_below_six_prompts_there_is_no_verdict_however_far_apart(prompts: int) -> None:
    info = info_of(prompts, "one", "two")

    row = verdict(info, timed("one", [60.0] * prompts), timed("two", [600.0] * prompts))

    assert (row["verdict"], row["low"], row["high"], row["needed"]) == ("too few prompts", None, None, None)
    assert row["ratio"] == pytest.approx(10)
    assert set(tiers_of(info, timed("one", [60.0] * prompts), timed("two", [600.0] * prompts)).values()) == {None}


def test_only_prompts_count_that_both_have_a_usable_clip_of() -> None:
    info = info_of(8, "one", "two")
    one, two = timed("one", [60.0] * 8), timed("two", [120.0] * 8)
    gone = failed(model="two", prompt="p8", label="short/p8/two/1", endpoint=ENDPOINT)
    short = two[6].model_copy(update={"delivered": {**(two[6].delivered or {}), "seconds": 1.0}})

    assert verdict(info, one, [*two[:6], short, gone])["prompts"] == 6


def test_samples_of_a_prompt_are_one_number() -> None:
    """Six prompts stay six, however many samples they have; the mean is that of the logarithms."""
    info = info_of(6, "one", "two")
    again = [
        result.model_copy(update={"label": f"{result.label[:-1]}2", "sample": 2, "timing": {"total": 240.0}})
        for result in timed("two", [60.0] * 6)
    ]

    row = verdict(info, timed("one", [60.0] * 6), timed("two", [60.0] * 6), again)

    assert row["prompts"] == 6
    assert row["ratio"] == pytest.approx(2)


def test_cells_are_compared_apart() -> None:
    info = info_of(6, "one", "two", cells=("short", "long"))
    results = [
        *timed("one", [60.0] * 6),
        *timed("two", [120.0] * 6),
        *timed("one", [300.0] * 6, cell="long"),
        *timed("two", [100.0] * 6, cell="long"),
    ]

    found, _ = speed(info, clips_of(info, results, {}))

    assert [(row["cell"], row["a"]) for row in found] == [("short", "one"), ("long", "two")]


def test_a_model_without_seconds_is_in_no_pair() -> None:
    info = info_of(6, "one", "two", "three")
    brought = [result.model_copy(update={"timing": {}}) for result in timed("three", [60.0] * 6)]
    results = [*timed("one", [60.0] * 6), *timed("two", [120.0] * 6), *brought]

    found, _ = speed(info, clips_of(info, results, {}))

    assert [(row["a"], row["b"]) for row in found] == [("one", "two")]
    assert ("short", "three") not in tiers_of(info, results)


def test_where_fewer_than_two_have_seconds_there_is_no_pair() -> None:
    info = info_of(6, "one", "two")

    assert speed(info, clips_of(info, timed("one", [60.0] * 6), {})) == ([], {})
    assert speed(info, []) == ([], {})
    assert tiers_of(info, timed("one", [60.0] * 6)) == {}


def test_models_that_nobody_can_tell_apart_share_a_tier() -> None:
    info = info_of(12, "fast", "also-fast", "slow")
    base = draw(1, 12, spread=0.1)
    dice = Random(5)
    results = [
        timed("slow", [4 * each for each in base]),
        timed("fast", base),
        timed("also-fast", [each * exp(dice.gauss(0, 0.3)) for each in base]),
    ]

    assert tiers_of(info, *results) == {
        ("short", "fast"): 1,
        ("short", "also-fast"): 1,
        ("short", "slow"): 2,
    }


def test_of_many_runs_without_any_difference_few_name_a_faster_one() -> None:
    """40 null controls; 5 % of them may be wrong."""
    info = info_of(10, "one", "two")
    words = [
        verdict(info, timed("one", draw(seed, 10)), timed("two", draw(seed + 1000, 10)))["verdict"]
        for seed in range(40)
    ]

    assert words.count("faster") <= 5
