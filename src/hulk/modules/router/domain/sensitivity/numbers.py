"""Numbers with check digits, however they are grouped: one pass over all runs of digits, then a look-up of the groups' lengths.

A chain is digits with a few signs between, in which no letter stands: `529.982.247-25`, `5 2 9 9 8 …`, but also a date and a time.
In it each run of groups is looked up by its lengths (3-3-3-2 may be a CPF), and the whole chain too when it is grouped evenly.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hulk.kernel.personal import is_rg
from hulk.modules.router.domain.sensitivity.context import in_a_street, said
from hulk.modules.router.domain.sensitivity.findings import Label, Why
from hulk.modules.router.domain.sensitivity.rules import BY_SHAPE, EVEN, FREE, LONGEST_SHAPE, MOST_DIGITS, NAMED, WHOLE, Rule, Shape
from hulk.modules.router.domain.sensitivity.view import View

Hit: TypeAlias = tuple[int, int, Label, Why]
"""From, to before, what it is, why."""
Place: TypeAlias = tuple[int, int, Sequence[Rule]]
"""The first and last group of a run, and the kinds that it may be."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Groups of digits: their text, where each begins and ends, and what stands between two of them, without white space."""

    groups: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]
    marks: Sequence[str]
    broken: bool
    """Whether it is two groups at the end of one line and the beginning of the next."""


SHORTEST = 7
_CHAIN = re.compile(r"\d++(?:[\x00-/:-@\[-`{-\x7f]{1,6}+\d++)*+")
_DIGITS = re.compile(r"\d++")
_DULL = re.compile(
    r"\d{1,2}([/:.])\d{1,2}\1\d{2,4}|\d{4}[-/.]\d{2}[-/.]\d{2}|\d{1,3}(?:\.\d{3})*,\d{2}|\d{1,3}(?:,\d{3})+\.\d{2}|\d{4}/\d{2}"
)
"""Dates, times and sums of money, which are most of the numbers that people write."""
_LONG = re.compile(
    r"(?<!\d)(?:\d{5}\.?\d{5} ?\d{5}\.?\d{6} ?\d{5}\.?\d{6} ?\d ?\d{14}"  # a bank's boleto, as it is typed
    r"|(?:\d{11}[- ]?\d ?){4}|(?:\d{4}[ .]?){11}"  # a utility's boleto; an NF-e's key of access
    r"|\d{7}-\d{2}\.\d{4}\.\d\.\d{2}\.\d{4})(?!\d)"  # a lawsuit (CNJ, Resolução 65/2008)
)
"""Long numbers of business, which hold others by chance."""


def numbers(view: View, *, anew: bool = True) -> Iterator[Hit]:
    """The sensitive numbers of a view, none over another; unless `anew`, only where it differs from what it was made from."""
    for hit in _CHAIN.finditer(view.text):
        start, end = hit.span()
        if view.lower.startswith(("x", "-x"), end):
            yield from _with_x(view, end)
        if end - start >= SHORTEST and (anew or view.touched(start, end)) and not _DULL.fullmatch(view.text, start, end):
            for chain in _apart(view, start, end):
                yield from _in_chain(view, chain)


_RG_X = re.compile(r"(?<![\w.,-])\d{2}\.?\d{3}\.?\d{3}-?x(?![a-z0-9])")


def _with_x(view: View, end: int) -> Iterator[Hit]:
    """An identity card's number whose check digit is X."""
    hit = _RG_X.search(view.lower, max(0, end - 11), end + 2)
    if hit and is_rg("".join(letter for letter in hit[0] if letter.isalnum())) and said(view, *hit.span()) != "business":
        yield hit.start(), hit.end(), "rg", "check_digits"


def _apart(view: View, start: int, end: int) -> Iterator[Chain]:
    """A stretch of digits without the long numbers in it."""
    if end - start >= 20:
        for long in _LONG.finditer(view.text, start, end):
            if long.start() - start >= SHORTEST:
                yield _chain(view, start, long.start())
            start = long.end()
    if end - start >= SHORTEST:
        yield _chain(view, start, end)


