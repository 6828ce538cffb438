"""A company's team: who may invite, change and remove whom, and that an owner always stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.companies import queries, sessions, team
from socialproof.companies.models import AuditEntry, Membership, TeamInvitation
from socialproof.database import db, transaction
from socialproof.domain.errors import Forbidden, NotFound, RuleBroken
from socialproof.domain.roles import Role
from tests.factories import Factories


@pytest.fixture
def owner(factories: Factories) -> Membership:
    return factories.member("owner")


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def invited(session: Session, by: Membership, email: str, role: Role, factories: Factories) -> TeamInvitation:
    return team.invite(session, company=by.company, by=by, email=email, role=role, now=factories.now)


def secret_of(session: Session, invitation: TeamInvitation, factories: Factories) -> str:
    secret = team.new_invitation_secret(session, invitation=invitation, now=factories.now)
    assert secret
    return secret


def test_an_invitation_is_noted_and_mailed_by_a_job(session: Session, factories: Factories, owner: Membership) -> None:
    invitation = invited(session, owner, "new@nordlys.example", Role.ADMIN, factories)
    session.commit()
    job = session.scalars(select(Job)).one()
    assert (job.kind, job.payload) == ("companies.send_team_invitation", {"team_invitation_id": invitation.id})
    assert actions(session) == ["member.invited"]


def test_the_secret_of_a_link_is_in_no_table(session: Session, factories: Factories, owner: Membership) -> None:
    invitation = invited(session, owner, "new@nordlys.example", Role.VIEWER, factories)
    secret = secret_of(session, invitation, factories)
    session.commit()
    assert secret not in str([session.scalars(select(Job)).one().payload, invitation.secret_hash])
    assert queries.invitation_by_secret(session, secret, now=factories.now) == invitation


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MODERATOR])
def test_only_admins_invite(session: Session, factories: Factories, role: Role) -> None:
    with pytest.raises(Forbidden):
        invited(session, factories.member(role), "new@nordlys.example", Role.VIEWER, factories)


def test_an_admin_does_not_make_an_owner(session: Session, factories: Factories) -> None:
    admin = factories.member("admin")
    with pytest.raises(Forbidden):
        invited(session, admin, "new@nordlys.example", Role.OWNER, factories)
    with pytest.raises(Forbidden):
        team.change_role(session, member=admin, by=admin, role=Role.OWNER, now=factories.now)


def test_a_member_is_not_invited_again(session: Session, factories: Factories, owner: Membership) -> None:
    with pytest.raises(RuleBroken, match="already_member"):
        invited(session, owner, owner.user.email, Role.VIEWER, factories)


def test_a_second_invitation_replaces_the_first(session: Session, factories: Factories, owner: Membership) -> None:
    first = invited(session, owner, "new@nordlys.example", Role.VIEWER, factories)
    secret = secret_of(session, first, factories)
    second = invited(session, owner, "new@nordlys.example", Role.MODERATOR, factories)
    session.commit()
    assert list(queries.open_invitations(session, owner.company_id)) == [second]
    assert queries.invitation_by_secret(session, secret, now=factories.now) is None


def test_sending_again_ends_the_old_link_and_begins_a_new_week(
    session: Session, factories: Factories, owner: Membership
) -> None:
    invitation = invited(session, owner, "new@nordlys.example", Role.VIEWER, factories)
    old = secret_of(session, invitation, factories)
    later = factories.now + timedelta(days=6)
    team.resend(session, invitation=invitation, by=owner, now=later)
    new = team.new_invitation_secret(session, invitation=invitation, now=later)
    assert new
    assert queries.invitation_by_secret(session, old, now=later) is None
    assert queries.invitation_by_secret(session, new, now=later + timedelta(days=6)) == invitation


def test_an_invitation_is_used_once(session: Session, factories: Factories, owner: Membership) -> None:
    user = factories.user()
    invitation = invited(session, owner, user.email, Role.MODERATOR, factories)
    secret = secret_of(session, invitation, factories)
    joined = team.join(session, secret=secret, user=user, now=factories.now)
    session.commit()
    assert (joined.company_id, joined.role) == (owner.company_id, "moderator")
    with pytest.raises(NotFound):
        team.join(session, secret=secret, user=user, now=factories.now)


def test_an_invitation_is_not_for_another_address(session: Session, factories: Factories, owner: Membership) -> None:
    invitation = invited(session, owner, "new@nordlys.example", Role.VIEWER, factories)
    secret, other = secret_of(session, invitation, factories), factories.user()
    with pytest.raises(Forbidden):
        team.join(session, secret=secret, user=other, now=factories.now)


@pytest.mark.parametrize("fate", ["revoked", "expired", "unknown"])
def test_a_dead_invitation_opens_nothing(session: Session, factories: Factories, owner: Membership, fate: str) -> None:
    user = factories.user()
    invitation = invited(session, owner, user.email, Role.VIEWER, factories)
    secret, when = secret_of(session, invitation, factories), factories.now
    if fate == "revoked":
        team.revoke(session, invitation=invitation, by=owner, now=when)
    elif fate == "expired":
        when += timedelta(days=7)
    else:
        secret = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    session.flush()
    with pytest.raises(NotFound):
        team.join(session, secret=secret, user=user, now=when)


def test_an_invitation_never_lowers_a_role(session: Session, factories: Factories, owner: Membership) -> None:
    user = factories.user()
    invitation = invited(session, owner, user.email, Role.VIEWER, factories)
    secret = secret_of(session, invitation, factories)
    factories.member("admin", owner.company, user)
    assert team.join(session, secret=secret, user=user, now=factories.now).role == "admin"


def test_the_last_owner_is_neither_demoted_nor_removed(
    session: Session, factories: Factories, owner: Membership
) -> None:
    with pytest.raises(RuleBroken, match="last_owner"):
        team.change_role(session, member=owner, by=owner, role=Role.ADMIN, now=factories.now)
    with pytest.raises(RuleBroken, match="last_owner"):
        team.remove(session, member=owner, by=owner, now=factories.now)


def test_one_of_two_owners_may_go(session: Session, factories: Factories, owner: Membership) -> None:
    other = factories.member("owner", owner.company)
    team.remove(session, member=other, by=other, now=factories.now)
    session.commit()
    assert [member.id for member in queries.team(session, owner.company_id)] == [owner.id]
    assert actions(session) == ["member.left"]


def test_an_admin_does_not_touch_an_owner(session: Session, factories: Factories, owner: Membership) -> None:
    admin = factories.member("admin", owner.company)
    with pytest.raises(Forbidden):
        team.remove(session, member=owner, by=admin, now=factories.now)
    with pytest.raises(Forbidden):
        team.change_role(session, member=owner, by=admin, role=Role.VIEWER, now=factories.now)


def test_who_is_removed_loses_the_company_in_every_session_and_their_open_invitations(
    session: Session, factories: Factories, owner: Membership
) -> None:
    admin = factories.member("admin", owner.company)
    invited(session, admin, "accomplice@nordlys.example", Role.ADMIN, factories)
    secret = sessions.start_session(session, user=admin.user, now=factories.now)
    session.commit()
    team.remove(session, member=admin, by=owner, now=factories.now)
    session.commit()
    session.expire_all()
    left = sessions.session_of(session, secret, now=factories.now)
    assert left is not None
    assert left.company_id is None
    assert list(queries.open_invitations(session, owner.company_id)) == []


def test_a_demoted_admin_loses_their_open_invitations(
    session: Session, factories: Factories, owner: Membership
) -> None:
    admin = factories.member("admin", owner.company)
    invited(session, admin, "accomplice@nordlys.example", Role.ADMIN, factories)
    team.change_role(session, member=admin, by=owner, role=Role.VIEWER, now=factories.now)
    session.flush()
    assert list(queries.open_invitations(session, owner.company_id)) == []


def test_two_owners_who_demote_each_other_at_once_leave_one(
    app: Flask, session: Session, factories: Factories, owner: Membership
) -> None:
    other = factories.member("owner", owner.company)
    with app.app_context():
        engine = db.engine
    start = threading.Barrier(2)

    def demote(member_id: int, by_id: int) -> None:
        with Session(engine) as mine:
            member, by = mine.get_one(Membership, member_id), mine.get_one(Membership, by_id)
            start.wait()
            with suppress(RuleBroken), transaction(mine):
                team.change_role(mine, member=member, by=by, role=Role.VIEWER, now=factories.now)

    _together(lambda: demote(owner.id, other.id), lambda: demote(other.id, owner.id))
    session.expire_all()
    assert queries.owner_count(session, owner.company_id) == 1


def _together(*acts: Callable[[], None]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
