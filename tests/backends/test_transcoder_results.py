"""What comes out of a recording: two sizes, one loudness, the chosen frame, the sender's cut, pieces joined."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from socialproof.backends.transcoder import frames
from socialproof.backends.transcoder.ffmpeg import FfmpegTranscoder
from socialproof.backends.transcoder.port import Recording, Transcoded, VideoRefused
from socialproof.backends.transcoder.running import Runner
from tests.clips import ffmpeg

Clip = Callable[..., Path]
NAMES = ["video.mp4", "video-360.mp4", "poster.webp", "preview.webp"]
RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 128, 0), (0, 0, 255), (0, 0, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def transcode(*segments: Path, folder: Path, max_seconds: float = 120, **known: Any) -> Transcoded:
    return FfmpegTranscoder().transcode(Recording(segments, max_seconds, **known), folder, progress=lambda _share: None)


def refusal(*segments: Path, folder: Path, max_seconds: float = 120, **known: Any) -> str:
    with pytest.raises(VideoRefused) as refused:
        transcode(*segments, folder=folder, max_seconds=max_seconds, **known)
    return refused.value.code


@pytest.fixture
def colours(tmp_path: Path) -> Clip:
    """`colours("a.webm", "red", "green")` shows one plain colour each second, to a tone."""

    def make(name: str, *shown: str, size: str = "320x180", sound: bool = True) -> Path:
        sources = "".join(f"color={colour}:s={size}:r=25:d=1[c{n}];" for n, colour in enumerate(shown))
        labels = "".join(f"[c{n}]" for n in range(len(shown)))
        tone = ("-f", "lavfi", "-i", f"sine=d={len(shown)}") if sound else ()
        codecs = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")
        if name.endswith((".mp4", ".mov")):
            codecs = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
        ffmpeg("-f", "lavfi", "-i", f"{sources}{labels}concat=n={len(shown)}", *tone, *codecs, tmp_path / name)
        return tmp_path / name

    return make


def without_length(path: Path) -> Path:
    """As browsers write it."""
    live = path.with_name(f"live-{path.name}")
    ffmpeg("-i", path, "-c", "copy", "-f", "webm", "-live", "1", live)
    return live


def colour_at(video: Path, seconds: float, tmp_path: Path) -> tuple[int, ...]:
    """The mean colour of the frame that is shown then."""
    ffmpeg("-ss", seconds, "-i", video, "-frames:v", "1", "-vf", "scale=1:1:flags=area", tmp_path / "dot.png")
    with Image.open(tmp_path / "dot.png") as dot:
        found: Any = dot.convert("RGB").getpixel((0, 0))
    return tuple(found)


def is_near(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 50 for one, other in zip(found, wanted, strict=True))


def described(path: Path) -> str:
    return ffmpeg("-i", path, "-f", "null", "-")


def loudness(path: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dB."""
    words = ffmpeg("-i", path, "-map", "0:a", "-af", "ebur128=peak=true", "-f", "null", "-").rpartition("Summary:")[2]
    integrated, peak = re.search(r"I: +(\S+) LUFS", words), re.search(r"Peak: +(\S+) dBFS", words)
    assert integrated and peak
    return float(integrated[1]), float(peak[1])


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ("1920x1080", (1280, 720), (640, 360)),
        ("1080x1920", (720, 1280), (360, 640)),
        ("640x480", (640, 480), (480, 360)),
        ("320x180", (320, 180), (320, 180)),
    ],
)
def test_every_recording_has_two_sizes_a_poster_and_a_preview(
    clip: Clip, folder: Path, size: str, large: tuple[int, int], small: tuple[int, int]
) -> None:
    made = transcode(clip("a.mp4", seconds=1.2, size=size), folder=folder)
    assert list(made.files) == NAMES
    assert (made.width, made.height) == large
    assert made.details["small"] == {"width": small[0], "height": small[1]}
    for name, (width, height) in (("video.mp4", large), ("video-360.mp4", small)):
        words = described(made.files[name])
        assert re.search(rf"Video: h264 \(High\).*yuv420p.*\b{width}x{height}\b", words)
        assert re.search(r"Audio: aac .*48000 Hz, stereo", words)
        assert made.files[name].read_bytes().index(b"moov") < made.files[name].read_bytes().index(b"mdat")
    with Image.open(made.files["poster.webp"]) as poster, Image.open(made.files["preview.webp"]) as preview:
        assert poster.size == large
        assert preview.width == min(640, large[0])
        assert made.details["preview"] == {"width": preview.width, "height": preview.height}
        assert abs(preview.width / preview.height - large[0] / large[1]) < 0.02


