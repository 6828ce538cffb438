"""How full a company's storage is, in numbers and words for its page."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import format_decimal
from flask_babel import gettext as _

from socialproof.companies.models import Company
from socialproof.database import db
from socialproof.media.queries import StorageUse, storage_use
from socialproof.settings import GIGABYTE, MEGABYTE
from socialproof.web import services

SCARCE, NEARLY_FULL = 0.80, 0.95


@dataclass(frozen=True)
class Meter:
    """What is stored and on its way, and what may be, all in bytes."""

    use: StorageUse
    most: int
    most_waiting: int

    @property
    def percent(self) -> int:
        """Of the fuller of the two limits, 0 to 100 in whole numbers."""
        return min(100, int(self._share * 100))

    @property
    def level(self) -> str:
        """good, caution or bad."""
        if self._share >= NEARLY_FULL:
            return "bad"
        return "caution" if self._share >= SCARCE else "good"

    @property
    def is_waiting_the_matter(self) -> bool:
        """Whether it helps to decide about what waits."""
        return self.use.waiting / self.most_waiting > self.use.stored / self.most

    @property
    def sentence(self) -> str:
        return str(
            _(
                "%(used)s of %(most)s, of which %(waiting)s wait for a decision.",
                used=weight(self.use.stored),
                most=weight(self.most),
                waiting=weight(self.use.waiting),
            )
        )

    @property
    def waiting_sentence(self) -> str:
        return str(_("At most %(most)s may wait for a decision at a time.", most=weight(self.most_waiting)))

    @property
    def _share(self) -> float:
        return max(self.use.stored / self.most, self.use.waiting / self.most_waiting)


def meter_of(company: Company) -> Meter:
    """As it is now."""
    settings = services().settings
    use = storage_use(db.session(), company.id)
    return Meter(use, settings.max_company_bytes, settings.max_waiting_bytes)


def weight(byte_count: int) -> str:
    """Bytes as a person reads them, such as 3.2 GB or 17 MB."""
    if byte_count >= GIGABYTE:
        return str(_("%(number)s GB", number=format_decimal(byte_count / GIGABYTE, format="#,##0.#")))
    return str(_("%(number)s MB", number=format_decimal(byte_count / MEGABYTE, format="#,##0")))
