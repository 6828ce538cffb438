"""Who may record: whoever is asked for a testimonial here and has not sent it yet."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.domain.asking import Ask
from socialproof.domain.errors import RuleBroken
from socialproof.responses.models import Response
from socialproof.responses.service import ask_for
from socialproof.testimonials.models import Testimonial


def require_recording(session: Session, *, response: Response) -> None:
    """RuleBroken video_off where no video is asked for, already_sent once the testimonial is given."""
    if not response.survey.allows_video or ask_for(response) is Ask.NONE:
        raise RuleBroken("video_off")
    sent = select(Testimonial.id).where(
        Testimonial.company_id == response.company_id,
        Testimonial.response_id == response.id,
        Testimonial.state != "draft",
    )
    if session.scalar(sent) is not None:
        raise RuleBroken("already_sent")


def may_record(session: Session, *, response: Response) -> bool:
    """Whether a video is asked for here and the testimonial is not sent yet."""
    try:
        require_recording(session, response=response)
    except RuleBroken:
        return False
    return True
