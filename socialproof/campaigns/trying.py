"""A letter of the campaign to somebody of the team, to see how it arrives: marked, with links that record nothing."""

from __future__ import annotations

from sqlalchemy import select

from socialproof.backends.jobs.port import GiveUp, JobContext
from socialproof.backends.mail import MailRefused, MessageMalformed
from socialproof.campaigns.letters import sample_values, skeleton_for, stationery_of
from socialproof.campaigns.models import Campaign
from socialproof.companies.models import Membership
from socialproof.database import new_public_id
from socialproof.domain.letter import Part

SEND_TEST = "campaigns.send_test"


def send_test(
    context: JobContext,
    *,
    company_id: int,
    campaign_id: int,
    user_id: int,
    language: str,
    part: str,
    words: dict[str, str],
) -> None:
    """Send the letter with these words, saved or not, to a member's own address; nothing once they left the team."""
    with context.transaction() as session:
        campaign = session.scalar(select(Campaign).where(Campaign.company_id == company_id, Campaign.id == campaign_id))
        member = session.scalar(
            select(Membership).where(Membership.company_id == company_id, Membership.user_id == user_id)
        )
        if campaign is None or member is None:
            return
        stationery = stationery_of(session, campaign.survey.company, context.settings)
        skeleton = skeleton_for(campaign, language, part=Part(part), stationery=stationery, words=words, is_test=True)
        values = sample_values(campaign, language, name=member.user.name, base_url=context.settings.base_url)
        to = member.user.email
    try:
        letter = skeleton.letter(to=to, key=f"test:{new_public_id()}", values=values)
        context.backends.mailer.deliver(letter)
    except (MailRefused, MessageMalformed) as error:
        raise GiveUp(str(error)) from error
