"""The words under a widget: what the facts oblige us to say, in one language."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from socialproof.domain.nps import signed
from socialproof.domain.periods import year_before
from socialproof.domain.widget import CollectingNps, Facts, Label, ReadyNps
from socialproof.languages import locale_of, translations


def heading(label: Label, language: str) -> str:
    """The name under which the testimonials stand."""
    _ = translations(language).gettext
    return {
        Label.SELECTED: _("Selected customer stories"),
        Label.EVERYTHING: _("All customer stories"),
        Label.PROMOTERS_ONLY: _("Stories from customers who gave 9 or 10"),
    }[label]


def disclosure(facts: Facts, language: str) -> list[str]:
    """Sentences that are always shown: how many were asked, answered, wrote, agreed, are shown; chosen how; rewards."""
    of_shown = [_reward(facts, language), _verified(facts, language)] if facts.shown else []
    return [_funnel(facts, language), _choice(facts, language), *of_shown]


def _funnel(facts: Facts, language: str) -> str:
    _ = translations(language).gettext
    counts = {
        "invited": format_decimal(facts.invited, locale=locale_of(language)),
        "invited_answered": format_decimal(facts.invited_answered, locale=locale_of(language)),
        "answered": format_decimal(facts.answered, locale=locale_of(language)),
        "submitted": format_decimal(facts.submitted, locale=locale_of(language)),
        "consented": format_decimal(facts.consented, locale=locale_of(language)),
        "shown": format_decimal(facts.shown, locale=locale_of(language)),
    }
    with_invited = _(
        "Invited by a personal link: %(invited)s, of them %(invited_answered)s answered. Answers in all: %(answered)s. "
        "Stories: %(submitted)s. With consent to be shown: %(consented)s. Shown here: %(shown)s."
    )
    by_open_link = _(
        "Asked by an open link. Answered: %(answered)s. Stories: %(submitted)s. "
        "With consent to be shown: %(consented)s. Shown here: %(shown)s."
    )
    return (with_invited if facts.invited else by_open_link) % counts


def _choice(facts: Facts, language: str) -> str:
    _ = translations(language).gettext
    return {
        Label.SELECTED: _("The company chose which stories are shown."),
        Label.EVERYTHING: _("Every story that customers handed in is shown."),
        Label.PROMOTERS_ONLY: _("Only customers who gave 9 or 10 were asked for a story."),
    }[facts.label]


def _reward(facts: Facts, language: str) -> str:
    _ = translations(language).gettext
    if not facts.rewarded:
        return _("No story was rewarded.")
    return _("Rewarded, whatever the score: %(rewarded)s.") % {
        "rewarded": format_decimal(facts.rewarded, locale=locale_of(language))
    }


def _verified(facts: Facts, language: str) -> str:
    _ = translations(language).gettext
    return _("From a personal link to a known customer: %(verified)s of %(shown)s.") % {
        "verified": format_decimal(facts.verified, locale=locale_of(language)),
        "shown": format_decimal(facts.shown, locale=locale_of(language)),
    }


def nps_words(
    nps: ReadyNps | CollectingNps, kind: str, response_rate: float | None, today: date, language: str
) -> dict[str, Any]:
    """The public score as it is printed: number, margin, answers, period, kind of survey, response rate if known."""
    _ = translations(language).gettext
    answers = format_decimal(nps.answers, locale=locale_of(language))
    if isinstance(nps, CollectingNps):
        text = _("Collecting answers: %(answers)s") % {"answers": answers}
        return {"state": "collecting", "answers": nps.answers, "text": text}
    score = signed(nps.score)
    return {
        "state": "ready",
        "score": nps.score,
        "score_text": score,
        "margin": nps.margin,
        "answers": nps.answers,
        "text": _("NPS %(score)s ± %(margin)s") % {"score": score, "margin": nps.margin},
        "detail": _detail(nps.answers, kind, response_rate, today, language),
        "label": _("Net Promoter Score"),
    }


def _detail(answers: int, kind: str, response_rate: float | None, today: date, language: str) -> str:
    _, ngettext = translations(language).gettext, translations(language).ngettext
    values = {
        "count": format_decimal(answers, locale=locale_of(language)),
        "day": format_date(today, "long", locale=locale_of(language)),
        "since": format_date(year_before(today), "long", locale=locale_of(language)),
    }
    about = {
        "relationship": ngettext(
            "%(count)s answer, 12 months to %(day)s, regular customer survey",
            "%(count)s answers, 12 months to %(day)s, regular customer survey",
            answers,
        ),
        "transactional": ngettext(
            "%(count)s answer, 12 months to %(day)s, survey after a purchase or service",
            "%(count)s answers, 12 months to %(day)s, survey after a purchase or service",
            answers,
        ),
    }[kind]
    if response_rate is None:
        return about % values
    rate = {"detail": about % values, "rate": format_percent(response_rate, locale=locale_of(language))}
    return _("%(detail)s, response rate %(rate)s") % rate


def labels(language: str, shown: int) -> dict[str, str]:
    """The words on the buttons of widget and wall."""
    _ = translations(language).gettext
    return {
        "play": _("Play video"),
        "listen": _("Listen"),
        "captions": _("Captions"),
        "close": _("Close"),
        "next": _("Next story"),
        "previous": _("Previous story"),
        "more": _("Read more"),
        "all": _("Show all %(count)s") % {"count": format_decimal(shown, locale=locale_of(language))},
        "method": _("How this is measured"),
        "wall": _("Read the stories"),
    }
