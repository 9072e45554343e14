"""How much worse than an oracle the router chooses, beside what others do: in made-up worlds whose truth is known.

Run by `make regret`; prints Markdown tables and fails where a target is missed. The router is the real one: `rank` on
plans of the shipped cards, with `Knowledge` from evidence that is drawn job by job and, for looks, vote by vote through
the real ratings. A world draws, for each of five endpoints:

* seconds: log-normal, the median off the card's prior by a factor (log-SD 0.5), the spread off by another (0.2);
* the share of attempts that come to a usable file: Beta, 90 % on average, most between 75 and 99 %;
* looks: Arena's text-to-video board of 2026-08-14, off by the user's taste (SD 60 Elo), and on every prompt off by 0.8
  log-odds more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from rushes.benchmarks.ratings.board import Board
from rushes.benchmarks.ratings.bradley_terry import ELO, strengths
from rushes.benchmarks.ratings.rate import Ratings, rate
from rushes.config import load_config
from rushes.evidence import Evidence, EvidenceCell, EvidenceMetric, Source, length_class
from rushes.jobs.polling import expected
from rushes.plan import Plan
from rushes.published import load_published
from rushes.request import VideoRequest
from rushes.router.candidates import Candidate, candidates, endpoints
from rushes.router.policy import Policy
from rushes.router.posterior.knowledge import Knowledge
from rushes.router.rank import rank

#: The endpoints, and their models' scores on Arena's text-to-video board of 2026-08-14.
SCORES = {
    "openai/sora-2": 1340,
    "openai/sora-2-pro": 1364,
    "vertex/veo-3.1": 1364,
    "vertex/veo-3.1-fast": 1361,
    "dashscope-intl/wan-2.5": 1249,
}
#: A day on which all of them lived.
DAY = date(2026, 8, 1)
NOW = datetime(2026, 8, 20, tzinfo=UTC)
REQUEST = VideoRequest(prompt="a paper boat drifts down a gutter", seconds=8, audio=True)

MEDIAN_OFF, SPREAD_OFF = 0.5, 0.2
SHARE = (18.0, 2.0)
TASTE, PROMPTS_DIFFER = 60.0, 0.8
#: Log-odds of one vote are larger than those of endless votes on all prompts, by about this factor.
ATTENUATED = (1 + 0.346 * 2 * PROMPTS_DIFFER**2) ** 0.5
#: Seconds until a vendor takes a job: about one everywhere, and no hint of how long that job will take.
ACK_OFF, ACK_SPREAD = 0.4, 0.5

JOBS = (0, 3, 10, 20, 50)
#: Prompts, and votes on each pair and prompt.
VOTES = ((0, 0), (10, 1), (30, 1), (30, 3), (38, 1), (38, 3))
#: What balanced choices are made with: jobs, prompts, votes.
BOTH = ((0, 0, 0), (3, 10, 1), (20, 30, 1), (50, 38, 3))
#: Of the rating's bootstrap; verdicts and standard errors need no more.
RESAMPLES = 100

#: Regret after 20 jobs as a share of the oracle's; with 30 prompts or more, in Elo; and in points of the score.
MOST_SPEED, MOST_COST, MOST_QUALITY, MOST_BALANCED = 0.05, 0.05, 20.0, 0.05

SPEED = Policy(name="speed", choose="speed")
FASTEST = Policy(name="fastest", choose="speed", within=0)
QUALITY = Policy(name="quality", choose="quality")
BEST = Policy(name="best", choose="quality", quality_margin=0)
COST = Policy(name="cost", choose="cost")
BALANCED = Policy(name="balanced", choose="balanced")


@cache
def config() -> Any:
    return load_config()


@cache
def published() -> Any:
    return load_published()


@cache
def found() -> tuple[Candidate, ...]:
    """The five endpoints with their plans, in the order of SCORES."""
    among = [endpoints(config(), endpoint=id)[0] for id in SCORES]
    held = candidates(
        REQUEST, among, config=config(), day=DAY, fit="nearest", unpriced=False, missing=lambda endpoint: ()
    )
    by_id = {each.endpoint.id: each for each in held}
    return tuple(by_id[id] for id in SCORES)


def plans() -> list[Plan]:
    return [each.plan for each in found() if each.plan is not None]


def usd(plan: Plan) -> float:
    """For one clip."""
    return float(plan.price or 0)


def usd_per_second() -> list[float]:
    return [usd(plan) / plan.settings.seconds for plan in plans()]


TIED, UNTIED, MARGIN = "**speed**", "**speed**, within 0", "**quality**, margin 20"
DEAREST = "always the dearest"
ROBIN = "round robin"


@dataclass(frozen=True, eq=False)
class World:
    """What is true of each endpoint, in the order of SCORES."""

    dice: np.random.Generator
    #: Of the logarithm of the seconds of one attempt.
    mean: np.ndarray
    spread: np.ndarray
    share: np.ndarray
    #: Log-odds on the average prompt, and what Elo endless votes on endless prompts would come to.
    strength: np.ndarray
    elo: np.ndarray
    #: Mean of the logarithm of the seconds until a job is taken.
    ack: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        """Until a usable file, on average, failed attempts included."""
        return np.exp(self.mean + self.spread**2 / 2) / self.share

    @property
    def cost(self) -> np.ndarray:
        """US dollars for each second of usable film."""
        lost = np.array([0.0 if plan.endpoint.billing.failed == "free" else 1.0 for plan in plans()])
        return np.array(usd_per_second()) * (self.share + (1 - self.share) * lost) / self.share

    @property
    def score(self) -> np.ndarray:
        """What `balanced` weighs, of what is true."""
        apart = self.elo[:, None] - self.elo[None, :]
        wins = (1 / (1 + 10 ** (-apart / 400)) - 0.5 * np.eye(len(self.elo))).sum(axis=1) / (len(self.elo) - 1)
        weights = BALANCED.weights
        return wins - weights.usd * np.array([*map(usd, plans())]) - weights.minute * self.seconds / 60


def world(seed: int, number: int) -> World:
    dice = np.random.default_rng([seed, number])
    said = [expected(plan.endpoint, plan.settings.seconds) for plan in plans()]
    medians, spreads = zip(*((each.median, each.spread) for each in said if each is not None), strict=True)
    many = len(SCORES)
    elo = np.array([*SCORES.values()]) + dice.normal(0, TASTE, many)
    strength = (elo - elo.mean()) / ELO * ATTENUATED
    return World(
        dice=dice,
        mean=np.log(medians) + dice.normal(0, MEDIAN_OFF, many),
        spread=np.array(spreads) * np.exp(dice.normal(0, SPREAD_OFF, many)),
        share=dice.beta(*SHARE, many),
        strength=strength,
        elo=_endless(strength),
        ack=dice.normal(0, ACK_OFF, many),
    )


def _endless(strength: np.ndarray) -> np.ndarray:
    """Elo of the win shares over all prompts: prompts that differ make them a bit more even."""
    points, weights = np.polynomial.hermite_e.hermegauss(30)
    apart = np.subtract.outer(strength, strength)[..., None] + np.sqrt(2) * PROMPTS_DIFFER * points
    wins = (1 / (1 + np.exp(-apart))) @ (weights / weights.sum())
    return ELO * strengths(1e6 * wins[None])[0]


# --- what is found out ------------------------------------------------------------------------------------------------


def jobs(world: World, number: int) -> list[Evidence]:
    """So many jobs on each endpoint."""
    rows = []
    for k, plan in enumerate(plans() if number else ()):
        came = int(world.dice.binomial(number, world.share[k]))
        rows.append(_row(plan, "usable", came / number, None, number))
        if came:
            logs = world.dice.normal(world.mean[k], world.spread[k], came)
            sd = float(logs.std(ddof=1)) if came > 1 else None
            rows.append(_row(plan, "log_seconds", float(logs.mean()), sd, came))
    return rows


def votes(world: World, prompts: int, each: int) -> Ratings | None:
    """So many votes on every pair and prompt, rated as those of a run are."""
    if not prompts:
        return None
    many = len(SCORES)
    wins = np.zeros((prompts, many, many))
    here = world.strength + world.dice.normal(0, PROMPTS_DIFFER, (prompts, many))
    for a, b in combinations(range(many), 2):
        wins[:, a, b] = world.dice.binomial(each, 1 / (1 + np.exp(here[:, b] - here[:, a])))
        wins[:, b, a] = each - wins[:, a, b]
    names = tuple(f"prompt-{k}" for k in range(prompts))
    board = Board((*SCORES,), names, wins, np.zeros_like(wins), round(wins.sum()), 0, 0, ("anybody",))
    return rate(board, resamples=RESAMPLES)


def rated(ratings: Ratings | None) -> list[Evidence]:
    by_id = {plan.endpoint.id: plan for plan in plans()}
    return [
        _row(by_id[each.model], "rating", each.elo, each.sd, each.prompts, "voted")
        for each in (ratings.models if ratings else ())
    ]


def _row(
    plan: Plan, metric: EvidenceMetric, mean: float, sd: float | None, n: int, source: Source = "measured"
) -> Evidence:
    settings = plan.settings
    cell = EvidenceCell(settings.mode.value, length_class(settings.seconds), settings.resolution, settings.audio)
    detail = {"board": "made up"} if metric == "rating" else {}
    return Evidence(plan.endpoint.id, cell, metric, mean, sd, n, source, True, NOW, "made up", detail)


def chosen(policy: Policy, rows: Sequence[Evidence]) -> int:
    """Which endpoint the router takes first."""
    knowledge = Knowledge(rows, published(), NOW)
    route = rank(
        found(),
        policy,
        knows=lambda plan: knowledge.of(plan.endpoint, plan.settings, policy.judges),
        config=config(),
    )
    return [*SCORES].index(route.first.plan.endpoint.id)


def dearest() -> int:
    return int(np.argmax(usd_per_second()))


# --- regret -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """One rule after so much evidence."""

    rule: str
    #: Jobs on each endpoint, prompts, or both.
    after: str
    #: In the units of the rule.
    regret: float
    #: Half of its 95 % interval, over worlds.
    plus_minus: float
    #: As a share of what the oracle has; None where that has no natural zero.
    share: float | None
    #: US dollars a second of what it took, on average.
    usd: float


#: A rule's choice in a world, as weights of the endpoints.
Pick = np.ndarray


def only(k: int) -> Pick:
    return np.eye(len(SCORES))[k]


def everybody() -> Pick:
    return np.full(len(SCORES), 1 / len(SCORES))


def results(
    worlds: int, seed: int, after: Mapping[str, Callable[[World], Mapping[str, Pick]]], truth: Callable[[World], Any]
) -> Iterator[Result]:
    """Every rule of every column; `truth` is what is least with the oracle."""
    for name, rules in after.items():
        lost: dict[str, list[float]] = {}
        paid: dict[str, list[float]] = {}
        least = []
        for number in range(worlds):
            here = world(seed, number)
            true = truth(here)
            least.append(true.min())
            for rule, pick in rules(here).items():
                lost.setdefault(rule, []).append(float(pick @ true - true.min()))
                paid.setdefault(rule, []).append(float(pick @ usd_per_second()))
        for rule, values in lost.items():
            mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / worlds**0.5
            oracle = float(np.mean(least))
            yield Result(rule, name, mean, 1.96 * error, mean / oracle if oracle else None, float(np.mean(paid[rule])))


def speed(worlds: int, seed: int, after: Sequence[int] = JOBS) -> list[Result]:
    def rules(number: int) -> Callable[[World], Mapping[str, Pick]]:
        def pick(here: World) -> Mapping[str, Pick]:
            rows = jobs(here, number)
            acks = np.exp(here.dice.normal(here.ack, ACK_SPREAD, (max(number, 1), len(SCORES)))).mean(axis=0)
            return {
                TIED: only(chosen(SPEED, rows)),
                UNTIED: only(chosen(FASTEST, rows)),
                "least latency of the acknowledgement": only(int(acks.argmin())) if number else everybody(),
                ROBIN: everybody(),
                DEAREST: only(dearest()),
            }

        return pick

    return [*results(worlds, seed, {str(number): rules(number) for number in after}, lambda here: here.seconds)]


def quality(worlds: int, seed: int, after: Sequence[tuple[int, int]] = VOTES) -> list[Result]:
    def rules(prompts: int, each: int) -> Callable[[World], Mapping[str, Pick]]:
        def pick(here: World) -> Mapping[str, Pick]:
            ratings = votes(here, prompts, each)
            rows = rated(ratings)
            return {
                MARGIN: only(chosen(QUALITY, rows)),
                "**quality**, margin 0": only(chosen(BEST, rows)),
                **_by_votes_alone(ratings),
                ROBIN: everybody(),
                DEAREST: only(dearest()),
            }

        return pick

    columns = {f"{prompts} × {each}" if prompts else "0": rules(prompts, each) for prompts, each in after}
    return [*results(worlds, seed, columns, lambda here: here.elo.max() - here.elo)]


def _by_votes_alone(ratings: Ratings | None) -> Mapping[str, Pick]:
    """What a run's own tables would say: its highest mean, and the cheapest that is not clearly worse."""
    ids = [*SCORES]
    if ratings is None:
        return {}
    best = ratings.models[0].model
    worse = {pair.b for pair in ratings.pairs if pair.a == best and pair.verdict == "better"}
    cheapest = min((price, k) for k, price in enumerate(usd_per_second()) if ids[k] not in worse)[1]
    return {"highest mean": only(ids.index(best)), "cheapest not significantly worse": only(cheapest)}


