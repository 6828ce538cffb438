"""Why a video could not be taken or read, in a sentence for the customer and the team."""

from collections.abc import Callable


def sentence(code: str, _: Callable[[str], str]) -> str:
    """The sentence for a code of `recording`, the storage port or the transcoder port, by the reader's gettext."""
    known = {
        "unreadable": _("This file could not be read as a video. Please record again or choose another file."),
        "incomplete": _("The recording is incomplete: its end is missing. Please record again."),
        "too_long": _("The video is longer than allowed. Please send a shorter one."),
        "too_large": _("The video is too large. Please send a shorter or smaller one."),
        "too_complex": _("The video took too long to read. Please record again or choose another file."),
        "empty": _("The file is empty. Please record again or choose another file."),
        "video_off": _("Videos are not asked for here. You can write instead."),
        "already_sent": _("You have already sent your testimonial. Thank you!"),
        "too_many": _("Too many attempts today. Please try again tomorrow, or write instead."),
        "storage_full": _("There is no room for videos at the moment. Please try again later, or write instead."),
        "storage_away": _("Videos cannot be taken for a moment. What you sent so far is kept, and we try again."),
        "company_full": _(
            "There is no room for more videos at this company. Please write instead, or try again in a few days."
        ),
        "company_busy": _("Very many people are sending videos right now. We try again in a minute."),
        "source_damaged": _("The video was damaged on its way. Please record again or choose another file."),
        "not_understood": _("The description of the video could not be read. Please send the video again."),
        "database_full": _("Nothing can be saved at the moment. What you sent so far is kept; please try again later."),
        "busy": _("Many people are sending right now. We try again in a moment."),
        "too_slow": _("The connection is very slow. We try this piece again."),
        "upload_unknown": _("This upload has ended. Please send the video again."),
        "upload_complete": _("This video has already arrived."),
        "upload_incomplete": _("Some of the video did not arrive. Please send it again."),
        "part_damaged": _("A piece of the video was damaged on its way. We send it again."),
        "part_conflict": _("This upload already holds another video. Please send the video again."),
        "length_required": _("The size of this piece was not announced."),
    }
    return known.get(code) or _("Something went wrong with the video. Please try again, or write instead.")
