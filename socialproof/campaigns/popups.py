"""Popups as the team keeps them: made, changed, switched on and off, taken away."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from socialproof.campaigns.models import Popup
from socialproof.companies import audit
from socialproof.companies.models import User
from socialproof.domain.popup import PopupSettings, checked_settings
from socialproof.surveys.models import Survey


def create_popup(session: Session, *, survey: Survey, settings: PopupSettings, user: User, now: datetime) -> Popup:
    """A popup of this survey, still off. PopupRefused names the first setting that cannot be kept."""
    popup = Popup(company_id=survey.company_id, survey=survey, created_at=now, **_columns(settings))
    session.add(popup)
    session.flush()
    _note(session, popup, user, "popup.created", now)
    return popup


def change_popup(
    session: Session, *, popup: Popup, survey: Survey, settings: PopupSettings, user: User, now: datetime
) -> bool:
    """Keep other settings; says whether anything was different. PopupRefused as when it is made."""
    wanted = _columns(settings)
    changed = [name for name, value in wanted.items() if getattr(popup, name) != value]
    changed += ["survey"] if popup.survey_id != survey.id else []
    for name, value in wanted.items():
        setattr(popup, name, value)
    popup.survey = survey
    if changed:
        _note(session, popup, user, "popup.changed", now, fields=changed)
    return bool(changed)


def turn(session: Session, *, popup: Popup, is_on: bool, user: User, now: datetime) -> None:
    """Switch it on or off; pages that hold its line follow within a minute. Twice is the same as once."""
    state = "on" if is_on else "off"
    if popup.state != state:
        popup.state = state
        _note(session, popup, user, f"popup.turned_{state}", now)


def delete_popup(session: Session, *, popup: Popup, user: User, now: datetime) -> None:
    """Take it away with its counts; invitations and answers that came by it stay."""
    _note(session, popup, user, "popup.deleted", now)
    session.delete(popup)
    session.flush()


def _columns(settings: PopupSettings) -> dict[str, object]:
    values = asdict(checked_settings(settings))
    return values | {name: list(values[name]) for name in ("pages", "pages_not")}


def _note(session: Session, popup: Popup, user: User, action: str, now: datetime, **details: object) -> None:
    about = {"popup": popup.public_id, **details}
    company = popup.survey.company
    audit.note(session, company=company, user=user, action=action, subject=popup.name, now=now, **about)