def test_pixels_that_are_not_square_become_square(folder: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide.mp4"
    graph = "testsrc2=s=720x576:d=1,setsar=16/11"
    ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-pix_fmt", "yuv420p", wide)
    made = transcode(wide, folder=folder)
    assert (made.width, made.height) == (1046, 576)
    assert "[SAR 1:1" in described(made.files["video.mp4"])
    with Image.open(made.files["poster.webp"]) as poster:
        corner: Any = poster.convert("RGB").getpixel((4, 288))
    assert max(corner) > 60, "a black bar stands where the picture should"


@pytest.mark.parametrize(("rate", "shown"), [(60, "30"), (50, "25"), (25, "25"), (12, "12")])
def test_frames_are_left_out_evenly_above_30(clip: Clip, folder: Path, rate: int, shown: str) -> None:
    made = transcode(clip("a.mp4", seconds=1, rate=rate), folder=folder)
    assert f" {shown} fps" in described(made.files["video.mp4"])


@pytest.mark.parametrize("volume", ["0.1", "0.5", "4"])
def test_quiet_and_loud_recordings_sound_alike(folder: Path, tmp_path: Path, volume: str) -> None:
    source = tmp_path / "a.webm"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=160x90:d=5")
    # Noise in bursts, as speech is.
    noise = f"anoisesrc=d=5:c=pink:seed=7,volume='{volume}*(0.3+0.7*mod(floor(t*3),2))':eval=frame"
    ffmpeg(*picture, "-f", "lavfi", "-i", noise, "-c:v", "libvpx", "-c:a", "libopus", source)
    made = transcode(source, folder=folder)
    for name in ("video.mp4", "video-360.mp4"):
        integrated, peak = loudness(made.files[name])
        assert integrated == pytest.approx(-16, abs=1.2)
        assert peak < -0.3
    assert made.details["loudness"]["gain_db"] == pytest.approx(-16 - made.details["loudness"]["lufs"], abs=0.1)


def test_silence_stays_silence(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.webm"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:d=2", "-f", "lavfi", "-i", "anullsrc", "-t", "2", source)
    made = transcode(source, folder=folder)
    assert made.has_audio
    assert "loudness" not in made.details
    assert loudness(made.files["video.mp4"])[0] < -60


@pytest.mark.parametrize("name", ["a.webm", "a.mov"])
def test_a_cut_is_exact_and_leaves_the_source_alone(colours: Clip, folder: Path, tmp_path: Path, name: str) -> None:
    source = colours(name, "red", "green", "green", "blue")
    before = source.read_bytes()
    made = transcode(source, folder=folder, trim_start=1.0, trim_end=3.0, recorded_seconds=4.0)
    assert made.duration_seconds == pytest.approx(2, abs=0.08)
    for variant in ("video.mp4", "video-360.mp4"):
        for moment in (0, 1, 1.9):
            assert is_near(colour_at(made.files[variant], moment, tmp_path), GREEN)
    with Image.open(made.files["poster.webp"]) as poster:
        assert is_near(poster.convert("RGB").getpixel((9, 9)), GREEN)  # type: ignore[arg-type]
    assert source.read_bytes() == before


@pytest.mark.parametrize(("start", "end", "seconds", "first"), [(1.0, None, 2, GREEN), (None, 2.0, 2, RED)])
def test_a_cut_may_be_open_at_either_end(
    colours: Clip,
    folder: Path,
    tmp_path: Path,
    start: float | None,
    end: float | None,
    seconds: float,
    first: tuple[int, ...],
) -> None:
    source = without_length(colours("a.webm", "red", "green", "blue"))
    made = transcode(source, folder=folder, trim_start=start, trim_end=end, recorded_seconds=3.0)
    assert made.duration_seconds == pytest.approx(seconds, abs=0.12)
    assert is_near(colour_at(made.files["video.mp4"], 0, tmp_path), first)


def test_only_the_part_that_is_kept_counts_for_the_limit(clip: Clip, folder: Path) -> None:
    long = clip("a.webm", seconds=12, size="64x64", rate=5)
    made = transcode(long, folder=folder, max_seconds=5, trim_start=4.0, trim_end=9.0)
    assert made.duration_seconds == pytest.approx(5, abs=0.3)


def test_a_cut_does_not_hide_that_the_end_is_missing(clip: Clip, folder: Path) -> None:
    source = without_length(clip("a.webm", seconds=3))
    assert refusal(source, folder=folder, trim_start=1.0, trim_end=8.0, recorded_seconds=9.0) == "incomplete"


def test_a_cut_behind_the_end_is_refused(clip: Clip, folder: Path) -> None:
    assert refusal(clip("a.webm", seconds=2), folder=folder, trim_start=5.0, trim_end=7.0) == "unreadable"


def test_pieces_are_joined_in_their_order_in_the_frame_of_the_first(
    colours: Clip, folder: Path, tmp_path: Path
) -> None:
    pieces = [
        without_length(colours("a.webm", "red", "red")),
        without_length(colours("b.webm", "green", size="240x240")),
        colours("c.mov", "blue", size="180x320", sound=False),
    ]
    made = transcode(*pieces, folder=folder, recorded_seconds=4.0)
    video = made.files["video.mp4"]
    assert (made.width, made.height, made.has_audio) == (320, 180, True)
    assert made.duration_seconds == pytest.approx(4, abs=0.2)
    assert is_near(colour_at(video, 1.5, tmp_path), RED)
    ffmpeg("-ss", "2.5", "-i", video, "-frames:v", "1", tmp_path / "padded.png")
    with Image.open(tmp_path / "padded.png") as padded:
        frame = padded.convert("RGB")
        assert is_near(frame.getpixel((160, 90)), GREEN)  # type: ignore[arg-type]
        assert is_near(frame.getpixel((5, 90)), BLACK)  # type: ignore[arg-type]
    assert re.search(r"Duration: 00:00:0(3\.[89]|4)", described(video))


def test_a_piece_without_sound_is_silent_and_the_next_one_is_in_time(
    colours: Clip, folder: Path, tmp_path: Path
) -> None:
    made = transcode(colours("a.webm", "red", "red", sound=False), colours("b.webm", "blue"), folder=folder)
    words = ffmpeg("-i", made.files["video.mp4"], "-af", "silencedetect=n=-50dB:d=0.5", "-f", "null", "-")
    end = re.search(r"silence_end: (\S+)", words)
    assert end and float(end[1]) == pytest.approx(2, abs=0.1)


def test_a_piece_without_a_picture_has_a_calm_one(colours: Clip, sound: Clip, folder: Path, tmp_path: Path) -> None:
    made = transcode(colours("a.webm", "red"), sound("b.webm", seconds=2), folder=folder)
    assert not made.is_audio
    assert made.duration_seconds == pytest.approx(3, abs=0.2)
    assert is_near(colour_at(made.files["video.mp4"], 2, tmp_path), (0x23, 0x28, 0x2E))


def test_pieces_of_sound_become_one(sound: Clip, folder: Path) -> None:
    made = transcode(sound("a.webm"), sound("b.mp4"), folder=folder, trim_start=1.0, trim_end=3.5)
    assert made.is_audio
    assert made.duration_seconds == pytest.approx(2.5, abs=0.15)


def test_a_phone_that_is_turned_in_the_middle_of_a_piece_loses_nothing(
    clip: Clip, folder: Path, tmp_path: Path
) -> None:
    parts = [clip("a.webm", seconds=1, size="320x180"), clip("b.webm", seconds=1, size="180x320")]
    (tmp_path / "list").write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", tmp_path / "list", "-c", "copy", tmp_path / "turn.webm")
    made = transcode(tmp_path / "turn.webm", tmp_path / "turn.webm", folder=folder, trim_start=0.5)
    assert made.duration_seconds == pytest.approx(3.5, abs=0.2)


def test_a_piece_that_broke_off_and_was_continued_is_whole_if_its_length_is(clip: Clip, folder: Path) -> None:
    whole = clip("a.webm", seconds=4)
    broken = whole.with_name("broken.webm")
    broken.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    last = clip("b.webm", seconds=2)
    pieces = (without_length(last), without_length(last))
    assert transcode(*pieces, folder=folder, recorded_seconds=4.0).duration_seconds == pytest.approx(4, abs=0.3)
    assert refusal(broken, last, folder=folder, recorded_seconds=9.0) == "incomplete"


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_what_arrived_of_a_lost_recording_is_kept(clip: Clip, folder: Path, tmp_path: Path, container: str) -> None:
    """A browser's WebM, and the fragmented MP4 of Safari: any beginning of them can be read."""
    whole = clip(f"a.{container}", seconds=6, extra=("-movflags", "frag_keyframe+empty_moov", "-g", "10"))
    if container == "webm":
        whole = without_length(whole)
    cut = tmp_path / f"cut.{container}"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.5)])
    made = transcode(cut, folder=folder, recorded_seconds=30.0, is_partial=True)
    assert 1.5 < made.duration_seconds < 5
    assert refusal(cut, folder=folder, recorded_seconds=30.0) == "incomplete"


