"""One company with a bit of everything, and the address of every page that a person can open in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask

from socialproof.campaigns.models import Invitation
from socialproof.companies.models import Company, User
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import Media, ProposedEdit, Testimonial
from socialproof.tokens import Purpose, Tokens
from socialproof.web import EXTENSION
from socialproof.widgets.models import Widget
from tests.factories import Factories

WORDS = "They answered within an hour, fixed it the same day and called to ask whether it holds."


@dataclass(frozen=True)
class World:
    """What the pages show."""

    tokens: Tokens
    company: Company
    owner: User
    survey: Survey
    draft_survey: Survey
    invitation: Invitation
    responses: dict[int, Response]
    waiting: Testimonial
    approved: Testimonial
    proposal: ProposedEdit
    video: Media
    widget: Widget

    def link(self, purpose: Purpose, row: Any) -> str:
        return self.tokens.sign(purpose, row.public_id)


def build(app: Flask, factories: Factories) -> World:
    """Fill the database."""
    company = factories.company(name="Nordlys Kaffe AB", default_language="en")
    owner = factories.member("owner", company, factories.user(name="Astrid Berg"))
    factories.member("moderator", company, factories.user(name="Mikko Salo"))
    survey = factories.survey(company, name="After the first delivery")
    invited = factories.invitation(survey, factories.contact(company, name="Saara Lehtonen"))
    responses = {score: factories.response(survey, score, comment=WORDS) for score in (3, 8, 9, 10)}
    for score in (10, 10, 9, 7, 0) * 5:
        factories.response(survey, score)
    waiting = factories.testimonial(factories.response(survey, 9), text=WORDS, author_name="Saara Lehtonen")
    approved = factories.testimonial(factories.response(survey, 10), "approved", text=WORDS, author_name="Ole Vik")
    factories.testimonial(factories.response(survey, 10), "rejected", rejection_reason="duplicate")
    proposal = factories.add(
        ProposedEdit(
            company_id=company.id,
            testimonial_id=waiting.id,
            proposed_by_id=owner.user_id,
            old_text=WORDS,
            new_text="They answered within an hour and fixed it the same day.",
            proposed_at=factories.now,
        )
    )
    return World(
        tokens=app.extensions[EXTENSION].tokens,
        company=company,
        owner=owner.user,
        survey=survey,
        draft_survey=factories.survey(company, name="Twice a year", state="draft", opened_at=None),
        invitation=invited,
        responses=responses,
        waiting=waiting,
        approved=approved,
        proposal=proposal,
        video=factories.media(responses[10]),
        widget=factories.widget(company, name="Front page"),
    )


def _response(score: int, rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/s/r/{world.link(Purpose.RESPONSE, world.responses[score])}{rest}"


PAGES: dict[str, Callable[[World], str]] = {
    "customer.survey.show": lambda world: f"/s/{world.survey.public_id}",
    "customer.invitation.show": lambda world: f"/s/i/{world.link(Purpose.INVITATION, world.invitation)}",
    "customer.response.show": _response(3),
    "customer.response.thanks": _response(10, "/thanks"),
    "customer.testimonial.write": _response(9, "/testimonial"),
    "customer.testimonial.done": _response(9, "/testimonial/done"),
    "customer.manage.show": lambda world: f"/s/t/{world.link(Purpose.MANAGE, world.approved)}",
    "customer.proposal.show": lambda world: f"/s/p/{world.link(Purpose.PROPOSAL, world.proposal)}",
    "customer.video.record": _response(10, "/video"),
    "marketer.sign_in.show": lambda world: "/app/sign-in",
    "marketer.reset.show": lambda world: "/app/reset",
    "marketer.dashboard.show": lambda world: "/app/",
    "marketer.account.show": lambda world: "/app/account",
    "marketer.team.show": lambda world: "/app/team",
    "marketer.company.show": lambda world: "/app/company",
    "marketer.switch.show": lambda world: "/app/switch",
    "marketer.surveys.index": lambda world: "/app/surveys",
    "marketer.surveys.new": lambda world: "/app/surveys/new",
    "marketer.moderation.queue": lambda world: "/app/moderation",
    "marketer.widgets.index": lambda world: "/app/widgets",
}
"""By endpoint. A page that is not here fails `test_every_page_of_the_app_is_looked_at`."""

NOT_PAGES: dict[str, str] = {
    "customer.survey.brand": "a style sheet",
}
"""GET addresses that answer with something that is not a page, and what it is."""

SIGNED_OUT = ("marketer.sign_in.", "marketer.reset.", "marketer.welcome.", "marketer.join.")
"""Pages of the team's room for people who are not signed in."""
