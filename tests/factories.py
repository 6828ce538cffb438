"""Makes what a test needs and nothing more; every row is committed, so that other connections see it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation, Popup
from socialproof.companies.models import Company, Membership, User
from socialproof.companies.passwords import hashed
from socialproof.contacts.models import Contact, ContactImport, ContactSegment
from socialproof.database import new_public_id
from socialproof.media.models import Captions, Media
from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ConsentRecord, Testimonial
from socialproof.widgets.models import Widget

Row = TypeVar("Row")

PASSWORD = "correct horse battery staple"


@lru_cache
def password_hash() -> str:
    """The hash of PASSWORD as the product makes it, made once: a cheaper one would be renewed at every sign-in."""
    return hashed(PASSWORD)


class Factories:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._numbers: Counter[str] = Counter()

    def _number(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def add(self, row: Row) -> Row:
        """Store any row. The commit before ends a read that SQLite would not turn into a write any more."""
        self.session.commit()
        self.session.add(row)
        self.session.commit()
        return row

    def company(self, **values: Any) -> Company:
        number = self._number("company")
        return self.add(
            Company(
                **{"name": f"Company {number}", "website_url": "https://shop.example", "created_at": self.now} | values
            )
        )

    def user(self, **values: Any) -> User:
        number = self._number("user")
        defaults = {
            "email": f"user{number}.{new_public_id().lower()}@example.com",
            "name": f"User {number}",
            "password_hash": password_hash(),
            "created_at": self.now,
        }
        return self.add(User(**defaults | values))

    def member(self, role: str = "owner", company: Company | None = None, user: User | None = None) -> Membership:
        company, user = company or self.company(), user or self.user()
        return self.add(Membership(company_id=company.id, user_id=user.id, role=role, created_at=self.now))

    def contact(self, company: Company | None = None, **values: Any) -> Contact:
        company = company or self.company()
        number = self._number("contact")
        defaults = {"email": f"contact{number}@customer.example", "name": f"Contact {number}", "created_at": self.now}
        return self.add(Contact(company_id=company.id, **defaults | values))

    def segment(self, company: Company | None = None, **values: Any) -> ContactSegment:
        company = company or self.company()
        rules = [{"field": "organisation", "op": "contains", "value": "kaffe"}]
        defaults = {"name": f"Segment {self._number('segment')}", "rules": rules, "created_at": self.now}
        return self.add(ContactSegment(company_id=company.id, **defaults | values))

    def contact_import(self, company: Company | None = None, **values: Any) -> ContactImport:
        company = company or self.company()
        public_id = new_public_id()
        defaults: dict[str, Any] = {
            "public_id": public_id,
            "file_name": "customers.csv",
            "storage_key": f"companies/{company.public_id}/imports/{public_id}.csv",
            "byte_count": 1000,
            "encoding": "utf-8",
            "delimiter": ",",
            "created_at": self.now,
        }
        return self.add(ContactImport(company_id=company.id, **defaults | values))

    def survey(self, company: Company | None = None, **values: Any) -> Survey:
        company = company or self.company()
        defaults = {
            "name": f"Survey {self._number('survey')}",
            "kind": "relationship",
            "state": "open",
            "created_at": self.now,
            "opened_at": self.now,
        }
        return self.add(Survey(company_id=company.id, **defaults | values))

    def campaign(self, survey: Survey | None = None, template: str = "relationship", **values: Any) -> Campaign:
        """A running campaign by mail to every contact, unless `values` say otherwise."""
        survey = survey or self.survey()
        defaults = {
            "name": f"Campaign {self._number('campaign')}",
            "state": "running",
            "created_at": self.now,
            "started_at": self.now,
        }
        row = Campaign(company_id=survey.company_id, survey_id=survey.id, template=template, **defaults | values)
        return self.add(row)

    def invitation(self, survey: Survey | None = None, contact: Contact | None = None, **values: Any) -> Invitation:
        survey = survey or self.survey()
        contact = contact or self.contact(survey.company)
        defaults = {"created_at": self.now, "asked_at": self.now, "expires_at": self.now + timedelta(days=60)}
        row = Invitation(company_id=survey.company_id, survey_id=survey.id, contact_id=contact.id, **defaults | values)
        return self.add(row)

    def popup(self, survey: Survey | None = None, **values: Any) -> Popup:
        survey = survey or self.survey(embed_domains=["https://shop.example"])
        defaults = {"name": f"Popup {self._number('popup')}", "state": "on", "created_at": self.now}
        return self.add(Popup(company_id=survey.company_id, survey_id=survey.id, **defaults | values))

    def response(self, survey: Survey | None = None, score: int = 9, **values: Any) -> Response:
        """An answer, with its counter; a response of an invitation also marks that as answered."""
        survey = survey or self.survey()
        defaults: dict[str, Any] = {
            "answer_key": new_public_id(),
            "language": "en",
            "source": "link",
            "answered_at": self.now,
            "is_counted": True,
        }
        response = Response(company_id=survey.company_id, survey_id=survey.id, score=score, **defaults | values)
        self.session.add(response)
        self.session.flush()
        if response.is_counted:
            self._count(response)
        self.session.commit()
        return response

    def testimonial(
        self,
        response: Response | None = None,
        state: str = "submitted",
        purposes: tuple[str, ...] = ("website",),
        **values: Any,
    ) -> Testimonial:
        response = response or self.response()
        defaults: dict[str, Any] = {
            "text": "They answered within an hour and fixed it the same day.",
            "language": "en",
            "author_name": f"Author {self._number('author')}",
            "created_at": self.now,
            "submitted_at": self.now,
        }
        merged = defaults | values
        row = Testimonial(
            company_id=response.company_id,
            survey_id=response.survey_id,
            response_id=response.id,
            contact_id=response.contact_id,
            state=state,
            **({"original_text": merged["text"]} | merged),
        )
        self.add(row)
        for purpose in purposes:
            self.consent(row, purpose)
        self.session.refresh(row)
        return row

    def consent(self, testimonial: Testimonial, purpose: str = "website", **values: Any) -> ConsentRecord:
        defaults = {
            "text_version": "2026-11",
            "language": testimonial.language,
            "text": "You may show it on your website.",
            "text_sha256": "0" * 64,
            "granted_at": self.now,
        }
        return self.add(
            ConsentRecord(
                company_id=testimonial.company_id, testimonial_id=testimonial.id, purpose=purpose, **defaults | values
            )
        )

    def media(self, response: Response, testimonial: Testimonial | None = None, **values: Any) -> Media:
        """A photo or video; a ready video has reviewed captions unless `captions` names another state, or ""."""
        company = self.session.get_one(Company, response.company_id)
        public_id = new_public_id()
        captions = values.pop("captions", "reviewed")
        defaults = {
            "public_id": public_id,
            "kind": "video",
            "state": "ready",
            "prefix": f"companies/{company.public_id}/media/{public_id}",
            "created_at": self.now,
        }
        media = Media(
            company_id=response.company_id,
            response_id=response.id,
            testimonial_id=testimonial.id if testimonial else None,
            **defaults | values,
        )
        if captions and (media.kind, media.state) == ("video", "ready"):
            media.captions = Captions(
                company_id=response.company_id,
                state=captions,
                language="en",
                cues=[{"start": 0.0, "end": 2.0, "text": "They answered within an hour."}],
                updated_at=self.now,
                reviewed_at=self.now if captions != "draft" else None,
            )
        return self.add(media)

    def widget(self, company: Company | None = None, **values: Any) -> Widget:
        company = company or self.company()
        return self.add(
            Widget(
                company_id=company.id, **{"name": f"Widget {self._number('widget')}", "created_at": self.now} | values
            )
        )

    def _count(self, response: Response) -> None:
        day_on = response.answered_at.date()
        row = (
            self.session.query(ScoreCount).filter_by(survey_id=response.survey_id, day_on=day_on, slot=0).one_or_none()
        )
        if row is None:
            row = ScoreCount(company_id=response.company_id, survey_id=response.survey_id, day_on=day_on, slot=0)
            self.session.add(row)
            self.session.flush()
        name = f"score_{response.score}"
        setattr(row, name, getattr(row, name) + 1)
