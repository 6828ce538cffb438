"""The company's sender: who writes, how often, what signs the letters, and whether the domain says so."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, make_response, render_template
from flask_babel import gettext as _

from socialproof import clock
from socialproof.companies import sender as senders
from socialproof.companies.mail_check import Sending, check_records
from socialproof.companies.models import MailSender
from socialproof.database import db, transaction
from socialproof.domain.mail_records import GOOD, UNKNOWN, Finding, dkim_name, dkim_record, domain_of
from socialproof.domain.roles import Role
from socialproof.seal import BrokenSeal, Seal
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
    return see("/app/sender")


@blueprint.post("/key")
@role_required(Role.ADMIN)
def make_key() -> Response:
    """A fresh signing key, also in place of the present one."""
    sender = _sender()
    if sender is None or not sender.from_address:
        flash(_("First choose the sender's address: a key belongs to its domain."), "caution")
        return see("/app/sender")
    key, seal = senders.new_signing_key(), Seal(services().settings.secret_keys)
    with transaction() as session:
        company, user = current().company, current().user
        senders.keep_signing_key(session, company=company, user=user, key=key, seal=seal, now=clock.now())
    flash(_("The key is made. Now add its record, then check."), "good")
    return see("/app/sender#signature")


@blueprint.post("/check")
@role_required(Role.ADMIN)
def check() -> Response:
    """Ask the name servers now. What they say is shown and not kept, but for one thing: whether letters are signed."""
    sending = _sending(_sender())
    db.session.rollback()  # nothing is held while strangers' servers take their time
    findings = check_records(services().backends.resolver, sending)
    signature = next((each for each in findings if each.subject == "dkim"), None)
    if signature is not None and signature.verdict != UNKNOWN:
        with transaction() as session:
            senders.note_record(
                session,
                company=current().company,
                user=current().user,
                selector=sending.selector,
                domain=sending.domain,
                is_found=signature.verdict == GOOD and not _is_key_lost(_sender()),
                now=clock.now(),
            )
    return _page(filled(_sender(), current().company), findings=findings)


def _sender() -> MailSender | None:
    return senders.sender_of(db.session(), current().company)


def _is_key_lost(sender: MailSender | None) -> bool:
    """Whether the private half was sealed with a secret that this installation does not have any more."""
    if sender is None or not sender.dkim_private_key:
        return False
    try:
        Seal(services().settings.secret_keys).open(sender.dkim_private_key)
    except BrokenSeal:
        return True
    return False


def _sending(sender: MailSender | None) -> Sending:
    """How the company's letters leave now; without an address of its own they come from the installation's."""
    settings = services().settings
    installation = domain_of(parseaddr(settings.mail_from)[1])
    own = domain_of(sender.from_address) if sender else ""
    has_key = sender is not None and own and sender.dkim_public_key
    return Sending(
        domain=own or installation,
        envelope=domain_of(settings.bounce_address) or own or installation,
        selector=sender.dkim_selector if sender and has_key else "",
        public_key=sender.dkim_public_key if sender and has_key else "",
        relay_host=urlsplit(settings.mail_url).hostname or "",
    )


def _page(form: SenderForm, status: int = 200, findings: list[Finding] | None = None) -> Response:
    sender, sending = _sender(), _sending(_sender())
    record = dkim_record(sending.public_key) if sending.public_key else ""
    html = render_template(
        "marketer/sender/show.html",
        form=form,
        sender=sender,
        installation=services().settings.mail_from,
        sending=sending,
        record_name=dkim_name(sending.selector, sending.domain) if record else "",
        record=record,
        is_key_lost=_is_key_lost(sender),
        record_strings=[record[start : start + STRING_LENGTH] for start in range(0, len(record), STRING_LENGTH)],
        findings=None if findings is None else [tell(each) for each in findings],
        least_rest=senders.REST_DAYS,
        least_nps_rest=senders.NPS_REST_DAYS,
        most_postal=senders.LONGEST_POSTAL_ADDRESS,
        locked={} if may(Role.ADMIN) else {"disabled": True},
    )
    return make_response(html, status)
