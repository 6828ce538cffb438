"""One company with a bit of everything, and the address of every page that a person can open in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Flask

from socialproof.campaigns.models import Campaign, Invitation, Popup
from socialproof.companies.models import Company, Membership, PasswordReset, TeamInvitation, User
from socialproof.contacts.models import Contact, ContactImport, ContactSegment, CustomerEvent
from socialproof.media.models import Media
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ProposedEdit, Testimonial
from socialproof.tokens import Purpose, Tokens, digest, new_secret
from socialproof.web import EXTENSION
from socialproof.widgets.models import Widget
from socialproof.widgets.service import publish
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
    told: Response
    moderator: Membership
    waiting: Testimonial
    approved: Testimonial
    proposal: ProposedEdit
    video: Media
    captioned: Media
    widget: Widget
    popup: Popup
    campaign: Campaign
    event: CustomerEvent
    segment: ContactSegment
    contact_import: ContactImport
    reset_secret: str
    join_secret: str

    def link(self, purpose: Purpose, row: Any) -> str:
        return self.tokens.sign(purpose, row.public_id)


def build(app: Flask, factories: Factories) -> World:
    """Fill the database."""
    company = factories.company(name="Nordlys Kaffe AB", default_language="en")
    owner = factories.member("owner", company, factories.user(name="Astrid Berg"))
    moderator = factories.member("moderator", company, factories.user(name="Mikko Salo"))
    survey = factories.survey(company, name="After the first delivery")
    invited = factories.invitation(survey, factories.contact(company, name="Saara Lehtonen"))
    responses = {score: factories.response(survey, score, comment=WORDS) for score in (3, 8, 9, 10)}
    for score in (10, 10, 9, 7, 0) * 5:
        factories.response(survey, score)
    told = factories.response(survey, 9)
    waiting = factories.testimonial(told, text=WORDS, author_name="Saara Lehtonen")
    approved = factories.testimonial(factories.response(survey, 10), "approved", text=WORDS, author_name="Ole Vik")
    rejected = factories.testimonial(factories.response(survey, 10), "rejected", rejection_reason="duplicate")
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
    reset_secret, join_secret = _secrets(factories, company, owner.user)
    return World(
        tokens=app.extensions[EXTENSION].tokens,
        company=company,
        owner=owner.user,
        survey=survey,
        draft_survey=factories.survey(company, name="Twice a year", state="draft", opened_at=None),
        invitation=invited,
        responses=responses,
        told=told,
        moderator=moderator,
        waiting=waiting,
        approved=approved,
        proposal=proposal,
        video=factories.media(responses[10]),
        captioned=factories.media(rejected.response, rejected, captions="draft"),
        widget=_published_widget(factories, company),
        popup=factories.popup(survey, name="After the order", mode="tab", pages=["/order/*"]),
        campaign=_campaign(factories, survey, invited),
        event=_noted(factories, invited.contact),
        segment=factories.segment(company, name="Roasters"),
        contact_import=_contact_import(app, factories, company),
        reset_secret=reset_secret,
        join_secret=join_secret,
    )


def _noted(factories: Factories, contact: Contact) -> CustomerEvent:
    """What somebody of the team noted by hand."""
    moments = {"happened_at": factories.now, "created_at": factories.now}
    owned = {"company_id": contact.company_id, "contact_id": contact.id}
    return factories.add(CustomerEvent(name="goods delivered", source="hand", **owned, **moments))


def _contact_import(app: Flask, factories: Factories, company: Company) -> ContactImport:
    """A file that was just sent, and is looked at."""
    found = factories.contact_import(company)
    content = "Namn,E-post,Mobil,Kund sedan,Nivå\nÅsa Öberg,asa@kund.example,070-174 06 35,03/04/2024,Guld\n"
    app.extensions[EXTENSION].backends.storage.put(found.storage_key, BytesIO(content.encode()))
    return found


def _campaign(factories: Factories, survey: Survey, asked: Invitation) -> Campaign:
    """One that runs: somebody has answered, somebody waits, and a server had something to say."""
    campaign = factories.campaign(survey, name="Every quarter", planned_at=factories.now)
    soon = factories.now + timedelta(days=9)
    waiting: dict[str, Any] = {"reason": "asked_recently", "due_at": soon, "error": "450 4.2.0 greylisted"}
    for state, values in (("answered", {"answered_at": factories.now}), ("deferred", waiting)):
        factories.invitation(
            survey, asked.contact, campaign_id=campaign.id, occasion=state, state=state, channel="mail", **values
        )
    return campaign


def _published_widget(factories: Factories, company: Company) -> Widget:
    widget = factories.widget(company, name="Front page")
    publish(factories.session, widget=widget, now=factories.now)
    factories.session.commit()
    return widget


def _secrets(factories: Factories, company: Company, user: User) -> tuple[str, str]:
    """The secrets in a mail about a forgotten password, and in one that invites into the team."""
    reset, join = new_secret(), new_secret()
    soon = {"created_at": factories.now, "expires_at": factories.now + timedelta(hours=1)}
    factories.add(PasswordReset(user_id=user.id, secret_hash=digest(reset), **soon))
    factories.add(
        TeamInvitation(company_id=company.id, email="new@example.com", role="viewer", secret_hash=digest(join), **soon)
    )
    return reset, join


def _response(score: int, rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/s/r/{world.link(Purpose.RESPONSE, world.responses[score])}{rest}"


def _manage(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/s/t/{world.link(Purpose.MANAGE, world.approved)}{rest}"


def _survey(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/app/surveys/{world.survey.public_id}{rest}"


def _contact(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/app/contacts/{world.invitation.contact.public_id}{rest}"


PAGES: dict[str, Callable[[World], str]] = {
    "customer.unsubscribe.show": lambda world: f"/s/u/{world.link(Purpose.UNSUBSCRIBE, world.invitation.contact)}",
    "customer.unsubscribe.ask_decline": lambda world: (
        f"/s/i/{world.link(Purpose.INVITATION, world.invitation)}/decline"
    ),
    "customer.text_trial.show": lambda world: "/s/k/TEST--LINK",
    "customer.survey.show": lambda world: f"/s/{world.survey.public_id}",
    "customer.invitation.show": lambda world: f"/s/i/{world.link(Purpose.INVITATION, world.invitation)}",
    "customer.response.show": _response(3),
    "customer.response.changing": _response(3, "/score"),
    "customer.response.thanks": _response(10, "/thanks"),
    "customer.testimonial.write": _response(9, "/testimonial"),
    "customer.testimonial.done": lambda world: f"/s/r/{world.link(Purpose.RESPONSE, world.told)}/testimonial/done",
    "customer.manage.show": _manage(),
    "customer.manage.edit": _manage("/edit"),
    "customer.manage.ask_withdraw": _manage("/withdraw"),
    "customer.manage.ask_erase": _manage("/erase"),
    "customer.proposal.show": lambda world: f"/s/p/{world.link(Purpose.PROPOSAL, world.proposal)}",
    "customer.video.record": _response(10, "/video"),
    "marketer.sign_in.show": lambda world: "/app/sign-in",
    "marketer.reset.ask": lambda world: "/app/reset",
    "marketer.reset.choose": lambda world: f"/app/reset/{world.reset_secret}",
    "marketer.join.show": lambda world: f"/app/join/{world.join_secret}",
    "marketer.dashboard.show": lambda world: "/app/",
    "marketer.account.show": lambda world: "/app/account",
    "marketer.team.show": lambda world: "/app/team",
    "marketer.team.ask_removal": lambda world: f"/app/team/{world.moderator.user.public_id}/remove",
    "marketer.team.audit": lambda world: "/app/team/audit",
    "marketer.company.show": lambda world: "/app/company",
    "marketer.sender.show": lambda world: "/app/sender",
    "marketer.switch.show": lambda world: "/app/switch",
    "marketer.surveys.overview": lambda world: "/app/surveys",
    "marketer.surveys.new": lambda world: "/app/surveys/new",
    "marketer.surveys.show": _survey(),
    "marketer.surveys.settings": _survey("/settings"),
    "marketer.surveys.words": _survey("/words/en"),
    "marketer.share.show": _survey("/share"),
    "marketer.preview.show": _survey("/preview"),
    "marketer.moderation.queue": lambda world: "/app/moderation",
    "marketer.moderation.show": lambda world: f"/app/moderation/{world.approved.public_id}",
    "marketer.captions.show": lambda world: f"/app/media/{world.captioned.public_id}/captions",
    "marketer.popups.overview": lambda world: "/app/popups",
    "marketer.popups.new": lambda world: "/app/popups/new",
    "marketer.popups.show": lambda world: f"/app/popups/{world.popup.public_id}",
    "marketer.popups.install": lambda world: f"/app/popups/{world.popup.public_id}/install",
    "marketer.popups.why": lambda world: f"/app/popups/{world.popup.public_id}/why",
    "marketer.widgets.overview": lambda world: "/app/widgets",
    "marketer.widgets.new": lambda world: "/app/widgets/new",
    "marketer.widgets.show": lambda world: f"/app/widgets/{world.widget.public_id}",
    "marketer.contacts.overview": lambda world: "/app/contacts",
    "marketer.contacts.new": lambda world: "/app/contacts/new",
    "marketer.contacts.show": _contact(),
    "marketer.contacts.edit": _contact("/edit"),
    "marketer.contacts.ask_deletion": _contact("/delete"),
    "marketer.events.ask_retract": lambda world: (
        f"/app/contacts/{world.invitation.contact.public_id}/events/{world.event.public_id}/retract"
    ),
    "marketer.imports.new": lambda world: "/app/contacts/import",
    "marketer.imports.show": lambda world: f"/app/contacts/import/{world.contact_import.public_id}",
    "marketer.segments.overview": lambda world: "/app/segments",
    "marketer.segments.new": lambda world: "/app/segments/new",
    "marketer.segments.show": lambda world: f"/app/segments/{world.segment.public_id}",
    "marketer.campaigns.overview": lambda world: "/app/campaigns",
    "marketer.campaigns.show": lambda world: f"/app/campaigns/{world.campaign.public_id}",
    "marketer.campaign_preview.show": lambda world: f"/app/campaigns/{world.campaign.public_id}/preview",
    "marketer.campaigns.settings": lambda world: f"/app/campaigns/{world.campaign.public_id}/settings",
    "marketer.letter.show": lambda world: f"/app/campaigns/{world.campaign.public_id}/letter",
    "marketer.letter.words": lambda world: f"/app/campaigns/{world.campaign.public_id}/letter/fi",
    "marketer.campaigns.ask_stop": lambda world: f"/app/campaigns/{world.campaign.public_id}/stop",
    "marketer.tokens.show": lambda world: "/app/tokens",
    "marketer.contact_links.show": lambda world: (
        f"/app/contacts/{world.invitation.contact.public_id}/links/{world.invitation.public_id}"
    ),
    "visitor.wall.show": lambda world: f"/w/{world.widget.public_id}",
    "visitor.method.show": lambda world: f"/w/{world.widget.public_id}/method",
}
"""By endpoint. A page that is not here fails `test_every_page_of_the_app_is_looked_at`."""

NOT_PAGES: dict[str, str] = {
    "customer.invitation.testimonial": "the way to the form for a reference",
    "customer.logo.show": "a picture",
    "customer.manage.export": "JSON to keep",
    "customer.manage.media": "a picture or a recording",
    "customer.short.reference": "the way to the form for a reference",
    "customer.short.show": "the way to the question",
    "customer.short.stop": "the way to where one says never",
    "customer.survey.brand": "a style sheet",
    "customer.testimonial.photo": "a picture",
    "customer.uploads.show": "JSON for the recorder",
    "customer.uploads.index": "JSON for the recorder",
    "customer.video.media": "a picture or a recording",
    "customer.video.prepared": "a piece of the written page, looked at there",
    "customer.video.qr": "a picture",
    "marketer.campaigns.progress": "JSON for the page that waits for the planner",
    "marketer.captions.file": "captions for a player",
    "marketer.company.logo": "a picture",
    "marketer.contacts.export": "a file",
    "marketer.contact_links.qr": "a picture",
    "marketer.imports.progress": "JSON for the page that waits for the worker",
    "marketer.imports.problems": "a file",
    "marketer.letter.preview": "the letter in a frame of the page of its words, looked at in test_letter.py",
    "marketer.media.progress": "JSON for the moderation room",
    "marketer.media.show": "a picture or a recording",
    "marketer.preview.brand": "a style sheet",
    "marketer.popups.trial": "a sample page with the popup on it, looked at in test_popup.py",
    "marketer.popups.trial_settings": "JSON for the sample page",
    "marketer.share.qr": "a picture",
    "marketer.welcome.show": "a page of an installation without any user: it has a test of its own",
    "marketer.widgets.preview": "the widget in a frame of the page of its settings",
    "marketer.widgets.preview_feed": "JSON for the widget",
    "visitor.feed.show": "JSON for the widget",
    "visitor.media.show": "a picture or a recording",
    "visitor.popup.script": "the popup's script",
    "visitor.popup.settings": "JSON for the popup",
    "visitor.script.show": "the widget's script",
    "visitor.wall.accent": "a style sheet",
}
"""GET addresses that answer with something that is not a page, and what it is."""

SIGNED_OUT = ("marketer.sign_in.", "marketer.reset.", "marketer.welcome.", "marketer.join.")
"""Pages of the team's room for people who are not signed in."""
