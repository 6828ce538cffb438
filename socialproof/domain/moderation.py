"""What a team may do with a testimonial, and when: states, decisions, the fixed list of reasons.

The words belong to the customer. Nothing in this module lets a moderator change them.
"""

import re
from collections.abc import Collection
from difflib import SequenceMatcher

from socialproof.domain.consent import WEBSITE
from socialproof.domain.errors import RuleBroken

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


def obstacles(purposes: Collection[str], media_states: Collection[str]) -> tuple[str, ...]:
    """Say what stands between a submitted testimonial and its approval; empty means nothing does.

    `purposes` are the consents that hold today, `media_states` the states of every photo and video of it;
    deleted media stands in nobody's way.
    """
    found = []
    if WEBSITE not in purposes:
        found.append("no_consent")
    if "unreadable" in media_states:
        found.append("media_unreadable")
    if any(state in UNFINISHED_MEDIA for state in media_states):
        found.append("media_processing")
    return tuple(found)


def require_approvable(state: str, purposes: Collection[str], media_states: Collection[str]) -> None:
    """Raise RuleBroken with the first obstacle's code, or "wrong_state"."""
    after("approve", state)
    for code in obstacles(purposes, media_states):
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
    """Compare two texts word by word: ("same" | "gone" | "new", words) in reading order."""
    old, new = _words(before), _words(now)
    parts: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", "".join(old[a:b])))
            continue
        parts.extend(pair for pair in (("gone", "".join(old[a:b])), ("new", "".join(new[c:d]))) if pair[1])
    return tuple(parts)


def _words(text: str) -> list[str]:
    """Cut a text into words, white space and marks between them, losing nothing."""
    return re.findall(r"\s+|\w+|[^\w\s]", text)
