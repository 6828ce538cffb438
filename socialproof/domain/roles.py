"""Which role may do what in one company. Roles are ordered: a higher one may do all that a lower one may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    MODERATOR = "moderator"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Place in the order, viewer lowest."""
        return _ORDER.index(self)

    def covers(self, other: Role) -> bool:
        """May somebody with this role do what `other` is asked for?"""
        return self.rank >= other.rank


_ORDER = (Role.VIEWER, Role.MODERATOR, Role.ADMIN, Role.OWNER)


def role_named(word: str | None) -> Role | None:
    """The role of that name, or None for a word that is no role."""
    try:
        return Role(word or "")
    except ValueError:
        return None


def grantable(by: Role) -> tuple[Role, ...]:
    """The roles that somebody may give to others: those who run the team, up to their own role, highest first."""
    if not by.covers(Role.ADMIN):
        return ()
    return tuple(role for role in reversed(_ORDER) if by.covers(role))


def may_manage(by: Role, of: Role) -> bool:
    """May somebody change or end a membership that now has role `of`? Nobody reaches above themselves."""
    return by.covers(Role.ADMIN) and by.covers(of)


def leaves_an_owner(owner_count: int, was: Role, becomes: Role | None) -> bool:
    """Has the company still an owner after this change? `becomes` is None when the member leaves."""
    if was is not Role.OWNER or becomes is Role.OWNER:
        return True
    return owner_count > 1