def cost(worlds: int, seed: int, after: Sequence[int] = JOBS) -> list[Result]:
    def rules(number: int) -> Callable[[World], Mapping[str, Pick]]:
        def pick(here: World) -> Mapping[str, Pick]:
            return {
                "**cost**": only(chosen(COST, jobs(here, number))),
                "lowest list price": only(int(np.argmin(usd_per_second()))),
                ROBIN: everybody(),
                DEAREST: only(dearest()),
            }

        return pick

    return [*results(worlds, seed, {str(number): rules(number) for number in after}, lambda here: here.cost)]


def balanced(worlds: int, seed: int, after: Sequence[tuple[int, int, int]] = BOTH) -> list[Result]:
    def rules(number: int, prompts: int, each: int) -> Callable[[World], Mapping[str, Pick]]:
        def pick(here: World) -> Mapping[str, Pick]:
            rows = [*jobs(here, number), *rated(votes(here, prompts, each))]
            return {
                "**balanced**": only(chosen(BALANCED, rows)),
                UNTIED: only(chosen(FASTEST, rows)),
                "**quality**, margin 0": only(chosen(BEST, rows)),
                "**cost**": only(chosen(COST, rows)),
                ROBIN: everybody(),
                DEAREST: only(dearest()),
            }

        return pick

    columns = {
        f"{number}; {f'{prompts} × {each}' if prompts else '0'}": rules(number, prompts, each)
        for number, prompts, each in after
    }
    return [*results(worlds, seed, columns, lambda here: here.score.max() - here.score)]


