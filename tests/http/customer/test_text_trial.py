"""The link of a test text."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from socialproof.campaigns.trying_text import TRIAL_CODE
from socialproof.domain.sms import CODE_LETTERS, is_short_code


@pytest.mark.parametrize("end", ["", "/r", "/stop"])
def test_it_says_that_it_was_a_test(client: FlaskClient, end: str) -> None:
    answer = client.get(f"/s/k/{TRIAL_CODE}{end}")
    assert (answer.status_code, "This was a test" in answer.text) == (200, True)
    assert "Set-Cookie" not in answer.headers


def test_no_real_code_is_ever_the_same_and_it_is_as_long_as_one() -> None:
    assert (len(TRIAL_CODE), is_short_code(TRIAL_CODE)) == (CODE_LETTERS, False)
