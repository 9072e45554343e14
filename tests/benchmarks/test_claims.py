"""The brief against runs made by hand: what is true holds, what is not is contradicted, and the rest says why not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rushes.benchmarks.claims import TESTS, Claim, claims, untested
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.result import Result
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Cell, Expect, Suite
from rushes.benchmarks.table import Table, make_table
from rushes.benchmarks.votebook import VOTES
from rushes.benchmarks.votes import Vote
from rushes.card import Card, load_cards
from rushes.cli import main
from tests.benchmarks.ballots import judged, vote
from tests.benchmarks.conftest import failed, make_info, make_suite, measured, took

CARDS = load_cards()
FOUR = {
    "sora-2": "openai/sora-2",
    "sora-2-pro": "openai/sora-2-pro",
    "veo-3.1": "vertex/veo-3.1",
    "wan-2.5": "dashscope-intl/wan-2.5",
}
SORAS = {name: FOUR[name] for name in ("sora-2", "sora-2-pro")}
EIGHT = tuple(f"p{number}" for number in range(1, 9))


def suite_of(models: Mapping[str, str | None] = FOUR, prompts: int = 8, **changes: Any) -> Suite:
    return make_suite(*(f"ball number {number}" for number in range(prompts)), models=models, **changes)


def takes(
    models: Iterable[str] = FOUR, prompts: Iterable[str] = EIGHT, seconds: Mapping[str, float] = {}, **changes: Any
) -> list[Result]:
    """A clip of each model and prompt, there after about 60 s unless `seconds` says otherwise."""
    dice = Random(7)
    given = {"simulated": False} | changes
    return [
        took(seconds.get(model, 60.0) * dice.uniform(0.95, 1.05), prompt, model=model, **given)
        for prompt in prompts
        for model in models
    ]


def run(
    results: Sequence[Result],
    votes: Sequence[Vote] = (),
    measures: Mapping[str, Measured] = {},
    suite: Suite | None = None,
    **info: Any,
) -> Table:
    return make_table(make_info(suite or suite_of(), **({"simulated": False} | info)), results, {**measures}, votes)


def heard(results: Sequence[Result], silent: float = 0.0) -> dict[str, Measured]:
    return {result.label: measured(result, silent=silent) for result in results}


def ballots(winner: str, loser: str, prompts: Iterable[str] = EIGHT, times: int = 3, **more: Any) -> list[Vote]:
    """So many votes on each prompt, all for `winner`."""
    given: dict[str, Any] = {"choice": "left"} | more
    return [
        vote(f"short/{prompt}/{winner}/1", f"short/{prompt}/{loser}/1", prompt=prompt, rater=f"r{number}", **given)
        for prompt in prompts
        for number in range(times)
    ]


def both(one: str, other: str, prompts: Sequence[str] = EIGHT, **more: Any) -> list[Vote]:
    """Each wins half of the prompts."""
    half = len(prompts) // 2
    return ballots(one, other, prompts[:half], **more) + ballots(other, one, prompts[half:], **more)


def found(table: Table, subject: str, model: str, other: str | None = None, cards: Mapping[str, Card] = CARDS) -> Claim:
    """The only claim of this kind."""
    [claim] = [
        each for each in claims(table, cards) if (each.subject, each.model, each.other) == (subject, model, other)
    ]
    return claim


def reaches(table: Table, model: str, means: str, cards: Mapping[str, Card] = CARDS) -> Claim:
    [claim] = [each for each in claims(table, cards) if each.model == model and each.means == means]
    return claim


def saying(card: str, **words: str) -> dict[str, Card]:
    """The cards, with other words of the brief on one of them."""
    return CARDS | {card: CARDS[card].model_copy(update={"brief": {**CARDS[card].brief, **words}})}


# --- speed ------------------------------------------------------------------------------------------------------------


def test_a_model_called_faster_that_is_faster_holds_with_its_ratio_interval_and_prompts() -> None:
    claim = found(run(takes(seconds={"sora-2-pro": 120})), "speed", "sora-2", "sora-2-pro")

    assert (claim.verdict, claim.cell, claim.n, claim.of, claim.unit) == ("holds", "short", 8, "prompts", "ratio")
    assert claim.value is not None
    assert claim.low is not None
    assert claim.high is not None
    assert 1.8 < claim.low < claim.value < claim.high < 2.2
    assert claim.found.startswith("sora-2-pro takes ")
    assert claim.found.endswith(", 8 prompts")
    assert [str(said) for said in claim.brief] == [
        "sora-2 “Faster”",
        'sora-2-pro “Standard ("Slower" beside Sora 2)”',
    ]
    assert claim.meaning == "sora-2 sooner than sora-2-pro"


def test_one_called_faster_that_is_slower_is_contradicted() -> None:
    claim = found(run(takes(seconds={"sora-2": 120})), "speed", "sora-2", "sora-2-pro")

    assert claim.verdict == "contradicted"
    assert claim.value is not None
    assert claim.value < 1
    assert claim.found.startswith("sora-2 takes ")


def test_one_called_faster_that_is_as_fast_is_contradicted_and_says_so() -> None:
    table = run(takes(SORAS, tuple(f"p{number}" for number in range(1, 31))), suite=suite_of(SORAS, 30))

    claim = found(table, "speed", "sora-2", "sora-2-pro")

    assert (claim.verdict, claim.why) == ("contradicted", "as fast, within a factor of 1.1")


def test_seconds_that_scatter_more_than_they_differ_are_not_separable() -> None:
    dice = Random(3)
    results = [
        took(60 * dice.lognormvariate(0, 0.6), prompt, model=model, simulated=False)
        for prompt in EIGHT
        for model in SORAS
    ]

    claim = found(run(results, suite=suite_of(SORAS)), "speed", "sora-2", "sora-2-pro")

    assert claim.verdict == "not separable"
    assert claim.why is not None
    assert "prompts in all" in claim.why


def test_fewer_than_six_prompts_test_no_speed() -> None:
    claim = found(run(takes(prompts=EIGHT[:5], seconds={"sora-2-pro": 300})), "speed", "sora-2", "sora-2-pro")

    assert (claim.verdict, claim.low, claim.n) == ("not testable here", None, 5)
    assert claim.why == "5 prompts of both; it takes 6"


def test_without_a_usable_clip_of_both_there_is_no_speed_to_test() -> None:
    none = [failed(model="sora-2-pro", prompt=prompt, simulated=False) for prompt in EIGHT]

    claim = found(run([*takes(("sora-2",)), *none]), "speed", "sora-2", "sora-2-pro")

    assert (claim.verdict, claim.found) == ("not testable here", "n/a")
    assert claim.why == "no prompt has a usable clip of both with known seconds"


def test_every_cell_is_tested_by_itself() -> None:
    cells = {name: Cell(seconds=dict.fromkeys(SORAS, 4.0), audio=True) for name in ("short", "other")}
    slow = takes(SORAS, seconds={"sora-2": 200}, cell="other")
    table = run([*takes(SORAS, seconds={"sora-2-pro": 200}), *slow], suite=suite_of(SORAS, cells=cells))

    said = [(each.cell, each.verdict) for each in claims(table, CARDS) if each.subject == "speed" and not each.missing]

    assert said == [("short", "holds"), ("other", "contradicted")]


def test_models_that_the_brief_calls_the_same_are_not_set_against_each_other() -> None:
    pairs = {
        (each.model, each.other)
        for each in claims(run(takes(seconds={"wan-2.5": 300})), CARDS)
        if each.subject == "speed"
    }

    assert pairs == {("sora-2", "sora-2-pro"), ("sora-2", "veo-3.1"), ("sora-2", "wan-2.5")}


# --- quality ----------------------------------------------------------------------------------------------------------


def test_votes_of_people_decide_on_quality() -> None:
    held = found(run(takes(), ballots("sora-2-pro", "sora-2")), "quality", "sora-2-pro", "sora-2")
    not_so = found(run(takes(), ballots("sora-2", "sora-2-pro")), "quality", "sora-2-pro", "sora-2")

    assert (held.verdict, held.by, held.cell, held.unit, held.n) == ("holds", "people", "short", "Elo", 8)
    assert held.low is not None
    assert held.low > 0
    assert "100 % of 24 votes, 8 prompts; sound pool, by people" in held.found
    assert (not_so.verdict, not_so.by) == ("contradicted", "people")
    assert not_so.high is not None
    assert not_so.high < 0


def test_the_order_is_maximum_premium_high_good() -> None:
    said = [each for each in claims(run(takes()), CARDS) if each.subject == "quality"]

    assert {(each.model, each.other) for each in said} == {
        ("sora-2-pro", "veo-3.1"),
        ("sora-2-pro", "wan-2.5"),
        ("sora-2-pro", "sora-2"),
        ("veo-3.1", "wan-2.5"),
        ("veo-3.1", "sora-2"),
        ("wan-2.5", "sora-2"),
    }
    assert {each.why for each in said} == {"no votes compare them: `rushes rate run`"}
    assert {each.verdict for each in said} == {"not testable here"}


def test_votes_that_go_half_and_half_separate_nothing() -> None:
    claim = found(run(takes(), both("veo-3.1", "wan-2.5")), "quality", "veo-3.1", "wan-2.5")

    assert claim.verdict == "not separable"


def test_models_that_are_surely_as_good_contradict_that_one_is_better() -> None:
    prompts = tuple(f"p{number}" for number in range(1, 121))
    ties = ballots("veo-3.1", "wan-2.5", prompts, times=20, choice="tie")
    table = run(takes(("veo-3.1", "wan-2.5"), prompts), ties, suite=suite_of(FOUR, 120))

    claim = found(table, "quality", "veo-3.1", "wan-2.5")

    assert (claim.verdict, claim.why) == ("contradicted", "as good, within 35 Elo")


def test_a_judge_speaks_only_where_people_do_not_and_is_marked() -> None:
    of_judge = {"kind": "judge", "judged": judged("left", "left")}
    judge = ballots("sora-2", "sora-2-pro", **of_judge)

    alone = found(run(takes(), judge), "quality", "sora-2-pro", "sora-2")
    beside = found(run(takes(), [*judge, *ballots("sora-2-pro", "sora-2")]), "quality", "sora-2-pro", "sora-2")
    few = found(run(takes(), [*judge, *ballots("sora-2-pro", "sora-2", EIGHT[:2])]), "quality", "sora-2-pro", "sora-2")

    assert (alone.verdict, alone.by) == ("contradicted", "judge")
    assert "by a judge, not by people" in alone.found
    assert (beside.verdict, beside.by) == ("holds", "people")
    assert (few.verdict, few.by) == ("contradicted", "judge")


@pytest.mark.parametrize(("subject", "more"), [("quality", {}), ("texture", {"reasons": ("texture",)})])
def test_votes_on_the_files_as_delivered_speak_only_where_those_on_copies_do_not_and_are_marked(
    subject: str, more: dict[str, Any]
) -> None:
    raw = ballots("sora-2", "sora-2-pro", raw=True, **more)
    copies = ballots("sora-2-pro", "sora-2", **more)

    alone = found(run(takes(), raw), subject, "sora-2-pro", "sora-2")
    beside = found(run(takes(), [*raw, *copies]), subject, "sora-2-pro", "sora-2")

    assert (alone.verdict, alone.raw, alone.n) == ("contradicted", True, 8)
    assert alone.found.endswith("by people, on the files as delivered")
    assert (beside.verdict, beside.raw, beside.n) == ("holds", False, 8)
    assert beside.found.endswith("by people")


def test_elo_has_a_minus_sign_and_no_hyphen() -> None:
    claim = found(run(takes(), both("sora-2-pro", "sora-2")), "quality", "sora-2-pro", "sora-2")

    assert re.search(r"0 Elo \[−\d+ to \+\d+\]", claim.found)


def test_votes_on_few_prompts_test_no_quality() -> None:
    claim = found(run(takes(), ballots("sora-2-pro", "sora-2", EIGHT[:5])), "quality", "sora-2-pro", "sora-2")

    assert (claim.verdict, claim.why) == ("not testable here", "5 prompts of both; it takes 6")


def test_a_board_that_rates_nothing_says_why() -> None:
    apart = [*ballots("sora-2-pro", "sora-2"), *ballots("veo-3.1", "wan-2.5")]

    claim = found(run(takes(), apart), "quality", "sora-2-pro", "sora-2")

    assert claim.verdict == "not testable here"
    assert claim.why is not None
    assert claim.why.startswith("the votes rate nothing: no votes compare these groups of models")


TEXTURE = ("texture", "sora-2-pro", "sora-2")


# --- reasons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["texture", "stability"])
def test_votes_that_name_a_reason_decide_on_it_prompt_by_prompt(subject: str) -> None:
    named = {"reasons": (subject,)}

    held = found(run(takes(), ballots("sora-2-pro", "sora-2", **named)), subject, "sora-2-pro", "sora-2")
    not_so = found(run(takes(), ballots("sora-2", "sora-2-pro", **named)), subject, "sora-2-pro", "sora-2")
    level = found(run(takes(), both("sora-2-pro", "sora-2", **named)), subject, "sora-2-pro", "sora-2")

    assert (held.verdict, held.value, held.n, held.of, held.cell) == ("holds", 1.0, 8, "prompts", None)
    assert held.found == "ahead on 8 of 8 prompts [68–100 %]; 24 votes by people"
    assert (not_so.verdict, not_so.value) == ("contradicted", 0.0)
    assert (level.verdict, level.value) == ("not separable", 0.5)


def test_a_vote_that_names_another_reason_or_none_decides_nothing() -> None:
    votes = [*ballots("sora-2-pro", "sora-2"), *ballots("sora-2-pro", "sora-2", reasons=("motion",))]

    claim = found(run(takes(), votes), "texture", "sora-2-pro", "sora-2")

    assert (claim.verdict, claim.why) == ("not testable here", "no vote between them names texture")


@pytest.mark.parametrize(
    "more",
    [
        {"choice": "tie"},
        {"choice": "both_bad"},
        {"repeats": "vote-1"},
        {"cell": "other"},
    ],
)
def test_ties_repeats_and_strays_name_no_winner(more: dict[str, Any]) -> None:
    votes = ballots("sora-2-pro", "sora-2", reasons=("texture",), **more)

    assert found(run(takes(), votes), "texture", "sora-2-pro", "sora-2").why == "no vote between them names texture"


def test_a_vote_on_a_clip_that_is_not_there_names_no_winner() -> None:
    votes = ballots("sora-2-pro", "sora-2", ("p99",), reasons=("texture",))

    assert found(run(takes(), votes), "texture", "sora-2-pro", "sora-2").n is None


def test_prompts_on_which_voters_are_level_count_for_neither() -> None:
    named = {"reasons": ("texture",)}
    level = [*ballots("sora-2-pro", "sora-2", EIGHT[:2], **named), *ballots("sora-2", "sora-2-pro", EIGHT[:2], **named)]

    claim = found(run(takes(), [*level, *ballots("sora-2-pro", "sora-2", EIGHT[2:], **named)]), *TEXTURE)

    assert (claim.verdict, claim.n) == ("holds", 6)


def test_five_prompts_with_a_winner_test_no_reason() -> None:
    claim = found(run(takes(), ballots("sora-2-pro", "sora-2", EIGHT[:5], reasons=("texture",))), *TEXTURE)

    assert (claim.verdict, claim.value) == ("not testable here", None)
    assert claim.why == "5 prompts with a winner; it takes 6"


def test_of_reasons_too_a_judge_speaks_only_where_people_do_not() -> None:
    judge = ballots("sora-2", "sora-2-pro", reasons=("texture",), kind="judge", judged=judged("left", "left"))
    people = ballots("sora-2-pro", "sora-2", reasons=("texture",))

    alone, beside = (found(run(takes(), votes), *TEXTURE) for votes in (judge, [*judge, *people]))
    few = found(run(takes(), people[:3]), *TEXTURE)

    assert (alone.verdict, alone.by) == ("contradicted", "judge")
    assert "by a judge, not by people" in alone.found
    assert (beside.verdict, beside.by) == ("holds", "people")
    assert few.by == "people"


def test_physics_is_tested_against_models_not_called_aware_of_it() -> None:
    table = run(takes(), ballots("sora-2", "wan-2.5", reasons=("physics",)))

    said = {(each.model, each.other): each for each in claims(table, CARDS) if each.subject == "physics"}

    assert {*said} == {(sora, other) for sora in SORAS for other in ("veo-3.1", "wan-2.5")}
    assert said["sora-2", "wan-2.5"].verdict == "holds"
    assert str(said["sora-2", "wan-2.5"].brief[1]) == "wan-2.5: nothing"


# --- sound ------------------------------------------------------------------------------------------------------------

SILENT = {"delivered": {"seconds": 4.0, "width": 1280, "height": 720, "fps": 24.0, "audio_codec": None, "bytes": 9}}


def test_sound_in_every_clip_holds_and_silence_in_every_clip_is_contradicted() -> None:
    results = takes(("wan-2.5",))

    held = found(run(results, measures=heard(results)), "audio", "wan-2.5")
    quiet = found(run(results, measures=heard(results, silent=1.0)), "audio", "wan-2.5")
    without = found(run(takes(("wan-2.5",), **SILENT)), "audio", "wan-2.5")

    assert (held.verdict, held.found) == ("holds", "8 of 8 clips have sound [68–100 %]")
    assert (quiet.verdict, quiet.value) == ("contradicted", 0.0)
    assert (without.verdict, without.found) == ("contradicted", "0 of 8 clips have sound [0–32 %]")


def test_some_silent_clips_leave_it_open() -> None:
    results = takes(("wan-2.5",))
    measures = heard(results[:6]) | heard(results[6:], silent=1.0)

    assert found(run(results, measures=measures), "audio", "wan-2.5").verdict == "not separable"


def test_sound_that_nobody_measured_is_neither_there_nor_missing() -> None:
    results = takes(("wan-2.5",))

    some = found(run(results, measures=heard(results[:6])), "audio", "wan-2.5")
    none = found(run(results), "audio", "wan-2.5")

    assert (some.verdict, some.n) == ("holds", 6)
    assert some.found.endswith("; 2 clips not measured")
    assert (none.verdict, none.found) == ("not testable here", "n/a")
    assert none.why == "0 clips that should have sound; it takes 6; 8 clips not measured"


def test_silence_that_was_ordered_or_described_says_nothing_of_sound() -> None:
    ordered = takes(("veo-3.1",), **SILENT, sent={"seconds": 4.0, "audio": False})
    quiet = suite_of()
    quiet = quiet.model_copy(
        update={"prompts": tuple(each.model_copy(update={"expect": Expect(quiet=True)}) for each in quiet.prompts)}
    )
    results = takes(("wan-2.5",))

    assert found(run(ordered), "audio", "veo-3.1").n == 0
    assert found(run(results, measures=heard(results, silent=1.0), suite=quiet), "audio", "wan-2.5").n == 0


def test_five_clips_test_no_sound() -> None:
    results = takes(("wan-2.5",), EIGHT[:5])

    claim = found(run(results, measures=heard(results)), "audio", "wan-2.5")

    assert (claim.verdict, claim.found) == ("not testable here", "5 of 5 clips have sound")
    assert claim.why == "5 clips that should have sound; it takes 6"


# --- lengths ----------------------------------------------------------------------------------------------------------


def lasting(seconds: float, model: str, ordered: float | None = None, **changes: Any) -> Result:
    file = {**SILENT["delivered"], "seconds": seconds}
    return took(60, "p1", model=model, delivered=file, sent={"seconds": ordered or seconds}, simulated=False, **changes)


def test_what_the_vendors_own_limits_exclude_is_contradicted_and_names_the_cards_source() -> None:
    table = run([lasting(8, "veo-3.1"), lasting(20, "sora-2")])

    veo, sora = reaches(table, "veo-3.1", "reaches 60 s"), reaches(table, "sora-2", "reaches 25 s")

    assert (veo.verdict, veo.basis, veo.source) == ("contradicted", "card", "veo-3.1, vertex-model")
    assert veo.why is not None
    assert veo.why.startswith("the vendor's limit in one call is 8 s (vertex/veo-3.1)")
    assert "at most 37 s (vertex/veo-3.1)" in veo.why
    assert veo.where is not None
    assert "read 2026-11-22" in veo.where
    assert (sora.verdict, sora.basis, sora.value) == ("contradicted", "card", 20.0)
    assert sora.where is not None
    assert sora.where.startswith("OpenAI guide, ")


def test_a_limit_of_an_endpoint_that_is_gone_by_the_runs_day_says_so() -> None:
    claim = reaches(run([lasting(8, "sora-2")], day=date(2026, 11, 22)), "sora-2", "reaches 25 s")

    assert claim.why is not None
    assert "openai/sora-2, retired 2026-09-24" in claim.why


def test_a_clip_as_long_as_claimed_proves_it() -> None:
    claim = reaches(run([lasting(9.9, "wan-2.5", 10), lasting(5, "wan-2.5")]), "wan-2.5", "reaches 10 s")

    assert (claim.verdict, claim.basis, claim.value, claim.n, claim.of) == ("holds", "run", 9.9, 2, "clips")
    assert claim.found == "longest delivered 9.9 s, sent at most 10 s; 1 of 2 clips so long"


def test_a_length_that_was_never_ordered_is_not_tested() -> None:
    claim = reaches(run([lasting(5, "wan-2.5")]), "wan-2.5", "reaches 10 s")

    assert (claim.verdict, claim.found) == ("not testable here", "longest delivered 5.0 s, sent at most 5 s")
    assert claim.why == "this run ordered at most 5 s; 10 s is offered (dashscope-intl/wan-2.5)"
    assert claim.source == "wan-2.5, alibaba-text"


def test_a_length_that_was_ordered_and_came_shorter_is_contradicted() -> None:
    claim = reaches(run([lasting(5, "wan-2.5", 10)]), "wan-2.5", "reaches 10 s")

    assert (claim.verdict, claim.basis, claim.why) == ("contradicted", "run", "10 s was ordered, and shorter came")


def test_a_length_that_was_ordered_and_never_came_is_not_tested() -> None:
    nothing = failed(model="wan-2.5", sent={"seconds": 10.0}, simulated=False)

    claim = reaches(run([nothing]), "wan-2.5", "reaches 10 s")

    assert (claim.verdict, claim.found) == ("not testable here", "n/a")
    assert claim.why == "10 s was ordered, and no clip of it came"


# --- sizes ------------------------------------------------------------------------------------------------------------


def sized(width: int, height: int, model: str, ordered: tuple[int, int] | None = None) -> Result:
    file = {**SILENT["delivered"], "width": width, "height": height}
    asked = ordered or (width, height)
    sent = {"seconds": 4.0, "size": {"width": asked[0], "height": asked[1]}}
    return took(60, "p1", model=model, delivered=file, sent=sent, simulated=False)


def test_a_file_of_the_claimed_size_proves_it() -> None:
    table = run([sized(1280, 720, "sora-2"), sized(3840, 2160, "veo-3.1")])

    assert reaches(table, "sora-2", "comes in 720p").verdict == "holds"
    assert reaches(table, "sora-2", "comes in 1280x720").found == "1 of 1 file in 1280x720"
    assert reaches(table, "veo-3.1", "comes in 4k").verdict == "holds"


def test_a_size_that_was_never_ordered_is_not_tested_and_says_who_offers_it() -> None:
    claim = reaches(run([sized(1280, 720, "veo-3.1")]), "veo-3.1", "comes in 4k")

    assert (claim.verdict, claim.found) == ("not testable here", "0 of 1 file in 4k; others 1280x720")
    assert claim.why == "this run ordered no clip in 4k; vertex/veo-3.1 offers it"
    assert claim.source == "veo-3.1, vertex-model"


def test_another_size_than_the_one_ordered_contradicts_and_no_file_tests_nothing() -> None:
    ordered = {"seconds": 8.0, "size": {"width": 3840, "height": 2160}}
    nothing = failed(model="veo-3.1", sent=ordered, simulated=False)

    other = reaches(run([sized(1280, 720, "veo-3.1", (3840, 2160))]), "veo-3.1", "comes in 4k")
    none = reaches(run([nothing]), "veo-3.1", "comes in 4k")

    assert (other.verdict, other.why) == ("contradicted", "4k was ordered, and another size came")
    assert (none.verdict, none.found) == ("not testable here", "n/a")
    assert none.why == "4k was ordered, and no clip of it came; vertex/veo-3.1 offers it"


def test_a_size_of_another_model_whose_name_begins_alike_is_not_this_models() -> None:
    table = run([sized(1280, 720, "sora-2-pro", (720, 1280)), sized(1280, 720, "sora-2")])

    assert reaches(table, "sora-2", "comes in 720x1280").why == (
        "this run ordered no clip in 720x1280; openai/sora-2 offers it"
    )


def test_a_size_that_no_endpoint_offers_is_contradicted_by_the_card() -> None:
    cards = saying("wan-2.5", resolution="4K")

    claim = reaches(run([sized(1280, 720, "wan-2.5")]), "wan-2.5", "comes in 4k", cards)

    assert (claim.verdict, claim.basis) == ("contradicted", "card")
    assert claim.why == "none of the card's endpoints offers it, dashscope-intl/wan-2.5 among them"


# --- words, models and runs of every kind -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "words", "why"),
    [
        ("speed", {"speed": "Blazing"}, "its word is on no scale that we know (Slower, Standard, Faster)"),
        ("speed", {"speed": "Fasterish"}, "its word is on no scale that we know (Slower, Standard, Faster)"),
        ("audio", {"audio": "perhaps"}, "its word is none that we know (yes)"),
        ("duration", {"duration": "long"}, "it names no length"),
        ("resolution", {"resolution": "huge"}, "it names no resolution that we know"),
    ],
)
def test_words_that_nobody_can_test_are_named(subject: str, words: dict[str, str], why: str) -> None:
    claim = found(run(takes()), subject, "wan-2.5", None, saying("wan-2.5", **words))

    assert (claim.verdict, claim.why, claim.missing) == ("not testable here", why, ())


def test_models_that_the_run_lacks_are_named_once_and_their_cards_limits_still_tell() -> None:
    table = run(takes(SORAS, seconds={"sora-2-pro": 120}), suite=suite_of(SORAS))

    every = claims(table, CARDS)

    lacking = [each for each in every if each.missing]
    assert {each.verdict for each in lacking} == {"not testable here"}
    assert found(table, "audio", "wan-2.5").why == "not in this run: wan-2.5"
    assert found(table, "quality", "veo-3.1", "wan-2.5").missing == ("veo-3.1", "wan-2.5")
    assert untested(every) == f"Not in this run: veo-3.1, wan-2.5; {len(lacking)} claims not tested for that."
    assert reaches(table, "veo-3.1", "reaches 60 s").verdict == "contradicted"
    assert untested(claims(run(takes()), CARDS)) is None


def test_one_model_from_two_endpoints_is_tested_twice_and_an_imported_one_by_its_name() -> None:
    models = {"sora": "openai/sora-2", "sora-azure": "azure/sora-2", "sora-2-pro": None}
    cells = {"short": Cell(seconds={"sora": 4, "sora-azure": 4})}
    brought = takes(("sora-2-pro",), seconds={"sora-2-pro": 120}, source="imported", endpoint=None)

    table = run([*takes(("sora", "sora-azure")), *brought], suite=suite_of(models, cells=cells))

    said = {
        each.model: each.verdict for each in claims(table, CARDS) if each.other == "sora-2-pro" and not each.missing
    }
    assert said["sora"] == said["sora-azure"] == "holds"
    assert found(table, "audio", "sora, sora-azure").found == "n/a"


def test_a_simulated_run_says_on_every_line_that_it_proves_nothing() -> None:
    real, simulated = (claims(run(takes(simulated=world), simulated=world), CARDS) for world in (False, True))

    assert {each.caveat for each in real} == {None}
    assert all("proves nothing about the model" in str(each.caveat) for each in simulated)
    assert {each.caveat for each in simulated if each.basis == "run"} == {"SIMULATED: proves nothing about the model"}
    assert [each.verdict for each in real] == [each.verdict for each in simulated]


def test_cards_without_a_brief_claim_nothing() -> None:
    assert claims(run(takes()), {"veo-3.1-lite": CARDS["veo-3.1-lite"]}) == []
    assert claims(run([]), {}) == []


def test_an_empty_run_tests_nothing_but_what_the_cards_tell() -> None:
    every = claims(run([]), CARDS)

    assert {each.subject for each in every} == {*TESTS}
    assert {each.verdict for each in every if each.basis == "run"} == {"not testable here"}
    assert {each.found for each in every} == {"n/a"}


def test_every_claim_has_a_form_for_programs() -> None:
    votes = ballots("sora-2-pro", "sora-2", reasons=("texture",))

    rows = json.loads(json.dumps([each.json() for each in claims(run(takes(), votes), CARDS)], allow_nan=False))

    texture = next(row for row in rows if row["subject"] == "texture")
    assert (texture["verdict"], texture["value"], texture["n"], texture["by"]) == ("holds", 1.0, 8, "people")
    assert texture["brief"][0] == {"model": "sora-2-pro", "key": "texture", "words": "Better"}
    assert texture["meaning"] == "sora-2-pro better in texture than sora-2"


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(home: Path) -> Path:
    """A run in its folder, with votes; its clips are not measured."""
    table = run(takes(seconds={"sora-2-pro": 120}), settings=RunSettings(scorers=()))
    folder = Folder(home, "run")
    (home / "runs").mkdir(parents=True)
    folder.save(table.info)
    for clip in table.whole:
        folder.add(clip.result)
    lines = [each.model_dump_json() + "\n" for each in ballots("sora-2", "sora-2-pro", reasons=("texture",))]
    (folder.path / VOTES).write_text("".join(lines), encoding="utf-8")
    return home


def test_the_command_shows_words_verdicts_findings_and_sources(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    assert main(["bench", "claims", "run", "--home", str(kept)]) == 0

    out = capsys.readouterr().out
    assert "Does the brief hold? A small suite" in out
    assert "Quality. The brief: sora-2-pro “Maximum”" in out
    assert any("sora-2 sooner than sora-2-pro" in line and "holds" in line for line in out.splitlines())
    assert any("sora-2-pro better in texture" in line and "contradicted" in line for line in out.splitlines())
    assert "[veo-3.1, vertex-model]" in out
    assert "veo-3.1, vertex-model: Google Cloud, Veo 3.1 model page" in out
    assert "SIMULATED" not in out


def test_it_fits_100_columns(kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)

    main(["bench", "claims", "run", "--home", str(kept)])

    shown = capsys.readouterr().out.partition("Sources of the vendors' limits")[0]
    assert max(len(line) for line in shown.splitlines()) <= 100


def test_the_command_as_json_has_every_claim(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "claims", "run", "--json", "--home", str(kept)]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["run"], told["simulated"]) == ("run", False)
    assert {row["subject"] for row in told["claims"]} == {*TESTS}


def test_a_run_that_there_is_not_ends_it_with_2(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "claims", "nowhere", "--home", str(home)]) == 2
    assert "there is no run 'nowhere'" in capsys.readouterr().err
