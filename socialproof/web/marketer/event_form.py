"""The form "note what happened": its name, and when by the company's clock."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, StringField, SubmitField, TimeField
from wtforms.validators import InputRequired

from socialproof.domain.customer_event import MOST_LETTERS
from socialproof.domain.errors import RuleBroken
from socialproof.domain.schedule import zone_of
from socialproof.domain.text import clean_line
from socialproof.web.marketer.fields import one_line


class EventForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("What happened?"),
        [InputRequired(_l("Please say what happened.")), one_line(MOST_LETTERS)],
        filters=[lambda typed: clean_line(typed or "")],
    )
    day = DateField(_l("Day"), [InputRequired(_l("Please fill this in."))])
    time = TimeField(_l("Time"), [InputRequired(_l("Please fill this in."))])
    send = SubmitField(_l("Note it"))

    @classmethod
    def at(cls, moment: datetime, zone: str) -> EventForm:
        """The empty form, at this moment of that zone's clock."""
        local = moment.astimezone(zone_of(zone))
        return cls(formdata=None, data={"day": local.date(), "time": local.time()})

    def happened_at(self, zone: str) -> datetime:
        """The moment that was typed, in UTC; RuleBroken("happened_too_early") for one that no calendar has."""
        try:
            return datetime.combine(self.day.data, self.time.data, zone_of(zone)).astimezone(UTC)
        except OverflowError:
            raise RuleBroken("happened_too_early") from None
