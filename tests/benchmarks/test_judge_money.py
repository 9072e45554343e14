"""Money and memory: caps before each question, no answer paid twice, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.judging.charge import Cap
from rushes.benchmarks.judging.records import FILE, Asking, money, records
from rushes.benchmarks.votebook import VOTES, Book
from rushes.errors import BadConfig, BadInput, DiskFull, NotAuthorized, OverBudget, SetupError, Unavailable
from rushes.http import httpx
from tests.benchmarks.conftest import no_room
from tests.benchmarks.judging import (
    KEY,
    START,
    Script,
    entry,
    lines,
    make_folder,
    pairs,
    says,
    spoken,
    start,
    trouble,
    votes,
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return make_folder(tmp_path)


@pytest.fixture
def three(tmp_path: Path) -> Folder:
    """Three pairs."""
    return make_folder(tmp_path, prompts=3)


async def judged(folder: Folder, script: Script, **more: Any) -> Any:
    async with start(folder, script, **more) as (judging, _):
        judging.bury()
        return await judging.judge_all(pairs(folder))


def outcomes(folder: Folder) -> list[str]:
    return [line["outcome"] for line in lines(folder) if line["type"] == "heard"]


# --- memory -----------------------------------------------------------------------------------------------------------


async def test_a_second_start_asks_nothing_and_writes_no_vote_again(three: Folder) -> None:
    await judged(three, Script(says("left"), says("right")))
    before = lines(three), votes(three)
    script = Script(AssertionError("nobody may ask"))

    summary = await judged(three, script)

    assert (script.asked, summary.there, summary.votes, summary.usd) == ([], 3, 0, 0)
    assert (lines(three), votes(three)) == before


async def test_votes_that_are_gone_are_written_again_from_the_answers_that_are_there(folder: Folder) -> None:
    await judged(folder, Script(says("left"), says("right")))
    [vote] = votes(folder)
    (folder.path / VOTES).unlink()
    script = Script(AssertionError("nobody may ask"))

    await judged(folder, script)

    assert script.asked == []
    assert [each.model_dump(exclude={"at"}) for each in votes(folder)] == [vote.model_dump(exclude={"at"})]


@pytest.mark.parametrize(
    "change", [{"model": "judge-2"}, {"fps": 5}, {"side": 32 * 3}, {"temperature": 0.5}, {"body": {"seed": 1}}]
)
async def test_another_model_or_another_way_of_looking_is_another_answer(
    folder: Folder, change: dict[str, Any]
) -> None:
    await judged(folder, Script(says("tie")))
    script = Script(says("tie"))

    await judged(folder, script, judge=entry(**change))

    assert len(script.asked) == 2
    assert len(votes(folder)) == 2


@pytest.mark.parametrize("change", [{"concurrency": 3}, {"timeout": 9}, {"prices": ()}, {"name": "Other"}])
async def test_what_shapes_no_answer_asks_for_no_other(folder: Folder, change: dict[str, Any]) -> None:
    await judged(folder, Script(says("tie")))
    script = Script(AssertionError("nobody may ask"))

    await judged(folder, script, judge=entry(**change))

    assert script.asked == []


async def test_another_judge_has_answers_of_its_own(folder: Folder) -> None:
    await judged(folder, Script(says("tie")))

    await judged(folder, Script(says("left"), says("right")), rater="another")

    assert [vote.rater for vote in votes(folder)] == ["test-judge", "another"]


async def test_the_order_of_the_pairs_changes_no_answer(three: Folder) -> None:
    await judged(three, Script(says("tie")))
    script = Script(AssertionError("nobody may ask"))

    async with start(three, script) as (judging, _):
        await judging.judge_all(pairs(three, seed=7))

    assert (script.asked, len(votes(three))) == ([], 3)


@pytest.mark.parametrize(
    "reply", [spoken("hm"), spoken("{}"), spoken("", ended="content_filter"), spoken("{", ended="length")]
)
async def test_a_judge_that_has_spoken_is_asked_once_more_only_if_somebody_wants_it(
    folder: Folder, reply: httpx.Response
) -> None:
    first = Script(reply)
    summary = await judged(folder, first)
    assert (summary.unanswered, summary.votes, len(first.asked)) == (1, 0, 1)

    silent = Script(AssertionError("nobody may ask"))
    assert (await judged(folder, silent)).unanswered == 1
    assert silent.asked == []

    again = Script(says("left"), says("right"))
    assert (await judged(folder, again, again=True)).votes == 1
    assert len(again.asked) == 2


@pytest.mark.parametrize(
    "trouble_first",
    [trouble(500), httpx.ReadError("cut"), httpx.ConnectError("refused"), 1000.0, trouble(400, "too many images")],
    ids=["500", "cut", "refused", "late", "rejected"],
)
async def test_a_question_without_an_answer_is_asked_again_at_the_next_start(
    folder: Folder, trouble_first: httpx.Response | Exception | float
) -> None:
    await judged(folder, Script(trouble_first))
    assert votes(folder) == []

    await judged(folder, Script(says("left"), says("right")))

    assert len(votes(folder)) == 1


async def test_only_the_order_that_is_missing_is_asked_again(folder: Folder) -> None:
    await judged(folder, Script(says("left"), trouble(400)))

    script = Script(says("right"))
    await judged(folder, script)

    assert len(script.asked) == 1
    assert votes(folder)[0].choice == "left"


async def test_two_pairs_of_the_same_two_files_are_asked_once(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=1, samples=2)
    for model in ("sora-2", "wan-2.5"):
        one, two = (folder.path / f"clips/{model}-p1-{sample}.mp4" for sample in (1, 2))
        two.write_bytes(one.read_bytes())
        results = folder.results()
        first, second = (results[f"short/p1/{model}/{sample}"] for sample in (1, 2))
        folder.add(second.model_copy(update={"sha256": first.sha256}))
    script = Script(says("left"))

    summary = await judged(folder, script, judge=entry(concurrency=4))

    assert (len(script.asked), summary.votes, len(votes(folder))) == (2, 2, 2)


async def test_where_one_order_came_to_nothing_the_other_is_not_asked_and_not_counted_beforehand(
    folder: Folder,
) -> None:
    first = Script(spoken("hm"))
    async with start(folder, first) as (judging, _):
        [pair] = pairs(folder)
        judgement = await judging.judge_pair(pair)
        assert (judging.estimate([pair]).questions, judging.estimate([pair]).usd) == (0, 0)

    assert (len(first.asked), judgement.shown, judgement.exchanged) == (1, "nonsense", None)


async def test_which_of_the_two_came_to_nothing_before_makes_no_difference(folder: Folder) -> None:
    await judged(folder, Script(says("left"), spoken("hm")))
    script = Script(AssertionError("nobody may ask"))
    [pair] = pairs(folder)

    async with start(folder, script) as (judging, _):
        for each in (pair, replace(pair, left=pair.right, right=pair.left)):
            assert (await judging.judge_pair(each)).verdict == "no answer"

    assert script.asked == []


# --- kills and Ctrl-C -------------------------------------------------------------------------------------------------


async def test_a_start_that_is_cancelled_writes_down_what_is_on_its_way_and_the_next_goes_on(three: Folder) -> None:
    script = Script(says("left"))
    script.open.clear()
    async with start(three, script, judge=entry(concurrency=2)) as (judging, _):
        judging_all = asyncio.ensure_future(judging.judge_all(pairs(three)))
        await script.together.wait()
        judging_all.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not judging_all.done()
        script.open.set()
        with pytest.raises(asyncio.CancelledError):
            await judging_all
    assert outcomes(three) == ["answered", "answered"]

    rest = Script(says("left"))
    summary = await judged(three, rest)

    assert (len(script.asked) + len(rest.asked), summary.votes) == (6, 3)


async def test_a_process_that_is_killed_leaves_what_it_may_have_paid_for(folder: Folder) -> None:
    [pair] = pairs(folder)
    await judged(folder, Script(says("left"), says("right")))
    asking, heard, second, _ = (folder.path / FILE).read_text().splitlines()
    (folder.path / FILE).write_text(f"{asking}\n{heard}\n{second}\n")  # as it stands after SIGKILL
    (folder.path / VOTES).unlink()

    script = Script(says("right"))
    async with start(folder, script) as (judging, kept):
        assert judging.bury() == 1
        summary = await judging.judge_all([pair])
        total, unknown = money(kept.asked)

    assert (len(script.asked), summary.votes) == (1, 1)
    assert outcomes(folder) == ["answered", "lost", "answered"]
    assert unknown == 0
    assert total == Decimal("0.0028") + Decimal(json.loads(second)["usd"])


async def test_half_a_line_of_a_process_that_was_killed_is_dropped(folder: Folder) -> None:
    await judged(folder, Script(says("left"), says("right")))
    path = folder.path / FILE
    path.write_text(path.read_text() + '{"format":1,"id":"half')
    (folder.path / VOTES).write_text('{"format":1,"id":"a person was killed he')

    summary = await judged(folder, Script(AssertionError("nobody may ask")))

    assert summary.votes == 1
    assert len((folder.path / VOTES).read_text().splitlines()) == 2


async def test_an_answer_that_is_glued_to_a_part_of_another_line_is_not_asked_for_again(folder: Folder) -> None:
    await judged(folder, Script(says("left"), says("right")))
    asking, heard, second, answer = (folder.path / FILE).read_text().splitlines()
    (folder.path / FILE).write_text(f"{asking}\n{heard[:60]}\n{heard[:70]}{second}\n{answer}\n")
    (folder.path / VOTES).unlink()

    script = Script(says("left"))
    async with start(folder, script) as (judging, _):
        assert judging.bury() == 1
        summary = await judging.judge_all(pairs(folder))

    assert (len(script.asked), summary.votes) == (1, 1)


async def test_a_line_for_which_there_is_no_room_leaves_the_records_readable(folder: Folder) -> None:
    await judged(folder, Script(says("left"), says("right")))
    whole = (folder.path / FILE).read_bytes()

    with records(folder) as kept:
        [one, _] = kept.asked.values()
        assert one.heard is not None
        with no_room((folder.path / FILE).stat().st_size + 40), pytest.raises(DiskFull, match="cannot be written"):
            kept.add(one.heard)
        assert (folder.path / FILE).read_bytes() == whole
        kept.add(one.heard)

    with records(folder) as kept:
        assert len(kept.asked) == 2


async def test_a_run_is_judged_by_one_process_at_a_time(folder: Folder) -> None:
    with records(folder), pytest.raises(SetupError, match="being judged by another process"), records(folder):
        pass


@pytest.mark.parametrize("line", ["{}", "hello", '{"type": "heard", "id": "?"}'])
def test_a_record_of_another_form_is_refused_by_line(folder: Folder, line: str) -> None:
    (folder.path / FILE).write_text(line + "\n")

    with pytest.raises(BadInput, match=r"judge\.jsonl:1"), records(folder):
        pass


def test_an_answer_to_a_question_that_is_not_there_is_refused(folder: Folder) -> None:
    answer = '{"id":"a","at":"2026-08-01T00:00:00Z","type":"heard","outcome":"lost","usd":null,"usd_how":"unknown"}'
    (folder.path / FILE).write_text(answer + "\n")

    with pytest.raises(BadInput, match="is not there"), records(folder):
        pass


async def test_votes_of_a_judge_and_of_people_stand_in_one_file(three: Folder) -> None:
    await judged(three, Script(says("tie")))
    [one, *_] = votes(three)
    person = one.model_copy(update={"id": "anna-1", "kind": "person", "judged": None})

    Book(three.path).add(person)
    await judged(three, Script(AssertionError("nobody may ask")))

    assert [each.id for each in votes(three)][-1] == "anna-1"


# --- caps -------------------------------------------------------------------------------------------------------------


async def test_a_cap_is_asked_before_each_question_and_never_passed(three: Folder) -> None:
    script = Script(says("tie"))
    async with start(three, script) as (judging, _):
        per_question = (judging.estimate(pairs(three)).usd or 0) / 6
    cap = Cap(per_question + Decimal("0.0014"))

    summary = await judged(three, script, charge=cap)

    assert isinstance(summary.stopped, OverBudget)
    assert cap.spent <= per_question + Decimal("0.0014")
    assert len(script.asked) == 2
    assert "higher --max-usd" in (summary.stopped.hint or "")

    # And what is answered is kept.
    rest = Script(says("tie"))
    assert (await judged(three, rest)).votes == 2
    assert len(rest.asked) == 4


async def test_questions_on_their_way_count_against_the_cap(three: Folder) -> None:
    async with start(three, Script(says("tie"))) as (judging, _):
        per_question = (judging.estimate(pairs(three)).usd or 0) / 6
    script = Script(says("tie"))
    script.open.clear()

    class Watched(Cap):
        """Lets the answers come once two questions are on their way and a third has been refused."""

        async def reserve(self, amount: Decimal) -> None:
            try:
                await super().reserve(amount)
            except OverBudget:
                await script.together.wait()
                script.open.set()
                raise

    summary = await judged(three, script, charge=Watched(per_question * Decimal("2.5")), judge=entry(concurrency=3))

    assert script.most == 2
    assert isinstance(summary.stopped, OverBudget)


async def test_what_was_told_to_be_the_most_holds_also_where_a_server_fails_again_and_again(three: Folder) -> None:
    answers = iter([trouble(503)] * 3 + [says("tie")] * 3 + [trouble(503)] * 9)
    cap = Cap()
    async with start(three, Script(lambda body: next(answers)), charge=cap) as (judging, _):
        told = judging.estimate(pairs(three)).usd
        assert told is not None
        cap.hold_to(told)
        summary = await judging.judge_all(pairs(three))

    assert isinstance(summary.stopped, OverBudget)
    assert "the most that this was to cost" in summary.stopped.message
    assert "the same command" in (summary.stopped.hint or "")
    assert cap.spent == summary.usd <= told
    assert summary.assumed > 0


async def test_nothing_is_held_back_where_the_server_fails_less_than_there_was_room_for(three: Folder) -> None:
    cap = Cap()
    script = Script(says("tie"), trouble(503), says("tie"))
    async with start(three, script, charge=cap) as (judging, _):
        cap.hold_to(judging.estimate(pairs(three)).usd or Decimal(0))
        summary = await judging.judge_all(pairs(three))

    assert (summary.stopped, summary.votes, len(script.asked)) == (None, 3, 7)


async def test_a_clip_that_turns_out_longer_than_it_was_measured_holds_nothing_up(folder: Folder) -> None:
    [pair] = pairs(folder)
    pair = replace(pair, left=replace(pair.left, seconds=0.3), right=replace(pair.right, seconds=0.3))
    script = Script(httpx.ReadError("cut"), says("left"), says("right"))
    for _ in range(2):
        async with start(folder, script, charge=(cap := Cap())) as (judging, _):
            told = judging.estimate([pair]).usd
            cap.hold_to(told or Decimal(0))
            summary = await judging.judge_all([pair])
        assert (summary.stopped, cap.spent <= (told or 0)) == (None, True)

    assert len(votes(folder)) == 1


class Books:
    """Somebody's ledger."""

    def __init__(self) -> None:
        self.reserved: list[Decimal] = []
        self.settled: list[tuple[Decimal, Decimal]] = []

    async def reserve(self, amount: Decimal) -> None:
        self.reserved.append(amount)

    async def settle(self, reserved: Decimal, spent: Decimal) -> None:
        self.settled.append((reserved, spent))


