"""A run's clips with their measures: what does not belong together is never put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.benchmarks.clips import check_one_way, clips_of
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.measured import Value
from rushes.benchmarks.scoring import lacking, score
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Count, Expect
from rushes.errors import SetupError
from tests.benchmarks.conftest import failed, make_info, make_result, make_suite, measured

INFO = make_info(make_suite("a ball", "a storm"))


def test_a_file_as_it_was_ordered_is_usable() -> None:
    [clip] = clips_of(INFO, [make_result()], {})

    assert clip.usable
    assert clip.outcome == "usable"
    assert clip.reasons == ()
    assert clip.seconds_to_file == 60


@pytest.mark.parametrize(
    ("delivered", "said"),
    [
        ({"seconds": 5.1}, "5.1 s long, not 4 s"),
        ({"width": 640}, "640x720, not 1280x720"),
        ({"audio_codec": None}, "no sound"),
        (None, "a file that does not open"),
    ],
)
def test_a_file_that_is_not_what_was_ordered_is_unusable_and_says_why(
    delivered: dict[str, object] | None, said: str
) -> None:
    result = make_result()
    file = None if delivered is None else {**(result.delivered or {}), **delivered}

    [clip] = clips_of(INFO, [make_result(delivered=file)], {})

    assert (clip.usable, clip.outcome) == (False, "unusable")
    assert clip.reasons == (said,)
    assert clip.seconds_to_file is None


def test_what_was_measured_can_make_a_clip_unusable() -> None:
    result = make_result()

    [clip] = clips_of(INFO, [result], {result.label: measured(result, frozen=0.6)})

    assert clip.outcome == "unusable"
    assert "60 %" in clip.reasons[0]


@pytest.mark.parametrize("status", ["failed", "refused", "overdue", "unclear", "lost", "cancelled"])
def test_what_has_no_file_is_called_as_it_ended(status: str) -> None:
    [clip] = clips_of(INFO, [failed(status=status)], {})

    assert (clip.outcome, clip.usable, clip.checks) == (status, False, None)
    assert clip.reasons == ("Internal error",)
    assert clip.seconds_to_file is None


def test_an_end_without_a_reason_says_that() -> None:
    [clip] = clips_of(INFO, [failed(reason=None)], {})

    assert clip.reasons == ("no reason given",)


def test_what_a_prompt_describes_does_not_make_its_clip_unusable() -> None:
    prompt = INFO.suite.prompts[0].model_copy(update={"expect": Expect(onsets=Count(min=3, max=3), quiet=True)})
    info = make_info(INFO.suite.model_copy(update={"prompts": (prompt,)}))
    result = make_result()

    [clip] = clips_of(info, [result], {result.label: measured(result, onsets=1, loudness=-20)})

    assert clip.usable
    assert [(check.name, check.outcome) for check in clip.expected] == [("onsets", "fail"), ("quiet", "fail")]


def test_the_measures_of_another_file_are_not_this_ones() -> None:
    before, now = make_result(sha256="aa"), make_result(sha256="bb")

    [clip] = clips_of(INFO, [now], {now.label: measured(before, frozen=1.0)})

    assert clip.measured is None
    assert clip.usable


@pytest.mark.parametrize("impl", [{"blur": 0}, {"blur": 99}, {"vmaf": 1}])
def test_measures_of_another_way_are_refused_by_name(impl: dict[str, int]) -> None:
    one, two = make_result(prompt="p1"), make_result(prompt="p2")
    measures = {one.label: measured(one), two.label: measured(two, impl=impl)}
    [(name, _)] = impl.items()

    with pytest.raises(SetupError, match=f"'run' holds clips that were measured in another way: {name} ") as raised:
        clips_of(INFO, [one, two], measures)

    assert "rushes bench table run" in (raised.value.hint or "")


def test_measures_that_are_all_of_yesterdays_way_are_refused_too() -> None:
    result = make_result()

    with pytest.raises(SetupError, match="black 0"):
        check_one_way([measured(result, impl={"black": 0})], "run")


def test_the_old_measures_of_a_file_that_was_replaced_do_not_count_as_another_way() -> None:
    old, new = make_result(sha256="aa"), make_result(sha256="bb")

    [clip] = clips_of(INFO, [new], {new.label: measured(old, impl={"blur": 0})})

    assert clip.measured is None


def test_what_cannot_be_measured_is_no_failure() -> None:
    result = make_result()
    nothing = measured(result, frozen=Value.missing("it is one frame only"))

    [clip] = clips_of(INFO, [result], {result.label: nothing})

    assert clip.usable
    assert clip.checks is not None
    assert ("frozen", "not measurable") in [(check.name, check.outcome) for check in clip.checks]


# --- which are to be measured -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(home: Path, tiny: Path) -> Folder:
    """A run with one clip that is there and one that never was."""
    folder = Folder(home, "run")
    with folder.alone():
        folder.save(INFO)
        folder.add(make_result(sha256="aa", clip=folder.keep(tiny, "one")))
        folder.add(failed(prompt="p2"))
    return folder


def jobs(folder: Folder) -> list[str]:
    return [job.label for job in lacking(folder, folder.known())]


def test_a_clip_is_measured_once(folder: Folder) -> None:
    assert jobs(folder) == ["short/p1/sora-2/1"]

    told: list[str] = []
    score(folder, lacking(folder, INFO), on_done=lambda each: told.append(each.label))

    assert jobs(folder) == []
    assert [*folder.measures()] == told == ["short/p1/sora-2/1"]
    assert folder.measures()[told[0]].number("seconds") == 1


@pytest.mark.parametrize("stale", [{"sha256": "bb"}, {"impl": {"blur": 0}}])
def test_it_is_measured_again_where_the_file_or_the_way_is_another(folder: Folder, stale: dict[str, object]) -> None:
    folder.add(measured(make_result(sha256="aa")).model_copy(update=stale))

    assert jobs(folder) == ["short/p1/sora-2/1"]


def test_a_file_that_is_gone_is_left_out(folder: Folder) -> None:
    (folder.path / "clips" / "one.mp4").unlink()

    assert jobs(folder) == []


def test_a_run_that_wants_no_scorer_measures_nothing(folder: Folder) -> None:
    folder.save(make_info(INFO.suite, settings=RunSettings(scorers=())))

    assert jobs(folder) == []
