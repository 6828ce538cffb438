"""What was acknowledged survives the process that acknowledged it."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.responses.models import Response, ScoreCount
from socialproof.settings import Settings
from tests.conftest import SECRET
from tests.factories import Factories
from tests.servers import Granian, environment

KILLED_AFTER = 60
"""Acknowledged answers; seven others are on their way at that moment."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirect)
ANSWER_KEY = re.compile(r'name="answer_key"[^>]*value="([^"]+)"')


def answer(survey: str) -> str | None:
    """Open the survey, answer 9; the address of the response when the server said yes, else None."""
    try:
        html = OPENER.open(survey, timeout=10).read().decode()
        found = ANSWER_KEY.search(html)
        assert found, "the page holds no answer key"
        form = urllib.parse.urlencode({"score": 9, "answer_key": found.group(1)}).encode()
        OPENER.open(survey, data=form, timeout=10)
    except urllib.error.HTTPError as error:
        return error.headers["Location"] if error.code == 303 else None
    except OSError:
        return None
    return None


def test_kill_minus_nine_while_people_answer_loses_nothing_acknowledged(
    settings: Settings, session: Session, factories: Factories, listening: socket.socket, tmp_path: Path
) -> None:
    survey = factories.survey()
    port = listening.getsockname()[1]
    listening.close()
    server = Granian(environment(settings.database_url, settings.data_dir, port, SECRET), port)
    server.start()
    address = f"{server.address}/s/{survey.public_id}"
    numbers = count(1)

    def answer_until_the_kill(_number: int) -> str | None:
        location = answer(address)
        if location and next(numbers) == KILLED_AFTER:
            server.kill()
        return location

    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(answer_until_the_kill, range(200)))
    acknowledged = {location for location in answers if location}
    server.start()
    try:
        opened = [
            OPENER.open(urllib.parse.urljoin(server.address, location), timeout=10).status for location in acknowledged
        ]
    finally:
        server.stop()
    assert KILLED_AFTER <= len(acknowledged) < 200, "the kill came before or after everything: the test proves nothing"
    assert set(opened) == {200}
    stored = session.scalar(select(func.count()).select_from(Response))
    counted = session.scalar(select(func.sum(ScoreCount.score_9)))
    assert stored == counted
    assert stored >= len(acknowledged)
