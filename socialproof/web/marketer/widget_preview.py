"""A widget as it would look: a page in a frame that loads the real script with a feed of unsaved settings."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, abort, make_response, render_template, request, url_for

from socialproof.clock import now
from socialproof.database import db
from socialproof.languages import known_language
from socialproof.web.marketer import headers
from socialproof.web.marketer.access import current
from socialproof.web.marketer.widget_forms import WidgetForm
from socialproof.widgets import service, snapshot

NOT_CHOICES = ("ground", "csrf_token", "send")


def framed_page() -> Response:
    """The page in the frame. Only our own pages may frame it."""
    choices = [(key, value) for key, value in request.args.items(multi=True) if key not in NOT_CHOICES]
    response = make_response(
        render_template(
            "marketer/widgets/preview.html",
            link=f"{url_for('marketer.widgets.preview')}?{urlencode(choices)}",
            widget_language=known_language(request.args.get("language")) or "en",
            ground="dark" if request.args.get("ground") == "dark" else "light",
            height=service.RESERVED_HEIGHT.get(request.args.get("layout", ""), 0),
        )
    )
    response.headers["Content-Security-Policy"] = headers.policy(frame_ancestors="'self'")
    return response


def feed(language: str) -> Response:
    """The feed of these settings, built now and kept nowhere."""
    company = current().company
    typed = request.args.copy()
    typed["name"] = typed.get("name", "").strip() or "preview"
    form = WidgetForm.of(db.session(), company, formdata=typed, meta={"csrf": False})
    if not form.validate():
        abort(422)
    widget = service.draft_widget(company=company, look=form.look(), now=now())
    with db.session.no_autoflush:
        material = snapshot.gather(db.session(), widget, now())
    content = snapshot.content(material, known_language(language) or widget.language)
    return Response(snapshot.encode(content).body, mimetype="application/json")
