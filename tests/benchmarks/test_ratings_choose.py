"""Which pair a rater is shown next."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

import pytest

from rushes.benchmarks.ratings.choose import Candidate, Pair, next_pair, progress
from rushes.benchmarks.votes import Vote
from rushes.errors import BadInput
from tests.benchmarks.ballots import vote


def takes(models: int, prompts: int, samples: int = 1, cell: str = "short", pool: str = "sound") -> list[Candidate]:
    return [
        Candidate(f"{cell}-{pool}-{prompt}-{model}-{sample}", cell, f"p{prompt}", pool, f"m{model}")  # type: ignore[arg-type]
        for prompt in range(prompts)
        for model in range(models)
        for sample in range(samples)
    ]


def voted(pair: Pair, choice: str = "left", rater: str = "anna") -> Vote:
    return vote(
        pair.left,
        pair.right,
        choice,
        cell=pair.cell,
        prompt=pair.prompt,
        pool=pair.pool,
        repeats=pair.repeats,
        rater=rater,
    )


def rated(
    candidates: list[Candidate], votes: list[Vote] | None = None, rater: str = "anna", seed: int = 0
) -> list[Vote]:
    """Everything that `rater` is shown until nothing is left, voted on at random; others' votes are there before."""
    votes, own = [*(votes or [])], []
    dice = Random(seed)
    while pair := next_pair(candidates, votes, rater=rater, seed=seed):
        own.append(voted(pair, dice.choice(["left", "right", "tie"]), rater))
        votes.append(own[-1])
    return own


def test_every_pair_of_models_on_every_prompt_is_shown_once() -> None:
    candidates = takes(4, 5)

    shown = [frozenset((each.left, each.right)) for each in rated(candidates) if each.repeats is None]

    model = {each.label: (each.prompt, each.model) for each in candidates}
    assert len(shown) == len({*shown}) == 5 * 6
    assert all(model[a][0] == model[b][0] and model[a][1] != model[b][1] for a, b in map(tuple, shown))


def test_cells_and_pools_are_never_mixed_and_all_have_their_turn() -> None:
    candidates = takes(2, 3) + takes(2, 3, cell="long") + takes(3, 2, pool="silent")

    shown = rated(candidates)

    where = {each.label: (each.cell, each.prompt, each.pool) for each in candidates}
    assert all(where[each.left] == where[each.right] == (each.cell, each.prompt, each.pool) for each in shown)
    assert len([each for each in shown if each.repeats is None]) == 3 + 3 + 6
    assert len({(each.cell, each.pool) for each in shown[:4]}) == 3


def test_samples_of_one_model_do_not_meet_and_those_of_two_all_do() -> None:
    shown = rated(takes(2, 1, samples=3))

    assert len([each for each in shown if each.repeats is None]) == 9


def test_one_showing_in_ten_is_an_earlier_pair_with_its_sides_exchanged() -> None:
    shown = rated(takes(4, 30))

    first = {each.id: (place, each) for place, each in enumerate(shown)}
    repeats = [(place, each) for place, each in enumerate(shown) if each.repeats]
    assert len(repeats) == len(shown) // 10
    assert len({each.repeats for _, each in repeats}) == len(repeats)
    for place, again in repeats:
        before, earlier = first[again.repeats or ""]
        assert before <= place - 3
        assert earlier.repeats is None
        assert (earlier.left, earlier.right) == (again.right, again.left)
    assert len({place % 10 for place, _ in repeats}) > 3


def test_a_repeat_is_of_the_same_rater() -> None:
    candidates = takes(3, 12)
    others = rated(candidates, rater="ben")

    own = rated(candidates, others)

    ids = {each.id for each in own}
    assert any(each.repeats for each in own)
    assert all(each.repeats is None or each.repeats in ids for each in own)


def test_sides_are_as_often_the_one_as_the_other() -> None:
    shown = rated(takes(2, 200))

    left = sum(each.left < each.right for each in shown)
    assert abs(left - len(shown) / 2) < 3 * (len(shown) / 4) ** 0.5


def test_the_models_known_least_come_first() -> None:
    candidates = takes(3, 20)
    # m0 and m1 met often, m1 and m2 once: so m0 and m2 are known by way of m1 only.
    votes = [
        vote(f"short-sound-{prompt}-0-0", f"short-sound-{prompt}-1-0", prompt=f"p{prompt}", rater="ben")
        for prompt in range(10)
    ] + [vote("short-sound-0-1-0", "short-sound-0-2-0", prompt="p0", rater="ben")]

    pair = next_pair(candidates, votes, rater="anna")

    assert pair is not None
    assert {pair.left[-3], pair.right[-3]} == {"0", "2"}


def test_a_model_that_always_wins_is_not_shown_more_often_than_others() -> None:
    candidates = takes(4, 10)
    votes: list[Vote] = []
    for _ in range(30):
        pair = next_pair(candidates, votes, rater="anna")
        assert pair is not None
        best = "-0-0"
        votes.append(voted(pair, "left" if pair.left.endswith(best) or not pair.right.endswith(best) else "right"))

    pairs = Counter(frozenset((each.left[-3], each.right[-3])) for each in votes if each.repeats is None)

    assert max(pairs.values()) - min(pairs.values()) <= 1