# --- how sure it says it is -------------------------------------------------------------------------------------------


def surprise(
    worlds: int, seed: int, jobs_each: Sequence[int] = JOBS, votes_each: Sequence[tuple[int, int]] = VOTES
) -> dict[str, dict[str, float]]:
    """How many standard errors the truth is from the estimates (root mean square): 1 where they are honest."""
    told: dict[str, dict[str, float]] = {"seconds": {}, "ratings": {}}
    for number in jobs_each:
        off = [_seconds_off(each, jobs(each, number)) for each in _worlds(worlds, seed)]
        told["seconds"][str(number)] = float(np.mean(np.square(off)) ** 0.5)
    for prompts, each in votes_each:
        off = [_elo_off(here, rated(votes(here, prompts, each))) for here in _worlds(worlds, seed)]
        told["ratings"][f"{prompts} × {each}" if prompts else "0"] = float(np.mean(np.square(off)) ** 0.5)
    return told


def _worlds(worlds: int, seed: int) -> Iterator[World]:
    return (world(seed, number) for number in range(worlds))


def _seconds_off(here: World, rows: Sequence[Evidence]) -> np.ndarray:
    known = Knowledge(rows, published(), NOW)
    found = [known.of(plan.endpoint, plan.settings).seconds for plan in plans()]
    return np.array([(each.mean - true) / each.error for each, true in zip(found, here.mean, strict=True) if each])


