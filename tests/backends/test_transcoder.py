"""Real ffmpeg on friendly and hostile files."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from socialproof.backends.transcoder.ffmpeg import FfmpegTranscoder, find_ffmpeg
from socialproof.backends.transcoder.port import (
    REFUSALS,
    Recording,
    Transcoded,
    TranscoderFailed,
    VideoRefused,
    container_of,
)
from tests.clips import ffmpeg

Clip = Callable[..., Path]
EBML = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
FTYP = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def quiet(_share: float) -> None:
    """Progress that nobody looks at."""


def transcode(*segments: Path, folder: Path, max_seconds: float = 120, **known: Any) -> Transcoded:
    return FfmpegTranscoder().transcode(Recording(segments, max_seconds, **known), folder=folder, progress=quiet)


def refusal(*segments: Path, folder: Path, max_seconds: float = 120, **known: Any) -> str:
    with pytest.raises(VideoRefused) as refused:
        transcode(*segments, folder=folder, max_seconds=max_seconds, **known)
    assert refused.value.code in REFUSALS
    assert list(folder.glob("*.log")) == []
    return refused.value.code


def described(path: Path) -> str:
    """What ffmpeg says about a file."""
    return ffmpeg("-i", path, "-f", "null", "-")


def boxes(path: Path) -> list[str]:
    """The names of the top-level boxes of an MP4."""
    content, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        names.append(name.decode())
        at += max(size, 8)
    return names


@pytest.mark.parametrize("name", ["vp8-opus.webm", "h264-aac.mp4", "h264-aac.mov", "h264-opus.mkv"])
def test_what_browsers_and_phones_make_becomes_one_kind_of_video(clip: Clip, folder: Path, name: str) -> None:
    made = transcode(clip(name, seconds=2), folder=folder)
    words = described(made.files["video.mp4"])
    assert re.search(r"Video: h264 .*yuv420p", words)
    assert re.search(r"Audio: aac .*48000 Hz, stereo", words)
    assert (made.width, made.height, made.has_audio) == (320, 180, True)
    assert made.duration_seconds == pytest.approx(2, abs=0.2)
    assert boxes(made.files["video.mp4"])[:2] == ["ftyp", "moov"]
    with Image.open(made.files["poster.webp"]) as poster:
        assert (poster.format, poster.size) == ("WEBP", (320, 180))


def test_a_large_picture_becomes_720p(clip: Clip, folder: Path) -> None:
    made = transcode(clip("a.mp4", seconds=1, size="2560x1440"), folder=folder)
    assert (made.width, made.height) == (1280, 720)


def test_portrait_stays_portrait(clip: Clip, folder: Path) -> None:
    made = transcode(clip("a.mp4", seconds=1, size="1080x1920"), folder=folder)
    assert (made.width, made.height) == (720, 1280)


def test_a_rotated_phone_clip_stands_upright(clip: Clip, folder: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", clip("a.mp4", seconds=1), "-c", "copy", turned)
    made = transcode(turned, folder=folder)
    assert (made.width, made.height) == (180, 320)
    assert "rotation" not in described(made.files["video.mp4"])


def test_odd_sizes_become_even(folder: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.webm"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=321x241:d=1", "-c:v", "libvpx", "-deadline", "realtime", odd)
    made = transcode(odd, folder=folder)
    assert (made.width, made.height, made.has_audio) == (320, 240, False)


def test_a_browsers_file_without_a_length_gets_one(clip: Clip, folder: Path, tmp_path: Path) -> None:
    live = tmp_path / "live.webm"
    ffmpeg("-i", clip("a.webm", seconds=3), "-c", "copy", "-f", "webm", "-live", "1", live)
    assert "Duration: N/A" in described(live)
    assert transcode(live, folder=folder, recorded_seconds=3.1).duration_seconds == pytest.approx(3, abs=0.2)


def test_a_shorter_file_than_was_recorded_is_incomplete(clip: Clip, folder: Path, tmp_path: Path) -> None:
    live = tmp_path / "live.webm"
    ffmpeg("-i", clip("a.webm", seconds=3), "-c", "copy", "-f", "webm", "-live", "1", live)
    assert refusal(live, folder=folder, recorded_seconds=9.0) == "incomplete"


@pytest.mark.parametrize("name", ["cut.webm", "cut.mp4", "cut-fast-start.mp4"])
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_truncated_file_is_incomplete_and_never_whole(
    clip: Clip, folder: Path, tmp_path: Path, name: str, share: float
) -> None:
    extra = ("-movflags", "+faststart") if "fast" in name else ()
    whole = clip(name, seconds=8, extra=extra).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[: int(len(whole) * share)])
    assert refusal(cut, folder=folder) == "incomplete"


def test_a_poster_is_not_the_black_first_frame(folder: Path, tmp_path: Path) -> None:
    dark = tmp_path / "dark.mp4"
    graph = "color=black:s=320x180:d=1[a];color=red:s=320x180:d=1[b];[a][b]concat"
    ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-pix_fmt", "yuv420p", dark)
    with Image.open(transcode(dark, folder=folder).files["poster.webp"]) as poster:
        red, _green, _blue = poster.convert("RGB").getpixel((160, 90))  # type: ignore[misc]
    assert red > 150


def test_a_video_that_is_all_black_has_a_poster(folder: Path, tmp_path: Path) -> None:
    black = tmp_path / "black.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=320x180:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", black)
    assert transcode(black, folder=folder).files["poster.webp"].stat().st_size > 0


def test_no_location_and_no_title_reach_the_public_file(clip: Clip, folder: Path, tmp_path: Path) -> None:
    tagged = tmp_path / "tagged.mov"
    tags = ("location=+59.3293+018.0686/", "title=My home", "com.apple.quicktime.make=Phone")
    arguments = [word for tag in tags for word in ("-metadata", tag)]
    ffmpeg("-i", clip("a.mp4", seconds=1), "-c", "copy", *arguments, "-movflags", "use_metadata_tags", tagged)
    assert b"59.3293" in tagged.read_bytes()
    made = transcode(tagged, folder=folder)
    content = made.files["video.mp4"].read_bytes()
    for word in (b"59.3293", b"My home", b"Phone", b"\xa9xyz", b"loci"):
        assert word not in content
    with Image.open(made.files["poster.webp"]) as poster:
        assert not poster.getexif()


@pytest.mark.parametrize("name", ["sound.webm", "sound.mp4"])
def test_only_sound_becomes_a_video_with_a_drawn_picture(folder: Path, tmp_path: Path, name: str) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-strict", "-2", tmp_path / name)
    made = transcode(tmp_path / name, folder=folder)
    assert (made.is_audio, made.has_audio, made.width, made.height) == (True, True, 1280, 720)
    assert made.duration_seconds == pytest.approx(2, abs=0.3)
    with Image.open(made.files["poster.webp"]) as poster:
        assert poster.size == (1280, 720)
        assert len(poster.convert("L").getcolors() or []) > 5, "nothing is drawn"


def test_a_cover_picture_does_not_make_sound_a_video(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "cover.png")
    inputs = ("-f", "lavfi", "-i", "sine=d=1", "-i", tmp_path / "cover.png")
    ffmpeg(*inputs, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic", tmp_path / "a.mp4")
    assert transcode(tmp_path / "a.mp4", folder=folder).is_audio


def test_a_file_with_neither_picture_nor_sound_is_unreadable(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nHello\n")
    ffmpeg("-i", tmp_path / "words.srt", "-c:s", "mov_text", tmp_path / "words.mp4")
    assert refusal(tmp_path / "words.mp4", folder=folder) == "unreadable"


@pytest.mark.parametrize("name", ["many.webm", "many.mp4"])
def test_of_40_tracks_one_picture_and_one_sound_remain(clip: Clip, folder: Path, tmp_path: Path, name: str) -> None:
    many = tmp_path / name
    maps = ["-map", "0:v"] * 20 + ["-map", "0:a"] * 20
    ffmpeg("-i", clip(f"one{many.suffix}", seconds=1), *maps, "-c", "copy", many)
    words = described(transcode(many, folder=folder).files["video.mp4"])
    assert len(re.findall(r"Stream #0:\d+.*: Video", words.split("Output #0")[0])) == 1
    assert len(re.findall(r"Stream #0:\d+.*: Audio", words.split("Output #0")[0])) == 1


def test_one_frame_per_second_is_played(clip: Clip, folder: Path) -> None:
    made = transcode(clip("slow.mp4", seconds=4, rate=1), folder=folder)
    assert made.duration_seconds == pytest.approx(4, abs=1.1)


def test_a_picture_that_changes_its_size_is_played(clip: Clip, folder: Path, tmp_path: Path) -> None:
    """A phone that is turned while it records."""
    parts = [clip("a.webm", seconds=1, size="320x180"), clip("b.webm", seconds=1, size="180x320")]
    (tmp_path / "list").write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", tmp_path / "list", "-c", "copy", tmp_path / "turn.webm")
    made = transcode(tmp_path / "turn.webm", folder=folder)
    assert (made.width, made.height) == (320, 180)
    assert made.duration_seconds == pytest.approx(2, abs=0.3)


def test_too_long_is_refused_by_its_header_and_without_one(clip: Clip, folder: Path, tmp_path: Path) -> None:
    long = clip("long.webm", seconds=12, size="64x64", rate=5)
    assert refusal(long, folder=folder, max_seconds=5) == "too_long"
    live = tmp_path / "live.webm"
    ffmpeg("-i", long, "-c", "copy", "-f", "webm", "-live", "1", live)
    assert refusal(live, folder=folder, max_seconds=5) == "too_long"


def test_a_moment_more_than_the_limit_is_fine(clip: Clip, folder: Path) -> None:
    assert transcode(clip("a.webm", seconds=4), folder=folder, max_seconds=3).duration_seconds > 3.5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7\n",
        b"PK\x03\x04" + b"\x00" * 500,
        b"GIF89a" + b"<script>alert(1)</script>" * 20,
        EBML,
        EBML + b"<html><script>alert(1)</script>" * 50,
        FTYP,
        FTYP + b"<html><script>alert(1)</script>" * 50,
        FTYP + b"PK\x03\x04" * 500,
        FTYP + b"\x00\x00\x00\x01moov" + b"\xff" * 400,
        FTYP + b"\x7f\xff\xff\xffmoov" + b"\x00" * 400,
    ],
    ids=lambda content: repr(content[:12])[2:-1] + f" {len(content)}",
)
def test_what_is_no_video_is_refused(folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.webm").write_bytes(content)
    assert refusal(tmp_path / "a.webm", folder=folder) in ("unreadable", "incomplete")


@pytest.fixture
def ears() -> Iterator[tuple[int, list[object]]]:
    """A local port that remembers every knock."""
    heard: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection, address = listening.accept()
                except TimeoutError:
                    continue
                heard.append(address)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield listening.getsockname()[1], heard
        over.set()
        thread.join()


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1" mimeType="video/mp4"><BaseURL>http://127.0.0.1:{port}/a.mp4</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "SDP": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "a=control:rtsp://127.0.0.1:{port}/\r\nm=video {port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
    "concat": "ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.mp4\n",
}


@pytest.mark.parametrize("disguise", ["bare", "behind EBML", "behind ftyp"])
@pytest.mark.parametrize("kind", list(PLAYLISTS))
def test_playlists_named_webm_are_refused_and_no_request_leaves(
    folder: Path, tmp_path: Path, ears: tuple[int, list[object]], kind: str, disguise: str
) -> None:
    port, heard = ears
    head = {"bare": b"", "behind EBML": EBML + b"\n", "behind ftyp": FTYP + b"\n"}[disguise]
    (tmp_path / "a.webm").write_bytes(head + PLAYLISTS[kind].format(port=port).encode())
    assert refusal(tmp_path / "a.webm", folder=folder) in ("unreadable", "incomplete")
    time.sleep(0.15)
    assert heard == []


def test_a_track_that_lies_in_another_file_or_address_is_not_fetched(
    clip: Clip, folder: Path, tmp_path: Path, ears: tuple[int, list[object]]
) -> None:
    """QuickTime may say that its samples lie elsewhere (`dref`): a URL and a path are both left alone."""
    port, heard = ears
    content = clip("a.mp4", seconds=1).read_bytes()
    at = content.index(b"url \x00\x00\x00\x01")
    for target in (f"http://127.0.0.1:{port}/x".encode(), b"file:///etc/passwd"):
        entry = b"url \x00\x00\x00\x00" + target
        (tmp_path / "a.mov").write_bytes(content[:at] + entry + content[at + len(entry) :])
        with suppress(VideoRefused):
            transcode(tmp_path / "a.mov", folder=folder)
    time.sleep(0.15)
    assert heard == []


def test_a_bomb_of_16000_by_16000_is_refused_quickly(clip: Clip, folder: Path, tmp_path: Path) -> None:
    """A few kilobytes whose every VP8 key frame claims 16000 × 16000 pixels."""
    small = clip("small.webm", seconds=1, size="320x180").read_bytes()
    claim = b"\x9d\x01\x2a" + struct.pack("<HH", 320, 180)
    assert claim in small
    bomb = tmp_path / "bomb.webm"
    bomb.write_bytes(small.replace(claim, b"\x9d\x01\x2a" + struct.pack("<HH", 16000, 16000)))
    started = time.monotonic()
    assert refusal(bomb, folder=folder) == "too_large"
    assert time.monotonic() - started < 20


def test_a_picture_larger_than_any_phone_films_is_refused(clip: Clip, folder: Path) -> None:
    assert refusal(clip("huge.mp4", seconds=0.1, size="5120x2880"), folder=folder) == "too_large"


def test_codecs_that_no_camera_makes_are_refused(folder: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "flv1", odd)
    assert refusal(odd, folder=folder) == "unreadable"


def test_a_program_that_never_ends_is_ended(clip: Clip, folder: Path, tmp_path: Path) -> None:
    stuck = tmp_path / "stuck"
    stuck.write_text('#!/bin/sh\nsleep 300 &\necho $! > "$HOME/child"\nwait\n')
    stuck.chmod(0o755)
    transcoder = FfmpegTranscoder(str(stuck), look_seconds=0.5)
    with pytest.raises(VideoRefused, match="too_complex"):
        transcoder.transcode(Recording((clip("a.webm", seconds=1),), 10), folder, progress=quiet)
    child = int((folder / "child").read_text())
    time.sleep(0.1)
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_the_memory_limit_holds(clip: Clip, folder: Path) -> None:
    transcoder = FfmpegTranscoder(memory_bytes=180 * 1024 * 1024)
    with pytest.raises((VideoRefused, TranscoderFailed)):
        transcoder.transcode(Recording((clip("a.mp4", seconds=1, size="3840x2160"),), 10), folder, progress=quiet)


def test_an_ffmpeg_that_does_not_start_is_the_machines_fault(clip: Clip, folder: Path, tmp_path: Path) -> None:
    """As after a half finished upgrade: the same video is read when the machine is well again."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(TranscoderFailed, match="shared libraries"):
        FfmpegTranscoder(str(broken)).transcode(Recording((clip("a.mp4"),), 120), folder, progress=quiet)


def test_a_missing_ffmpeg_is_the_machines_fault(clip: Clip, folder: Path) -> None:
    with pytest.raises(TranscoderFailed, match="no ffmpeg"):
        FfmpegTranscoder("/no/such/ffmpeg").transcode(
            Recording((clip("a.webm", seconds=1),), 10), folder, progress=quiet
        )


def test_the_operators_ffmpeg_comes_first() -> None:
    assert find_ffmpeg("/bin/true") == "/bin/true"
    assert Path(find_ffmpeg()).is_file()


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (EBML, "matroska"),
        (FTYP, "mov"),
        (b"\x1a\x45\xdf\xa3 something else", None),
        (b"\x00\x00\x00\x04ftyp", None),
        (b"GIF89aftyp", None),
        (b"", None),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head: bytes, container: str | None) -> None:
    assert container_of(head) == container
