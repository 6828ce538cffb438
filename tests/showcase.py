"""A company and its public face, for tests of what visitors see: import the fixtures `showcase` and `clock`."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from socialproof.companies.models import Company
from socialproof.database import record, transaction
from socialproof.domain.events import TestimonialWithdrawn
from socialproof.media.models import Media
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import Testimonial
from socialproof.web import EXTENSION
from socialproof.widgets import service
from socialproof.widgets.models import Widget
from tests.factories import Factories


@dataclass
class Showcase:
    """One company's public face."""

    app: Flask
    session: Session
    factories: Factories
    company: Company
    survey: Survey

    def story(self, text: str = "They fixed it the same day.", **values: Any) -> Testimonial:
        response = self.factories.response(self.survey, values.pop("score", 10))
        return self.factories.testimonial(response, **{"state": "approved", "text": text} | values)

    def media(self, story: Testimonial, kind: str, **objects: bytes) -> Media:
        """Stored objects, named with _ for the dot: `video_mp4=b"…"`, and a `source`."""
        contents = {name.replace("_", "."): content for name, content in objects.items()}
        media = self.factories.media(story.response, story, kind=kind, variants=list(contents))
        storage = self.app.extensions[EXTENSION].backends.storage
        for name, content in {**contents, "source": b"private source"}.items():
            storage.put(f"{media.prefix}/{name}", io.BytesIO(content))
        self.session.expire_all()
        self.session.commit()
        return media

    def publish(self, **look: Any) -> Widget:
        values = {"name": "Front page"} | look
        with transaction(self.session) as session:
            return service.create_widget(
                session, company=self.company, look=service.Look(**values), now=self.factories.now
            )

    def withdraw(self, story: Testimonial) -> None:
        with transaction(self.session) as session:
            story.state = "withdrawn"
            record(session, TestimonialWithdrawn(company_id=self.company.id, testimonial_id=story.id))


@pytest.fixture
def showcase(app: Flask, session: Session, factories: Factories) -> Showcase:
    company = factories.company(name="Nordlys Kaffe AB")
    return Showcase(app, session, factories, company, factories.survey(company))


@pytest.fixture
def clock(app: Flask) -> Callable[[float], None]:
    """Let the shield believe that seconds have passed."""
    shield: Any = app.wsgi_app
    passed = [0.0]
    shield._clock = lambda: passed[0]

    def pass_on(seconds: float) -> None:
        passed[0] += seconds

    return pass_on
