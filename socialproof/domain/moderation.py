"""What a team may do with a testimonial, and when: states, decisions, the fixed list of reasons.

The words belong to the customer. Nothing in this module lets a moderator change them.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter

from socialproof.domain.consent import WEBSITE
from socialproof.domain.errors import RuleBroken
from socialproof.domain.publication import are_captioned

DRAFT = "draft"
SUBMITTED = "submitted"
APPROVED = "approved"
REJECTED = "rejected"
WITHDRAWN = "withdrawn"
ARCHIVED = "archived"
STATES = (DRAFT, SUBMITTED, APPROVED, REJECTED, WITHDRAWN, ARCHIVED)

# "Negative" is not a reason: who hides criticism has no proof left. tests/unit/test_moderation.py keeps it so.
REASONS = ("privacy", "abuse", "not_a_customer", "off_topic", "duplicate", "advertising", "rights")

# step: (the states it may start from, the state it leads to)
STEPS: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({DRAFT}), SUBMITTED),
    "approve": (frozenset({SUBMITTED}), APPROVED),
    "reject": (frozenset({SUBMITTED, APPROVED}), REJECTED),
    "archive": (frozenset({APPROVED, REJECTED}), ARCHIVED),
    "reopen": (frozenset({APPROVED, REJECTED, ARCHIVED}), SUBMITTED),
    # The customer's own steps: new words wait for a new decision, a withdrawal is final.
    "resubmit": (frozenset({DRAFT, SUBMITTED, APPROVED, REJECTED, ARCHIVED}), SUBMITTED),
    "withdraw": (frozenset({DRAFT, SUBMITTED, APPROVED, REJECTED, ARCHIVED}), WITHDRAWN),
}

# What a moderator decides, and may therefore undo.
DECISIONS = ("approve", "reject", "archive", "reopen")

UNFINISHED_MEDIA = ("uploading", "uploaded", "processing")

TAG_LENGTH = 40
TAGS_MAX = 20

COMPARED_CHARACTERS = 20_000
COMPARED_PAIRS = 160_000
"""From so many pairs of words on, words that stand everywhere do not count when two texts are compared."""


def may(step: str, state: str) -> bool:
    """Say whether this step may be taken from this state."""
    return state in STEPS[step][0]


def after(step: str, state: str) -> str:
    """Return the state that follows; raise RuleBroken("wrong_state") where the step is not allowed."""
    if not may(step, state):
        raise RuleBroken("wrong_state")
    return STEPS[step][1]


def steps_from(state: str) -> tuple[str, ...]:
    """List the decisions a moderator has in this state, in the order in which they are offered."""
    return tuple(step for step in DECISIONS if may(step, state))


def obstacles(
    purposes: Collection[str], media_states: Collection[str], captions_states: Collection[str] = ()
) -> tuple[str, ...]:
    """Say what stands between a submitted testimonial and its approval; empty means nothing does.

    `purposes` are the consents that hold today, `media_states` the states of every photo and video of it;
    deleted media stands in nobody's way. `captions_states` are those of its ready videos.
    """
    found = []
    if WEBSITE not in purposes:
        found.append("no_consent")
    if "unreadable" in media_states:
        found.append("media_unreadable")
    if "parked" in media_states:
        found.append("media_parked")
    if any(state in UNFINISHED_MEDIA for state in media_states):
        found.append("media_processing")
    if not are_captioned(captions_states):
        found.append("captions_missing")
    return tuple(found)


def require_approvable(
    state: str, purposes: Collection[str], media_states: Collection[str], captions_states: Collection[str] = ()
) -> None:
    """Raise RuleBroken with the first obstacle's code, or "wrong_state"."""
    after("approve", state)
    for code in obstacles(purposes, media_states, captions_states):
        raise RuleBroken(code)


def require_reason(reason: str) -> str:
    """Return a reason of the fixed list; raise RuleBroken("reason") for anything else, an empty one too."""
    if reason not in REASONS:
        raise RuleBroken("reason")
    return reason


def best_line(text: str, marked: str) -> str:
    """Return the marked line if it is a literal part of the public text; "" takes the mark away.

    A selection in a browser may carry other white space than the text has, because a page folds it; only
    that is forgiven, and what is returned is always cut from the text itself.
    """
    words = marked.split()
    if not words:
        return ""
    found = re.search(r"\s+".join(map(re.escape, words)), text)
    if found is None:
        raise RuleBroken("best_line")
    return found.group()


def clean_tag(tag: str) -> str:
    """Return a tag in the form in which tags are compared: one line, single spaces, lower case."""
    cleaned = " ".join(tag.split()).casefold().lstrip("#").strip()
    if not cleaned:
        raise RuleBroken("tag_empty")
    if len(cleaned) > TAG_LENGTH:
        raise RuleBroken("tag_long")
    return cleaned


def require_shorter(original: str, proposed: str) -> str:
    """Return the proposed words; they must be some, other ones, and no longer than the customer's own."""
    words = proposed.strip()
    if not words:
        raise RuleBroken("proposal_empty")
    if words == original.strip():
        raise RuleBroken("proposal_same")
    if len(words) > len(original.strip()):
        raise RuleBroken("proposal_longer")
    return words


def difference(before: str, now: str) -> tuple[tuple[str, str], ...]:
    """Compare two texts word by word: ("same" | "gone" | "new", words) in reading order.

    A text of thousands of equal words would keep the comparison busy for seconds, so what both begin and end with
    is set aside first, and of what is left only words that are not too common say where the texts meet.
    """
    old, new = _words(before), _words(now)
    if len(before) + len(now) > COMPARED_CHARACTERS:
        return tuple(pair for pair in (("gone", before), ("new", now)) if pair[1])
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    middle = _compared(old[head : len(old) - tail], new[head : len(new) - tail])
    return _joined((("same", "".join(old[:head])), *middle, ("same", "".join(old[len(old) - tail :]))))


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    is_large = len(old) * len(new) > COMPARED_PAIRS
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=is_large).get_opcodes():
        if kind == "equal":
            yield "same", "".join(old[a:b])
        else:
            yield "gone", "".join(old[a:b])
            yield "new", "".join(new[c:d])


def _joined(parts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Without empty parts, and with neighbours of one kind as one."""
    filled = groupby((part for part in parts if part[1]), key=itemgetter(0))
    return tuple((kind, "".join(words for _kind, words in same)) for kind, same in filled)


def _words(text: str) -> list[str]:
    """Cut a text into words, white space and marks between them, losing nothing."""
    return re.findall(r"\s+|\w+|[^\w\s]", text)
