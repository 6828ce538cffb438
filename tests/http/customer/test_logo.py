"""The company's logo on its survey's pages."""

from __future__ import annotations

from io import BytesIO

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Factories


def test_the_logo_is_shown_by_the_surveys_own_address(app: Flask, client: FlaskClient, factories: Factories) -> None:
    key = "companies/abc/logo/aaaaaaaaaaaaaaaa.webp"
    survey = factories.survey(factories.company(logo_key=key))
    path = f"/s/{survey.public_id}/logo"
    assert client.get(path).status_code == 404
    app.extensions["socialproof"].backends.storage.put(key, BytesIO(b"RIFF"))
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert "Set-Cookie" not in answer.headers
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert f"{path}?v=aaaaaaaa" in client.get(f"/s/{survey.public_id}").text


def test_without_a_logo_the_name_is_shown(client: FlaskClient, factories: Factories) -> None:
    survey = factories.survey()
    assert client.get(f"/s/{survey.public_id}/logo").status_code == 404
    assert client.get("/s/missing/logo").status_code == 404
    assert f"/s/{survey.public_id}/logo" not in client.get(f"/s/{survey.public_id}").text