def test_prompts_take_turns_for_each_rater_and_for_all() -> None:
    candidates = takes(3, 10)

    anna = rated(candidates)[:10]
    ben = next_pair(candidates, anna, rater="ben")

    assert len({each.prompt for each in anna if not each.repeats}) == len([each for each in anna if not each.repeats])
    assert ben is not None
    # These two models are shown on a prompt where nobody has seen them.
    met = {(each.prompt, frozenset((each.left[-3], each.right[-3]))) for each in anna}
    assert (ben.prompt, frozenset((ben.left[-3], ben.right[-3]))) not in met


def on(prompt: int, one: int, other: int, sample: int = 0, rater: str = "ben") -> Vote:
    """A vote on models `one` and `other`, the first's `sample`."""
    labels = f"short-sound-{prompt}-{one}-{sample}", f"short-sound-{prompt}-{other}-0"
    return vote(*labels, prompt=f"p{prompt}", rater=rater)


def prompts_shown(candidates: list[Candidate], votes: list[Vote]) -> set[str]:
    """Where anna is sent next, with ten different dice."""
    pairs = [next_pair(candidates, votes, rater="anna", seed=seed) for seed in range(10)]
    return {pair.prompt for pair in pairs if pair}


def test_a_rater_is_sent_to_the_prompt_that_this_rater_knows_least() -> None:
    votes = [on(0, 0, 1, rater="anna"), *(on(1, 0, 1, sample) for sample in range(3))]

    assert prompts_shown(takes(2, 2, samples=3), votes) == {"p1"}


def test_then_to_the_prompt_with_the_fewest_votes_on_these_models() -> None:
    # m0 and m1 are known least, and on p1 somebody has compared them.
    votes = [on(1, 0, 1), *(on(0, model, 2, sample) for model in (0, 1) for sample in range(2))]

    assert prompts_shown(takes(3, 2, samples=2), votes) == {"p0"}


def test_then_to_the_prompt_with_the_fewest_votes() -> None:
    votes = [on(0, 0, 1), on(1, 0, 1), *(on(0, model, 2, sample) for model in (0, 1) for sample in range(3))]

    assert prompts_shown(takes(3, 2, samples=3), votes) == {"p1"}


def test_takes_that_fewest_have_seen_come_first() -> None:
    candidates = takes(2, 1, samples=2)

    for seed in range(10):
        first = next_pair(candidates, [], rater="anna", seed=seed)
        assert first is not None
        second = next_pair(candidates, [voted(first)], rater="ben", seed=seed)
        assert second is not None
        assert {second.left, second.right} != {first.left, first.right}


def test_two_other_pairs_come_before_any_comes_again() -> None:
    for seed in range(40):
        shown = rated(takes(2, 10), seed=seed)
        places = {each.id: place for place, each in enumerate(shown)}
        assert all(places[each.repeats] <= place - 3 for place, each in enumerate(shown) if each.repeats)


def test_the_same_votes_and_seed_give_the_same_pair() -> None:
    candidates = takes(4, 10)
    votes = rated(candidates)[:17]

    pairs = [next_pair(candidates, votes, rater="anna", seed=seed) for seed in (1, 1, 2, 3, 4)]

    assert pairs[0] == pairs[1]
    assert len({*pairs}) > 1


def test_a_vote_taken_back_brings_the_same_pair_again() -> None:
    candidates = takes(4, 10)
    votes: list[Vote] = []
    for _ in range(25):
        pair = next_pair(candidates, votes, rater="anna")
        assert pair is not None
        with_it = [*votes, voted(pair)]
        assert next_pair(candidates, with_it, rater="anna") != pair
        assert next_pair(candidates, with_it[:-1], rater="anna") == pair
        votes = with_it


def test_judges_and_people_of_one_name_are_two_raters() -> None:
    candidates = takes(2, 1)
    [only] = combinations([each.label for each in candidates], 2)
    votes = [vote(*only, prompt="p0", rater="x", kind="judge")]

    assert next_pair(candidates, votes, rater="x") is not None
    assert next_pair(candidates, votes, rater="x", kind="judge") is None


def test_votes_on_clips_that_are_gone_disturb_nothing() -> None:
    candidates = takes(2, 4)
    votes = [vote("gone-1", "gone-2") for _ in range(12)]

    shown = rated(candidates, votes)

    assert {each.left for each in shown} | {each.right for each in shown} == {each.label for each in candidates}
    assert len([each for each in shown if each.repeats is None]) == 4


def test_progress_counts_pairs_and_not_repeats() -> None:
    candidates = takes(3, 10)
    own = rated(candidates)

    assert progress(candidates, [], rater="anna") == (0, 30)
    assert progress(candidates, own, rater="ben") == (0, 30)
    assert progress(candidates, own, rater="anna") == (30, 30)


def test_nothing_to_compare_is_the_end_at_once() -> None:
    assert next_pair([], [], rater="anna") is None
    assert next_pair(takes(1, 5, samples=2), [], rater="anna") is None
    assert progress([], [], rater="anna") == (0, 0)


def test_one_label_for_two_takes_is_refused() -> None:
    with pytest.raises(BadInput, match="one label"):
        next_pair(takes(2, 1) * 2, [], rater="anna")
