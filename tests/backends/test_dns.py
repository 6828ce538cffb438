"""Questions to the domain name system, asked of a real little server."""

from __future__ import annotations

import pytest

from socialproof.backends.dns import DnsResolver, DnsUnavailable
from tests.name_servers import NameServer

NAME = "shop.example"


def test_records_come_whole_and_cleaned(name_server: NameServer) -> None:
    key = "v=DKIM1; p=" + "A" * 600
    name_server.texts[NAME] = [key, "<b>\u202ehostile\x07</b>"]
    assert sorted(DnsResolver(name_server.address).texts(NAME)) == ["<b>hostile</b>", key]


def test_a_name_without_records_and_no_name_at_all_have_none(name_server: NameServer) -> None:
    name_server.texts[NAME] = []
    resolver = DnsResolver(name_server.address)
    assert resolver.texts(NAME) == []
    assert resolver.texts("nobody.example") == []


@pytest.mark.parametrize("fault", ["silent", "broken"])
def test_who_does_not_answer_is_not_waited_for(name_server: NameServer, fault: str) -> None:
    getattr(name_server, fault).add(NAME)
    with pytest.raises(DnsUnavailable):
        DnsResolver(name_server.address, patience=0.3).texts(NAME)


@pytest.mark.parametrize("name", ["x" * 64 + ".example", "a..example", "." * 300])
def test_what_is_no_name_is_never_asked_for(name_server: NameServer, name: str) -> None:
    with pytest.raises(DnsUnavailable):
        DnsResolver(name_server.address).texts(name)
    assert name_server.asked == []
