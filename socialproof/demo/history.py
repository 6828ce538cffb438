"""Fourteen months of answers for the sample company: the same on every machine for the same day."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import Contact
from socialproof.demo.voices import COMMENTS, Voice
from socialproof.domain.nps import segment_of
from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import Survey

SCORES = tuple(range(11))
AT_FIRST = (2, 1, 2, 3, 3, 6, 8, 17, 23, 19, 16)
IN_THE_END = (1, 1, 1, 1, 2, 3, 4, 11, 18, 27, 31)
LANGUAGES = ("sv", "sv", "sv", "fi", "fi", "da", "nb", "en")
FIRST_NAMES = ("Alva", "Nils", "Elsa", "Hugo", "Saga", "Eino", "Aada", "Lauri", "Freja", "Malthe", "Sigrid", "Odin")
LAST_NAMES = ("Kvarnström", "Ahlroth", "Vesterlund", "Niittymäki", "Rantavuori", "Thornsted", "Solheimsen", "Lundmark")


@dataclass
class History:
    """Makes contacts, invitations and responses in the past of `now`."""

    session: Session
    company_id: int
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(20261121))
    _counts: Counter[tuple[int, object, str]] = field(default_factory=Counter)

    def relationship(self, survey: Survey, count: int, days: int) -> None:
        """One invitation each; about four in ten answer, better as time goes by."""
        for number in range(count):
            contact = self._contact(number)
            sent_at = self._moment(days, number / count)
            invitation = self._invitation(survey, contact, sent_at)
            if self.dice.random() < 0.43:
                self._answer(survey, sent_at + timedelta(hours=self.dice.randrange(1, 70)), invitation)

    def transactional(self, survey: Survey, count: int, days: int) -> None:
        """Answers from a link and a QR code, without knowing who."""
        for number in range(count):
            self._answer(survey, self._moment(days, number / count), None)

    def personal_link(self, survey: Survey, voice: Voice, answered_at: datetime) -> Invitation | None:
        """The invitation that this voice answered; None for the few who came by the public link."""
        if not voice.organisation:
            return None
        contact = Contact(
            company_id=self.company_id,
            email=f"voice{self.dice.getrandbits(40):x}@nordlys-customers.example",
            name=voice.name,
            role=voice.role,
            organisation=voice.organisation,
            language=voice.language,
            created_at=answered_at - timedelta(days=200),
        )
        self.session.add(contact)
        invitation = self._invitation(survey, contact, answered_at - timedelta(hours=5))
        invitation.state, invitation.answered_at = "answered", answered_at
        return invitation

    def save_counts(self) -> None:
        """Write the counters of everything that was answered."""
        rows: dict[tuple[int, object], ScoreCount] = {}
        for (survey_id, day_on, name), count in sorted(self._counts.items(), key=str):
            row = rows.get((survey_id, day_on))
            if row is None:
                row = ScoreCount(company_id=self.company_id, survey_id=survey_id, day_on=day_on, slot=0)
                rows[survey_id, day_on] = row
            setattr(row, name, count)
        self.session.add_all(rows.values())

    def count(self, response: Response) -> None:
        """Remember the answer for the counters."""
        day_on = response.answered_at.date()
        self._counts[response.survey_id, day_on, f"score_{response.score}"] += 1
        if response.asked_for_testimonial_at:
            self._counts[response.survey_id, day_on, "asked_count"] += 1

    def _moment(self, days: int, share: float) -> datetime:
        day = self.now - timedelta(days=days * (1 - share) + 0.1)
        return day.replace(hour=7 + self.dice.randrange(11), minute=self.dice.randrange(60), second=0, microsecond=0)

    def _contact(self, number: int) -> Contact:
        first, last = self.dice.choice(FIRST_NAMES), self.dice.choice(LAST_NAMES)
        contact = Contact(
            company_id=self.company_id,
            email=f"customer{number}@nordlys-customers.example",
            name=f"{first} {last}",
            language=self.dice.choice(LANGUAGES),
            created_at=self.now - timedelta(days=600),
        )
        self.session.add(contact)
        return contact

    def _invitation(self, survey: Survey, contact: Contact, sent_at: datetime) -> Invitation:
        invitation = Invitation(
            company_id=self.company_id,
            survey_id=survey.id,
            contact=contact,
            state="sent",
            language=contact.language,
            created_at=sent_at,
            asked_at=sent_at,
            expires_at=sent_at + timedelta(days=60),
        )
        self.session.add(invitation)
        return invitation

    def _answer(self, survey: Survey, answered_at: datetime, invitation: Invitation | None) -> None:
        answered_at = min(answered_at, self.now - timedelta(minutes=self.dice.randrange(5, 900)))
        progress = 1 - (self.now - answered_at).days / 430
        weights = [start + (end - start) * progress for start, end in zip(AT_FIRST, IN_THE_END, strict=True)]
        score = self.dice.choices(SCORES, weights)[0]
        response = Response(
            company_id=self.company_id,
            survey_id=survey.id,
            invitation=invitation,
            contact=invitation.contact if invitation else None,
            answer_key=f"sample-{self.dice.getrandbits(100):x}",
            score=score,
            comment=self._comment(score),
            language=invitation.language if invitation else self.dice.choice(LANGUAGES),
            source="invitation" if invitation else self.dice.choice(("link", "qr")),
            answered_at=answered_at,
            asked_for_testimonial_at=answered_at if score >= 9 else None,
        )
        if invitation:
            invitation.state, invitation.answered_at = "answered", answered_at
        self.session.add(response)
        self.count(response)

    def _comment(self, score: int) -> str:
        return self.dice.choice(COMMENTS[segment_of(score).value]) if self.dice.random() < 0.45 else ""


def moments(now: datetime, count: int) -> Iterator[datetime]:
    """`count` moments before now, the newest first, some days apart."""
    for number in range(count):
        yield now - timedelta(days=number * 6 + 1, hours=number % 7, minutes=17 * number % 60)