def _chain(view: View, start: int, end: int) -> Chain:
    groups = _DIGITS.findall(view.text, start, end)
    if len(groups) == 1:
        return Chain(groups, (start,), (start + len(groups[0]),), (), broken=False)
    hits = [hit.span() for hit in _DIGITS.finditer(view.text, start, end)]
    starts, ends = [hit[0] for hit in hits], [hit[1] for hit in hits]
    between = [view.text[ends[i] : starts[i + 1]] for i in range(len(groups) - 1)]
    return Chain(
        groups, starts, ends, [one.strip(" \r\n") for one in between], broken=len(between) == 1 and between[0].strip(" ") in ("\n", "\r\n")
    )


def _in_chain(view: View, chain: Chain) -> Iterator[Hit]:
    reached = -1
    for first, last, rules in _places(chain):
        if chain.starts[first] >= reached and (found := _judged(view, chain, first, last, rules)):
            yield found
            reached = found[1]
    if reached < 0 and (found := _foreign(view, chain) or _named(view, chain)):
        yield found


def _places(chain: Chain) -> Iterator[Place]:
    """Runs of groups that may be a number of some kind, in order; of those that begin together, longer ones first."""
    lengths: Shape = tuple(map(len, chain.groups))
    even = dict(_even(chain, lengths))
    for first in range(len(lengths)):
        if first in even:
            yield even[first]
        for count in range(min(LONGEST_SHAPE, len(lengths) - first), 0, -1):
            if rules := BY_SHAPE.get(lengths[first : first + count]):
                yield first, first + count - 1, rules


def _even(chain: Chain, lengths: Shape) -> Iterator[tuple[int, Place]]:
    """Runs of digits one by one or in pairs, and the whole chain when its marks are the same throughout or a line's end is the only one."""
    count = len(lengths)
    if count == 1:
        return
    if (total := sum(lengths)) in WHOLE and ((count > 2 and len(set(chain.marks)) == 1) or chain.broken):
        yield 0, (0, count - 1, WHOLE[total])
    first = 0
    while first < count:
        last = first
        while last + 1 < count and lengths[last + 1] == lengths[first] <= 2:
            last += 1
        if last - first >= 4 and (lengths[first] == 1 or len(set(chain.marks[first:last])) == 1):
            end = last + 1 if last + 1 < count and lengths[last + 1] < lengths[first] else last
            if rules := EVEN.get(sum(lengths[first : end + 1])):
                yield first, (first, end, rules)
        first = last + 1


def _judged(view: View, chain: Chain, first: int, last: int, rules: Sequence[Rule]) -> Hit | None:
    digits = "".join(chain.groups[first : last + 1])
    start, end, marks = chain.starts[first], chain.ends[last], chain.marks[first:last]
    fitting = [rule for rule in rules if rule.valid(digits) and _written(view, start, marks, rule.marks)]
    if not fitting:
        return None
    if fitting[0].need == "none":
        return start, end, fitting[0].kind, "format"
    if fitting[0].need == "street":
        meant = fitting[0].marks is not None or said(view, start, end) == "address"
        return (start, end, "address", "named") if meant and in_a_street(view, start, end) else None
    name = said(view, start, end)
    if name is not None and name != "business" and any(rule.kind == name for rule in fitting):
        return start, end, name, "named"
    if name == "business" or _by_chance(view, chain, first, last):
        return None
    return start, end, fitting[0].kind, "format" if fitting[0].marks else "check_digits"


def _written(view: View, start: int, marks: Sequence[str], wanted: tuple[str, ...] | None) -> bool:
    if wanted is None:
        return True
    if wanted[0] == "(":
        return view.text[max(0, start - 3) : start].rstrip(" 0").endswith("(") and tuple(marks) == wanted[1:]
    return tuple(marks) == wanted


