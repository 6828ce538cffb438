"""Captions: words in time. What is written is read back, whatever somebody wrote or uploaded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from socialproof.domain import captions
from socialproof.domain.caption_files import MOST_BYTES, decoded, parse_srt, parse_vtt, read_file
from socialproof.domain.captions import Cue, Problem, cue, distribute, merge, nudge, problems, split, tidy, write_vtt
from socialproof.domain.errors import RuleBroken

HOSTILE = (
    "--></script><img src=x onerror=alert(1)>\n\n00:00:00.000 --> 00:00:09.000\nNOTE\x00 WEBVTT\r\rSTYLE ‮ <v Bo>&lt;"
)
TRANSCRIPT = (
    "Meillä oli ongelma. Kyllä. Soitimme tukeen ja he vastasivat tunnin sisällä, korjasivat sen samana päivänä, "
    "ja soittivat vielä seuraavana päivänä kysyäkseen toimiiko se.\n\nOlen todella tyytyväinen!"
)

seconds = some.integers(0, 400_000_000).map(lambda milliseconds: milliseconds / 1000)
words = some.text(max_size=60) | some.sampled_from([HOSTILE, "-->", "&amp;", "<i>a</i>", "1", "{\\an8}x", "a\\Nb"])
cues = some.builds(cue, seconds, seconds, words)


def broken_by(code: str) -> pytest.RaisesExc[RuleBroken]:
    return pytest.RaisesExc(RuleBroken, match=f"^{code}$")


# ---- the file that players read ------------------------------------------------------------------


@given(some.lists(cues.filter(lambda each: each.text), min_size=1, max_size=6))
def test_what_is_written_is_read_back_as_it_was(given_cues: list[Cue]) -> None:
    assert parse_vtt(write_vtt(given_cues)) == given_cues
    assert read_file(write_vtt(given_cues).encode()) == given_cues


@given(words)
def test_no_words_ever_make_a_second_cue(text: str) -> None:
    written = write_vtt([Cue(0, 1, text)])
    assert written.count("-->") == (1 if cue(0, 1, text).text else 0)
    payload = written.removeprefix("WEBVTT\n").strip().split("\n", 1)[-1]
    assert "<" not in payload.split("-->")[-1]
    assert "\n\n" not in payload


def test_a_file_says_hours_only_where_they_are_needed() -> None:
    assert write_vtt([cue(1, 2.5, "a\nb"), cue(3661, 3662.001, "c < d & e")]) == (
        "WEBVTT\n\n00:01.000 --> 00:02.500\na\nb\n\n01:01:01.000 --> 01:01:02.001\nc &lt; d &amp; e\n"
    )
    assert write_vtt([]) == "WEBVTT\n"


# ---- files from elsewhere ------------------------------------------------------------------------


@given(some.binary(max_size=400) | some.builds(lambda rest: b"WEBVTT\n\n00:01.000 --> " + rest, some.binary()))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        found = read_file(content)
    except RuleBroken as broken:
        assert broken.code.startswith("captions_")  # noqa: PT017
    else:
        assert found


@given(some.text() | some.lists(some.sampled_from(["1", "\n", "00:01,5 --> 1:02", "-->", "x", "NOTE"])).map("\n".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_vtt, parse_srt):
        try:
            assert parse(text)
        except RuleBroken as broken:
            assert broken.code.startswith("captions_")  # noqa: PT017


def test_a_webvtt_file_of_another_program_is_read() -> None:
    text = """\ufeffWEBVTT - made elsewhere\r
