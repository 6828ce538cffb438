"""Facts that have happened. Upstream rooms record them, `wiring` says who hears them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """A fact."""


@dataclass(frozen=True)
class CompanyEvent(Event):
    """A fact of one company."""

    company_id: int


@dataclass(frozen=True)
class ResponseRecorded(CompanyEvent):
    response_id: int


@dataclass(frozen=True)
class ResponseChanged(CompanyEvent):
    response_id: int


@dataclass(frozen=True)
class ResponseCommented(CompanyEvent):
    response_id: int


@dataclass(frozen=True)
class TestimonialSubmitted(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialEdited(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialApproved(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialRejected(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialReopened(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialCurated(CompanyEvent):
    """Featured, tagged, ordered, archived or its best line marked: the words are the same, the showing is not."""

    testimonial_id: int


@dataclass(frozen=True)
class ConsentChanged(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialWithdrawn(CompanyEvent):
    testimonial_id: int


@dataclass(frozen=True)
class TestimonialErased(CompanyEvent):
    """`media_prefixes` are the storage prefixes of everything that must be deleted."""

    testimonial_id: int
    media_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditProposed(CompanyEvent):
    proposal_id: int


@dataclass(frozen=True)
class EditDecided(CompanyEvent):
    proposal_id: int


@dataclass(frozen=True)
class MediaUploaded(CompanyEvent):
    media_id: int


@dataclass(frozen=True)
class MediaReady(CompanyEvent):
    media_id: int


@dataclass(frozen=True)
class MediaUnreadable(CompanyEvent):
    media_id: int


@dataclass(frozen=True)
class MediaParked(CompanyEvent):
    """The machine, not the file, failed for good; somebody may let it be tried again."""

    media_id: int


@dataclass(frozen=True)
class CaptionsChanged(CompanyEvent):
    """The reviewed captions of a video, or whether it has any, are other ones than before."""

    media_id: int


@dataclass(frozen=True)
class SurveyChanged(CompanyEvent):
    survey_id: int


@dataclass(frozen=True)
class CompanyChanged(CompanyEvent):
    pass


@dataclass(frozen=True)
class CustomerEventNoted(CompanyEvent):
    """Something happened with a contact that campaigns may wait for."""

    customer_event_id: int


@dataclass(frozen=True)
class CampaignStarted(CompanyEvent):
    """Also when it goes on after a pause."""

    campaign_id: int


@dataclass(frozen=True)
class AddressSuppressed(CompanyEvent):
    """A contact's address takes nothing any more: it bounced, or its owner complained."""

    contact_id: int
