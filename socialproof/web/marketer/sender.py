"""The company's sender: who writes, how often, what signs the letters, and whether the domain says so."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, make_response, render_template
from flask_babel import gettext as _

from socialproof import clock
from socialproof.companies import sender as senders
from socialproof.companies import signing
from socialproof.companies.mail_check import Sending, check_records, found_keys
from socialproof.companies.models import MailSender
from socialproof.database import db, transaction
from socialproof.domain.mail_records import Finding, dkim_name, dkim_record, domain_of
from socialproof.domain.roles import Role
from socialproof.seal import Seal
from socialproof.web import services
from socialproof.web.marketer.access import current, may, role_required
from socialproof.web.marketer.entering import see
from socialproof.web.marketer.sender_form import SenderForm, filled
from socialproof.web.marketer.sender_words import tell

blueprint = Blueprint("sender", __name__, url_prefix="/sender")

STRING_LENGTH = 250
"""A string in a zone file has at most 255 bytes."""


@blueprint.get("")
@role_required(Role.VIEWER)
def show() -> Response:
    """The sender as it is; who may not change it reads it."""
    return _page(filled(_sender(), current().company))


@blueprint.post("")
@role_required(Role.ADMIN)
def change() -> Response:
    """Save who writes and how often."""
    company, user, now = current().company, current().user, clock.now()
    form = SenderForm(company.time_zone)
    if not form.validate():
        return _page(form, 422)
    with transaction() as session:
        was_signed = (sender := _sender()) is not None and sender.is_dkim_on
        senders.change_sender(session, company=company, user=user, values=form.values(), now=now)
        senders.change_rest(
            session,
            company=company,
            user=user,
            time_zone=form.time_zone.data,
            rest_days=int(form.rest_days.data),
            nps_rest_days=int(form.nps_rest_days.data),
            now=now,
        )
    flash(_("Saved."), "good")
    if was_signed and (sender := _sender()) is not None and sender.from_address and not sender.is_dkim_on:
        flash(_("Letters from the new domain are not signed until the record of your key is found there."), "caution")
    return see("/app/sender")


@blueprint.post("/key")
@role_required(Role.ADMIN)
def make_key() -> Response:
    """A fresh signing key; it waits for its record while the present one goes on signing."""
    sender = _sender()
    if sender is None or not sender.from_address:
        flash(_("First choose the sender's address: a key belongs to its domain."), "caution")
        return see("/app/sender")
    db.session.rollback()  # making a key takes a while, and nothing is held meanwhile
    key = signing.new_signing_key()
    with transaction() as session:
        signing.keep_signing_key(session, sender=sender, user=current().user, key=key, seal=_seal(), now=clock.now())
    flash(_("The key is made. Now add its record; we look for it every hour, or press Check now."), "good")
    return see("/app/sender#signature")


@blueprint.post("/key/discard")
@role_required(Role.ADMIN)
def discard_key() -> Response:
    """Throw the key away that waits for its record; the one that signs stays."""
    sender = _sender()
    with transaction() as session:
        if sender is not None and signing.discard_waiting_key(
            session, sender=sender, user=current().user, now=clock.now()
        ):
            flash(_("The waiting key is thrown away. Its record is not needed."), "good")
    return see("/app/sender#signature")


@blueprint.post("/check")
@role_required(Role.ADMIN)
def check() -> Response:
    """Ask the name servers now. What they say is shown and not kept, but for one thing: which key signs."""
    sending = _sending(_sender())
    db.session.rollback()  # nothing is held while strangers' servers take their time
    findings = check_records(services().backends.resolver, sending)
    if (sender := _sender()) is not None and sending.keys:
        db.session.rollback()
        with transaction() as session:
            signing.note_found(
                session,
                sender=sender,
                user=current().user,
                domain=sending.domain,
                found=found_keys(sending.domain, sending.keys, findings),
                seal=_seal(),
                now=clock.now(),
            )
    return _page(filled(_sender(), current().company), findings=findings)


@dataclass(frozen=True)
class ShownKey:
    """A key on the page: the record to add, whole and as a zone file holds it."""

    role: str
    name: str
    record: str
    is_lost: bool

    @property
    def strings(self) -> list[str]:
        return [self.record[start : start + STRING_LENGTH] for start in range(0, len(self.record), STRING_LENGTH)]


def _sender() -> MailSender | None:
    return senders.sender_of(db.session(), current().company)


def _seal() -> Seal:
    return Seal(services().settings.secret_keys)


def _sending(sender: MailSender | None) -> Sending:
    """How the company's letters leave now; without an address of its own they come from the installation's."""
    settings = services().settings
    installation = domain_of(parseaddr(settings.mail_from)[1])
    own = domain_of(sender.from_address) if sender else ""
    return Sending(
        domain=own or installation,
        envelope=domain_of(settings.bounce_address) or own or installation,
        keys=tuple(signing.records_of(sender)),
        relay_host=urlsplit(settings.mail_url).hostname or "",
    )


def _shown(sender: MailSender | None, sending: Sending) -> list[ShownKey]:
    private = {sender.dkim_selector: sender.dkim_private_key} if sender else {}
    private |= {sender.dkim_next_selector: sender.dkim_next_private_key} if sender else {}
    return [
        ShownKey(
            key.role,
            dkim_name(key.selector, sending.domain),
            dkim_record(key.public_key),
            is_lost=not signing.opens(_seal(), private[key.selector]),
        )
        for key in sending.keys
    ]


def _page(form: SenderForm, status: int = 200, findings: list[Finding] | None = None) -> Response:
    sender, company = _sender(), current().company
    sending = _sending(sender)
    html = render_template(
        "marketer/sender/show.html",
        form=form,
        sender=sender,
        installation=services().settings.mail_from,
        sending=sending,
        keys=_shown(sender, sending),
        former=signing.former_record(db.session(), company.id, clock.now()),
        now=clock.now(),
        findings=None if findings is None else [tell(each) for each in findings],
        least_rest=senders.REST_DAYS,
        least_nps_rest=senders.NPS_REST_DAYS,
        most_postal=senders.LONGEST_POSTAL_ADDRESS,
        locked={} if may(Role.ADMIN) else {"disabled": True},
    )
    return make_response(html, status)
