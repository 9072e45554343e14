"""Which endpoints a question leaves out, with every reason at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from rushes.amounts import usd
from rushes.card import Endpoint
from rushes.plan import NO_PRICE, STARTS, Refusal
from rushes.router.candidates import Candidate
from rushes.router.known import Known
from rushes.router.policy import Needs
from rushes.router.route import Filter, Question

NO_NEEDS = Needs()
Reasons = Iterator[tuple[Filter, str]]


class Filters:
    """The filters of one question."""

    def __init__(self, question: Question) -> None:
        policy, left = question.policy, question.left
        self._question = question
        self._allow, self._deny = frozenset(policy.allow), frozenset(policy.deny)
        picky = self._allow or self._deny or policy.regions or policy.require != NO_NEEDS
        self._picks = bool(picky) and not question.named
        #: US dollars for a clip, by the policy, and for all clips, by the call; seconds, by the policy.
        self._clip_usd = policy.max_usd if left is None else left.clip_usd
        self._call_usd = question.budget if left is None else left.call_usd
        self._seconds = policy.deadline if left is None else left.seconds
        self._barred = {} if question.named else question.barred
        self._excludes_unknown = policy.unknown == "exclude" and not question.named

        limits = (self._clip_usd, self._call_usd, self._seconds)
        self._idle = not (self._picks or self._barred or self._excludes_unknown or limits != (None, None, None))

    def against(self, candidate: Candidate, known: Known | None, lack: str | None) -> tuple[tuple[Filter, str], ...]:
        """Every reason against a candidate, in the order of `Filter`.

        known: None where it has no plan. lack: what is not known of it that the policy decides by.
        """
        if self._idle and known is not None and not candidate.needs:
            return ()
        return (*self._reasons(candidate, known, lack),)

    def _reasons(self, candidate: Candidate, known: Known | None, lack: str | None) -> Reasons:
        unpriced = []
        if candidate.refusal is not None:
            for filter, reason in _refused(candidate.refusal, self._question.day):
                if filter == "unpriced":
                    unpriced.append(reason)
                else:
                    yield filter, reason
        for need in candidate.needs:
            yield "access", need
        if self._picks:
            yield from self._unpicked(candidate.endpoint)
        if candidate.plan is not None and known is not None:
            price = candidate.plan.price
            if price is None and (self._clip_usd is not None or self._call_usd is not None):
                unpriced.append(f"{NO_PRICE}, so no cap would hold")
            yield from self._beyond(price, known)
        for reason in unpriced:
            yield "unpriced", reason
        if self._barred and candidate.endpoint.id in self._barred:
            yield self._barred[candidate.endpoint.id]
        if self._excludes_unknown and lack is not None:
            yield "unknown", f"unknown: {lack}"

    def _unpicked(self, endpoint: Endpoint) -> Reasons:
        policy, names = self._question.policy, (endpoint.id, endpoint.model, endpoint.provider)
        if self._allow and self._allow.isdisjoint(names):
            yield "allow", f"only {', '.join(policy.allow)} may be used"
        for name in names:
            if name in self._deny:
                yield "deny", f"deny: {name}"
        if policy.regions:
            region = self._question.config.providers[endpoint.provider].region
            if region not in policy.regions:
                where = f"it is in {region}" if region else f"the region of {endpoint.provider} is not known"
                yield "regions", f"regions: {where}, not in {' or '.join(policy.regions)}"
        for missing in _missing(endpoint, policy.require):
            yield "require", f"require: {missing}"

    def _beyond(self, price: Decimal | None, known: Known) -> Reasons:
        """The limits on money and time that a plan would exceed."""
        policy, budget, count = self._question.policy, self._question.budget, self._question.count
        if price is not None and self._clip_usd is not None and price > self._clip_usd:
            most = _of(usd(self._clip_usd), usd(policy.max_usd))
            yield "policy_max_usd", f"the policy's max_usd: {usd(price)} a clip is more than {most}"
        if self._seconds is not None and known.seconds is not None:
            needed = known.seconds.pessimistic(policy.pessimism)
            if needed > self._seconds:
                most = _of(f"{round(self._seconds, 1):g} s", f"{policy.deadline:g} s")
                yield "deadline", f"the policy's deadline: it may take {needed:.1f} s, more than {most}"
        if price is not None and self._call_usd is not None and price * count > self._call_usd:
            clips = "" if count == 1 else f" for {count} clips"
            most = _of(usd(self._call_usd), usd(budget))
            yield "call_max_usd", f"the call's max_usd: {usd(price * count)}{clips} is more than {most}"


def _of(left: str, whole: str) -> str:
    """A limit, or what is left of it."""
    return whole if left == whole else f"the {left} left of {whole}"


def _refused(refusal: Refusal, day: date | None) -> Reasons:
    """The reasons of a refusal by their filter; that of the lifecycle comes first."""
    life = refusal.endpoint.lifecycle
    ended = refusal.retired or (day is not None and life.released is not None and day < life.released)
    for at, reason in enumerate(refusal.reasons):
        if ended and at == 0:
            yield "retired", reason
        else:
            yield "unpriced" if reason.startswith(NO_PRICE) else "unfit", reason


def _missing(endpoint: Endpoint, needs: Needs) -> Iterator[str]:
    """The features that an endpoint lacks."""
    if needs.seed and endpoint.inputs.seed is None:
        yield "it takes no seed"
    if needs.negative_prompt and endpoint.inputs.negative_prompt is None:
        yield "it takes no negative_prompt"
    if needs.sound and not any(True in offer.audio for offer in endpoint.offers):
        yield "it makes no sound"
    if needs.silence and not any(False in offer.audio for offer in endpoint.offers):
        yield "it makes no silent clips"
    for mode in needs.modes:
        if not any(mode in offer.modes for offer in endpoint.offers):
            yield f"it makes nothing from {STARTS[mode]}"
