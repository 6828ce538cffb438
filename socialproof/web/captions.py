"""The captions of a video as a file for a player, written from their cues and sent by any room."""

from __future__ import annotations

from flask import Response, make_response, request

from socialproof.media.captions import captions_vtt
from socialproof.media.models import Captions

FILE = "captions.vtt"


def send_captions(captions: Captions | None, *, caching: str) -> Response:
    """Captions that the caller has judged may be seen; no cues where nobody has begun. `caching` is the Cache-Control.

    The entity tag is made of the words, so that a player which holds them is told so in a few bytes.
    """
    answer = make_response(captions_vtt(captions), {"Content-Type": "text/vtt; charset=utf-8"})
    answer.headers["Cache-Control"] = caching
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
