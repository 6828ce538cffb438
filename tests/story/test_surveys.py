"""A survey is made, worded, opened and closed; each act leaves a trace."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from socialproof.companies.models import AuditEntry
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import SurveyChanged
from socialproof.domain.survey import SurveyRefused
from socialproof.languages import LANGUAGES
from socialproof.surveys import service
from socialproof.surveys.catalogue import survey_of, surveys_of
from socialproof.surveys.service import SurveySettings
from socialproof.surveys.wording import WORDING_FIELDS, wording_for


@pytest.fixture
def acting(factories):
    member = factories.member("admin", factories.company(name="Nordlys Kaffe AB"))
    return {"user": member.user, "now": factories.now}


@pytest.fixture
def survey(session, factories, acting):
    company = factories.company(name="Nordlys Kaffe AB")
    made = service.create_survey(session, company=company, name="Yearly", kind="relationship", language="sv", **acting)
    session.commit()
    return made


def words(**said):
    return {name: [] if name == "testimonial_prompts" else "" for name in WORDING_FIELDS} | said


def reword(session, survey, acting, answers=0, is_understood=False, language="en", **said):
    return service.change_wording(
        session,
        survey=survey,
        language=language,
        words=words(**said),
        answers=answers,
        is_understood=is_understood,
        **acting,
    )


def test_a_new_survey_is_a_draft_that_speaks_every_language(session, survey):
    assert (survey.state, survey.default_language) == ("draft", "sv")
    for language in LANGUAGES:
        found = wording_for(survey, language)
        assert "Nordlys Kaffe AB" in found.question
        assert all(getattr(found, name) for name in WORDING_FIELDS)


def test_own_words_replace_the_standard_ones_field_by_field_and_language_by_language(session, survey, acting):
    reword(session, survey, acting, question="Would you send a friend?", testimonial_prompts=["How was it?"])
    session.commit()
    english, swedish = wording_for(survey, "en"), wording_for(survey, "sv")
    assert english.question == "Would you send a friend?"
    assert english.testimonial_prompts == ["How was it?"]
    assert english.why_nine == "What was missing for a 10?"
    assert swedish.question != english.question


def test_emptied_words_go_back_to_the_standard_ones(session, survey, acting):
    standard = wording_for(survey, "en")
    reword(session, survey, acting, question="Mine", thanks_promoter="Cheers")
    reword(session, survey, acting)
    assert wording_for(survey, "en") == standard


def test_a_question_with_answers_is_not_changed_silently(session, survey, acting):
    with pytest.raises(RuleBroken, match="comparability"):
        reword(session, survey, acting, answers=7, question="Another question?")
    assert reword(session, survey, acting, answers=7, why_ten="What else?")
    both = {"question": "Another question?", "why_ten": "What else?"}
    assert reword(session, survey, acting, answers=7, is_understood=True, **both)
    trace = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert trace.details == {
        "survey": survey.public_id,
        "language": "en",
        "before": {"question": ""},
        "answers": 7,
    }


def test_saving_the_same_words_changes_nothing(session, survey, acting):
    assert reword(session, survey, acting, question="Mine")
    assert not reword(session, survey, acting, question="Mine")
    assert not reword(session, survey, acting, language="fi")
    assert len(survey.wordings) == 1


def test_every_change_is_told_to_whoever_listens(session, survey, acting):
    session.info.pop("events", None)
    service.open_survey(session, survey=survey, **acting)
    service.change_settings(session, survey=survey, settings=SurveySettings(name="Renamed"), **acting)
    service.close_survey(session, survey=survey, **acting)
    heard = session.info.pop("events")
    assert heard == [SurveyChanged(survey.company_id, survey.id)] * 3
    actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["survey.created", "survey.opened", "survey.changed", "survey.closed"]


def test_a_closed_survey_opens_again_and_remembers_when_it_first_did(session, survey, acting):
    service.open_survey(session, survey=survey, **acting)
    service.close_survey(session, survey=survey, **acting)
    assert survey.closed_at == acting["now"]
    service.open_survey(session, survey=survey, **acting)
    assert (survey.state, survey.closed_at, survey.opened_at) == ("open", None, acting["now"])
    with pytest.raises(RuleBroken, match="already_open"):
        service.open_survey(session, survey=survey, **acting)


def test_a_name_longer_than_120_characters_is_refused(session, survey, acting):
    with pytest.raises(SurveyRefused, match="name_too_long"):
        service.change_settings(session, survey=survey, settings=SurveySettings(name="n" * 121), **acting)


def test_a_survey_of_another_company_is_not_found(session, factories, survey):
    stranger = factories.company()
    assert survey_of(session, stranger.id, survey.public_id) is None
    assert survey_of(session, survey.company_id, survey.public_id) is survey
    assert list(surveys_of(session, stranger.id)) == []
