"""Words of contacts and segments in one place: fields, states, what a rule asks, and what is wrong with a value."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from socialproof.contacts.models import Contact
from socialproof.contacts.phones import readable
from socialproof.domain.contact import ATTRIBUTE, is_attribute
from socialproof.web.marketer.dashboard_words import number

FIELDS = {
    "email": _l("E-mail address"),
    "phone": _l("Phone"),
    "name": _l("Name"),
    "role": _l("Role"),
    "organisation": _l("Organisation"),
    "language": _l("Language"),
    "time_zone": _l("Time zone"),
    "customer_since": _l("Customer since"),
    "owner": _l("Owner in the team"),
}

STATES = {
    "": _l("All"),
    "askable": _l("May be asked"),
    "unsubscribed": _l("Unsubscribed"),
    "bounced": _l("Bounced"),
    "no_address": _l("No address"),
}

OPS = {
    "is": _l("is"),
    "is_not": _l("is not"),
    "contains": _l("contains"),
    "is_set": _l("is filled in"),
    "is_not_set": _l("is empty"),
    "on_or_after": _l("is on or after"),
    "on_or_before": _l("is on or before"),
    "days_ago_more": _l("is more days ago than"),
    "days_ago_less": _l("is fewer days ago than"),
}


def field_word(field: str) -> str:
    """The name of a field; a free attribute's own name."""
    return field.removeprefix(ATTRIBUTE) if is_attribute(field) else str(FIELDS.get(field, field))


def op_word(op: str) -> str:
    return str(OPS.get(op, op))


def contact_state_word(state: str) -> str:
    return str(STATES.get(state, state))


def contact_name(contact: Contact) -> str:
    """What a contact is called on the team's pages."""
    return contact.name or contact.email or contact.phone or str(_("Somebody without a name"))


def initials(contact: Contact) -> str:
    """At most two letters for the round sign beside a name."""
    words = [word for word in contact_name(contact).split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def breakable(address: str) -> Markup:
    """An e-mail address that breaks after its @ and before its dots rather than inside a word."""
    wbr = Markup("<wbr>")
    return escape(address).replace("@", "@" + wbr).replace(".", wbr + ".")


def fault_words(code: str, most: object = None) -> str:
    """What is wrong with a value of a contact or of a segment's rule."""
    words: dict[str, str] = {
        "line_break": _("This must be a single line."),
        "too_long": _("That is too long: at most %(count)s characters.", count=most),
        "not_an_email": _("This does not look like an e-mail address."),
        "not_a_phone": _("This is not a phone number. Write it with its country, such as +46 70 123 45 67."),
        "unknown_language": _("There is no such language here."),
        "unknown_time_zone": _("There is no such time zone. Write it like Europe/Helsinki."),
        "not_a_day": _("Please write a day such as 2026-03-01."),
        "not_in_team": _("This is nobody of your team."),
        "no_name": _("The attribute needs a name."),
        "too_many_attributes": _("At most %(count)s attributes.", count=most),
        "same_name": _("Two attributes have the same name."),
        "email_taken": _("Another contact has this address already."),
        "value_needed": _("Please fill this in."),
        "unknown_field": _("Please choose a field."),
        "unknown_op": _("This field cannot be asked that."),
        "not_a_number": _("Please write a number of days."),
        "too_many_rules": _("At most %(count)s rules.", count=most),
    }
    return words.get(code) or _("Please check this.")


def contact_acts(subject: str) -> dict[str, str]:
    """What may be done to contacts and segments, for the audit trail; a contact is not named there."""
    return {
        "contact.deleted": _("deleted a contact"),
        "contact.address_changed": _("changed the address of a contact"),
        "contact.unsubscribed": _("unsubscribed a contact who had told them so"),
        "contact.resubscribed": _("let a contact be asked again"),
        "event.retracted": _("took back what was noted by hand: %(subject)s", subject=subject),
        "contacts.exported": _("took contacts as a file: %(subject)s", subject=subject or _("All")),
        "segment.created": _("made the segment %(subject)s", subject=subject),
        "segment.changed": _("changed the segment %(subject)s", subject=subject),
        "segment.deleted": _("deleted the segment %(subject)s", subject=subject),
    }


def register_contact_words(blueprint: Blueprint) -> None:
    """Give the templates these words as filters, and `number` as a function; names are the functions' own."""
    blueprint.context_processor(lambda: {"number": number})
    for word in (field_word, op_word, contact_state_word, contact_name, initials, breakable):
        blueprint.add_app_template_filter(word)
    blueprint.add_app_template_filter(readable, "readable_phone")