@pytest.mark.parametrize(
    ("reply", "spent"),
    [
        (says("left"), "0.0014"),
        (spoken("nonsense"), "0.0014"),
        (spoken("nonsense", usage=False), "most"),
        (trouble(401), "0"),
        (trouble(400), "0"),
        (httpx.ConnectError("refused"), "0"),
        (httpx.ReadError("cut"), "most"),
        (trouble(503), "most"),
        (1000.0, "most"),
    ],
)
async def test_what_is_set_aside_is_settled_by_what_is_known(folder: Folder, reply: Any, spent: str) -> None:
    books = Books()

    await judged(folder, Script(reply), charge=books)

    assert len(books.reserved) == len(books.settled) > 0
    for reserved, (again, cost) in zip(books.reserved, books.settled, strict=True):
        assert reserved == again
        assert cost == (reserved if spent == "most" else Decimal(spent))


async def test_what_no_server_confirmed_is_assumed_in_full_and_said_so(folder: Folder) -> None:
    summary = await judged(folder, Script(httpx.ReadError("cut")))

    heard = [line for line in lines(folder) if line["type"] == "heard"]
    assert {line["usd_how"] for line in heard} == {"assumed"}
    assert summary.assumed == summary.usd > 0


async def test_without_a_price_the_cost_is_not_known_and_never_zero(folder: Folder) -> None:
    judge = entry(prices=())
    async with start(folder, Script(says("left"), says("right")), judge=judge) as (judging, kept):
        assert judging.estimate(pairs(folder)).usd is None
        summary = await judging.judge_all(pairs(folder))
        total, unknown = money(kept.asked)

    assert (summary.unpriced, unknown, total) == (2, 2, 0)
    [vote] = votes(folder)
    assert vote.judged is not None
    assert vote.judged.usd is None


