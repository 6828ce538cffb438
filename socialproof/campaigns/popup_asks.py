"""A popup asks whether it may show itself: every rule in order, here on the server and at this very moment.

The same rules, read to the end, are the team's answer to "why was it not shown?". Who opens a popup by an own act, such
as pressing the tab, is not being asked by us: neither the sample nor a rest time holds it back, only what says never.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation, Popup, PopupCount
from socialproof.campaigns.popup_identity import Person
from socialproof.campaigns.popup_queries import open_invitation
from socialproof.campaigns.queries import older_waiting
from socialproof.contacts.ledger import decide_for, take
from socialproof.contacts.models import Contact
from socialproof.contacts.queries import contact_by_email
from socialproof.contacts.service import keep_contact
from socialproof.database import insert_into, new_public_id
from socialproof.domain.invitation import LINK_LIFETIME
from socialproof.domain.ledger import ASKED, Channel, Decision, Kind, Verdict
from socialproof.domain.popup import COUNTED, Reason, Rule, TokenFault, is_on_page
from socialproof.domain.schedule import is_sampled

KEEPS_ASKING = ("tab", "inline")
"""What stands quietly in the page may stand there again until it is answered; a popup that comes up asks once."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody on a page of the company. `visitor` is a stable word for one browser that names nobody."""

    origin: str
    path: str | None
    visitor: str | None = None
    """None: not known, in the inspector."""
    person: Person | None = None
    fault: TokenFault | None = None
    """What was wrong with the token that came along."""
    language: str = ""
    """Of the page, when the product speaks it."""
    is_own_act: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's word. `is_ok` is None where chance decides; `reason` says why not."""

    rule: Rule
    is_ok: bool | None
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """May it show itself? With an invitation the frame holds that person's own link, else the public one."""

    may_show: bool
    reason: str
    invitation: Invitation | None = None


def checks(session: Session, *, popup: Popup, visit: Visit, now: datetime) -> Iterator[Check]:
    """Every rule in order. Nothing is written; who needs only the first no need not read on."""
    survey = popup.survey
    yield _check(Rule.ON, popup.state == "on", Reason.OFF)
    yield _check(Rule.SURVEY_OPEN, survey.state == "open", Reason.SURVEY_NOT_OPEN)
    yield _check(Rule.SITE, visit.origin in survey.embed_domains, Reason.OTHER_SITE)
    is_here = visit.path is not None and is_on_page(visit.path, popup.pages, popup.pages_not)
    yield _check(Rule.PAGE, is_here, Reason.OTHER_PAGE)
    is_known = visit.person is not None or not popup.is_identified_only
    yield _check(Rule.TOKEN, is_known, Reason.TOKEN_REFUSED if visit.fault else Reason.NOT_IDENTIFIED)
    yield _sample_check(popup, visit, now)
    yield _ledger_check(session, popup, visit, now)


def ask(session: Session, *, popup: Popup, visit: Visit, now: datetime) -> Answer:
    """The server's word, counted. A yes to a named person is the ledger's and comes with an invitation, except for a
    tab, which only stands there: its invitation is made when the person opens it.
    """
    refusal = next(
        (check for check in checks(session, popup=popup, visit=visit, now=now) if check.is_ok is False), None
    )
    answer = Answer(False, refusal.reason) if refusal else _let_in(session, popup, visit, now)
    count(session, popup=popup, reason=answer.reason, now=now)
    return answer


def count(session: Session, *, popup: Popup, reason: str, now: datetime) -> None:
    """One more for this reason on this UTC day."""
    dialect = session.get_bind().dialect.name
    insert = insert_into(PopupCount, dialect)
    known = reason if reason in COUNTED else Reason.OTHER
    row = {"popup_id": popup.id, "day_on": now.astimezone(UTC).date(), "reason": str(known), "count": 1}
    keys = ["popup_id", "day_on", "reason"]
    session.execute(insert.values(row).on_conflict_do_update(index_elements=keys, set_={"count": PopupCount.count + 1}))


def _check(rule: Rule, is_ok: bool, reason: str) -> Check:
    return Check(rule, is_ok, "" if is_ok else str(reason))


def _sample_check(popup: Popup, visit: Visit, now: datetime) -> Check:
    """The same people for a quarter of a year, so that going to another page is no new draw."""
    who = visit.person.email if visit.person else visit.visitor
    if visit.is_own_act or popup.sample_percent >= 100:
        return Check(Rule.SAMPLE, True)
    if who is None:
        return Check(Rule.SAMPLE, None)
    quarter = f"{now.year}-{(now.month + 2) // 3}"
    is_in = is_sampled(who, popup.public_id, quarter, popup.sample_percent)
    return _check(Rule.SAMPLE, is_in, Reason.NOT_SAMPLED)