def test_less_than_a_second_of_a_lost_recording_is_not_enough(clip: Clip, folder: Path) -> None:
    assert refusal(clip("a.webm", seconds=0.5), folder=folder, is_partial=True) == "incomplete"


def test_a_lost_recording_that_cannot_be_read_is_refused(clip: Clip, folder: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip("a.mp4", seconds=2).read_bytes()[:5000])
    assert refusal(cut, folder=folder, is_partial=True) in ("incomplete", "unreadable")


def test_a_last_scrap_of_a_lost_recording_is_left_out(clip: Clip, folder: Path, tmp_path: Path) -> None:
    first, scrap = clip("a.webm", seconds=2), tmp_path / "scrap.webm"
    scrap.write_bytes(first.read_bytes()[:60])
    made = transcode(first, scrap, folder=folder, is_partial=True)
    assert made.duration_seconds == pytest.approx(2, abs=0.2)
    assert refusal(first, scrap, folder=folder) in ("incomplete", "unreadable")


def still(path: Path, image: Image.Image) -> Path:
    image.save(path)
    return path


def test_the_poster_is_neither_dark_nor_blown_nor_a_blur(tmp_path: Path) -> None:
    scene = Image.linear_gradient("L").resize((320, 180)).convert("RGB")
    draw = ImageDraw.Draw(scene)
    for step in range(0, 320, 16):
        draw.rectangle((step, step // 2, step + 60, step // 2 + 30), fill=(step % 200, 90, 160), outline="white")
    others = [
        Image.new("RGB", (320, 180), "black"),
        Image.new("RGB", (320, 180), "white"),
        scene.filter(ImageFilter.GaussianBlur(8)),
        scene.point(lambda level: level // 12),
        scene.point(lambda level: min(255, 215 + level // 4)),
    ]
    stills = [still(tmp_path / f"{n}.ppm", image) for n, image in enumerate([*others[:3], scene, *others[3:]])]
    assert frames.best(stills) == 3


def test_the_poster_is_the_frame_that_was_chosen(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.webm"
    blurred = "testsrc2=s=640x360:d=1:r=12,gblur=sigma=14[a]"
    graph = f"color=black:s=640x360:d=1:r=12[k];{blurred};testsrc2=s=640x360:d=1:r=12,hue=s=0[b];[k][a][b]concat=n=3"
    ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libvpx", "-b:v", "2M", source)
    made = transcode(source, folder=folder)
    with Image.open(made.files["poster.webp"]) as poster:
        red, green, blue = poster.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        assert max(red, green, blue) - min(red, green, blue) < 12, "the sharp part is the grey one"
    assert made.files["preview.webp"].stat().st_size <= frames.PREVIEW_BYTES


def test_a_preview_of_much_detail_is_small_all_the_same(folder: Path, tmp_path: Path) -> None:
    noise = Image.effect_noise((1280, 720), 60).filter(ImageFilter.GaussianBlur(1))
    frame = still(tmp_path / "frame.ppm", noise)
    assert frames.write_stills(frame, tmp_path / "poster.webp", tmp_path / "preview.webp") == (640, 360)
    assert (tmp_path / "preview.webp").stat().st_size < 2 * frames.PREVIEW_BYTES


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def test_no_place_no_name_and_no_chapter_reaches_any_file(clip: Clip, folder: Path, tmp_path: Path) -> None:
    chapters = tmp_path / "chapters"
    chapters.write_text(";FFMETADATA1\ntitle=My home\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=Kitchen\n")
    tagged = tmp_path / "tagged.mov"
    tags = ("location=+59.3293+018.0686/", "com.apple.quicktime.location.ISO6709=+59.3293+018.0686+028/")
    arguments = [word for tag in tags for word in ("-metadata", tag)]
    inputs = ("-i", clip("a.mp4", seconds=1), "-i", chapters, "-map_metadata", "1", "-map_chapters", "1")
    ffmpeg(*inputs, "-c", "copy", *arguments, "-movflags", "use_metadata_tags", tagged)
    xmp = b"<x:xmpmeta><exif:GPSLatitude>59,19.758N</exif:GPSLatitude></x:xmpmeta>"
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    with tagged.open("ab") as file:
        file.write(box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7+59.3293+018.0686/")) + box(b"uuid", uuid + xmp))
    words = (b"59.3293", b"59,19", b"My home", b"Kitchen", b"\xa9xyz", b"loci", b"xmpmeta", b"XMP_", b"ISO6709")
    assert all(word in tagged.read_bytes() for word in (b"59.3293", b"59,19", b"Kitchen"))
    made = transcode(tagged, folder=folder)
    for path in made.files.values():
        content = path.read_bytes()
        assert [word for word in words if word in content] == []
    assert "Chapter" not in described(made.files["video.mp4"])


def test_how_far_it_is_grows(clip: Clip, folder: Path) -> None:
    shares: list[float] = []
    recording = Recording((clip("a.webm", seconds=1),), 60)
    FfmpegTranscoder().transcode(recording, folder, progress=shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1


def test_who_does_not_want_to_wait_any_more_ends_the_work(clip: Clip, folder: Path, tmp_path: Path) -> None:
    """What `progress` raises comes through, and no ffmpeg works on."""
    stuck = tmp_path / "stuck"
    stuck.write_text(
        '#!/bin/sh\necho "out_time_us=1000000" > "$HOME/progress.log"\necho $$ > "$HOME/../pid"\nexec sleep 300\n'
    )
    stuck.chmod(0o755)

    class Enough(Exception):
        pass

    def enough(seconds: float) -> None:
        assert seconds == 1.0
        raise Enough

    with pytest.raises(Enough):
        Runner(str(stuck), folder, 10**9).run([], 60.0, enough)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert list(folder.iterdir()) == []