async def test_half_a_letter_in_a_servers_words_loses_no_answer(folder: Folder) -> None:
    cut = httpx.Response(
        200, content=b'{"choices": [{"finish_reason": "length", "message": {"content": "cut \\ud83d"}}]}'
    )
    async with start(folder, Script(cut)) as (judging, kept):
        summary = await judging.judge_all(pairs(folder))

    assert dict(summary.outcomes) == {"truncated": 1}
    assert [each.heard is not None for each in kept.asked.values()] == [True]


async def test_without_tokens_the_cost_is_not_known_before_and_is_after(folder: Folder) -> None:
    judge = entry(image_tokens=None)
    async with start(folder, Script(says("left"), says("right")), judge=judge) as (judging, _):
        assert judging.estimate(pairs(folder)).usd is None
        summary = await judging.judge_all(pairs(folder))

    assert (summary.usd, summary.unpriced) == (Decimal("0.0028"), 0)


@pytest.mark.parametrize("changes", [{"image_tokens": None}, {"prices": ()}, {}])
async def test_the_estimate_is_what_the_questions_reserve(three: Folder, changes: dict[str, Any]) -> None:
    books = Books()
    async with start(three, Script(says("tie")), judge=entry(**changes), charge=books) as (judging, _):
        estimate = judging.estimate(pairs(three))
        await judging.judge_all(pairs(three))

    assert (estimate.pairs, estimate.questions) == (3, 6)
    assert sum(books.reserved) == (estimate.usd or 0)


