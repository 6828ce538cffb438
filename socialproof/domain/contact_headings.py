"""What a column probably holds: by its heading as people and usual programs write it, else by what stands below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from socialproof.domain.contact import ATTRIBUTE, LONGEST_ATTRIBUTE_NAME, MOST_ATTRIBUTES, is_attribute
from socialproof.domain.contact_file import is_address
from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_line

IMPORT_FIELDS = (
    "email",
    "phone",
    "name",
    "first_name",
    "last_name",
    "role",
    "organisation",
    "language",
    "time_zone",
    "customer_since",
    "owner",
    "unsubscribed",
)
"""What a column may become; besides a free attribute, or nothing."""

_NAMES: dict[str, str] = {
    "email": "email, e-mail, mail, email address, e-mail address, e-mail 1 value, email 1, primary email, work email, "
    "person email, contact email, customer email, e-post, epost, epostadress, e-postadress, e-postadresse, mejl, "
    "mejladress, mailadress, mailadresse, mailadr, emailadresse, e-mailadresse, sähköposti, sähköpostiosoite, "
    "kontakt e-post, person email work",
    "phone": "phone, phone number, telephone, tel, mobile, mobile phone, mobile number, mobile phone number, cell, "
    "cell phone, phone 1 value, primary phone, person phone, person phone mobile, telefon, telefonnummer, tfn, "
    "mobil, mobilnummer, mobiltelefon, mobilnr, tlf, tlfnr, tlf nr, telefonnr, puhelin, puhelinnumero, matkapuhelin, "
    "gsm, puh",
    "name": "name, full name, contact, contact name, person, person name, customer, customer name, display name, "
    "namn, fullständigt namn, kontakt, kontaktnamn, kontaktperson, kund, kundnamn, navn, fulde navn, fullt navn, "
    "kontaktnavn, kunde, kundenavn, nimi, koko nimi, yhteyshenkilö, asiakas, asiakkaan nimi",
    "first_name": "first name, given name, forename, person first name, förnamn, fornavn, etunimi",
    "last_name": "last name, surname, family name, person last name, efternamn, efternavn, etternavn, sukunimi",
    "role": "role, title, job title, position, job, organization title, organization 1 title, roll, titel, "
    "befattning, yrkestitel, rolle, stilling, stillingsbetegnelse, tittel, rooli, titteli, ammattinimike, tehtävä, "
    "tehtävänimike, asema",
    "organisation": "organisation, organization, company, company name, account, account name, associated company, "
    "primary associated company, organization name, organization 1 name, person organization, employer, business, "
    "företag, företagsnamn, bolag, organisationsnamn, firma, firmanavn, firmanamn, virksomhed, virksomhet, selskab, "
    "selskap, bedrift, bedriftsnavn, yritys, yrityksen nimi, organisaatio",
    "language": "language, lang, locale, preferred language, contact language, språk, sprog, kieli, asiointikieli",
    "time_zone": "time zone, timezone, tz, tidszon, tidszone, tidssone, aikavyöhyke",
    "customer_since": "customer since, client since, became a customer date, became customer, start date, "
    "customer start date, contract start, kund sedan, kund från, kunde siden, kunde fra, kundestart, startdatum, "
    "startdato, asiakas alkaen, asiakkuus alkoi, asiakkuuden alku, asiakassuhde alkanut, asiakkuus alkaen",
    "owner": "owner, owner email, contact owner, account owner, account manager, person owner, deal owner, "
    "hubspot owner, ägare, ansvarig, kontaktägare, kundansvarig, ejer, ansvarlig, kontaktejer, kundeansvarlig, eier, "
    "kontakteier, omistaja, vastuuhenkilö, asiakasvastaava",
    "unsubscribed": "unsubscribed, unsubscribe, opted out, opt out, email opt out, opted out of email, "
    "has opted out of email, unsubscribed from all email, do not contact, do not email, avregistrerad, avanmäld, "
    "avprenumererad, ej utskick, afmeldt, frameldt, avmeldt, reservert, peruuttanut, kieltänyt, markkinointikielto, "
    "peruttu",
}


def _squeezed(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold())


_FIELDS = {_squeezed(name): field for field, names in _NAMES.items() for name in names.split(",")}
_FIELDS |= {_squeezed(field): field for field in IMPORT_FIELDS}


def guess_fields(headings: Sequence[str], columns: Sequence[Sequence[str]] = ()) -> dict[str, str]:
    """Field by column number, as text, for the columns that can be told; each field once, the first column wins.

    `columns`: some filled cells of each column, for a file whose headings tell nothing.
    """
    guessed: dict[str, str] = {}
    for index, heading in enumerate(headings):
        field = _guess(heading)
        if field and field not in guessed.values():
            guessed[str(index)] = field
    if "email" not in guessed.values():
        guessed |= _by_content(columns)
    return guessed


def _guess(heading: str) -> str:
    text = clean_line(heading)
    if is_attribute(text):
        return attribute_of(text.removeprefix(ATTRIBUTE))
    return _FIELDS.get(_squeezed(text), "")


def _by_content(columns: Sequence[Sequence[str]]) -> dict[str, str]:
    for index, cells in enumerate(columns):
        if cells and sum(map(is_address, cells)) * 2 > len(cells):
            return {str(index): "email"}
    return {}


def attribute_of(heading: str) -> str:
    """The word for a free attribute named like the column; "" where the heading leaves no name."""
    name = clean_line(clean_line(heading)[:LONGEST_ATTRIBUTE_NAME])
    return ATTRIBUTE + name if name else ""


def check_fields(fields: Sequence[str]) -> None:
    """What the columns may become together.

    RuleBroken: no_address (neither e-mail nor phone), field_twice (with `field`), name_twice, too_many_attributes.
    """
    if not {"email", "phone"} & set(fields):
        raise RuleBroken("no_address")
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice is not None:
        raise RuleBroken("field_twice", field=twice)
    if "name" in fields and {"first_name", "last_name"} & set(fields):
        raise RuleBroken("name_twice")
    if sum(map(is_attribute, fields)) > MOST_ATTRIBUTES:
        raise RuleBroken("too_many_attributes", most=MOST_ATTRIBUTES)
