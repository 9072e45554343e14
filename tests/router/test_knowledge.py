"""What is known of an endpoint, asked by its settings: a value of evidence, priors and the time, nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from rushes.errors import BadInput
from rushes.evidence import Evidence
from rushes.published import load_published
from rushes.request import Mode
from rushes.router.known import Known
from rushes.router.posterior.knowledge import Knowledge
from tests.router.evidence import NOBODY, NOW, config, endpoint, knowledge, row, settings

SORA = endpoint("openai/sora-2")


def share(*rows: object) -> float:
    return knowledge(*rows).of(SORA, settings()).reliability.share  # type: ignore[arg-type]


def test_without_evidence_95_of_100_attempts_are_thought_to_work_by_our_judgement() -> None:
    found = knowledge().of(SORA, settings()).reliability

    assert found.share == pytest.approx(0.95)
    [basis] = found.basis
    assert (basis.source, basis.weight, basis.observed) == ("prior", 3, date(2026, 11, 22))
    assert "our judgement" in (basis.where or "")


def test_attempts_are_counted_beside_a_prior_of_three() -> None:
    assert share(row(metric="usable", mean=0.5, n=20)) == pytest.approx((0.95 * 3 + 10) / 23)


def test_attempts_age_and_are_borrowed_like_seconds() -> None:
    old = row(metric="usable", mean=0.5, n=20, observed=NOW - timedelta(days=14))
    other = row(metric="usable", mean=0.5, n=20, cell={"length": "short"})

    assert share(old) == pytest.approx((0.95 * 3 + 5) / 13)
    assert share(other) == pytest.approx((0.95 * 3 + 2.5) / 8)
    assert knowledge(other).of(SORA, settings()).reliability.basis[1].borrowed == other.cell


def test_other_starts_and_endpoints_tell_nothing_of_reliability() -> None:
    other = row(metric="usable", mean=0.0, n=20, cell={"mode": "image"})

    assert share(other) == share(row(metric="usable", mean=0.0, n=20, endpoint="azure/sora-2")) == share()


@drawn(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.integers(1, 100_000), st.floats(0, 100))
def test_a_share_is_never_quite_none_nor_all(mean: float, n: int, age: float) -> None:
    found = share(row(metric="usable", mean=mean, n=n, observed=NOW - timedelta(days=age)))

    assert 0 < found < 1
    assert min(mean, 0.95) - 1e-9 <= found <= max(mean, 0.95) + 1e-9


def test_with_enough_attempts_the_prior_no_longer_matters() -> None:
    assert share(row(metric="usable", mean=0.25, n=1_000_000)) == pytest.approx(0.25, abs=1e-5)


def test_live_jobs_count_like_measured_ones() -> None:
    live = knowledge(row(source="live", run=None)).of(SORA, settings()).seconds
    measured = knowledge(row()).of(SORA, settings()).seconds

    assert live is not None
    assert measured is not None
    assert (live.mean, live.error) == (measured.mean, measured.error)
    assert [each.source for each in live.basis] == ["prior", "live"]


def test_simulated_and_real_evidence_are_never_handed_in_together() -> None:
    with pytest.raises(BadInput, match="simulated clips says nothing of real ones") as error:
        knowledge(row(), row(simulated=True))

    assert error.value.hint == "Hand in the evidence of one world."


@pytest.mark.parametrize("simulated", [True, False])
def test_either_world_alone_is_known(simulated: bool) -> None:
    found = knowledge(row(simulated=simulated), row(simulated=simulated, metric="usable")).of(SORA, settings())

    assert found.seconds is not None
    assert len(found.seconds.basis) == 2


def test_asked_again_it_has_the_answer_at_hand() -> None:
    known = knowledge(row(), published=load_published())

    assert known.of(SORA, settings()) is known.of(SORA, settings(aspect_ratio="9:16"))
    assert known.of(SORA, settings(), "never") == known.of(SORA, settings())


def test_the_same_evidence_says_the_same_and_is_not_changed_by_asking() -> None:
    rows = [row(), row(metric="usable", mean=0.9, n=10)]
    published = load_published()
    one, other = knowledge(*rows, published=published), knowledge(*rows, published=published)

    other.of(SORA, settings(seconds=12.0))
    other.of(endpoint("vertex/veo-3.1"), settings(audio=False), "always")

    assert one.of(SORA, settings()) == other.of(SORA, settings())
    assert rows == [row(), row(metric="usable", mean=0.9, n=10)]


def test_every_shipped_endpoint_has_dated_priors_and_nothing_else() -> None:
    known = knowledge(published=load_published())

    for card in config().cards.values():
        for each in card.endpoints:
            found = known.of(each, settings())
            told = [found.seconds, found.reliability, found.rating]
            basis = [one for number in told if number is not None for one in number.basis]
            assert {one.source for one in basis} == {"prior"}
            assert all(one.observed is not None and one.where for one in basis)
            assert (found.seconds is None) == (each.speed is None)


def test_what_a_clip_starts_from_may_be_anything() -> None:
    for mode in Mode:
        assert knowledge(published=NOBODY).of(SORA, settings(mode=mode)).rating is None


def test_importing_it_does_not_load_numpy() -> None:
    code = "import sys, rushes.router.posterior.knowledge; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- versions ---------------------------------------------------------------------------------------------------------


def rating(at: str, elo: float, observed: datetime) -> Evidence:
    detail = {"board": "text, short, sound", "against": ["other"]}
    return row(
        endpoint=at,
        metric="rating",
        mean=elo,
        sd=20.0,
        n=8,
        source="voted",
        observed=observed,
        run="then",
        detail=detail,
    )


def test_votes_on_clips_of_a_version_that_is_no_longer_served_are_told_and_do_not_count() -> None:
    before, since = datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 1, 13, tzinfo=UTC)
    other = rating("vertex/veo-3.1", -100, since)
    endpoints = {id: endpoint(id) for id in ("openai/sora-2", "vertex/veo-3.1")}

    def known(observed: datetime) -> Known:
        rows = [rating("openai/sora-2", 100, observed), other]
        return Knowledge(rows, NOBODY, NOW, endpoints=endpoints).of(endpoints["openai/sora-2"], settings())

    assert known(since).rating is not None
    assert known(since).outdated == ()
    assert known(before).rating is None
    [told] = known(before).outdated
    assert (told.source, told.run, told.n, told.observed) == ("voted", "then", 8, before.date())


def test_a_rating_of_clips_of_two_versions_does_not_count() -> None:
    since = datetime(2026, 1, 13, tzinfo=UTC)
    mixed = rating("openai/sora-2", 100, since)
    mixed = replace(mixed, detail={**mixed.detail, "oldest": (since - timedelta(days=1)).isoformat()})
    sora = endpoint("openai/sora-2")

    found = Knowledge([mixed], NOBODY, NOW, endpoints={sora.id: sora}).of(sora, settings())

    assert found.rating is None
    assert len(found.outdated) == 1


def test_which_version_is_served_is_judged_by_the_day_and_not_by_the_clock() -> None:
    before, since = datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 1, 13, tzinfo=UTC)
    sora, rows = endpoint("openai/sora-2"), [rating("openai/sora-2", 100, before), rating("vertex/veo-3.1", 0, before)]

    def outdated(day: date | None) -> int:
        return len(Knowledge(rows, NOBODY, NOW, endpoints={sora.id: sora}, day=day).of(sora, settings()).outdated)

    assert [outdated(day) for day in (before.date(), since.date(), None)] == [0, 1, 1]


def test_seconds_of_an_older_version_only_age() -> None:
    old = row(observed=datetime(2026, 1, 12, tzinfo=UTC))
    endpoints = {"openai/sora-2": endpoint("openai/sora-2")}

    with_versions = Knowledge([old], NOBODY, NOW, endpoints=endpoints).of(endpoints["openai/sora-2"], settings())

    assert with_versions == knowledge(old).of(endpoints["openai/sora-2"], settings())
