"""What time alone does to invitations."""

from __future__ import annotations

from socialproof.backends.jobs.port import JobContext
from socialproof.campaigns.service import expire_invitations


def expire(context: JobContext) -> None:
    """Give invitations whose time is over their word."""
    with context.transaction() as session:
        expire_invitations(session, now=context.now())
