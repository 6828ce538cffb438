"""The captions page's words: states, what is wrong with a cue, and why something was not done."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from socialproof.domain.captions import HARD, LONGEST_TRANSCRIPT, MOST_CHARACTERS, MOST_CUES
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.media.captions import is_only_heard
from socialproof.media.models import Captions
from socialproof.web import language

SPOKEN = (
    *("en", "sv", "da", "nb", "nn", "fi", "is", "fo", "se", "et", "lv", "lt", "de", "nl", "fr", "es", "pt", "it", "pl"),
    *("cs", "sk", "sl", "hr", "hu", "ro", "bg", "el", "uk", "ru", "tr", "ar", "fa", "so", "vi", "th", "zh", "ja", "ko"),
)
"""Languages that a video may be spoken in: more than the product speaks itself."""

PROBLEMS = {
    "time": _l("A time is written such as 1:02.5, or 62.5 for seconds."),
    "empty": _l("It has no words yet."),
    "backwards": _l("It ends before it begins."),
    "too_short": _l("It is shorter than 0.3 seconds."),
    "too_long": _l("It has more than 500 characters."),
    "outside": _l("It lies outside the video."),
    "overlap": _l("It begins before the one above has ended."),
    "too_fast": _l("Fast: more than 25 characters a second are hard to read."),
}

REFUSALS = {
    "time": _l("One of the times cannot be read. It is marked below."),
    "captions_none": _l("There are no captions yet. Write what is said, or say that nobody speaks."),
    "captions_problems": _l("These captions cannot be read as they stand. Please look at the marked ones."),
    "captions_speak": _l("There are captions, so somebody seems to speak."),
    "captions_encoding": _l("The letters of this file could not be read. Please save it as UTF-8 and try again."),
    "captions_none_found": _l("This file holds no captions. Please choose a .vtt or .srt file."),
    "captions_large": _l("This file is too large for captions: at most 1 MB."),
    "no_file": _l("Please choose a file first."),
    "no_transcript": _l("Please write or paste what is said first."),
    "split_nowhere": _l("This caption cannot be split there: one of the two would have no words."),
    "merge_last": _l("There is no caption below this one."),
}


def refusal(broken: RuleBroken) -> str:
    """Why something was not done, as a sentence."""
    if isinstance(broken, Conflict):
        return _conflict(broken)
    line = broken.details.get("line")
    if broken.code == "captions_time":
        return str(_("Line %(line)s of the file: this is no time. Nothing was taken from it.", line=line))
    if broken.code == "captions_long" and line:
        most = MOST_CHARACTERS
        return str(_("Line %(line)s of the file: a caption has at most %(most)s characters.", line=line, most=most))
    if broken.code == "captions_long":
        return str(_("A caption has at most %(most)s characters.", most=MOST_CHARACTERS))
    if broken.code == "captions_many":
        return str(_("A video has at most %(most)s captions.", most=MOST_CUES))
    if broken.code == "transcript_long":
        return str(_("What is said has at most %(most)s characters.", most=LONGEST_TRANSCRIPT))
    return str(REFUSALS.get(broken.code) or _("This could not be done."))


def _conflict(conflict: Conflict) -> str:
    if not conflict.by:
        return str(_("Somebody changed these captions while you were working. Yours are not saved yet."))
    return str(_("%(name)s changed these captions while you were working. Yours are not saved yet.", name=conflict.by))


def badge(captions: Captions | None) -> tuple[str, str]:
    """The state of a video's captions: the modifier of its badge and the words in it."""
    if captions is None:
        return "caution", str(_("No captions yet"))
    if captions.state == "no_speech":
        return "good", str(_("Nobody speaks"))
    if captions.state == "reviewed":
        return "good", _reviewed(captions)
    if is_only_heard(captions):
        return "caution", str(_("Drafted by speech recognition – please check"))
    return "caution", str(_("Draft, not checked yet"))


def _reviewed(captions: Captions) -> str:
    if captions.reviewed_at is None:
        return str(_("Checked"))
    day = language.day(captions.reviewed_at)
    if captions.reviewed_by is None:
        return str(_("Checked on %(day)s", day=day))
    return str(_("Checked by %(name)s on %(day)s", name=captions.reviewed_by.name, day=day))


def for_templates() -> dict[str, object]:
    """The words that the page's templates look up."""
    return {"PROBLEMS": PROBLEMS, "HARD": (*HARD, "time"), "SPOKEN": SPOKEN, "badge": badge}