async def test_an_estimate_counts_only_what_is_still_to_be_asked_and_knows_the_pace(three: Folder) -> None:
    judge = entry(concurrency=2)
    async with start(three, Script(lambda body: 10.0), judge=judge) as (judging, _):
        first = judging.estimate(pairs(three))
        await judging.judge_all(pairs(three)[:2])
        second = judging.estimate(pairs(three))

    assert (first.questions, first.seconds) == (6, None)
    assert (second.questions, second.seconds) == (2, 10.0)
    assert second.usd == (first.usd or 0) / 3


# --- trouble ----------------------------------------------------------------------------------------------------------


async def test_a_rate_limit_is_waited_out_for_as_long_as_the_server_asks(folder: Folder) -> None:
    script = Script(trouble(429, retry_after="20"), says("left"), says("right"))

    summary = await judged(folder, script)

    assert summary.votes == 1
    assert script.times[1] - script.times[0] == pytest.approx(20)
    assert dict(summary.outcomes) == {"rate_limited": 1, "answered": 2}


async def test_a_server_that_asks_for_too_much_patience_is_left_for_the_next_start(three: Folder) -> None:
    script = Script(says("left"), trouble(429, retry_after="3600"))

    summary = await judged(three, script)

    assert (len(script.asked), summary.unanswered, summary.stopped) == (4, 3, None)
    assert script.clock.monotonic() < 60


