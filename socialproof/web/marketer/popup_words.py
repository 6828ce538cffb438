"""Words for popups: modes, why one was or was not shown, and what each rule of the inspector says."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from socialproof.campaigns.models import Popup
from socialproof.campaigns.popup_asks import Check, Visit
from socialproof.domain.popup import OF_LEDGER, Reason, Rule, TokenFault
from socialproof.web.language import moment
from socialproof.web.marketer.reach_words import reason_word

MODES = {"popup": _l("Panel"), "tab": _l("Tab"), "inline": _l("In the page")}

REASONS = {
    Reason.SHOWN: _l("Shown to a person whom your server named"),
    Reason.SHOWN_ANONYMOUS: _l("Shown to somebody unknown"),
    Reason.SHOWN_TOKEN_REFUSED: _l("Shown to somebody unknown, because the token was not right"),
    Reason.OPENED: _l("Opened by the person"),
    Reason.OFF: _l("Not shown: the popup was off"),
    Reason.SURVEY_NOT_OPEN: _l("Not shown: the survey was not open"),
    Reason.OTHER_SITE: _l("Not shown: a website that is not on the survey’s list"),
    Reason.OTHER_PAGE: _l("Not shown: not one of its pages"),
    Reason.NOT_IDENTIFIED: _l("Not shown: your server had not named the person"),
    Reason.TOKEN_REFUSED: _l("Not shown: the token was not right"),
    Reason.NOT_SAMPLED: _l("Not shown: not in the sample"),
    Reason.OTHER: _l("Not shown: another reason"),
}

RULES = {
    Rule.ON: _l("The popup is on"),
    Rule.SURVEY_OPEN: _l("The survey is open"),
    Rule.SITE: _l("The website may show the survey"),
    Rule.PAGE: _l("It is one of its pages"),
    Rule.TOKEN: _l("Who stands before it"),
    Rule.SAMPLE: _l("In the sample"),
    Rule.LEDGER: _l("May be asked now"),
}

FAULTS = {
    TokenFault.MALFORMED: _l("The token cannot be read: it is not a JSON Web Token, or a part of it is missing."),
    TokenFault.NO_SECRET: _l("Your company has no secret yet, so no token can be right."),
    TokenFault.WRONG_KEY: _l("The token was signed with another secret, or not by HS256."),
    TokenFault.NO_EXPIRY: _l("The token does not say when it ends: exp is missing."),
    TokenFault.EXPIRED: _l("The token has expired. Make a new one for each page."),
    TokenFault.TOO_LONG_AHEAD: _l("The token ends more than 24 hours ahead."),
    TokenFault.NO_EMAIL: _l("The token holds no e-mail address."),
}


def mode_word(mode: str) -> str:
    return str(MODES.get(mode, mode))


def shown_word(reason: str) -> str:
    """Why it was shown or not, as a line of the counts."""
    if reason in OF_LEDGER:
        return str(_("Not shown: %(reason)s", reason=reason_word(reason)))
    known = {str(code): word for code, word in REASONS.items()}
    return str(known.get(reason, known[Reason.OTHER]))


def rule_word(rule: Rule) -> str:
    return str(RULES[rule])


def check_sentence(check: Check, popup: Popup, visit: Visit) -> str:
    """What one rule says about this visit; empty where the rule's own name says it all."""
    if check.rule is Rule.SITE and check.is_ok is False:
        return str(_("%(site)s is not on the survey’s list. Add it in the survey’s settings.", site=visit.origin))
    if check.rule is Rule.PAGE and check.is_ok is False:
        return str(_("%(path)s does not match its page rules.", path=visit.path))
    if check.rule is Rule.TOKEN:
        return _who(check, visit)
    if check.rule is Rule.SAMPLE and popup.sample_percent < 100:
        return _sample(check, popup)
    return _ledger(check, visit) if check.rule is Rule.LEDGER else ""


def _who(check: Check, visit: Visit) -> str:
    if visit.person:
        return str(_("Named by your server: %(email)s", email=visit.person.email))
    why = str(FAULTS[visit.fault]) if visit.fault else str(_("Nobody is named."))
    after = _("It answers as somebody unknown.") if check.is_ok else _("This popup is only for people who are named.")
    return f"{why} {after}"


def _sample(check: Check, popup: Popup) -> str:
    if check.is_ok is None:
        return str(_("By chance: %(percent)s of 100 visitors.", percent=popup.sample_percent))
    if check.is_ok:
        return str(_("Among the %(percent)s of 100 of this quarter.", percent=popup.sample_percent))
    return str(_("Not among the %(percent)s of 100 of this quarter.", percent=popup.sample_percent))


def _ledger(check: Check, visit: Visit) -> str:
    if visit.person is None:
        return str(_("Nobody knows when somebody unknown was asked; the browser remembers an answer or a closing."))
    if check.is_ok:
        return ""
    reason = reason_word(check.reason)
    if check.until is None:
        return str(_("Never: %(reason)s.", reason=reason))
    return str(_("Not before %(moment)s UTC: %(reason)s.", moment=moment(check.until), reason=reason))


def register_popup_words(blueprint: Blueprint) -> None:
    """Give the templates of this page these words; names are the functions' own."""
    words = (mode_word, shown_word, rule_word, check_sentence)
    blueprint.context_processor(lambda: {word.__name__: word for word in words})