def _by_chance(view: View, chain: Chain, first: int, last: int) -> bool:
    """Whether a number is part of something else: a list, a table, a sum of money, a company's free line, a hash or UUID."""
    groups, marks = chain.groups[first : last + 1], chain.marks[first:last]
    free = last > first and groups[0] in FREE and sum(map(len, groups)) <= _LONGEST_FREE
    return free or _listed(groups, marks) or _sum_of_money(marks) or _in_hash(view, chain.starts[first], chain.ends[last])


_LONGEST_FREE = 11
"""Digits of a free line, as in `0800 123 4567`: what is longer only begins like one."""


def _listed(groups: Sequence[str], marks: Sequence[str]) -> bool:
    """Whether the marks tell of a list; between single digits they do not."""
    return any(len(group) > 1 for group in groups) and any(len(mark) > 2 or not set(mark).isdisjoint(",;|%\t") for mark in marks)


def _sum_of_money(marks: Sequence[str]) -> bool:
    """Whether dots and a comma stand as in `123.456.789,01`, or the reverse."""
    return len(marks) > 1 and set(marks) == {".", ","} and len(set(marks[:-1])) == 1


def _in_hash(view: View, start: int, end: int) -> bool:
    """Whether letters and digits around make a hash or a UUID of it."""
    before, after = _HEX_BEFORE.search(view.lower[max(0, start - 40) : start]), _HEX_AFTER.match(view.lower, end)
    around = (before[0] if before else "") + (after[0] if after else "")
    return any(letter in "abcdef" for letter in around) and (len(around) + end - start >= 24)


_HEX_BEFORE = re.compile(r"[0-9a-f-]{1,40}\Z")
_HEX_AFTER = re.compile(r"[0-9a-f-]{1,40}(?![g-z])")


def _foreign(view: View, chain: Chain) -> Hit | None:
    """A telephone number after `+`: eight to fifteen digits (ITU-T E.164)."""
    if not view.text[max(0, chain.starts[0] - 2) : chain.starts[0]].rstrip().endswith("+"):
        return None
    total = len(chain.groups[0])
    last = 0
    for mark, group in zip(chain.marks, chain.groups[1:], strict=True):
        if total + len(group) > 15 or mark not in ("", "-", ".", "(", ")", "/"):
            break
        total, last = total + len(group), last + 1
    thousands = last > 0 and set(chain.marks[:last]) <= {".", ","} and all(len(group) == 3 for group in chain.groups[1 : last + 1])
    return (chain.starts[0], chain.ends[last], "phone", "format") if total >= 8 and not thousands else None


def _named(view: View, chain: Chain) -> Hit | None:
    """A number that a word beside it names, in any grouping. See `NAMED`."""
    if _date(chain) or _sum_of_money(chain.marks) or _within_a_word(view, chain):
        return None
    name = said(view, chain.starts[0], chain.ends[-1])
    if name is None or name == "business" or name not in NAMED:
        return None
    totals, may = NAMED[name]
    total, best = 0, -1
    for last, group in enumerate(chain.groups[: MOST_DIGITS + 1]):
        total += len(group)
        if total in totals:
            best = last
    digits = "".join(chain.groups[: best + 1])
    if best < 0 or len(set(digits)) == 1 or not may(digits):
        return None
    return chain.starts[0], chain.ends[best], name, "named"


def _within_a_word(view: View, chain: Chain) -> bool:
    """Whether letters touch it on both sides, as in a parcel's code (`RG123456789BR`)."""
    return view.lower[chain.starts[0] - 1 : chain.starts[0]].isalpha() and view.lower[chain.ends[-1] : chain.ends[-1] + 1].isalpha()


def _date(chain: Chain) -> bool:
    """Whether it is a date, or a time of day."""
    return len(chain.marks) == 2 and chain.marks[0] == chain.marks[1] != "" and tuple(map(len, chain.groups)) in _DATES


_DATES = frozenset(((2, 2, 4), (4, 2, 2), (2, 2, 2)))