Kind: captions\r
\r
NOTE 00:00.000 --> 00:01.000\r
not words\r
\r
STYLE\r
::cue { color: red }\r
\r
first\r
00:01.000 --> 00:02.500 align:start position:10%\r
<v Åsa Öberg>Hej &amp; <i.loud>välkommen</i>,<00:02.000> <c.x>vänner</c>\r
I <3 kaffe\r
\r
01:00:03.000 --> 01:00:04.000\r
Tre&nbsp;gånger\r
"""
    assert read_file(text.encode()) == [
        Cue(1, 2.5, "Hej & välkommen, vänner\nI <3 kaffe"),
        Cue(3603, 3604, "Tre gånger"),
    ]


def test_a_subrip_file_is_read_however_it_was_made() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,500\n<font color=#fff>Hei</font>{\\an8}\n2\n0:03;5 --> 00:04.25\nMoi<br/>vaan\n"
    )
    assert read_file(text.encode()) == [Cue(1, 2.5, "Hei"), Cue(3.5, 4.25, "Moi\nvaan")]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso-8859-1"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_letters_are_right_in_every_encoding(encoding: str, end: str) -> None:
    """hostile case: UTF-16, Windows-1252 with åäö, BOM → right letters, never mojibake stored."""
    text = end.join(["1", "00:00:01,000 --> 00:00:02,000", "Räksmörgås på ön", ""])
    assert read_file(text.encode(encoding)) == [Cue(1, 2, "Räksmörgås på ön")]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"1\n00:01 --> 00:02\n\x81\x8d", b"\xef\xbb\xbf\xff"])
def test_what_is_in_no_known_encoding_is_refused(content: bytes) -> None:
    with broken_by("captions_encoding"):
        decoded(content)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("WEBVTT\n\n00:01.000 --> soon\nHei", "captions_time", 3),
        ("1\n00:00:01,000 -> 2\nHei\n\n2\n1 --> 2\nMoi", "captions_time", 6),
        ("\n\n00:01 --> 00:02\n" + "x" * 501, "captions_long", 3),
        ("WEBVTT\n\nOnly words", "captions_none_found", None),
        ("", "captions_none_found", None),
        ("00:01 --> 00:02\na\n\n" * 2001, "captions_many", None),
        ("00:01 --> 00:02\n" * 2001, "captions_many", None),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, code: str, line: int | None) -> None:
    with broken_by(code) as caught:
        read_file(text.encode())
    assert caught.value.details.get("line") == line


def test_a_large_file_is_refused_before_it_is_read() -> None:
    with broken_by("captions_large"):
        read_file(b"x" * (MOST_BYTES + 1))


# ---- times as people write them ------------------------------------------------------------------


@pytest.mark.parametrize("written", ["1:02.5", "62.5", "00:01:02,500", " 0:01:02;5 ", "62,500"])
def test_a_time_is_read_as_people_write_it(written: str) -> None:
    assert captions.read_time(written) == 62.5


@pytest.mark.parametrize(
    "written", ["", "x", "-1", "1:60", "1:60:00", "1e3", "１", "1:2:3:4", "nan", "9" * 30, "1.2.3"]
)
def test_what_is_no_time_is_none(written: str) -> None:
    assert captions.read_time(written) is None


@given(seconds)
def test_a_time_that_is_said_is_read_as_it_was(moment: float) -> None:
    assert captions.read_time(captions.say_time(moment)) == moment


# ---- from a transcript to cues -------------------------------------------------------------------


def test_a_transcript_is_cut_where_people_pause() -> None:
    made = distribute(TRANSCRIPT, 20)
    assert [each.text.replace("\n", " ") for each in made] == [
        "Meillä oli ongelma. Kyllä.",
        "Soitimme tukeen ja he vastasivat tunnin sisällä, korjasivat sen samana päivänä,",
        "ja soittivat vielä seuraavana päivänä kysyäkseen toimiiko se.",
        "Olen todella tyytyväinen!",
    ]
    assert all(len(line) <= 42 for each in made for line in each.text.split("\n"))
    assert (made[0].start, made[-1].end) == (0, 20)
    assert problems(made, 20) == []


@given(some.text(max_size=400), some.none() | some.floats(1, 600))
def test_every_transcript_becomes_cues_that_say_all_of_it(transcript: str, duration: float | None) -> None:
    made = distribute(transcript, duration)
    kept = "".join(captions.clean_words(transcript).split())
    assert "".join("".join(each.text.split()) for each in made) == kept
    assert all(len(each.text) <= captions.MOST_CHARACTERS for each in made)
    assert all(first.end == second.start for first, second in pairwise(made))


@pytest.mark.parametrize("transcript", ["x" * 60_000, "word " * 12_000, "a, " * 20_000, "Lentokone" * 20 + " on"])
def test_a_long_transcript_and_long_words_are_cut_too(transcript: str) -> None:
    made = distribute(transcript, 600)
    assert all(0 < len(each.text) <= 90 for each in made)


# ---- one cue -------------------------------------------------------------------------------------


def test_a_cue_is_split_at_the_cursor_and_shares_its_time() -> None:
    assert split(Cue(2, 6, "Hello there world again"), 6) == (
        Cue(2, 2.909, "Hello"),
        Cue(2.909, 6, "there world again"),
    )


def test_without_a_cursor_a_cue_is_split_at_a_blank_line_or_in_its_middle() -> None:
    assert [each.text for each in split(Cue(0, 4, "Hello\n\nthere world again"))] == ["Hello", "there world again"]
    assert [each.text for each in split(Cue(0, 4, "Hello there\nworld again"))] == ["Hello there", "world again"]


@pytest.mark.parametrize(("text", "at"), [("Hello", 0), ("Hello", 5), ("Hello", None), ("", None), ("Hello  ", 6)])
def test_a_cue_is_not_split_into_nothing(text: str, at: int | None) -> None:
    with broken_by("split_nowhere"):
        split(Cue(0, 1, text), at)


@given(cues, some.none() | some.integers(-5, 70))
def test_splitting_and_merging_lose_no_word(whole: Cue, at: int | None) -> None:
    try:
        first, second = split(whole, at)
    except RuleBroken:
        return
    assert "".join(merge(first, second).text.split()) == "".join(whole.text.split())
    assert first.end == second.start


def test_a_cue_is_moved_by_a_tenth_but_not_before_the_video() -> None:
    assert nudge(Cue(1, 2, "a"), start=0.1) == Cue(1.1, 2, "a")
    assert nudge(Cue(0.05, 2, "a"), start=-0.1, end=-0.1) == Cue(0, 1.9, "a")


# ---- all of them ---------------------------------------------------------------------------------


def test_what_cannot_be_read_is_a_problem_and_what_is_hard_to_read_a_caution() -> None:
    found = problems(
        [
            Cue(0, 2, "Fine"),
            Cue(1.5, 3, "Over the one before"),
            Cue(3, 3.2, "Hm"),
            Cue(4, 3.5, "Backwards"),
            Cue(5, 6, "Far too many words for a single second"),
            Cue(8, 9, ""),
            Cue(9, 11, "Behind the end"),
        ],
        10,
    )
    assert [(problem.index, problem.code, problem.is_hard) for problem in found] == [
        (1, "overlap", True),
        (2, "too_short", True),
        (3, "backwards", True),
        (4, "too_fast", False),
        (5, "empty", True),
        (6, "outside", True),
    ]
    assert problems([Cue(0, 10.2, "A moment behind the end")], 10) == []
    assert problems([Cue(0, 500, "Nobody knows how long it is")], None) == []


@given(some.lists(cues, max_size=8), some.none() | some.floats(0, 500_000))
def test_tidied_cues_stand_in_order_and_none_over_another(given_cues: list[Cue], duration: float | None) -> None:
    made = tidy(given_cues, duration)
    assert not [problem for problem in problems(made, None) if problem.code in ("overlap", "empty")]
    assert tidy(made, duration) == made
    assert Problem(0, "outside") not in problems(made, None)


def test_thousands_of_cues_that_begin_together_are_said_together_at_once() -> None:
    begun = [Cue(1, 2 + index / 1000, "some words " * 40) for index in range(2000)]
    (said,) = tidy(begun)
    assert (said.start, said.end, len(said.text.split())) == (1, 3.999, 160_000)
