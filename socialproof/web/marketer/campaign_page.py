"""What the pages of one campaign share: finding it, its frame, when it asks next, and what to mind before it starts."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, make_response, render_template
from werkzeug.wrappers import Response

from socialproof.campaigns.campaigning import what_prevents
from socialproof.campaigns.catalogue import campaign_of
from socialproof.campaigns.models import Campaign
from socialproof.clock import now
from socialproof.companies.sender import sender_of
from socialproof.database import db
from socialproof.domain.campaign import is_over
from socialproof.domain.occasions import round_of
from socialproof.domain.schedule import local_day
from socialproof.web import services
from socialproof.web.marketer.access import current
from socialproof.web.marketer.filters import is_public_id


def found(campaign_id: str) -> Campaign:
    """The campaign in the company of the session; missing and foreign are the same 404."""
    known = is_public_id(campaign_id)
    campaign = campaign_of(db.session(), current().company.id, campaign_id) if known else None
    if campaign is None:
        abort(404)
    return campaign


def page(name: str, campaign: Campaign, status: int = 200, **context: Any) -> Response:
    """A page of one campaign: template `marketer/<name>.html` inside the campaign's own frame."""
    frame = {
        "campaign": campaign,
        "here": name,
        "obstacles": what_prevents(db.session(), campaign, now=now()) if not is_over(campaign.state) else [],
        "warnings": warnings(campaign),
        "next_round": next_round_on(campaign),
        "is_planning": is_planning(campaign),
    }
    return make_response(render_template(f"marketer/{name}.html", **frame, **context), status)


def warnings(campaign: Campaign) -> list[str]:
    """Codes of what does not prevent a campaign from running, but should be known."""
    if campaign.channel == "sms":
        return ["sms_console"] if services().settings.sms_url == "console:" else []
    sender = sender_of(db.session(), current().company)
    return ["unsigned"] if sender and sender.from_address and not sender.is_dkim_on else []


def is_planning(campaign: Campaign) -> bool:
    """Whether the worker is still finding out whom this campaign asks when."""
    can_plan = campaign.state == "running" and campaign.survey.state == "open"
    return can_plan and (campaign.planned_at is None or campaign.planning_total > 0)


def next_round_on(campaign: Campaign) -> date | None:
    """The first day of the next round; None where there are no rounds, or the campaign does not run."""
    if campaign.template != "relationship" or campaign.state != "running" or campaign.started_at is None:
        return None
    zone = current().company.time_zone
    return round_of(local_day(campaign.started_at, zone), campaign.every_months, local_day(now(), zone)).until_on
