"""Judging: every pair is asked in both orders, so that a liking for one side cancels out; no answer is paid twice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from secrets import token_hex
from statistics import median

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.judging import rubric
from rushes.benchmarks.judging.answers import AGAIN, SPOKEN, Reply, exchanged
from rushes.benchmarks.judging.charge import Charge
from rushes.benchmarks.judging.cost import Costs
from rushes.benchmarks.judging.judges import Judge
from rushes.benchmarks.judging.keys import Keys
from rushes.benchmarks.judging.pairs import Pair, Take
from rushes.benchmarks.judging.ready import Ready
from rushes.benchmarks.judging.records import WORK, Asked, Asking, Heard, Key, Records
from rushes.benchmarks.judging.summary import Estimate, Judgement, Summary
from rushes.benchmarks.judging.wires import WIRES, Question
from rushes.benchmarks.votebook import Book
from rushes.benchmarks.votes import Choice, Judged, Reason, Vote
from rushes.clock import Clock
from rushes.errors import BadConfig, BadFile, BadInput, NotAuthorized, NotSent, Unavailable, VideoError
from rushes.http import Api, httpx

#: How often one question may be sent in one start, and the seconds between where the server names none.
TRIES = 4
WAITS = (2.0, 8.0, 30.0)
#: A server that asks for more patience than this is asked again at the next start.
LONGEST_WAIT = 120.0
#: So many rejected questions in a row, and none before them that was not, and there is no point in another.
HOPELESS = 3
#: Characters of the judge's words that are kept.
WORDS = 4000


class Judging:
    """One start of one judge on one run; `api` leads to the judge, `records` are held by the caller.

    `rater` is the name that votes carry; `key` is never written down, also where a server repeats it. `real`: the run
    is no simulated one, so that an answer that says it is simulated ends everything. `again`: what was refused or was
    nonsense is asked, and paid, once more. `raw`: it looks at the clips themselves, and not at rating copies of them.
    """

    def __init__(
        self,
        folder: Folder,
        records: Records,
        judge: Judge,
        api: Api,
        charge: Charge,
        clock: Clock,
        *,
        rater: str,
        day: date,
        key: str | None = None,
        real: bool = True,
        again: bool = False,
        raw: bool = False,
    ) -> None:
        self.summary = Summary()
        self._records, self._judge, self._api = records, judge, api
        self._charge, self._clock, self._rater, self._key = charge, clock, rater, key
        self._costs = Costs(judge, day)
        self._wire = WIRES[judge.wire]
        self._real, self._again, self._raw = real, again, raw
        self._keys = Keys(judge, rater, raw=raw)
        self._ready = Ready(judge, clock, folder.path / WORK, raw=raw)
        self._asking: dict[Key, asyncio.Lock] = {}
        self._book = Book(folder.path)
        self._standing = {line.id for line in self._book.lines()}
        self._answered = False
        self._rejected = 0

    # --- before anything is sent --------------------------------------------------------------------------------------

    def estimate(self, pairs: Sequence[Pair]) -> Estimate:
        """What judging these pairs takes, at most; what is answered already costs nothing."""
        open_pairs = [pair for pair in pairs if self._keys.vote(pair) not in self._standing]
        questions = 0
        total: Decimal | None = Decimal(0)
        for pair in open_pairs:
            if (lacking := self._lacking(pair)) == 0:
                continue
            questions += lacking
            most = self._costs.of_pair(pair)
            total = None if total is None or most is None else total + lacking * most
        took = [
            each.heard.seconds
            for each in self._records.asked.values()
            if each.asking.judge == self._rater and each.heard is not None and each.heard.outcome in SPOKEN
            if each.heard.seconds is not None
        ]
        each_takes = median(took) if took else None
        seconds = None if each_takes is None else each_takes * questions / self._judge.concurrency
        return Estimate(len(open_pairs), questions, total if questions else Decimal(0), seconds)

    def bury(self) -> int:
        """Writes down what processes that were killed left on its way, as paid in full; returns how many there are."""
        orphans = self._records.orphans()
        for each in orphans:
            cost = each.asking.usd
            line = Heard(
                id=each.asking.id,
                at=self._clock.now(),
                outcome="lost",
                words="the process that asked it ended before the answer came",
                usd=cost,
                usd_how="unknown" if cost is None else "assumed",
            )
            self._records.add(line)
        return len(orphans)

    # --- judging ------------------------------------------------------------------------------------------------------

    async def judge_all(
        self, pairs: Sequence[Pair], on_done: Callable[[Judgement], None] = lambda judgement: None
    ) -> Summary:
        """Judges every pair, several at once; what stops it before its end is in the summary.

        A caller that is cancelled gets what is on its way written down first.
        """
        waiting = deque(pairs)

        async def work() -> None:
            while waiting and self.summary.stopped is None:
                pair = waiting.popleft()
                try:
                    on_done(await self.judge_pair(pair))
                except BadFile as error:
                    self.summary.unanswered += 1
                    self.summary.broken.append(error.message)
                    on_done(Judgement(pair, "no answer", None, None, None, Decimal(0)))
                except VideoError as error:
                    self.summary.stopped = self.summary.stopped or error

        workers = [asyncio.ensure_future(work()) for _ in range(min(self._judge.concurrency, len(pairs)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return self.summary

    async def judge_pair(self, pair: Pair) -> Judgement:
        """Asks both orders and writes the vote; answers and votes that are there are not asked for again.

        Two answers that differ are a tie. A vote takes both, so where one order has no answer the other is not asked.
        Raises OverBudget where the cap is reached, NotAuthorized, BadConfig where the judge rejects whatever it is
        asked, BadInput where a simulated one answers for a real run.
        """
        if self._keys.vote(pair) in self._standing:
            self.summary.there += 1
            return Judgement(pair, "there", None, None, None, Decimal(0))
        paid: list[Decimal | None] = []
        one = other = None
        # Where the other order came to nothing before, this one would be paid for nothing.
        if (before := self._known(self._keys.one(pair, pair.right, pair.left))) is not None:
            other = before.heard
        if other is None or other.answer is not None:
            one = (await self._asked(pair, pair.left, pair.right, paid)).heard
            if one is not None and one.answer is not None:
                other = (await self._asked(pair, pair.right, pair.left, paid)).heard
        cost = None if None in paid else sum((each for each in paid if each is not None), Decimal(0))
        if one is None or one.answer is None or other is None or other.answer is None:
            self.summary.unanswered += 1
            first, second = (None if each is None else each.outcome for each in (one, other))
            return Judgement(pair, "no answer", None, first, second, cost)
        vote = self._vote(pair, one, other)
        self._book.add(vote)
        self._standing.add(vote.id)
        self._count(vote)
        return Judgement(pair, "vote", vote, one.outcome, other.outcome, cost)

    def _vote(self, pair: Pair, one: Heard, other: Heard) -> Vote:
        assert one.answer is not None
        assert other.answer is not None
        shown, turned = one.answer.choice, exchanged(other.answer.choice)
        choice: Choice = shown if shown == turned else "tie"
        decided = [name for name in one.answer.decided_by if name in other.answer.decided_by]
        costs = [one.usd, other.usd]
        known = [each for each in costs if each is not None]
        return Vote(
            id=self._keys.vote(pair),
            at=self._clock.now(),
            rater=self._rater,
            kind="judge",
            cell=pair.cell,
            prompt=pair.prompt,
            pool=pair.pool,
            left=pair.left.label,
            right=pair.right.label,
            choice=choice,
            reasons=tuple(dict.fromkeys(decided)) if choice == shown and choice in ("left", "right") else (),
            raw=self._raw,
            judged=Judged(
                model=one.model or self._judge.model,
                rubric=rubric.VERSION,
                left=one.answer.left,
                right=one.answer.right,
                shown=shown,
                exchanged=turned,
                usd=float(sum(known)) if len(known) == len(costs) else None,
                same_maker=self._same_maker(pair),
                words=one.answer.reason[:WORDS],
            ),
        )

    def _same_maker(self, pair: Pair) -> bool:
        return self._judge.maker is not None and self._judge.maker in (pair.left.maker, pair.right.maker)

    def _count(self, vote: Vote) -> None:
        judged = vote.judged
        assert judged is not None
        self.summary.votes += 1
        self.summary.same_maker += judged.same_maker
        if {judged.shown, judged.exchanged} == {"left", "right"}:
            self.summary.flips += 1
        elif judged.shown != judged.exchanged:
            self.summary.wavered += 1
        for raw in (judged.shown, exchanged(judged.exchanged)):
            self.summary.left += raw == "left"
            self.summary.right += raw == "right"

    # --- one question -------------------------------------------------------------------------------------------------

    def _lacking(self, pair: Pair) -> int:
        """How many questions about a pair are still to be asked; none where one of them came to nothing before."""
        known = [self._known(key) for key in self._keys.of(pair)]
        if any(each is not None and each.heard is not None and each.heard.answer is None for each in known):
            return 0
        return known.count(None)

    def _known(self, key: Key) -> Asked | None:
        known = self._records.spoken(key)
        if known is None or known.heard is None or (self._again and known.heard.answer is None):
            return None
        return None if known.heard.simulated and self._real else known

    async def _asked(self, pair: Pair, left: Take, right: Take, paid: list[Decimal | None]) -> Asked:
        """The answer that is there, or a new one, asked for several times where that may help."""
        key = self._keys.one(pair, left, right)
        # Two pairs of the same files ask the same; the second waits for the answer to the first.
        async with self._asking.setdefault(key, asyncio.Lock()):
            if (known := self._known(key)) is not None:
                return known
            for tried in range(1, TRIES + 1):
                asked, reply = await self._once(pair, key, left, right)
                assert asked.heard is not None
                paid.append(asked.heard.usd)
                self._stop_where_hopeless(reply)
                wait = reply.wait if reply.wait is not None else WAITS[min(tried, len(WAITS)) - 1]
                if reply.outcome not in AGAIN or tried == TRIES or wait > LONGEST_WAIT or self.summary.stopped:
                    break
                await self._clock.sleep(wait)
            if reply.outcome in AGAIN and not self._answered:
                raise Unavailable(
                    f"{self._judge.name} has not answered once: {self._hidden(reply.words)}",
                    hint="Is its base URL right, and does it run? The same command goes on.",
                )
            return asked

    async def _once(self, pair: Pair, key: Key, left: Take, right: Take) -> tuple[Asked, Reply]:
        """One question, from its intent to its end; a caller that gives up gets that end written down first."""
        shown = [await self._ready.seen(take) for take in (left, right)]
        question = Question(pair.text, shown[0], shown[1], self._keys.dimensions(pair))
        # As it was said beforehand, so that the questions together stay within that.
        most = self._costs.of_pair(pair)
        # Where nobody can tell beforehand, what it did cost counts all the same.
        await self._charge.reserve(most or Decimal(0))
        sending = asyncio.ensure_future(self._sent(key, question, most))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            while not sending.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([sending])
            if not sending.cancelled():
                sending.exception()
            raise

    async def _sent(self, key: Key, question: Question, most: Decimal | None) -> tuple[Asked, Reply]:
        setup, left, right = key
        id = token_hex(12)
        spent = Decimal(0)
        try:
            with self._clock.working():
                asking = Asking(
                    id=id,
                    at=self._clock.now(),
                    judge=self._rater,
                    setup=setup,
                    rubric=rubric.VERSION,
                    left=left,
                    right=right,
                    copies=self._keys.copies,
                    usd=most,
                )
                self._records.add(asking)
            spent = most or spent  # until it is known better
            began = self._clock.monotonic()
            reply = await self._reply(question)
            cost, how = self._costs.of(reply, most)
            spent = cost or Decimal(0)
            heard = Heard(
                id=id,
                at=self._clock.now(),
                outcome=reply.outcome,
                answer=reply.answer,
                words=self._hidden(reply.words)[:WORDS],
                status=reply.status,
                input_tokens=reply.usage.input,
                output_tokens=reply.usage.output,
                usd=cost,
                usd_how=how,
                seconds=round(self._clock.monotonic() - began, 3),
                model=None if reply.model is None else self._hidden(reply.model),
                simulated=reply.simulated,
            )
            self._records.add(heard)
        finally:
            await self._charge.settle(most or Decimal(0), spent)
        self.summary.outcomes[reply.outcome] += 1
        self.summary.usd += cost or 0
        self.summary.unpriced += cost is None
        self.summary.assumed += cost if how == "assumed" and cost is not None else 0
        return Asked(asking, heard), reply

    async def _reply(self, question: Question) -> Reply:
        """What came back in time."""
        body = self._wire.body(self._judge, question)
        calling = asyncio.ensure_future(self._post(body.path, body.content, question.asked))
        timing = asyncio.ensure_future(self._clock.sleep(self._judge.timeout))
        try:
            await asyncio.wait({calling, timing}, return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                return calling.result()
            return Reply("timed_out", words=f"no answer within {self._judge.timeout:g} s")
        finally:
            for task in (calling, timing):
                task.cancel()
            await asyncio.gather(calling, timing, return_exceptions=True)

    async def _post(self, path: str, content: bytes, asked: Sequence[Reason]) -> Reply:
        headers = {"content-type": "application/json"}
        # The clock's own time-out counts, so that a simulated world's time does too.
        timeout = httpx.Timeout(None, connect=10)
        try:
            with self._clock.working():
                response = await self._api.post(path, content=content, headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Reply("unreached", words=f"{self._api.base_url} cannot be reached: {type(error).__name__}")
        except NotSent as error:
            return Reply("unreached", words=error.message)
        except NotAuthorized as error:
            return Reply("unauthorized", words=str(error))
        except httpx.HTTPError as error:
            return Reply("lost", words=f"the connection broke off: {type(error).__name__}")
        return self._wire.reply(response, asked)

    def _stop_where_hopeless(self, reply: Reply) -> None:
        words = self._hidden(reply.words)
        name = self._judge.name
        self._answered |= reply.outcome in SPOKEN
        self._rejected = self._rejected + 1 if reply.outcome == "rejected" else 0
        if reply.outcome == "unauthorized":
            raise NotAuthorized(f"{name} turned the key down: {words}", hint=_keys(self._judge))
        if reply.simulated and self._real:
            raise BadInput(
                f"what answers at {self._api.base_url} is simulated, and this run is not",
                hint="Its votes would say nothing of these clips; none was written. Give the judge's own base URL.",
            )
        if self._rejected >= HOPELESS and not self._answered:
            raise BadConfig(
                f"{name} rejects what it is asked: {words}",
                hint="Look at its entry in judges.yaml: model, fps, max_images.",
            )

    def _hidden(self, words: str) -> str:
        """Without the key, which some servers repeat in their errors, and without half of a letter that was cut."""
        whole = words.encode("utf-8", "replace").decode()
        return whole.replace(self._key, "…") if self._key and len(self._key) > 3 else whole


def _keys(judge: Judge) -> str:
    return f"Set {' or '.join(judge.key_variables)}." if judge.key_variables else "It needs a key or an account."
