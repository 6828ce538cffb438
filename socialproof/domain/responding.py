"""What a score is, until when it may be changed, and which period it counts for."""

import re
from datetime import datetime, timedelta

from socialproof.domain.errors import RuleBroken
from socialproof.domain.nps import SCORES

EDIT_WINDOW = timedelta(hours=24)
MAX_COMMENT_CHARACTERS = 5000

_WHOLE_SCORE = re.compile(r"(?:10|[0-9])\Z")


class ScoreRefused(RuleBroken):
    """The value is not a whole number from 0 to 10. `code` is "score_missing" or "not_a_score"."""


def read_score(raw: object) -> int:
    """The score in `raw` (a form's text or a JSON number), or ScoreRefused. 9.5, "07", True and lists are no scores."""
    if raw is None or raw == "":
        raise ScoreRefused("score_missing")
    if isinstance(raw, str) and _WHOLE_SCORE.match(raw):
        return int(raw)
    if type(raw) is int and raw in SCORES:
        return raw
    raise ScoreRefused("not_a_score")


def may_change(responded_at: datetime, now: datetime) -> bool:
    """A customer may change the score for 24 hours after the first answer."""
    return now < responded_at + EDIT_WINDOW


def counting_period(kind: str, at: datetime) -> str:
    """The period in which one contact's answers to one survey count once.

    A relationship is asked about by the quarter ("2026-Q4"); a transactional survey follows an event, so a day
    ("2026-11-21") keeps two purchases in a month apart and a doubled mail about one purchase together. UTC.
    """
    if kind == "transactional":
        return at.date().isoformat()
    return f"{at.year}-Q{(at.month + 2) // 3}"
