"""The published feed of one widget in one language. Usually the shield has answered before anybody comes here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request

from socialproof.database import db
from socialproof.web.visitor.answers import Answer, feed_answer

blueprint = Blueprint("feed", __name__)


@blueprint.get("/<widget_id>/<language>.json")
def show(widget_id: str, language: str) -> Response:
    """The feed in this language, or in the widget's own when it has no such language."""
    answer = feed_answer(db.session(), widget_id, language)
    return respond(answer) if answer else abort(404)


def respond(answer: Answer) -> Response:
    """The same answer that the shield sends, as Flask's."""
    head: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        head.update(status=status, headers=headers)

    body = b"".join(answer.send(request.environ, start_response))  # type: ignore[arg-type]
    return Response(body, **head)
