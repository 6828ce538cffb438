import pytest

from socialproof.domain.roles import Role, grantable, leaves_an_owner, may_manage, role_named


def test_a_higher_role_may_do_all_that_a_lower_one_may():
    order = [Role.VIEWER, Role.MODERATOR, Role.ADMIN, Role.OWNER]
    for place, role in enumerate(order):
        assert [role.covers(other) for other in order] == [index <= place for index in range(4)]


def test_nobody_gives_a_role_above_their_own():
    assert grantable(Role.OWNER) == (Role.OWNER, Role.ADMIN, Role.MODERATOR, Role.VIEWER)
    assert grantable(Role.ADMIN) == (Role.ADMIN, Role.MODERATOR, Role.VIEWER)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MODERATOR])
def test_only_those_who_run_the_team_give_roles(role):
    assert grantable(role) == ()
    assert not may_manage(role, Role.VIEWER)


def test_an_admin_does_not_touch_an_owner():
    assert not may_manage(Role.ADMIN, Role.OWNER)
    assert may_manage(Role.ADMIN, Role.ADMIN)
    assert may_manage(Role.OWNER, Role.OWNER)


def test_the_last_owner_stays_owner():
    assert not leaves_an_owner(1, Role.OWNER, None)
    assert not leaves_an_owner(1, Role.OWNER, Role.ADMIN)
    assert leaves_an_owner(1, Role.OWNER, Role.OWNER)
    assert leaves_an_owner(2, Role.OWNER, None)
    assert leaves_an_owner(1, Role.ADMIN, None)


@pytest.mark.parametrize("word", ["", None, "OWNER", "root", "viewer "])
def test_a_word_that_is_no_role_is_none(word):
    assert role_named(word) is None


def test_a_role_is_found_by_its_name():
    assert role_named("owner") is Role.OWNER
