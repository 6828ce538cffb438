"""Makes the sample company: a coffee roaster with a year of answers, testimonials in five languages, three widgets.

A second company holds hostile text in every field, so that nobody can look at the product without testing that.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends import Backends
from socialproof.backends.images import make_photo_variants
from socialproof.companies.models import Company, Membership, User
from socialproof.companies.passwords import hashed
from socialproof.companies.service import create_company
from socialproof.database import new_public_id, record
from socialproof.demo.films import SOUND, Film, shoot
from socialproof.demo.history import History, moments
from socialproof.demo.pictures import portrait
from socialproof.demo.reach import Reach, plant_hostile
from socialproof.demo.voices import VOICES, Voice
from socialproof.domain import consent
from socialproof.domain.events import MediaUploaded
from socialproof.languages import translations
from socialproof.media.models import Captions, Media, prefix_of
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey, SurveyWording
from socialproof.testimonials.models import ConsentRecord, ModerationEntry, Testimonial, TestimonialTag
from socialproof.widgets.models import Widget
from socialproof.widgets.service import Look, create_widget

OWNER_EMAIL = "owner@nordlys.example"
MODERATOR_EMAIL = "moderator@nordlys.example"
PASSWORD = "nordlys-sample-company"
HOSTILE = "\"><img src=x onerror=alert(1)></script> O'Brien & Søn 🙂"
HOSTILE_CAPTIONS = (
    f"--></script><script>alert(1)</script> {HOSTILE}",
    "00:00.000 --> 99:00.000 line:0",
    "<c.red><b>&lt;i&gt;</b></c> &amp; STYLE ::cue { color: transparent }",
)


@dataclass
class Seed:
    """One run of the seeding, in one transaction."""

    session: Session
    backends: Backends
    now: datetime

    def plant(self) -> None:
        """Make both companies, as they are on the first morning."""
        owner = self._user("Astrid Holmqvist", OWNER_EMAIL)
        moderator = self._user("Joel Sandbacka", MODERATOR_EMAIL)
        company = create_company(self.session, name="Nordlys Kaffe AB", owner=owner, language="en", now=self.now)
        company.website_url, company.customer_count = "https://nordlys.example", 2400
        self._join(company, moderator, "moderator")
        survey = self._survey(company, "Customer relationship", "relationship")
        delivery = self._survey(company, "After the first delivery", "transactional")
        history = History(self.session, company.id, self.now)
        history.relationship(survey, 1150, 420)
        history.transactional(delivery, 190, 300)
        for voice, moment in zip(VOICES, moments(self.now, len(VOICES)), strict=True):
            self._voice(survey, voice, moment, history, moderator)
        history.save_counts()
        self.session.flush()
        Reach(self.session, company, owner, self.now).plant(survey, delivery)
        self._widgets(company)
        self._hostile_company(owner)

    def _user(self, name: str, email: str) -> User:
        user = User(name=name, email=email, password_hash=hashed(PASSWORD), language="en", created_at=self.now)
        self.session.add(user)
        self.session.flush()
        return user

    def _join(self, company: Company, user: User, role: str) -> None:
        member = Membership(company_id=company.id, user_id=user.id, role=role, created_at=self.now)
        self.session.add(member)

    def _survey(self, company: Company, name: str, kind: str) -> Survey:
        opened_at = self.now - timedelta(days=430)
        survey = Survey(company=company, name=name, kind=kind, state="open", created_at=opened_at, opened_at=opened_at)
        self.session.add(survey)
        self.session.flush()
        return survey

    def _voice(self, survey: Survey, voice: Voice, moment: datetime, history: History, moderator: User) -> None:
        invitation = history.personal_link(survey, voice, moment)
        response = Response(
            company_id=survey.company_id,
            survey_id=survey.id,
            invitation=invitation,
            contact=invitation.contact if invitation else None,
            answer_key=f"voice-{new_public_id()}",
            score=voice.score,
            comment=voice.text.split(". ")[0].removesuffix(".") + ".",
            language=voice.language,
            source="invitation" if invitation else "link",
            answered_at=moment,
            asked_for_testimonial_at=moment,
        )
        self.session.add(response)
        self.session.flush()
        history.count(response)
        testimonial = self._testimonial(survey, response, voice, moment)
        if voice.state in ("approved", "rejected"):
            self._decide(testimonial, voice, moment + timedelta(hours=3), moderator)
        if voice.has_photo:
            self._photo(testimonial, voice, moment)
        if voice.film:
            self._film(testimonial, voice.film, moment, moderator)

    def _testimonial(self, survey: Survey, response: Response, voice: Voice, moment: datetime) -> Testimonial:
        testimonial = Testimonial(
            company_id=survey.company_id,
            survey_id=survey.id,
            response_id=response.id,
            contact_id=response.contact_id,
            is_verified=response.invitation_id is not None,
            state="submitted",
            kind="video" if voice.film else "text",
            text=voice.text,
            original_text=voice.text,
            best_line=voice.best_line,
            language=voice.language,
            author_name=voice.name,
            author_role=voice.role,
            author_organisation=voice.organisation,
            author_email="",
            attribution=voice.attribution,
            is_featured=voice.is_featured,
            created_at=moment,
            submitted_at=moment,
        )
        self.session.add(testimonial)
        self.session.flush()
        self._consents(survey.company, testimonial, voice, moment)
        for name in voice.tags:
            self.session.add(TestimonialTag(company_id=survey.company_id, testimonial_id=testimonial.id, name=name))
        return testimonial

    def _consents(self, company: Company, testimonial: Testimonial, voice: Voice, moment: datetime) -> None:
        translate = translations(voice.language).gettext
        for purpose in voice.purposes:
            text = translate(consent.message(purpose)) % {"company": company.name}
            self.session.add(
                ConsentRecord(
                    company_id=company.id,
                    testimonial_id=testimonial.id,
                    purpose=purpose,
                    text_version=consent.CURRENT_VERSION,
                    language=voice.language,
                    text=text,
                    text_sha256=consent.text_sha256(text),
                    granted_at=moment,
                )
            )

    def _decide(self, testimonial: Testimonial, voice: Voice, moment: datetime, moderator: User) -> None:
        testimonial.state, testimonial.rejection_reason = voice.state, voice.rejection_reason
        testimonial.decided_by, testimonial.decided_at, testimonial.version = moderator, moment, 2
        self.session.add(
            ModerationEntry(
                company_id=testimonial.company_id,
                testimonial_id=testimonial.id,
                user_id=moderator.id,
                action="approve" if voice.state == "approved" else "reject",
                old_state="submitted",
                new_state=voice.state,
                reason=voice.rejection_reason,
                happened_at=moment,
            )
        )

    def _photo(self, testimonial: Testimonial, voice: Voice, moment: datetime) -> None:
        variants = make_photo_variants(portrait(voice.name))
        media = self._media(testimonial, "photo", moment)
        for variant in variants:
            self._put(f"{media.prefix}/{variant.name}", variant.content)
        media.state, media.variants, media.ready_at = "ready", [variant.name for variant in variants], moment
        media.width = media.height = max(variant.size for variant in variants)
        media.stored_byte_count = sum(len(variant.content) for variant in variants)
        media.judged_at = testimonial.decided_at

    def _film(self, testimonial: Testimonial, film: Film, moment: datetime, moderator: User) -> None:
        """The file as it was sent, and its captions: the worker makes what is played, as of any other video."""
        media = self._media(testimonial, "video", moment)
        with tempfile.TemporaryDirectory() as folder:
            source = shoot(film, testimonial.author_name, Path(folder)).read_bytes()
        self._put(f"{media.prefix}/source", source)
        media.state, media.is_audio, media.recorded_seconds = "uploaded", film.shape == SOUND, film.seconds
        media.sha256 = hashlib.sha256(source).hexdigest()
        media.byte_count = media.stored_byte_count = len(source)
        media.judged_at = testimonial.decided_at
        is_reviewed = film.captions == "reviewed"
        self.session.add(
            Captions(
                company_id=testimonial.company_id,
                media_id=media.id,
                state=film.captions,
                source="typed" if is_reviewed else "speech",
                language=testimonial.language,
                cues=[asdict(cue) for cue in film.cues],
                updated_at=moment,
                reviewed_at=moment if is_reviewed else None,
                reviewed_by=moderator if is_reviewed else None,
            )
        )
        record(self.session, MediaUploaded(testimonial.company_id, media.id))

    def _media(self, testimonial: Testimonial, kind: str, moment: datetime) -> Media:
        company = self.session.get_one(Company, testimonial.company_id)
        public_id = new_public_id()
        media = Media(
            public_id=public_id,
            company_id=company.id,
            response_id=testimonial.response_id,
            testimonial_id=testimonial.id,
            kind=kind,
            prefix=prefix_of(company, public_id),
            created_at=moment,
        )
        self.session.add(media)
        self.session.flush()
        return media

    def _put(self, key: str, content: bytes) -> None:
        self.backends.storage.put(key, BytesIO(content))

    def _widgets(self, company: Company) -> None:
        for look in (
            Look(name="Wall on the front page", layout="wall"),
            Look(name="One story beside the sign-up", layout="single"),
            Look(name="Badge in the footer", layout="badge"),
        ):
            create_widget(self.session, company=company, look=look, now=self.now)

    def _hostile_company(self, owner: User) -> None:
        company = create_company(
            self.session, name=f"Odd Characters Ltd {HOSTILE}", owner=owner, language="en", now=self.now
        )
        survey = self._survey(company, HOSTILE, "relationship")
        self.session.add(SurveyWording(survey_id=survey.id, language="en", question=HOSTILE, thanks_promoter=HOSTILE))
        text = f"{HOSTILE}\n=1+1\n\u05e9\u05dc\u05d5\u05dd"
        history = History(self.session, company.id, self.now)
        for voice in (
            Voice(HOSTILE, HOSTILE, HOSTILE, "en", text, has_photo=True),
            Voice(HOSTILE, HOSTILE, HOSTILE, "en", text, film=Film(HOSTILE_CAPTIONS)),
        ):
            self._voice(survey, voice, self.now - timedelta(days=1), history, owner)
        history.save_counts()
        self.session.flush()
        plant_hostile(self.session, company, survey, HOSTILE, self.now)
        create_widget(self.session, company=company, look=Look(name=HOSTILE[:100]), now=self.now)


def sample_company(session: Session) -> Company | None:
    """The sample company, if it was planted."""
    statement = select(Company).join(Membership).join(User).where(User.email == OWNER_EMAIL).order_by(Company.id)
    return session.scalars(statement).first()


def sample_widgets(session: Session, company: Company) -> dict[str, str]:
    """Public ids of the sample widgets by layout."""
    rows = session.scalars(select(Widget).where(Widget.company_id == company.id).order_by(Widget.id.desc()))
    return {widget.layout: widget.public_id for widget in rows}
