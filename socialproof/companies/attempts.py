"""Limits on guessing passwords, kept in our own database so that they hold whatever else is down.

An attempt is written down as failed before the password is checked and forgiven afterwards: a hundred parallel
guesses meet the same limit as a hundred in a row. Unknown addresses are counted like known ones.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from socialproof.companies.models import SignInFailure
from socialproof.domain.errors import RuleBroken
from socialproof.tokens import digest

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_NETWORK = 100


def begin_attempt(session: Session, *, email: str, address: str, now: datetime) -> None:
    """Count an attempt for this account and network, or refuse it: RuleBroken("too_many_attempts", until=)."""
    account, network = digest(email), network_of(address)
    _one_at_a_time(session, account)
    _forget_old(session, account, network, now)
    until = max(
        filter(
            None,
            (
                _limited_until(session, SignInFailure.account_hash, account, PER_ACCOUNT, now),
                _limited_until(session, SignInFailure.network, network, PER_NETWORK, now),
            ),
        ),
        default=None,
    )
    if until is not None:
        raise RuleBroken("too_many_attempts", until=until)
    session.add(SignInFailure(account_hash=account, network=network, failed_at=now))


def _one_at_a_time(session: Session, account: str) -> None:
    """Attempts on one account wait for each other. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(account[:15], 16))))


def forgive(session: Session, *, email: str) -> None:
    """The right password was given, or a new one was set: the account's failures count no longer."""
    session.execute(
        delete(SignInFailure).where(SignInFailure.account_hash == digest(email)),
        execution_options={"synchronize_session": False},
    )


def network_of(address: str) -> str:
    """The network an address is counted by: the address itself for IPv4, its /64 for IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip.packed[:8] + bytes(8), 64)))
    return str(ip)


def forget_old(session: Session, *, now: datetime) -> None:
    """Take away all that limits nobody any more: guesses at addresses that never come back are kept by nobody else."""
    session.execute(
        delete(SignInFailure).where(SignInFailure.failed_at <= now - WINDOW),
        execution_options={"synchronize_session": False},
    )


def _limited_until(
    session: Session, column: InstrumentedAttribute[str], value: str, limit: int, now: datetime
) -> datetime | None:
    recent = (column == value, SignInFailure.failed_at > now - WINDOW)
    count, oldest = session.execute(select(func.count(), func.min(SignInFailure.failed_at)).where(*recent)).one()
    return oldest + WINDOW if count >= limit else None


def _forget_old(session: Session, account: str, network: str, now: datetime) -> None:
    mine = (SignInFailure.account_hash == account) | (SignInFailure.network == network)
    session.execute(
        delete(SignInFailure).where(mine, SignInFailure.failed_at <= now - WINDOW),
        execution_options={"synchronize_session": False},
    )