async def test_a_server_that_is_down_is_asked_a_few_times_and_then_left(folder: Folder) -> None:
    script = Script(says("left"), trouble(503))

    summary = await judged(folder, script)

    assert (len(script.asked), summary.unanswered, summary.votes) == (5, 1, 0)
    assert outcomes(folder) == ["answered", *["unavailable"] * 4]


@pytest.mark.parametrize("reply", [trouble(503, "loading"), httpx.ConnectError("refused"), trouble(429)])
async def test_a_server_that_never_answers_is_not_asked_for_every_pair(three: Folder, reply: Any) -> None:
    script = Script(reply)

    summary = await judged(three, script)

    assert isinstance(summary.stopped, Unavailable)
    assert "has not answered once" in summary.stopped.message
    assert len(script.asked) == 4


async def test_an_answer_that_does_not_come_in_time_is_timed_out(folder: Folder) -> None:
    script = Script(1000.0)

    summary = await judged(folder, script, judge=entry(timeout=30))

    assert (dict(summary.outcomes), summary.unanswered) == ({"timed_out": 1}, 1)
    assert script.clock.monotonic() == pytest.approx(30)


async def test_a_key_that_is_turned_down_ends_it_at_once(three: Folder) -> None:
    script = Script(trouble(401, "no such key"))

    summary = await judged(three, script)

    assert isinstance(summary.stopped, NotAuthorized)
    assert "no such key" in summary.stopped.message
    assert summary.stopped.hint == "Set JUDGE_KEY."
    assert len(script.asked) == 1


