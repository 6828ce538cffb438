"""A text of the campaign to somebody of the team: the same words and length, with a link that records nothing."""

from __future__ import annotations

from collections.abc import Mapping

from socialproof.backends.sms.port import SmsMessage
from socialproof.campaigns.letters import sample_text
from socialproof.campaigns.models import Campaign
from socialproof.database import new_public_id
from socialproof.domain.letter import Part
from socialproof.settings import Settings

TRIAL_CODE = "TEST--LINK"
"""As long as a real code, so that the text is as long as a real one; with its hyphens it can never be one."""


def trial_message(
    campaign: Campaign, language: str, words: Mapping[str, str], *, part: Part, name: str, to: str, settings: Settings
) -> SmsMessage:
    """The text with these words, saved or not, to one number (E.164). SmsMalformed when there is nothing to say."""
    said = words["sms_text"]
    text = sample_text(campaign, language, said, name=name, settings=settings, part=part, code=TRIAL_CODE)
    return SmsMessage(to=to, text=text, key=f"test:{new_public_id()}")
