"""What a campaign asks about, and on which day: rounds, milestones, events.

The rules that a marketer is told:

- A round begins on the day of the start and then every so many months. Dripping, each contact has its own place among
  the round's working days, the same in every round; whose place has passed already (it came later, or the campaign
  paused) gets one among the days that remain.
- A milestone is so many months after "customer since"; where a month has no such day, its last one. Milestones up to 30
  days before the start of the campaign, or before the contact was added, are still asked; older ones are not.
- An ask that would come more than 90 days late is not made.
- While an invitation of the campaign waits for a contact, no second one joins it: the next occasion's is made when the
  first has gone out. So a frequent campaign has one place in the contact's queue, like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from socialproof.domain.schedule import add_months, slot_of

GRACE = timedelta(days=30)
"""How long before the start a milestone may lie."""
LATEST = timedelta(days=90)
"""How late an ask may still be made; as long as its link lives."""
AHEAD = timedelta(days=1)
"""How early an ask is planned: where the contact lives, tomorrow may have begun."""


@dataclass(frozen=True, slots=True)
class Round:
    """From `first_on` up to, without, `until_on`."""

    first_on: date
    until_on: date


def round_of(started_on: date, every_months: int, today: date) -> Round:
    """The round that `today` lies in. All are counted from the start, so that short months do not shift them."""
    months = (today.year - started_on.year) * 12 + today.month - started_on.month
    number = max(0, months // every_months)
    if number and add_months(started_on, number * every_months) > today:
        number -= 1
    first, until = (add_months(started_on, each * every_months) for each in (number, number + 1))
    return Round(first, until)


def place_in_round(days: Sequence[date], contact_public_id: str, campaign_public_id: str, today: date) -> date:
    """The contact's day among the round's working `days`, from `today` on; today when none remains."""
    if not days:
        return today
    own = days[slot_of(contact_public_id, campaign_public_id, len(days))]
    if own >= today:
        return own
    # By another draw than the first, or all latecomers would crowd at the beginning of what remains.
    left = [day for day in days if day >= today]
    return left[slot_of(contact_public_id, f"{campaign_public_id}:late", len(left))] if left else today


def milestones_between(
    customer_since: date, milestones: Iterable[int], from_on: date, to_on: date
) -> Iterator[tuple[int, date]]:
    """Milestones that fall on a day from `from_on` to `to_on`, both included, with their day, earliest first."""
    for months in sorted(milestones):
        day = add_months(customer_since, months)
        if from_on <= day <= to_on:
            yield months, day