async def test_a_judge_that_rejects_everything_ends_it_and_one_that_rejects_something_does_not(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=3)
    hopeless = Script(trouble(400, "too many images"))

    summary = await judged(folder, hopeless)

    assert isinstance(summary.stopped, BadConfig)
    assert "too many images" in summary.stopped.message
    assert len(hopeless.asked) == 3

    sometimes = Script(says("tie"), trouble(400))
    assert (await judged(folder, sometimes)).stopped is None


async def test_everything_that_went_wrong_is_counted_and_the_rest_is_judged(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=6)
    script = Script(
        says("left"), spoken("hm"),
        spoken("", ended="content_filter"),
        httpx.ReadError("cut"),
        says("left"), spoken('{"a": 1}'),
        spoken("{", ended="length"),
        says("left"), says("right"),
    )  # fmt: skip

    summary = await judged(folder, script)

    assert (summary.votes, summary.unanswered, summary.stopped) == (1, 5, None)
    assert dict(summary.outcomes) == {
        "answered": 4, "nonsense": 1, "refused": 1, "lost": 1, "wrong_keys": 1, "truncated": 1,
    }  # fmt: skip
    assert sorted(outcomes(folder)) == sorted(summary.outcomes.elements())


async def test_so_many_questions_are_on_their_way_as_the_entry_says(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=4)
    script = Script(lambda body: 5.0)

    await judged(folder, script, judge=entry(concurrency=3))

    assert script.most == 3


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_a_key_is_in_no_file_no_message_and_no_log_even_where_the_server_repeats_it(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = Script(spoken(f"your key is {KEY}"), trouble(401, f"Incorrect API key provided: {KEY}"))

    summary = await judged(make_folder(folder.path.parents[1], prompts=2), script)

    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in script.asked)
    assert summary.stopped is not None
    written = "".join(path.read_text(errors="replace") for path in folder.path.rglob("*.json*"))
    for text in (written, str(summary.stopped), caplog.text):
        assert KEY not in text
    assert "Incorrect API key provided: …" in written


async def test_an_intent_is_on_disk_before_the_question_goes_out(folder: Folder) -> None:
    seen: list[Any] = []

    def look(body: Any) -> httpx.Response:
        seen.append(lines(folder))
        return says("tie")

    await judged(folder, Script(look))

    assert [line["type"] for line in seen[0]] == ["asking"]
    assert [line["type"] for line in seen[1]] == ["asking", "heard", "asking"]
    assert Asking.model_validate(seen[0][0]).at == START
