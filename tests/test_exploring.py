"""Explore and finalize from Python: what is drafted where, what it may cost, and what a second start makes again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes import Rushes, VideoRequest
from rushes.errors import BadFile, BadInput, JobFailed, OverBudget, Refused, Unclear, Unsupported
from rushes.exploring import Exploration, Planned, Variant, explore, finalize, plan_exploration, plan_final
from rushes.ledger import State
from rushes.router.policy import Policy
from rushes.take import Take
from tests.jobs.conftest import Simulated, config, migrated, one_film, quick_films, simulated, takes_of
from tests.router.chains import Line, json_of
from tests.router.conftest import line

__all__ = ["config", "line", "migrated", "one_film", "quick_films", "simulated"]

LITE, FAST, VEO, SORA = "vertex/veo-3.1-lite", "vertex/veo-3.1-fast", "vertex/veo-3.1", "openai/sora-2"
#: It takes a seed of up to 4294967295, and costs $0.05 a second where the clip is 720p.
LITE_CLIP = Decimal("0.40")


def drafted(planned: Planned) -> str:
    return planned.route.first.candidate.endpoint.id


def finals(planned: Planned) -> str:
    return planned.final.first.candidate.endpoint.id


def seeds(planned: Planned) -> list[int | None]:
    return [request.seed for request in planned.requests]


def drafting(**draft: Any) -> Policy:
    return Policy.model_validate({"name": "own", "choose": "cost", "draft": draft})


async def make(rushes: Rushes, prompt: str = "a kite", **how: Any) -> Exploration:
    return await explore(rushes, await plan_exploration(rushes, prompt, **({"n": 3, "name": "kites"} | how)))


def ends(found: Exploration) -> list[type]:
    return [Take if draft.error is None else type(draft.error) for draft in found.drafts]


def numbers(books: Sequence[Any]) -> list[str]:
    return sorted(job["id"] for job in books)


# --- seeds and variants -----------------------------------------------------------------------------------------------


async def test_every_draft_has_a_seed_of_its_own_and_the_same_one_again_under_the_same_name(
    simulated: Simulated,
) -> None:
    async with simulated.open() as rushes:
        first = await plan_exploration(rushes, "a kite", n=6, name="kites")
        again = await plan_exploration(rushes, "a kite", n=6, name="kites")
        more = await plan_exploration(rushes, "a kite", n=12, name="kites")
        other = await plan_exploration(rushes, "a kite", n=6, name="foxes")
        nameless = {(await plan_exploration(rushes, "a kite", n=2)).requests[0].seed for _ in range(2)}

    assert len({*seeds(first)}) == 6
    assert seeds(again) == seeds(first) == seeds(more)[:6]
    assert not {*seeds(other)} & {*seeds(first)}
    assert len(nameless) == 2
    assert simulated.accepted() == []


async def test_a_seed_of_ones_own_is_the_first_of_them(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, VideoRequest(prompt="a kite", seed=7), n=3)

    assert seeds(planned) == [7, 8, 9]


async def test_the_vendor_gets_the_seeds_and_the_variants_in_turn(simulated: Simulated, line: Line) -> None:
    low, far = Variant("a kite from below", "low"), Variant("a kite far away", "far")

    async with simulated.open() as rushes:
        found = await make(rushes, n=3, seed=7, variants=[low, far])

    bodies = sorted(map(json_of, line.submits), key=lambda body: int(body["parameters"]["seed"]))
    assert [body["parameters"]["seed"] for body in bodies] == [7, 8, 9]
    assert [body["instances"][0]["prompt"] for body in bodies] == [low.prompt, far.prompt, low.prompt]
    assert [draft.direction for draft in found.drafts] == ["low", "far", "low"]
    assert [take.label for take in found.takes] == ["draft-1", "draft-2", "draft-3"]
    assert [take.prompt for take in found.takes] == [low.prompt, far.prompt, low.prompt]


async def test_an_endpoint_that_takes_no_seed_gets_none(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=3, endpoint=SORA)

    assert seeds(planned) == [None, None, None]


async def test_a_seed_that_was_asked_for_is_not_dropped_in_silence(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(Unsupported, match="takes no seed"):
            await plan_exploration(rushes, "a kite", n=3, endpoint=SORA, seed=7)
        adapted = await plan_exploration(rushes, "a kite", n=3, endpoint=SORA, seed=7, fit="nearest")

    assert [change.field for change in adapted.route.first.plan.changes] == ["seed"]
    assert seeds(adapted) == [None, None, None]


# --- where ------------------------------------------------------------------------------------------------------------


async def test_drafts_are_made_on_the_cheapest_model_that_is_anothers_draft(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=2)

    assert (drafted(planned), finals(planned)) == (LITE, VEO)


async def test_where_no_such_model_makes_it_the_cheapest_of_all_does(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=2, seconds=5, resolution="480p")

    assert planned.route.first.plan.endpoint.model == "wan-2.5"
    assert planned.route.policy.choose == "cost"


@pytest.mark.parametrize(
    ("how", "where"),
    [
        ({"model": "veo-3.1-fast"}, FAST),
        ({"model": "vertex/veo-3.1-fast"}, FAST),
        ({"endpoint": SORA}, SORA),
        ({"among": ["sora-2", "veo-3.1"]}, SORA),
    ],
)
async def test_whoever_names_where_to_draft_gets_that(how: dict[str, Any], where: str, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=2, **how)

    assert drafted(planned) == where
    assert planned.final.first.plan.endpoint.model == ("sora-2-pro" if where == SORA else "veo-3.1")


async def test_a_policy_says_where_to_draft_and_what_is_final(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        named = await plan_exploration(rushes, "a kite", n=2, policy=drafting(models=["sora-2"], final="veo-3.1"))
        fastest = await plan_exploration(rushes, "a kite", n=2, policy=drafting(choose="speed"))
        bare = await plan_exploration(rushes, "a kite", n=2, policy="speed")

    assert (drafted(named), finals(named)) == (SORA, VEO)
    assert (drafted(fastest), fastest.route.policy.choose) == (FAST, "speed")
    assert (drafted(bare), bare.route.policy.choose, bare.final.policy.choose) == (FAST, "speed", "speed")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"n": 1}, "2 to 12 drafts, not 1"),
        ({"n": 13}, "2 to 12 drafts, not 13"),
        ({"n": -1}, "2 to 12 drafts, not -1"),
        ({"count": 2}, "say n, not count"),
        ({"seconds": -1}, "seconds: "),
        ({"nonsense": 1}, "'nonsense' is no field"),
        ({"model": "sora-3"}, "there is no model 'sora-3'"),
        ({"policy": "cheap"}, "there is no policy 'cheap'"),
        ({"max_usd": "much"}, "'much' is no amount"),
        ({"variants": [Variant("a kite", ""), Variant("", "none")]}, "prompt: "),
    ],
)
async def test_what_cannot_be_explored_is_refused(how: dict[str, Any], said: str, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match=said):
            await plan_exploration(rushes, "a kite", **how)


@pytest.mark.parametrize(
    "how",
    [{"variants": [Variant("a kite", ""), Variant("kite " * 5000, "long")]}, {"seed": 2**32 - 2}],
    ids=["a prompt that is too long", "seeds that go too far"],
)
async def test_one_draft_that_cannot_be_made_stops_them_all_before_anything_is_sent(
    how: dict[str, Any], simulated: Simulated
) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(Unsupported):
            await make(rushes, endpoint=LITE, **how)
        assert await rushes.jobs() == []


async def test_a_budget_that_is_too_small_for_all_drafts_sends_none(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(OverBudget, match=r"the call's max_usd: \$1\.20 for 3 clips is more than \$1\.19"):
            await make(rushes, endpoint=LITE, max_usd="1.19")
        assert await rushes.jobs() == []
        assert len((await make(rushes, endpoint=LITE, max_usd="1.20")).takes) == 3

    assert len(simulated.accepted()) == 3


# --- what becomes of them ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"), [("late_failure", JobFailed), ("moderated", Refused), ("drop_after_accept", Unclear)]
)
async def test_some_drafts_may_fail_and_the_others_are_kept(
    fault: str, error: type[Exception], simulated: Simulated
) -> None:
    told = []

    async with simulated.open(faults=[fault]) as rushes:
        planned = await plan_exploration(rushes, "a kite", n=4, name="kites")
        found = await explore(rushes, planned, on_done=told.append)

    assert sorted(map(str, ends(found))) == sorted(map(str, [error, Take, Take, Take]))
    assert [draft.number for draft in found.drafts] == [1, 2, 3, 4]
    assert sorted(draft.number for draft in told) == [1, 2, 3, 4]
    assert {take.endpoint for take in found.takes} == {LITE}
    assert len(simulated.accepted()) == 4


@pytest.mark.parametrize("fault", ["late_failure", "moderated"])
async def test_a_second_start_makes_only_what_is_missing(fault: str, simulated: Simulated) -> None:
    async with simulated.open(faults=[fault]) as rushes:
        first = await make(rushes, n=4)
    async with simulated.open() as rushes:
        second = await make(rushes, n=4)
        third = await make(rushes, n=4)

    kept = {draft.number: draft.take.id for draft in first.drafts if draft.take is not None}
    now = {draft.number: draft.take.id for draft in second.drafts if draft.take is not None}
    assert len(kept) == 3
    assert kept.items() <= now.items()
    assert [*now] == [1, 2, 3, 4]
    assert [take.id for take in third.takes] == [*now.values()]
    assert len(simulated.accepted()) == 5


async def test_what_nobody_knows_the_end_of_is_never_made_again(simulated: Simulated) -> None:
    async with simulated.open(faults=["drop_after_accept"]) as rushes:
        first = await make(rushes)
    async with simulated.open() as rushes:
        second = await make(rushes)

    assert ends(first) == ends(second)
    assert Unclear in ends(second)
    assert len(simulated.accepted()) == 3


async def test_more_drafts_under_the_same_name_keep_those_that_are_there(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        first = await make(rushes, n=2)
        more = await make(rushes, n=4)
        less = await make(rushes, n=2)

    assert [take.id for take in more.takes[:2]] == [take.id for take in first.takes]
    assert [take.id for take in less.takes] == [take.id for take in first.takes]
    assert len(simulated.accepted()) == 4


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prompt": "a fox"}, "draft 1 of 'kites' was asked for with another prompt"),
        ({"seconds": 4}, "draft 1 of 'kites' was asked for with another seconds"),
        ({"seed": 7}, "draft 1 of 'kites' was asked for with another seed"),
        ({"variants": [Variant("a kite", ""), Variant("a fox", "")]}, "draft 2 of 'kites' .* another prompt"),
        ({"endpoint": FAST}, "the drafts of 'kites' are of vertex/veo-3.1-lite"),
        ({"model": "sora-2"}, "the drafts of 'kites' are of vertex/veo-3.1-lite"),
    ],
)
async def test_a_name_stands_for_one_exploration(changed: dict[str, Any], said: str, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await make(rushes)
        with pytest.raises(BadInput, match=said):
            await make(rushes, **changed)

    assert len(simulated.accepted()) == 3


async def test_a_run_of_something_else_is_not_taken_for_an_exploration(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", endpoint=LITE, run="kites", label="short/kite")
        with pytest.raises(BadInput, match="the run 'kites' is no exploration"):
            await make(rushes)


async def test_failures_do_not_move_an_exploration_to_another_endpoint(simulated: Simulated) -> None:
    """Sora may charge for what comes to nothing, so after a failure it looks dearer than another."""
    policy = drafting(models=["openai/sora-2", "azure/sora-2"])
    async with simulated.open(faults=["late_failure"]) as rushes:
        first = await make(rushes, policy=policy)
    async with simulated.open() as rushes:
        fresh = await plan_exploration(rushes, "a kite", n=3, policy=policy)
        second = await make(rushes, policy=policy)

    assert drafted(fresh) != first.takes[0].endpoint
    assert {take.endpoint for take in [*first.takes, *second.takes]} == {first.takes[0].endpoint}
    assert len(second.takes) == 3


async def test_the_cap_holds_over_all_starts_of_one_exploration(simulated: Simulated) -> None:
    """This server's failed jobs are paid in full, so nothing is left to make one again."""
    how: dict[str, Any] = {"endpoint": "sglang/wan-2.2", "max_usd": "0.06"}
    async with simulated.open(faults=["late_failure"]) as rushes:
        await make(rushes, **how)
    async with simulated.open() as rushes:
        second = await make(rushes, **how)
        spent = await rushes.spent(run="kites")
        third = await make(rushes, **(how | {"max_usd": "0.08"}))

    assert sorted(map(str, ends(second))) == sorted(map(str, [OverBudget, Take, Take]))
    assert spent == Decimal("0.06")
    assert len(third.takes) == 3
    assert len(simulated.accepted()) == 4


