"""The inspector's answer: what each rule says about one visit, asked as the popup itself would ask, without a trace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from socialproof.campaigns.models import Popup
from socialproof.campaigns.popup_asks import Check, Visit, checks
from socialproof.campaigns.popup_identity import Person, TokenRefused, identify_secret, read_token
from socialproof.companies.emails import kept_email
from socialproof.domain.popup import TokenFault, origin_of, path_of
from socialproof.seal import Seal
from socialproof.web.marketer.popup_forms import WhyForm


@dataclass(frozen=True, slots=True)
class Explained:
    """Every rule in order. `may_show` is None where only chance decides."""

    visit: Visit
    checks: list[Check]

    @property
    def may_show(self) -> bool | None:
        words = [check.is_ok for check in self.checks]
        return False if False in words else None if None in words else True


def explained(session: Session, popup: Popup, form: WhyForm, seal: Seal, now: datetime) -> Explained:
    """What the server would say to the visit that the form describes. Nothing is counted or written."""
    person, fault = _person(popup, form, seal, now)
    visit = Visit(origin_of(form.page.data) or "", path_of(form.page.data), person=person, fault=fault)
    return Explained(visit, list(checks(session, popup=popup, visit=visit, now=now)))


def _person(popup: Popup, form: WhyForm, seal: Seal, now: datetime) -> tuple[Person | None, TokenFault | None]:
    if not form.token.data:
        email = kept_email(form.email.data) if form.email.data else None
        return (Person(email) if email else None), None
    try:
        return read_token(form.token.data, identify_secret(popup.survey.company, seal), now=now), None
    except TokenRefused as refused:
        return None, refused.fault
