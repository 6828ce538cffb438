"""The company's own settings: name, website, colour, logo, language, number of customers."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, StringField, SubmitField
from wtforms.validators import StopValidation

from socialproof import clock
from socialproof.backends.images.logo import MAX_LOGO_BYTES, make_logo
from socialproof.backends.images.photo import ImageRefused
from socialproof.backends.storage.port import StorageFull
from socialproof.companies import service
from socialproof.companies.models import Company
from socialproof.database import new_public_id, transaction
from socialproof.domain.addresses import website_url
from socialproof.domain.colour import brand_colour
from socialproof.domain.roles import Role
from socialproof.web import services
from socialproof.web.files import send_logo
from socialproof.web.marketer.access import current, may, role_required, takes
from socialproof.web.marketer.entering import see
from socialproof.web.marketer.fields import language_field, name_field
from socialproof.web.marketer.storage_meter import meter_of

blueprint = Blueprint("company", __name__, url_prefix="/company")

MOST_CUSTOMERS = 2_000_000_000


def _is_website(_form: Form, field: Field) -> None:
    if (field.data or "").strip() and website_url(field.data) is None:
        raise StopValidation(_("Please write a web address such as https://www.example.com."))


def _is_colour(_form: Form, field: Field) -> None:
    if brand_colour(field.data or "") is None:
        raise StopValidation(_("Please write a colour such as #1f5c4d."))


def _is_count(_form: Form, field: Field) -> None:
    digits = _digits(field.data)
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) < 11 and _fits(int(digits))):
        raise StopValidation(_("Please write a whole number, or nothing."))


class CompanyForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name"))
    website_url = StringField(_l("Website"), [_is_website])
    brand_color = StringField(_l("Brand colour"), [_is_colour])
    default_language = language_field(_l("Language of new surveys"))
    customer_count = StringField(_l("Number of customers"), [_is_count])
    send = SubmitField(_l("Save"))


@blueprint.get("")
@role_required(Role.VIEWER)
def show() -> Response:
    """The settings; who may not change them reads them."""
    return _page(CompanyForm(formdata=None, obj=current().company))


@blueprint.post("")
@role_required(Role.ADMIN)
def change() -> Response:
    """Save the settings."""
    form = CompanyForm()
    if not form.validate():
        return _page(form, 422)
    with transaction() as session:
        service.change_company(
            session,
            company=current().company,
            user=current().user,
            name=form.name.data,
            website_url=website_url(form.website_url.data or "") or "",
            brand_color=brand_colour(form.brand_color.data) or "",
            default_language=form.default_language.data,
            customer_count=int(_digits(form.customer_count.data) or 0) or None,
            now=clock.now(),
        )
    flash(_("Saved."), "good")
    return see("/app/company")


@blueprint.post("/logo")
@role_required(Role.ADMIN)
@takes(MAX_LOGO_BYTES + 100_000)
def upload_logo() -> Response:
    """Take a picture as the logo; it is encoded anew, nothing of the sent file is kept."""
    sent = request.files.get("logo")
    try:
        if sent is None or not sent.filename:
            raise ImageRefused("empty")
        picture = make_logo(sent.stream)
        key = f"companies/{current().company.public_id}/logo/{new_public_id()}.webp"
        services().backends.storage.put(key, BytesIO(picture))
    except (ImageRefused, StorageFull) as refused:
        form = CompanyForm(formdata=None, obj=current().company)
        return _page(form, 422, logo_error=_logo_words(refused.code))
    _replace_logo(key)
    flash(_("The new logo is in place."), "good")
    return see("/app/company")


@blueprint.post("/logo/remove")
@role_required(Role.ADMIN)
def remove_logo() -> Response:
    """Show the name alone again."""
    _replace_logo("")
    flash(_("The logo is removed."), "good")
    return see("/app/company")


@blueprint.get("/logo")
@role_required(Role.VIEWER)
def logo() -> Response:
    """The logo for the team's own pages."""
    return send_logo(current().company.logo_key, caching="private, no-cache")


def _replace_logo(key: str) -> None:
    with transaction() as session:
        company, user = current().company, current().user
        former = service.change_logo(session, company=company, user=user, logo_key=key, now=clock.now())
    if former:
        services().backends.storage.delete(former)


def _logo_words(code: str) -> str:
    words: dict[str, str] = {
        "empty": _("Please choose a picture."),
        "too_large": _("That file is too large: at most 5 MB."),
        "too_many_pixels": _("That picture is too large. Please make it smaller."),
        "animated": _("A moving picture cannot be a logo."),
        "storage_full": _("There is no room for files at the moment. The logo was not changed."),
    }
    return words.get(code) or _("This file could not be read as a picture. PNG, JPEG and WebP work.")


def _digits(typed: str | int | None) -> str:
    """A number without the spaces and marks that people put between thousands."""
    return "".join(letter for letter in str(typed or "") if letter not in " \u00a0\u202f.,'’")


def _fits(count: int) -> bool:
    return count <= MOST_CUSTOMERS


def _page(form: CompanyForm, status: int = 200, logo_error: str = "") -> Response:
    company: Company = current().company
    html = render_template(
        "marketer/company/show.html",
        form=form,
        company=company,
        logo_error=logo_error,
        meter=meter_of(company),
        locked={} if may(Role.ADMIN) else {"disabled": True},
    )
    return make_response(html, status)