def _elo_off(here: World, rows: Sequence[Evidence]) -> np.ndarray:
    """Relative to the mean of the five; the ratings are relative to that of all models on the boards."""
    known = Knowledge(rows, published(), NOW)
    found = [known.of(plan.endpoint, plan.settings).rating for plan in plans()]
    elo, sd = (np.array(each) for each in zip(*((one.elo, one.sd) for one in found if one), strict=True))
    return (elo - elo.mean() - here.elo + here.elo.mean()) / sd


# --- tables and targets -----------------------------------------------------------------------------------------------


def table(rows: Sequence[Result], cell: Callable[[Result], str]) -> str:
    """Markdown: a row for each rule, a column for each amount of evidence."""
    columns = [*dict.fromkeys(row.after for row in rows)]
    told = {(row.rule, row.after): cell(row) for row in rows}
    lines = [["", *columns], ["---", *["---:" for _ in columns]]]
    lines += [
        [rule, *(told.get((rule, name), "–") for name in columns)] for rule in dict.fromkeys(r.rule for r in rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(row: Result) -> str:
    assert row.share is not None
    unsure = row.plus_minus * row.share / row.regret if row.regret else 0.0
    return f"{100 * row.share:.1f} ± {100 * unsure:.1f} %"


def _elo(row: Result) -> str:
    return f"{row.regret:.1f} ± {row.plus_minus:.1f}, ${row.usd:.2f}"


def _points(row: Result) -> str:
    return f"{row.regret:.3f} ± {row.plus_minus:.3f}"


@dataclass(frozen=True)
class Target:
    what: str
    value: float
    most: float

    @property
    def met(self) -> bool:
        return self.value <= self.most


def targets(found: Mapping[str, Sequence[Result]]) -> list[Target]:
    """What every run is held to."""

    def one(part: str, rule: str, after: str) -> Result:
        return next(row for row in found[part] if (row.rule, row.after) == (rule, after))

    both = "20; 30 × 1"
    return [
        Target(
            "speed, within 0, after 20 jobs: share of the oracle's", one("speed", UNTIED, "20").share or 0, MOST_SPEED
        ),
        Target("cost, after 20 jobs: share of the oracle's", one("cost", "**cost**", "20").share or 0, MOST_COST),
        *(
            Target(f"quality, {row.after} votes: Elo", row.regret, MOST_QUALITY)
            for row in found["quality"]
            if row.rule == MARGIN and row.after.startswith("3")
        ),
        Target(f"balanced, {both}: points of the score", one("balanced", "**balanced**", both).regret, MOST_BALANCED),
    ]


def _tie_break(rows: Sequence[Result], after: str) -> str:
    tied, untied = (next(row for row in rows if (row.rule, row.after) == (rule, after)) for rule in (TIED, UNTIED))
    more = 100 * ((tied.share or 0) - (untied.share or 0))
    return (
        f"After {after} jobs the 10 % tie-break makes {more:+.1f} points of the "
        f"{100 * (tied.share or 0):.1f} %; with it a second costs ${tied.usd:.3f}, without it ${untied.usd:.3f}."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=300, help="made-up worlds for each column")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    parts = {"speed": speed, "quality": quality, "cost": cost, "balanced": balanced}
    found = {}
    for name, part in parts.items():
        found[name] = part(given.worlds, given.seed)
        print(f"{name}: {given.worlds} worlds", file=sys.stderr)
    print("Seconds to a usable file: what each rule adds to the oracle's, after so many jobs on each endpoint.\n")
    print(table(found["speed"], _share))
    print(f"\n{_tie_break(found['speed'], '3')} {_tie_break(found['speed'], '20')}\n")
    print("Elo behind the best, and US dollars a second of what was chosen, after prompts × votes on each pair.\n")
    print(table(found["quality"], _elo))
    print("\nUS dollars a usable second: what each rule adds to the oracle's, after so many jobs on each endpoint.\n")
    print(table(found["cost"], _share))
    print(
        "\nPoints of the balanced score behind the best, after jobs on each endpoint; prompts × votes on each pair.\n"
    )
    print(table(found["balanced"], _points))
    print("\nHow many standard errors the truth is from the estimates (root mean square), after jobs or votes.\n")
    for name, values in surprise(given.worlds, given.seed).items():
        print(f"- {name}: {', '.join(f'{value:.2f} ({after})' for after, value in values.items())}")
    print("\nTargets:\n")
    held = targets(found)
    for each in held:
        print(f"- {each.what}: {each.value:.3g}, at most {each.most:g}{'' if each.met else ': MISSED'}")
    return 0 if all(each.met for each in held) else 1


if __name__ == "__main__":
    sys.exit(main())
