"""Founding and changing companies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.models import Company, Membership, User
from socialproof.companies.passwords import hashed
from socialproof.database import record
from socialproof.domain import events
from socialproof.domain.errors import Conflict
from socialproof.domain.roles import Role
from socialproof.languages import HOME_ZONES


def found_installation(
    session: Session,
    *,
    company_name: str,
    user_name: str,
    email: str,
    password: str,
    language: str,
    now: datetime,
) -> User:
    """Make the installation's first user and company; Conflict when somebody has been first."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE user_account IN EXCLUSIVE MODE"))
    user = create_user(session, email=email, name=user_name, password=password, language=language, now=now)
    session.flush()  # SQLite has one writer: from here on nobody else can be adding a user
    if session.scalar(select(func.count()).select_from(User)) != 1:
        raise Conflict("already_founded")
    create_company(session, name=company_name, owner=user, language=language, now=now)
    return user


def create_user(session: Session, *, email: str, name: str, password: str, language: str, now: datetime) -> User:
    """Add a team member with a password that the rules have accepted. `email` is in its kept form."""
    user = User(email=email, name=name, password_hash=hashed(password), language=language, created_at=now)
    session.add(user)
    return user


def create_company(session: Session, *, name: str, owner: User, language: str, now: datetime) -> Company:
    """Add a company with its first owner. Its clock is the one of its language until somebody sets another."""
    zone = HOME_ZONES.get(language, "UTC")
    company = Company(name=name, default_language=language, time_zone=zone, created_at=now)
    session.add_all([company, owner])
    session.flush()
    session.add(Membership(company_id=company.id, user_id=owner.id, role=Role.OWNER, created_at=now))
    audit.note(session, company=company, user=owner, action="company.created", subject=name, now=now)
    return company


def change_company(
    session: Session,
    *,
    company: Company,
    user: User,
    name: str,
    website_url: str,
    brand_color: str,
    default_language: str,
    customer_count: int | None,
    now: datetime,
) -> bool:
    """Change the company's settings; says whether anything was different. Widgets hear the event."""
    wanted = {
        "name": name,
        "website_url": website_url,
        "brand_color": brand_color,
        "default_language": default_language,
        "customer_count": customer_count,
    }
    changed = {field: value for field, value in wanted.items() if getattr(company, field) != value}
    for field, value in changed.items():
        setattr(company, field, value)
    if changed:
        _tell(session, company, user, "company.changed", now, fields=sorted(changed))
    return bool(changed)


def change_logo(session: Session, *, company: Company, user: User, logo_key: str, now: datetime) -> str:
    """Show another logo, or none for ''. Returns the former one's key, to be deleted after the commit."""
    former, company.logo_key = company.logo_key, logo_key
    _tell(session, company, user, "company.logo_changed" if logo_key else "company.logo_removed", now)
    return former


def _tell(session: Session, company: Company, user: User, action: str, now: datetime, **details: object) -> None:
    audit.note(session, company=company, user=user, action=action, subject=company.name, now=now, **details)
    record(session, events.CompanyChanged(company_id=company.id))