async def test_a_start_that_is_given_up_midway_is_gone_on_with_under_its_name(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=4, name="kites")
        making = asyncio.ensure_future(explore(rushes, planned))
        await line.reached.wait()
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
    async with simulated.open() as rushes:
        second = await make(rushes, n=4)
        jobs = await rushes.jobs(run="kites")

    assert ends(second) == [Take] * 4
    assert len(simulated.accepted()) == 4
    assert {job.state for job in jobs} <= {State.SUCCEEDED, State.CANCELLED}
    assert sum(job.settled or 0 for job in jobs) == 4 * 400_000


async def test_a_listener_that_breaks_leaves_no_draft_without_a_driver(simulated: Simulated) -> None:
    def breaks(draft: object) -> None:
        raise BrokenPipeError

    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=3, name="kites")
        with pytest.raises(BrokenPipeError):
            await explore(rushes, planned, on_done=breaks)
        assert [task for task in asyncio.all_tasks() if "rushes/exploring.py" in repr(task)] == []
        assert len((await make(rushes)).takes) == 3

    assert len(simulated.accepted()) == 3


async def test_two_at_once_under_one_name_make_each_draft_once(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        planned = await plan_exploration(rushes, "a kite", n=2, name="kites")
        one, other = await asyncio.gather(explore(rushes, planned), explore(rushes, planned), return_exceptions=True)

    assert isinstance(other, BadInput)
    assert "somebody else" in str(other)
    assert not isinstance(one, BaseException)
    assert len(simulated.accepted()) == 2


# --- what it saved ----------------------------------------------------------------------------------------------------


async def test_what_was_saved_is_the_same_drafts_on_the_final_model_less_what_was_spent(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        found = await make(rushes, n=3)
        planned = await plan_exploration(rushes, "a kite", n=3, name="kites")

    saving, final = found.saving, planned.final.first
    assert saving is not None
    assert final.plan.price == Decimal("3.20")
    assert (saving.endpoint, saving.usd) == (VEO, 3 * Decimal("3.20"))
    assert saving.spent == 2 * LITE_CLIP  # Google's failed clips are free
    assert saving.saved_usd == Decimal("9.60") - Decimal("0.80")
    assert saving.took == pytest.approx(sum(take.seconds_to_file or 0 for take in found.takes))
    assert saving.seconds == pytest.approx(3 * (final.terms.typical_seconds or 0))
    assert saving.saved_seconds == pytest.approx((saving.seconds or 0) - (saving.took or 0))


async def test_drafts_that_were_made_again_count_once_in_what_was_saved(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        await make(rushes, n=3)
    async with simulated.open() as rushes:
        found = await make(rushes, n=3)
        final = await finalize(rushes, await plan_final(rushes, found.takes[0].id))

    assert found.saving is not None
    assert final.saving is not None
    assert found.saving.usd == final.saving.usd == Decimal("9.60")
    assert final.saving.spent == 3 * LITE_CLIP + Decimal("3.20")
    assert final.saving.took == pytest.approx(sum(take.seconds_to_file or 0 for take in [*found.takes, final.take]))


# --- finalize ---------------------------------------------------------------------------------------------------------


async def test_a_draft_is_rendered_again_on_the_model_whose_draft_it_is(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        found = await make(rushes, seconds=6, aspect_ratio="9:16", negative_prompt="rain", model="veo-3.1-fast")
        chosen = await plan_final(rushes, found.takes[1])
        final = await finalize(rushes, chosen)

    draft, body = found.takes[1], json_of(line.submits[-1])
    assert final.take.endpoint == VEO
    assert body["instances"][0]["prompt"] == "a kite"
    assert body["parameters"]["seed"] == found.drafts[1].request.seed
    assert body["parameters"]["negativePrompt"] == "rain"
    assert (final.take.sent["seconds"], final.take.sent["aspect_ratio"]) == (6, "9:16")
    assert any(f"seed {draft.asked['seed']}" in each for each in chosen.carried)
    assert chosen.lost == ()
    assert final.take.run is None


async def test_another_resolution_and_model_may_be_asked_for(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        [take] = takes_of(await rushes.generate_all("a kite", endpoint=LITE, seconds=8))
        larger = await plan_final(rushes, take, resolution="1080p")
        elsewhere = await plan_final(rushes, take, model="wan-2.5")
        named = await plan_final(rushes, take, endpoint="openai/sora-2-pro")
        policy = await plan_final(rushes, take, policy=drafting(final="sora-2-pro"))

    assert (larger.route.first.plan.endpoint.id, larger.route.first.plan.settings.resolution) == (VEO, "1080p")
    assert elsewhere.route.first.plan.endpoint.model == "wan-2.5"
    assert any("seconds" in each and "10" in each for each in elsewhere.lost), elsewhere.lost
    assert named.route.first.plan.endpoint.id == "openai/sora-2-pro"
    assert policy.route.first.plan.endpoint.model == "sora-2-pro"


async def test_a_seed_that_the_final_model_cannot_take_is_listed_as_lost(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=LITE, seed=7)
        chosen = await plan_final(rushes, take, model="sora-2-pro")
        with pytest.raises(Unsupported, match="takes no seed"):
            await plan_final(rushes, take, model="sora-2-pro", fit="exact")

    assert [each for each in chosen.lost if "seed" in each]
    assert not [each for each in chosen.carried if "seed" in each]


async def test_the_drafts_first_picture_can_be_what_the_final_clip_starts_from(
    simulated: Simulated, line: Line
) -> None:
    async with simulated.open() as rushes:
        [draft, *_] = (await make(rushes)).takes
        chosen = await plan_final(rushes, draft, first_frame=True)
        final = await finalize(rushes, chosen)

    assert "the draft's first picture" in chosen.carried
    assert final.take.sent["mode"] == "image"
    assert json_of(line.submits[-1])["instances"][0]["image"]["bytesBase64Encoded"]
    assert (simulated.home / "frames" / f"{draft.id}.png").read_bytes().startswith(b"\x89PNG")


async def test_a_draft_whose_file_is_gone_can_be_finalized_but_has_no_first_picture(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=LITE)
        take.path.unlink()
        with pytest.raises(BadFile, match="not a video that can be opened"):
            await plan_final(rushes, take, first_frame=True)
        final = await finalize(rushes, await plan_final(rushes, take.id))

    assert final.take.endpoint == VEO
    assert final.saving is None


async def test_pictures_that_are_not_there_any_more_are_said_to_be_lost(simulated: Simulated, tmp_path: Path) -> None:
    file = tmp_path / "first.png"
    file.write_bytes(picture())
    async with simulated.open() as rushes:
        of_bytes = await rushes.generate("a kite", endpoint=LITE, image=picture())
        of_file = await rushes.generate("a kite", endpoint=LITE, image=file, last_image=picture())
        kept = await plan_final(rushes, of_file)
        file.unlink()
        gone = await plan_final(rushes, of_file)
        bytes_gone = await plan_final(rushes, of_bytes)

    assert "the first frame" in kept.carried
    assert kept.lost == ("last_image: given as bytes, which are not kept",)
    assert gone.lost == (f"image: {file} is not there any more", "last_image: given as bytes, which are not kept")
    assert bytes_gone.lost == ("image: given as bytes, which are not kept",)
    assert gone.route.first.plan.settings.mode == bytes_gone.route.first.plan.settings.mode == "text"


async def test_reference_pictures_are_carried_and_those_that_are_gone_are_told(
    simulated: Simulated, tmp_path: Path
) -> None:
    files = [tmp_path / "one.png", tmp_path / "two.png"]
    for file in files:
        file.write_bytes(picture())
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=FAST, reference_images=files)
        files[0].unlink()
        chosen = await plan_final(rushes, take)

    assert "the reference images" in chosen.carried
    assert chosen.lost == (f"reference_images: {files[0]} is not there any more",)
    assert [str(each) for each in chosen.route.request.reference_images] == [str(files[1])]


async def test_what_began_with_a_picture_takes_no_first_picture(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=LITE, image=picture())
        # The bytes are gone, so the take can be given a first picture after all.
        chosen = await plan_final(rushes, take, first_frame=True)
        with_file = await rushes.generate("a kite", endpoint=LITE, image=simulated.home / "frames" / f"{take.id}.png")
        with pytest.raises(BadInput, match="started from a picture or a clip already"):
            await plan_final(rushes, with_file, first_frame=True)

    assert "the draft's first picture" in chosen.carried


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"count": 2}, "leave count out"),
        ({"prompt": "a fox"}, "leave prompt out"),
        ({"nonsense": 1}, "'nonsense' is no field"),
        ({"seconds": 0}, "seconds: "),
        ({"model": "veo-4"}, "there is no model 'veo-4'"),
    ],
)
async def test_what_cannot_be_finalized_is_refused(how: dict[str, Any], said: str, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=LITE)
        with pytest.raises(BadInput, match=said):
            await plan_final(rushes, take, **how)


async def test_an_unknown_take_is_named(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match="there is no take 'take-1'"):
            await plan_final(rushes, "take-1")


async def test_a_final_clip_beyond_the_cap_is_not_sent(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=LITE)
        with pytest.raises(OverBudget, match=r"the call's max_usd: \$3\.20 is more than \$3\.00"):
            await plan_final(rushes, take, max_usd=3)

    assert len(simulated.accepted()) == 1


async def test_a_final_clip_that_fails_is_an_error(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", endpoint=LITE)
    async with simulated.open(faults=["moderated"]) as rushes:
        with pytest.raises(Refused):
            await finalize(rushes, await plan_final(rushes, take))


def picture() -> bytes:
    from io import BytesIO

    from PIL import Image

    Image.new("RGB", (1280, 720), "teal").save(file := BytesIO(), "PNG")
    return file.getvalue()