def _ledger_check(session: Session, popup: Popup, visit: Visit, now: datetime) -> Check:
    contact = contact_by_email(session, popup.company_id, visit.person.email) if visit.person else None
    if contact is None:
        return Check(Rule.LEDGER, True)
    word = _word(session, popup, visit, contact, now)
    return Check(Rule.LEDGER, word.verdict is Verdict.ASKED, word.reason, word.until)


def _word(session: Session, popup: Popup, visit: Visit, contact: Contact, now: datetime) -> Decision:
    """What the ledger says, where it is asked at all."""
    word = _ledger_word(session, contact, now)
    if word.verdict is Verdict.DEFERRED and (visit.is_own_act or _asked_before(session, popup, contact, now)):
        return ASKED
    return word


def _ledger_word(session: Session, contact: Contact, now: datetime) -> Decision:
    """A popup wants to ask now, so whatever waits for the hours or a cap was wanted earlier and goes first."""
    is_second = bool(older_waiting(session, [contact.id], now).get(contact.id))
    return decide_for(
        session, contact=contact, kind=Kind.NPS, channel=Channel.POPUP, now=now, has_older_waiting=is_second
    )


def _asked_before(session: Session, popup: Popup, contact: Contact, now: datetime) -> Invitation | None:
    """The invitation that a tab or an inline survey still stands there with."""
    found = open_invitation(session, popup, contact.id) if popup.mode in KEEPS_ASKING else None
    return found if found and found.expires_at > now else None


def _let_in(session: Session, popup: Popup, visit: Visit, now: datetime) -> Answer:
    """No rule was against it: the public link for somebody unknown, the person's own link for somebody known."""
    if visit.person is None:
        anonymous = Reason.SHOWN_TOKEN_REFUSED if visit.fault else Reason.SHOWN_ANONYMOUS
        return Answer(True, Reason.OPENED if visit.is_own_act else anonymous)
    if popup.mode == "tab" and not visit.is_own_act:
        return Answer(True, Reason.SHOWN)
    person = visit.person
    contact = keep_contact(
        session, company_id=popup.company_id, email=person.email, name=person.name, language=person.language, now=now
    )
    if visit.is_own_act:
        return _opened(session, popup, visit, contact, now)
    invitation = _asked_before(session, popup, contact, now)
    if invitation is not None:
        return Answer(True, Reason.SHOWN, invitation)
    public_id = new_public_id()
    word = _take(session, contact, public_id, now)
    if word.verdict is not Verdict.ASKED:
        return Answer(False, word.reason)
    return Answer(True, Reason.SHOWN, _invite(session, popup, visit, contact, public_id, now, is_asked=True))


def _opened(session: Session, popup: Popup, visit: Visit, contact: Contact, now: datetime) -> Answer:
    """By the person's own act: what was asked already, else an ask if the ledger allows one, else only a link."""
    invitation = open_invitation(session, popup, contact.id)
    if invitation is not None and invitation.expires_at > now:
        return Answer(True, Reason.OPENED, invitation)
    public_id = new_public_id()
    word = _ledger_word(session, contact, now)
    if word.verdict is Verdict.ASKED:
        word = _take(session, contact, public_id, now)
    if word.verdict is Verdict.NEVER:
        return Answer(False, word.reason)
    is_asked = word.verdict is Verdict.ASKED
    return Answer(True, Reason.OPENED, _invite(session, popup, visit, contact, public_id, now, is_asked=is_asked))


def _take(session: Session, contact: Contact, public_id: str, now: datetime) -> Decision:
    return take(session, contact=contact, kind=Kind.NPS, channel=Channel.POPUP, ask_key=public_id, now=now)


def _invite(
    session: Session, popup: Popup, visit: Visit, contact: Contact, public_id: str, now: datetime, *, is_asked: bool
) -> Invitation:
    """`asked_at` stays empty where nobody asked: the person came to us."""
    invitation = Invitation(
        public_id=public_id,
        company_id=popup.company_id,
        survey=popup.survey,
        contact=contact,
        popup=popup,
        channel="popup",
        state="sent",
        language=contact.language or visit.language or popup.survey.default_language,
        created_at=now,
        asked_at=now if is_asked else None,
        sent_at=now,
        expires_at=now + LINK_LIFETIME,
    )
    session.add(invitation)
    session.flush()
    return invitation
