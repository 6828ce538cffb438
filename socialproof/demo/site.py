"""A website on another origin that shows the widgets as a company's own site would, and the mail the product sent.

Only for the sample company on one's own machine: it is a second, separate application.
"""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask, Response, abort, make_response, render_template

from socialproof.demo.reach import sample_popup
from socialproof.demo.seed import sample_company, sample_widgets
from socialproof.web import EXTENSION, Services


def create_site(product: Flask) -> Flask:
    """The WSGI application of the sample website beside `product`."""
    services: Services = product.extensions[EXTENSION]
    outbox = services.settings.data_dir / "outbox"
    site = Flask(
        "site",
        template_folder=product.template_folder,
        static_folder=f"{product.static_folder}/demo",
        static_url_path="/static",
    )

    @site.get("/")
    def home() -> str:
        with product.app_context():
            from socialproof.database import db

            company = sample_company(db.session())
            widgets = sample_widgets(db.session(), company) if company else {}
            popup = sample_popup(db.session(), company) if company else None
        return render_template("demo/home.html", base_url=services.settings.base_url, widgets=widgets, popup=popup)

    @site.get("/outbox")
    def mails() -> str:
        return render_template("demo/outbox.html", mails=read_outbox(outbox), texts=read_texts(outbox))

    @site.get("/outbox/<name>")
    def mail(name: str) -> Response:
        found = next((mail for mail in read_outbox(outbox) if mail[0] == name), None)
        if found is None:
            abort(404)
        body = found[1].get_body(("html", "plain"))
        is_html = body is not None and body.get_content_type() == "text/html"
        content = str(body.get_content()) if body else ""
        # The mail stands in a frame, and the product's pages refuse frames: its links open beside it.
        response = make_response(content.replace("<head>", '<head><base target="_blank">', 1) if is_html else content)
        response.mimetype = "text/html" if is_html else "text/plain"
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        return response

    return site


def read_texts(folder: Path) -> list[str]:
    """The text messages in the local outbox, the newest first, as they lie there: number, sender, text."""
    files = sorted(folder.glob("*.txt"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.read_text(encoding="utf-8") for path in files[:200]]


def read_outbox(folder: Path) -> list[tuple[str, EmailMessage]]:
    """The mail in the local outbox, the newest first, as (file name, message)."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [(path.stem, message_from_bytes(path.read_bytes(), policy=policy.default)) for path in files[:200]]
