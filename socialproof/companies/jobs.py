"""Mail to the team, and what is forgotten. Who writes a mail makes its single-use secret: no table ever holds one."""

from __future__ import annotations

from socialproof.backends.jobs.port import GiveUp, JobContext
from socialproof.backends.mail import MailRefused, Message, MessageMalformed, Rendered, render
from socialproof.companies import accounts, attempts, sessions
from socialproof.companies.accounts import open_password_reset
from socialproof.companies.models import TeamInvitation, User
from socialproof.companies.queries import user_by_email
from socialproof.companies.team import new_invitation_secret
from socialproof.languages import DEFAULT, known_language, translations
from socialproof.tokens import digest


def send_team_invitation(context: JobContext, *, team_invitation_id: int) -> None:
    """Mail a team invitation with a fresh link; nothing when it is no longer open."""
    with context.transaction() as session:
        invitation = session.get(TeamInvitation, team_invitation_id)
        secret = new_invitation_secret(session, invitation=invitation, now=context.now()) if invitation else None
        if invitation is None or secret is None:
            return
        invited = user_by_email(session, invitation.email)
        language = _language(invited.language if invited else "", invitation.company.default_language)
        words = render(
            "team_invitation",
            language,
            company=invitation.company.name,
            inviter=invitation.invited_by.name if invitation.invited_by else invitation.company.name,
            url=f"{context.settings.base_url}/app/join/{secret}",
            role=role_name(invitation.role, language),
        )
        to = invitation.email
    _send(context, words, to=to, key=f"team-invitation-{digest(secret)}", language=language)


def send_password_reset(context: JobContext, *, user_id: int) -> None:
    """Mail a password reset link; nothing for an address that nobody has."""
    with context.transaction() as session:
        user = session.get(User, user_id)
        secret = open_password_reset(session, user=user, now=context.now()) if user else None
        if user is None or secret is None:
            return
        language = _language(user.language, DEFAULT)
        url = f"{context.settings.base_url}/app/reset/{secret}"
        words = render("password_reset", language, url=url, name=user.name)
        to = user.email
    _send(context, words, to=to, key=f"password-reset-{digest(secret)}", language=language)


def forget(context: JobContext) -> None:
    """Let go of what signing in leaves behind once it serves nothing."""
    with context.transaction() as session:
        attempts.forget_old(session, now=context.now())
        sessions.forget_old(session, now=context.now())
        accounts.forget_resets(session, now=context.now())


def role_name(role: str, language: str) -> str:
    """The role's name in a language."""
    _ = translations(language).gettext
    names = {"owner": _("Owner"), "admin": _("Admin"), "moderator": _("Moderator"), "viewer": _("Viewer")}
    return names[role]


def _language(*wishes: str) -> str:
    return next(filter(None, map(known_language, wishes)), DEFAULT)


def _send(context: JobContext, words: Rendered, *, to: str, key: str, language: str) -> None:
    subject, text, html = words.subject, words.text, words.html
    message = Message(to=to, subject=subject, text=text, html=html, key=key, language=language)
    try:
        context.backends.mailer.send(message)
    except (MailRefused, MessageMalformed) as error:
        raise GiveUp(str(error)) from error
