"""A client's address is what the operator's own proxies say, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, request


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")])
def test_only_so_many_forwarded_addresses_are_believed(make_app: Callable[..., Flask], proxies: int, seen: str) -> None:
    app = make_app(proxy_count=proxies)
    app.add_url_rule("/address", "address", lambda: str(request.remote_addr))
    answer = app.test_client().get("/address", headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 203.0.113.9"})
    assert answer.text == seen
