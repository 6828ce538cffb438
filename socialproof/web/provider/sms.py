"""What a text message service of Twilio's kind sends: replies to our texts, and what became of them.

Its signature (HMAC-SHA1 with the account's token over the address and the sorted fields, in X-Twilio-Signature) is
described at https://www.twilio.com/docs/usage/security. The address is the configured one: what stands before us may
have changed the one that we see.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

from flask import Blueprint, Response, abort, make_response, request

from socialproof import clock
from socialproof.campaigns.texts import hear_reply, hear_report
from socialproof.database import transaction
from socialproof.web import services
from socialproof.web.provider.access import require_hook

blueprint = Blueprint("sms", __name__, url_prefix="/sms")

NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
"""An answer in the service's own language that sends nothing back."""
STANDARD_PORTS = {"http": 80, "https": 443}


@blueprint.post("/<token>")
def receive(token: str) -> Response:
    """One reply or one report. What is not understood is taken politely, so that it is not sent again for ever."""
    require_hook(token, "sms")
    if not _is_signed(token):
        abort(403)
    form = request.form
    with transaction() as session:
        if status := form.get("MessageStatus", ""):
            hear_report(
                session,
                key=request.args.get("key", ""),
                provider_key=_word(form.get("MessageSid", "")),
                status=status,
                code=_word(form.get("ErrorCode", "")),
                now=clock.now(),
            )
        elif re.fullmatch(r"\+[0-9]{6,15}", form.get("From", "")):
            words = form.get("OptOutType") or form.get("Body", "")
            hear_reply(session, phone=form["From"], text=words, now=clock.now())
    return make_response(NOTHING_TO_SAY, 200, {"Content-Type": "text/xml; charset=utf-8"})


def _is_signed(token: str) -> bool:
    """Whether the service that we send by has signed this; there is none when texts stay at home."""
    secret = unquote(urlsplit(services().settings.sms_url).password or "")
    sent = request.headers.get("X-Twilio-Signature", "").encode("utf-8", "replace")
    query = request.query_string.decode("ascii", "replace")
    address = f"{services().settings.base_url}/hooks/sms/{token}" + (f"?{query}" if query else "")
    fields = "".join(
        f"{name}{value}" for name in sorted(set(request.form)) for value in sorted(set(request.form.getlist(name)))
    )
    wanted = [signature(secret, f"{spelling}{fields}") for spelling in _spellings(address)]
    return bool(secret) and any(hmac.compare_digest(sent, each) for each in wanted)


def signature(secret: str, text: str) -> bytes:
    """Base64 of HMAC-SHA1, as the service makes it."""
    return b64encode(hmac.digest(secret.encode(), text.encode("utf-8", "replace"), "sha1"))


def _spellings(address: str) -> Iterator[str]:
    """The service signs the address now with its port, now without."""
    yield address
    parts = urlsplit(address)
    bare = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    yield urlunsplit(parts._replace(netloc=bare if parts.port else f"{bare}:{STANDARD_PORTS[parts.scheme]}"))


def _word(said: str) -> str:
    """A number or code of the service; anything else is none."""
    return said if re.fullmatch(r"[A-Za-z0-9]{1,80}", said) else ""
