"""When a personal link answers, and who opens it."""

from datetime import UTC, datetime, timedelta

from socialproof.domain.invitation import LinkState, Opening, link_state, opened_by_machine

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def opened(*scores_at_seconds: tuple[int, float]) -> list[Opening]:
    return [Opening(score, NOON + timedelta(seconds=seconds)) for score, seconds in scores_at_seconds]


def test_a_new_link_is_live_until_it_expires() -> None:
    assert link_state(now=NOON, expires_at=NOON + HOUR) is LinkState.LIVE
    assert link_state(now=NOON, expires_at=None) is LinkState.LIVE
    assert link_state(now=NOON, expires_at=NOON) is LinkState.EXPIRED


def test_an_answered_link_stays_answered_when_its_time_is_over() -> None:
    assert link_state(now=NOON, expires_at=NOON - HOUR, answered_at=NOON - 2 * HOUR) is LinkState.ANSWERED


def test_a_revoked_link_is_revoked_even_when_answered() -> None:
    assert link_state(now=NOON, expires_at=None, revoked_at=NOON, answered_at=NOON) is LinkState.REVOKED


def test_the_link_of_a_deleted_contact_is_gone_before_anything_else() -> None:
    assert link_state(now=NOON, expires_at=None, revoked_at=NOON, contact_deleted=True) is LinkState.GONE


def test_all_eleven_links_within_a_second_are_a_machine() -> None:
    assert opened_by_machine(opened(*((score, score / 11) for score in range(11))))


def test_two_scores_a_minute_apart_are_a_machine_and_a_moment_later_a_person() -> None:
    assert opened_by_machine(opened((3, 0), (7, 60)))
    assert not opened_by_machine(opened((3, 0), (7, 60.001)))


def test_the_same_score_twice_is_a_person_who_reloads() -> None:
    assert not opened_by_machine(opened((7, 0), (7, 1), (7, 2)))


def test_the_order_in_which_openings_are_read_does_not_matter() -> None:
    assert opened_by_machine(opened((9, 50), (3, 0), (3, 1)))


def test_what_was_opened_before_a_human_act_is_forgiven() -> None:
    openings = opened((3, 0), (7, 1), (7, 120))
    assert opened_by_machine(openings)
    assert not opened_by_machine(openings, last_act_at=NOON + timedelta(seconds=100))
