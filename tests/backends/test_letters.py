"""The words of every letter: complete in each language, one subject line, nothing of a stranger's HTML."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any

import pytest
from jinja2 import UndefinedError

from socialproof.backends.mail import MessageMalformed, render
from socialproof.backends.mail.skeleton import Sender, Skeleton
from socialproof.domain.letter import Filling, gap
from socialproof.languages import LANGUAGES

EVIL = '"><img src=x onerror=alert(1)>'
URL = "https://proof.example/s/t/abc"
LETTERS: dict[str, dict[str, Any]] = {
    "receipt": {
        "company": EVIL,
        "author": EVIL,
        "shown_as": EVIL,
        "text": f"{EVIL}\nsecond line",
        "has_video": True,
        "reward": EVIL,
        "consents": [EVIL],
        "url": URL,
    },
    "proposal": {
        "company": EVIL,
        "author": EVIL,
        "old_text": EVIL,
        "new_text": EVIL,
        "url": URL,
        "manage_url": URL,
    },
    "team_invitation": {"company": EVIL, "inviter": EVIL, "url": URL, "role": EVIL},
    "password_reset": {"url": URL, "name": EVIL},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_is_written_in_every_language(letter: str, language: str) -> None:
    written = render(letter, language, **LETTERS[letter])
    assert URL in written.text
    assert f'href="{URL}"' in written.html
    assert f'<html lang="{language}"' in written.html
    assert written.subject
    assert "\n" not in written.subject
    assert "%(" not in written.subject + written.text + written.html


@pytest.mark.parametrize("letter", LETTERS)
def test_html_of_strangers_is_literal_in_the_letter(letter: str) -> None:
    written = render(letter, "en", **LETTERS[letter])
    assert "<img" not in written.html
    assert "&lt;img src=x" in written.html
    assert EVIL in written.text


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_needs_no_picture_no_script_and_no_other_host(letter: str) -> None:
    html = render(letter, "en", **LETTERS[letter]).html
    for foreign in ("<img", "<script", "url(", "<link", "@import", "src="):
        assert foreign not in html.replace("src=x", "")
    assert "prefers-color-scheme: dark" in html


def test_a_line_break_in_a_company_name_stays_in_the_subject_line() -> None:
    values = LETTERS["team_invitation"] | {"company": "Kaffe\r\nBcc: x@evil.example"}
    assert "Kaffe Bcc: x@evil.example" in render("team_invitation", "en", **values).subject


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("password_reset", "en", url=URL)


def test_a_receipt_without_consent_says_that_nothing_is_shown() -> None:
    written = render("receipt", "en", **LETTERS["receipt"] | {"consents": [], "shown_as": "", "author": ""})
    assert "not shown anywhere" in written.text
    assert "Shown without a name" in written.text


@pytest.mark.parametrize("name", ["", "Aino", "Å" * 120, '"><b>{name}=\\r.'])
def test_a_letter_with_gaps_reads_as_if_it_had_been_written_whole(name: str) -> None:
    words = f"Hej {gap('name')},\n.dot\n{'lång rad ' * 40}{gap('link')}1\nend \n{gap('link')}{gap('name')}"
    page = f"<p>{words}</p>"
    sender = Sender("Nordlys Kaffe", "hej@nordlys.example", "proof.example")
    skeleton = Skeleton.of(sender=sender, subject=f"Hej {gap('name')}", text=words, html=page, language="sv")
    values = {"name": name, "link": f"https://proof.example/s/i/{'a' * 90}?score="}
    content = skeleton.letter(to="aino@kunde.example", key="k", values=values).content
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")
    letter = message_from_bytes(content, _class=EmailMessage, policy=policy.SMTP)
    text, html = (part.get_content().replace("\r\n", "\n").rstrip("\n") for part in letter.iter_parts())
    assert text == Filling.of(words).filled(values)
    assert html == Filling.of(page).filled(values, escape)
    assert letter["Subject"] == f"Hej {name}".strip()


@pytest.mark.parametrize("broken", ["\r\nBcc: x@evil.example", "\x00", "\u2028"])
def test_no_name_and_no_subject_of_a_skeleton_becomes_a_second_header(broken: str) -> None:
    parts = {"text": "x", "html": "x", "language": "en"}
    sender = Sender("Kaffe" + broken, "hej@nordlys.example", "proof.example")
    with pytest.raises(MessageMalformed):
        Skeleton.of(sender=sender, subject="x", **parts)
    good = Sender("Kaffe", "hej@nordlys.example", "proof.example")
    with pytest.raises(MessageMalformed):
        Skeleton.of(sender=good, subject="x" + broken, **parts)
    with pytest.raises(MessageMalformed):
        skeleton = Skeleton.of(sender=good, subject=gap("name"), **parts)
        skeleton.letter(to="a@b.example", key="k", values={"name": broken + "x"})
    with pytest.raises(MessageMalformed):
        skeleton = Skeleton.of(sender=good, subject="x", **parts)
        skeleton.letter(to="a@b.example" + broken, key="k", values={})
