"""No room left: the refusal is clear and keeps what was typed, what was acknowledged stays, and later it goes on.

SQLite is made full for real, by its own limit of pages. PostgreSQL says the words of a full disk in a trigger.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

from socialproof.database import db, is_full
from socialproof.media.models import Media, Upload
from socialproof.responses.models import Response, ScoreCount
from socialproof.settings import Settings
from socialproof.testimonials.models import Testimonial
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from socialproof.web.customer.answering import new_answer_key
from tests.factories import Factories
from tests.people import Marketer

LONG = "Long words, kept whole. " * 200
"""Longer than a page of SQLite."""
GROWTH = 1_000_000_000
WRITTEN = ("response", "testimonial", "media", "company")

pytestmark = pytest.mark.both_databases


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """Nothing more fits into the database."""
    if engine.dialect.name == "sqlite":
        with _no_more_pages(engine):
            yield
        return
    with engine.begin() as connection:
        connection.execute(
            text(
                "create function no_room() returns trigger language plpgsql as $$ begin "
                "raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
            )
        )
        for table in WRITTEN:
            make = f"create trigger no_room before insert or update on {table} execute function no_room()"
            connection.execute(text(make))
    yield
    with engine.begin() as connection:
        connection.execute(text("drop function no_room cascade"))


@contextmanager
def _no_more_pages(engine: Engine) -> Iterator[None]:
    most = {"pages": 1}

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"pragma max_page_count = {most['pages']}").close()

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        most["pages"] = GROWTH
        for _ in range(engine.pool.size()):  # type: ignore[attr-defined]
            engine.connect().close()


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response(score=10)


@pytest.fixture
def link(app: Flask, response: Response) -> str:
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"/s/r/{token}"


def posts_until_refused(post: Callable[[int], int]) -> int:
    """How often it was acknowledged before the database was full; a page that is begun takes a few more rows."""
    for number in count():
        status = post(number)
        if status == 507:
            return number
        assert status == 303
        assert number < 2000, "the database never became full"
    raise AssertionError


def test_answers_to_a_full_database_are_refused_with_words_and_none_acknowledged_is_lost(
    app: Flask, client: FlaskClient, engine: Engine, session: Session, factories: Factories
) -> None:
    survey = factories.survey()
    pages: list[str] = []

    def answer(_number: int) -> int:
        with app.app_context():
            key = new_answer_key(survey)
        reply = client.post(f"/s/{survey.public_id}", data={"score": "9", "answer_key": key})
        pages.append(reply.text)
        return reply.status_code

    with full(engine):
        acknowledged = posts_until_refused(answer)
    assert "Nothing can be saved at the moment" in pages[-1]
    assert "checked" in pages[-1], "the choice is kept"
    session.rollback()
    assert session.scalar(select(func.count(Response.id))) == acknowledged
    assert int(session.scalar(select(func.sum(ScoreCount.score_9))) or 0) == acknowledged
    assert answer(0) == 303


def test_a_script_is_told_that_nothing_can_be_saved(
    app: Flask, client: FlaskClient, engine: Engine, factories: Factories
) -> None:
    survey = factories.survey()
    replies: list[Any] = []

    def answer(_number: int) -> int:
        with app.app_context():
            body = {"score": 9, "answer_key": new_answer_key(survey)}
        headers = {"Accept": "application/json"}
        replies.append(client.post(f"/s/{survey.public_id}", json=body, headers=headers))
        return 303 if replies[-1].status_code == 200 else int(replies[-1].status_code)

    with full(engine):
        posts_until_refused(answer)
    assert replies[-1].json["error"] == "database_full"


def test_a_comment_to_a_full_database_comes_back_whole(
    client: FlaskClient, engine: Engine, session: Session, response: Response, link: str
) -> None:
    with full(engine):
        reply = client.post(link, data={"comment": LONG})
        assert reply.status_code == 507
        assert LONG.strip() in unescape(reply.text)
        assert "Nothing can be saved at the moment" in reply.text
    session.rollback()
    session.refresh(response)
    assert response.comment == ""
    assert client.post(link, data={"comment": LONG}).status_code == 303
    session.rollback()
    session.refresh(response)
    assert response.comment == LONG.strip()


def test_a_testimonial_to_a_full_database_comes_back_whole(
    client: FlaskClient, engine: Engine, session: Session, link: str
) -> None:
    seen = client.get(f"{link}/testimonial").text.partition('name="consent_seen" value="')[2].partition('"')[0]
    form = {
        "text": LONG,
        "name": "Aino Virtanen",
        "role": "Owner",
        "attribution": "first_name",
        "purpose": ["website"],
        "consent_seen": seen,
    }
    with full(engine):
        reply = client.post(f"{link}/testimonial", data=form)
        page = unescape(reply.text)
        assert reply.status_code == 507
        assert "Nothing can be saved at the moment" in page
        for typed in (LONG.strip(), "Aino Virtanen", "Owner"):
            assert typed in page
    session.rollback()
    assert session.scalars(select(Testimonial)).all() == []
    assert client.post(f"{link}/testimonial", data=form).status_code == 303


def test_elsewhere_a_full_database_is_told_by_a_page(engine: Engine, signed_in: Callable[..., Marketer]) -> None:
    owner = signed_in("owner")
    pages: list[str] = []

    def rename(number: int) -> int:
        form = {"name": f"Name {number}", "brand_color": "#00aa77", "default_language": "en"}
        reply = owner.post("/app/company", form)
        pages.append(reply.text)
        return reply.status_code

    with full(engine):
        posts_until_refused(rename)
    assert "what you typed is still there" in pages[-1]
    assert rename(0) == 303


def test_an_upload_to_a_full_database_is_refused_with_words_and_goes_on_later(
    client: FlaskClient, engine: Engine, session: Session, link: str
) -> None:
    replies: list[Any] = []

    def begin(_number: int) -> int:
        replies.append(client.post(f"{link}/uploads", json={}))
        return 303 if replies[-1].status_code == 201 else int(replies[-1].status_code)

    with full(engine):
        begun = posts_until_refused(begin)
    assert replies[-1].json["code"] == "database_full"
    assert "What you sent so far is kept" in replies[-1].json["message"]
    session.rollback()
    assert session.scalar(select(func.count(Upload.id)).where(Upload.storage_upload_id != "")) == begun
    assert begin(0) == 303


def test_an_error_of_another_kind_is_no_full_database(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception) as caught:
        connection.execute(text("select nothing from nowhere"))
    assert not is_full(caught.value)
    assert not is_full(ValueError("full"))


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """No file of this process grows beyond so many bytes: what a write to a full disk meets, for real."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(most_bytes: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes or before[0], before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_while_parts_arrive_and_while_they_are_joined_loses_no_part(
    client: FlaskClient,
    session: Session,
    settings: Settings,
    link: str,
    small_files: Callable[[int], None],
) -> None:
    megabyte = 1024 * 1024
    pieces = [b"\x1a\x45\xdf\xa3 webm" + bytes(4 * megabyte), bytes(4 * megabyte)]
    whole = b"".join(pieces)
    upload = client.post(f"{link}/uploads", json={"size": len(whole)}).json

    def put(number: int) -> Any:
        piece = pieces[number - 1]
        headers = {"X-Part-SHA256": hashlib.sha256(piece).hexdigest()}
        path = f"{link}/uploads/{upload['upload']}/parts/{number}"
        return client.put(path, data=piece, headers=headers, content_type="application/octet-stream")

    def complete() -> Any:
        sent = {"size": len(whole), "sha256": hashlib.sha256(whole).hexdigest(), "seconds": 3}
        return client.post(upload["complete"], data=json.dumps(sent), content_type="application/json")

    assert put(1).status_code == 200
    small_files(3 * megabyte)
    refused = put(2)
    assert (refused.status_code, refused.json["code"]) == (507, "storage_full")
    assert "no room" in refused.json["message"]
    small_files(6 * megabyte)
    assert put(2).status_code == 200
    refused = complete()
    assert (refused.status_code, refused.json["code"]) == (507, "storage_full")
    assert [part["size"] for part in client.get(upload["self"]).json["parts"]] == [len(piece) for piece in pieces]
    small_files(0)
    assert complete().status_code == 200
    media = session.scalars(select(Media)).one()
    source = settings.data_dir / "media" / "objects" / media.prefix / "source"
    assert hashlib.sha256(source.read_bytes()).hexdigest() == hashlib.sha256(whole).hexdigest()
    assert session.scalars(select(Upload.state)).all() == ["complete"]
    assert [path.name for path in (settings.data_dir / "media").rglob("*") if path.is_file()] == ["source"]
