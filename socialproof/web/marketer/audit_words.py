"""The audit trail in sentences."""

from __future__ import annotations

from flask_babel import gettext as _

from socialproof.companies.models import AuditEntry
from socialproof.domain.roles import Role, role_named
from socialproof.web.marketer.contact_words import contact_acts


def role_word(role: Role) -> str:
    """The role's name."""
    words: dict[Role, str] = {
        Role.OWNER: _("Owner"),
        Role.ADMIN: _("Admin"),
        Role.MODERATOR: _("Moderator"),
        Role.VIEWER: _("Viewer"),
    }
    return words[role]


def sender_acts(subject: str) -> dict[str, str]:
    """What may be done to who writes, and what becomes of the keys that sign."""
    return {
        "sender.changed": _("changed who writes to customers"),
        "rest.changed": _("changed how often customers are asked"),
        "sender.key_made": _("made the signing key %(subject)s", subject=subject),
        "sender.key_discarded": _("threw the waiting signing key %(subject)s away", subject=subject),
        "sender.key_switched": _("found the record of the key %(subject)s: it signs from now on", subject=subject),
        "sender.key_lost": _("could not open the signing key %(subject)s: letters are not signed", subject=subject),
        "sender.record_gone": _("did not find the record of the signing key %(subject)s any more", subject=subject),
        "sender.signing_on": _("found the signing record of %(subject)s", subject=subject),
        "sender.signing_off": _(
            "did not find the signing record of %(subject)s: letters are not signed", subject=subject
        ),
    }


def campaign_acts(subject: str) -> dict[str, str]:
    """What may be done to a campaign."""
    return {
        "campaign.created": _("made the campaign %(subject)s", subject=subject),
        "campaign.changed": _("changed the settings of the campaign %(subject)s", subject=subject),
        "campaign.reworded": _("changed the letter of the campaign %(subject)s", subject=subject),
        "campaign.test_sent": _("sent themselves a test of the campaign %(subject)s", subject=subject),
        "campaign.test_texted": _("sent themselves a test text of the campaign %(subject)s", subject=subject),
        "campaign.started": _("started the campaign %(subject)s", subject=subject),
        "campaign.paused": _("paused the campaign %(subject)s", subject=subject),
        "campaign.resumed": _("resumed the campaign %(subject)s", subject=subject),
        "campaign.stopped": _("stopped the campaign %(subject)s", subject=subject),
        "campaign.discarded": _("deleted the draft of the campaign %(subject)s", subject=subject),
    }


def told(entry: AuditEntry) -> str:
    """What happened, in a sentence without its doer. An act that has no words yet is shown by its name."""
    subject = entry.subject
    sentences: dict[str, str] = {
        "company.created": _("made the company %(subject)s", subject=subject),
        "company.changed": _("changed the settings of the company"),
        "company.logo_changed": _("changed the logo"),
        "company.logo_removed": _("removed the logo"),
        "survey.created": _("made the survey %(subject)s", subject=subject),
        "survey.changed": _("changed the settings of the survey %(subject)s", subject=subject),
        "survey.reworded": _("changed the words of the survey %(subject)s", subject=subject),
        "survey.opened": _("opened the survey %(subject)s", subject=subject),
        "survey.closed": _("closed the survey %(subject)s", subject=subject),
        "popup.created": _("made the popup %(subject)s", subject=subject),
        "popup.changed": _("changed the popup %(subject)s", subject=subject),
        "popup.turned_on": _("switched on the popup %(subject)s", subject=subject),
        "popup.turned_off": _("switched off the popup %(subject)s", subject=subject),
        "popup.deleted": _("deleted the popup %(subject)s", subject=subject),
        "identify.made": _("made the secret that names people before a popup"),
        "identify.replaced": _("replaced the secret that names people before a popup"),
        "member.invited": _("invited %(subject)s as: %(role)s", subject=subject, role=_role(entry, "role")),
        "member.joined": _("joined as: %(role)s", role=_role(entry, "role")),
        "member.left": _("left the team"),
        "member.removed": _("removed %(subject)s from the team", subject=subject),
        "member.role_changed": _(
            "changed the role of %(subject)s from %(former)s to %(role)s",
            subject=subject,
            former=_role(entry, "from"),
            role=_role(entry, "to"),
        ),
        "invitation.resent": _("sent the invitation of %(subject)s again", subject=subject),
        "invitation.revoked": _("took back the invitation of %(subject)s", subject=subject),
        "token.created": _("made the API token %(subject)s", subject=subject),
        "token.revoked": _("revoked the API token %(subject)s", subject=subject),
        "account.changed": _("changed their name or language"),
        "password.changed": _("changed their password"),
        "contacts.imported": _("imported contacts from the file %(subject)s", subject=subject),
        "password.reset": _("set a new password by mail"),
    }
    sentences |= sender_acts(subject) | campaign_acts(subject) | contact_acts(subject)
    return sentences.get(entry.action, entry.action)


def _role(entry: AuditEntry, key: str) -> str:
    role = role_named(entry.details.get(key))
    return role_word(role) if role else "–"
