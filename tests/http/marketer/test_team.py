"""The team's page, as every role and as another tenant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from socialproof.companies.models import Membership, TeamInvitation
from tests.factories import Factories
from tests.people import Marketer

SignIn = Callable[..., Marketer]


@pytest.fixture
def owner(signed_in: SignIn) -> Marketer:
    return signed_in("owner")


def member_of(marketer: Marketer, factories: Factories, role: str = "viewer") -> Membership:
    factories.session.rollback()
    return factories.member(role, marketer.company)


def invitation_of(
    marketer: Marketer, session: Session, email: str = "new@nordlys.example", role: str = "viewer"
) -> TeamInvitation:
    assert marketer.post("/app/team/invitations", {"email": email, "role": role}).status_code == 303
    session.rollback()
    return session.query(TeamInvitation).order_by(TeamInvitation.id.desc()).first()  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("role", "sees_form"), [("owner", True), ("admin", True), ("moderator", False), ("viewer", False)]
)
def test_everybody_sees_the_team_and_admins_manage_it(signed_in: SignIn, role: str, sees_form: bool) -> None:
    page = signed_in(role).get("/app/team")
    assert page.status_code == 200
    assert ("Invite somebody" in page.text) is sees_form


def test_an_invited_address_is_listed_and_can_be_sent_again_or_taken_back(owner: Marketer, session: Session) -> None:
    invitation = invitation_of(owner, session)
    assert invitation.email in owner.get("/app/team").text
    base = f"/app/team/invitations/{invitation.public_id}"
    assert owner.post(f"{base}/resend").status_code == 303
    assert owner.post(f"{base}/revoke").status_code == 303
    assert owner.post(f"{base}/revoke").status_code == 404
    assert "no longer works" in owner.get("/app/team").text


def test_inviting_known_and_unknown_addresses_looks_the_same(owner: Marketer, factories: Factories) -> None:
    factories.session.rollback()
    known = factories.member().user.email
    answers = [
        owner.post("/app/team/invitations", {"email": email, "role": "viewer"}) for email in (known, "nobody@b.example")
    ]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/app/team")] * 2


@pytest.mark.parametrize(
    ("email", "role", "words"),
    [
        ("", "viewer", "write an e-mail address"),
        ("not an address", "viewer", "does not look like"),
        ("a" * 100_000 + "@nordlys.example", "viewer", "too long"),
        ("new@nordlys.example\r\nBcc: x@evil.example", "viewer", "does not look like"),
        ("new@nordlys.example", "emperor", "Not a valid choice"),
    ],
)
def test_a_wrong_invitation_is_said_to_be_wrong(owner: Marketer, email: str, role: str, words: str) -> None:
    answer = owner.post("/app/team/invitations", {"email": email, "role": role})
    assert answer.status_code == 422
    assert words in answer.text


def test_a_member_is_not_invited_again(owner: Marketer) -> None:
    answer = owner.post("/app/team/invitations", {"email": owner.user.email, "role": "viewer"})
    assert answer.status_code == 422
    assert "in the team already" in answer.text


def test_an_admin_cannot_invite_an_owner(signed_in: SignIn) -> None:
    admin = signed_in("admin")
    assert admin.post("/app/team/invitations", {"email": "new@b.example", "role": "owner"}).status_code == 422


def test_a_role_is_changed(owner: Marketer, factories: Factories, session: Session) -> None:
    member = member_of(owner, factories)
    answer = owner.post(f"/app/team/{member.user.public_id}/role", {"role": "moderator"})
    assert answer.status_code == 303
    session.rollback()
    session.refresh(member)
    assert member.role == "moderator"
    assert owner.post(f"/app/team/{member.user.public_id}/role", {"role": "emperor"}).status_code == 422


def test_the_last_owner_stays(owner: Marketer) -> None:
    path = f"/app/team/{owner.user.public_id}"
    for answer in (owner.post(f"{path}/role", {"role": "viewer"}), owner.post(f"{path}/remove")):
        assert answer.status_code == 422
        assert "needs an owner" in answer.text


def test_an_admin_does_not_reach_an_owner(signed_in: SignIn, factories: Factories) -> None:
    admin = signed_in("admin")
    path = f"/app/team/{member_of(admin, factories, 'owner').user.public_id}"
    assert admin.post(f"{path}/role", {"role": "viewer"}).status_code == 403
    assert admin.get(f"{path}/remove").status_code == 403
    assert admin.post(f"{path}/remove").status_code == 403


def test_a_removed_member_is_out_with_their_next_request(app: Flask, owner: Marketer, factories: Factories) -> None:
    factories.session.rollback()
    member = Marketer.signed_in(app, factories, "admin", owner.company)
    assert member.get("/app/company").status_code == 200
    path = f"/app/team/{member.user.public_id}/remove"
    assert member.user.name in owner.get(path).text
    assert owner.post(path).status_code == 303
    assert member.get("/app/company").location == "/app/switch"
    assert member.post("/app/company", {"name": "Mine now"}).status_code == 403
    assert owner.company.name not in member.get("/app/switch").text
    assert member.post("/app/switch", {"company": owner.company.public_id}).status_code == 404


def test_a_demoted_member_may_less_with_their_next_request(app: Flask, owner: Marketer, factories: Factories) -> None:
    factories.session.rollback()
    member = Marketer.signed_in(app, factories, "admin", owner.company)
    owner.post(f"/app/team/{member.user.public_id}/role", {"role": "viewer"})
    assert member.post("/app/company", {"name": "Mine now"}).status_code == 403


def test_a_viewer_may_leave_but_not_remove(signed_in: SignIn, factories: Factories) -> None:
    viewer = signed_in("viewer")
    other = member_of(viewer, factories)
    assert viewer.post(f"/app/team/{other.user.public_id}/remove").status_code == 403
    assert "You lose access at once" in viewer.get(f"/app/team/{viewer.user.public_id}/remove").text
    assert viewer.post(f"/app/team/{viewer.user.public_id}/remove").location == "/app/switch"
    assert "You belong to no company" in viewer.get("/app/switch").text


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_who_does_not_run_the_team_changes_nothing(signed_in: SignIn, factories: Factories, role: str) -> None:
    marketer = signed_in(role)
    path = f"/app/team/{member_of(marketer, factories).user.public_id}"
    assert marketer.post("/app/team/invitations", {"email": "x@b.example", "role": "viewer"}).status_code == 403
    assert marketer.post(f"{path}/role", {"role": "admin"}).status_code == 403
    assert marketer.get("/app/team/audit").status_code == 403


def test_another_tenants_people_and_invitations_do_not_exist(
    signed_in: SignIn, owner: Marketer, session: Session
) -> None:
    invitation = invitation_of(owner, session)
    invitation_id, member_id = invitation.public_id, owner.user.public_id
    session.rollback()
    stranger = signed_in("owner")
    for form in ("/app/team/{}/role", "/app/team/{}/remove"):
        foreign = stranger.post(form.format(member_id), {"role": "viewer"})
        missing = stranger.post(form.format("missing"), {"role": "viewer"})
        assert foreign.status_code == missing.status_code == 404
        assert foreign.text == missing.text
    for act in ("resend", "revoke"):
        assert stranger.post(f"/app/team/invitations/{invitation_id}/{act}").status_code == 404
    assert "new@nordlys.example" in owner.get("/app/team").text
    assert "new@nordlys.example" not in stranger.get("/app/team").text


def test_the_trail_tells_who_did_what(owner: Marketer, factories: Factories, session: Session) -> None:
    member = member_of(owner, factories)
    path = f"/app/team/{member.user.public_id}"
    session.rollback()
    invitation_of(owner, session)
    owner.post(f"{path}/role", {"role": "moderator"})
    owner.post(f"{path}/remove")
    page = owner.get("/app/team/audit").text
    assert "invited new@nordlys.example as: Viewer" in page
    assert "from Viewer to Moderator" in page
    assert f"removed {member.user.email} from the team" in page


def test_the_trail_has_pages_and_shows_no_other_company(signed_in: SignIn, owner: Marketer, session: Session) -> None:
    for number in range(27):
        email = f"n{number}@nordlys.example"
        owner.post("/app/team/invitations", {"email": email, "role": "viewer"})
        owner.post("/app/team/invitations", {"email": email, "role": "viewer"})
    first = owner.get("/app/team/audit").text
    assert first.count("<time") == 50
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert owner.get(older).text.count("<time") == 4
    session.rollback()
    assert "nordlys.example as" not in signed_in("owner").get(older).text


@pytest.mark.parametrize("before", ["x", "-1", "99999999999999999999", "%00"])
def test_a_nonsense_page_of_the_trail_is_no_error(owner: Marketer, before: str) -> None:
    assert owner.get(f"/app/team/audit?before={before}").status_code in (200, 404)
