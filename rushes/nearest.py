"""What to say of a name that there is not: the one that was probably meant, or all that there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

#: How alike two names are at least, of 1, for one to be a slip of the other: `sora2` and `sora-2` are, two models of
#: one maker that share but the first letters are not.
ALIKE = 0.5


def instead(name: str, known: Iterable[str]) -> str:
    """`did you mean 'sora-2'?`, or `there are …` with all names where none is near. Capitals make no difference."""
    names = sorted(known)
    lower = [each.lower() for each in names]
    if near := get_close_matches(name.lower(), lower, n=1, cutoff=ALIKE):
        return f"did you mean '{names[lower.index(near[0])]}'?"
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(names) or 'none'}"


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`there is no model 'sora2'; did you mean 'sora-2'?`"""
    return f"there is no {what} '{name}'; {instead(name, known)}"
