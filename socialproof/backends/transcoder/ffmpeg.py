"""Video through ffmpeg: look at every segment, measure the loudness, make both videos in one run, choose a frame.

An exit code of zero proves nothing, so the lengths of what came out are compared with what went in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from socialproof.backends.transcoder import frames, graph
from socialproof.backends.transcoder.graph import Plan
from socialproof.backends.transcoder.port import (
    SNIFF_BYTES,
    Recording,
    Transcoded,
    TranscoderFailed,
    VideoRefused,
    container_of,
)
from socialproof.backends.transcoder.report import Look, Loudness, Report
from socialproof.backends.transcoder.running import Ran, Runner, find_ffmpeg, reading

__all__ = ["FfmpegTranscoder", "find_ffmpeg"]

MEMORY_BYTES = 3 * 1024**3
LOOK_SECONDS = 60.0
ENCODE_SECONDS = 240.0
"""Besides this, twelve seconds for every second allowed: 4K HEVC on a busy small machine needs about five."""
LONGER_SECONDS = 3.0
"""A recorder that stops at the limit writes a moment more than the limit."""
LEAST_SECONDS = 1.0
"""Of a recording whose end is known to be missing."""
MAX_SEGMENTS = 50
SAMPLES = 12
KEY_FRAMES_SECONDS = 45.0
"""A video of this length has key frames enough to choose a poster from them alone, which is far quicker."""

_WITHOUT_METADATA = (
    *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
)
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-g", "90", "-a53cc", "0", "-threads:v", "2")
_AAC = ("-c:a", "aac", "-ac", "2", "-ar", "48000")
_MP4 = ("-max_muxing_queue_size", "1024", "-movflags", "+faststart", "-f", "mp4", "-y")
_LARGE = ("-crf", "23", "-maxrate", "4M", "-bufsize", "8M", "-b:a", "128k")
_SMALL = ("-crf", "25", "-maxrate", "1M", "-bufsize", "2M", "-b:a", "96k")


@dataclass(frozen=True)
class _Segment:
    """One readable file of the recording."""

    container: str
    path: Path
    look: Look


class FfmpegTranscoder:
    """`program` is the operator's choice; else ffmpeg on PATH; else the binary that came with imageio-ffmpeg."""

    def __init__(
        self, program: str = "", *, memory_bytes: int = MEMORY_BYTES, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._program = program
        self._memory_bytes = memory_bytes
        self._look_seconds = look_seconds

    def transcode(self, recording: Recording, folder: Path, *, progress: Callable[[float], None]) -> Transcoded:
        """Make the four files in `folder`."""
        runner = Runner(self._program, folder, self._memory_bytes)
        try:
            return _Work(runner, recording, self._look_seconds, progress).done()
        except VideoRefused as refused:
            # To a program that does not even start, every video is unreadable.
            if refused.code == "unreadable":
                runner.require_working()
            raise


@dataclass(frozen=True)
class _Work:
    """One recording on its way through several runs in one folder."""

    runner: Runner
    recording: Recording
    look_seconds: float
    progress: Callable[[float], None]

    def done(self) -> Transcoded:
        segments = self._segments()
        plan = Plan(
            tuple(segment.look for segment in segments), self.recording.trim_start or 0.0, self.recording.trim_end
        )
        expected = plan.expected_seconds(self.recording.recorded_seconds)
        if plan.expected_seconds(None) > self.recording.max_seconds + LONGER_SECONDS:
            raise VideoRefused("too_long", f"{expected} s")
        self.progress(0.02)
        loudness = self._loudness(plan, segments)
        self.progress(0.06)
        ran = self._encode(plan, segments, graph.gain_db(loudness), expected)
        video, small = self._file("video.mp4"), self._file("video-360.mp4")
        made, made_small = self._look("mov", video), self._look("mov", small)
        self._check(made, expected, ran.report, len(segments))
        self._check(made_small, expected, ran.report, len(segments))
        self.progress(0.95)
        preview = self._stills(video, small, made.seconds or 0.0)
        return Transcoded(
            {name: self._file(name) for name in ("video.mp4", "video-360.mp4", "poster.webp", "preview.webp")},
            made.width,
            made.height,
            made.seconds or 0.0,
            has_audio=made.has_audio,
            is_audio=plan.is_audio,
            details={
                "small": {"width": made_small.width, "height": made_small.height},
                "preview": {"width": preview[0], "height": preview[1]},
                **({"loudness": _told(loudness)} if loudness else {}),
            },
        )

    def _file(self, name: str) -> Path:
        return self.runner.folder / name

    def _segments(self) -> list[_Segment]:
        if not 0 < len(self.recording.segments) <= MAX_SEGMENTS:
            raise VideoRefused("unreadable", f"{len(self.recording.segments)} segments")
        found: list[_Segment] = []
        for path in self.recording.segments:
            try:
                container = _container(path)
                found.append(_Segment(container, path, self._look(container, path)))
            except VideoRefused:
                # Of a recording that broke off, the last piece may be too short to be anything.
                is_scrap = self.recording.is_partial and found and path == self.recording.segments[-1]
                if not is_scrap:
                    raise
        return found

    def _look(self, container: str, path: Path) -> Look:
        """Decode one frame: sizes as shown (rotation applied), the length the header claims, and sound or none."""
        wanted = ["-map", "0:V:0", "-frames:v", "1", "-f", "null", "-"]
        ran = self.runner.run([*reading(container, path), *wanted], self.look_seconds)
        look = ran.report.look()
        if look is None and ran.report.has_no_picture():
            wanted = ["-map", "0:a:0", "-frames:a", "1", "-f", "null", "-"]
            look = self.runner.run([*reading(container, path), *wanted], self.look_seconds).report.heard()
        if look is None:
            raise VideoRefused(ran.report.refusal(), ran.report.last_line())
        return look

    def _loudness(self, plan: Plan, segments: list[_Segment]) -> Loudness | None:
        """Of the part that will be heard; None for silence. What cannot be measured is left as it is."""
        if not plan.has_audio:
            return None
        wanted = ["-filter_complex", graph.loudness_graph(plan), "-map", "[measured]", *self._at_most()]
        ran = self.runner.run([*_reading_all(segments), *wanted, "-f", "null", "-"], self._encode_seconds())
        return ran.report.loudness() if ran.code == 0 else None

    def _encode(self, plan: Plan, segments: list[_Segment], gain: float, expected: float) -> Ran:
        written = [word for text in graph.graphs(plan, gain) for word in ("-filter_complex", text)]
        for picture, sound, name, quality in (
            ("[large]", "[heard]", "video.mp4", _LARGE),
            ("[small]", "[heard_small]", "video-360.mp4", _SMALL),
        ):
            mapped = ["-map", picture, *(["-map", sound, *_AAC] if plan.has_audio else [])]
            # The drawn picture would go on for some frames.
            mapped += ["-shortest"] if plan.is_audio else []
            written += [*mapped, *_H264, *quality, *_WITHOUT_METADATA, *self._at_most(), *_MP4, str(self._file(name))]
        length = expected or self.recording.max_seconds
        ran = self.runner.run(
            [*_reading_all(segments), *written],
            self._encode_seconds(),
            lambda seconds: self.progress(0.06 + 0.89 * min(1.0, seconds / length)),
        )
        if ran.code != 0 or not self._file("video.mp4").is_file():
            raise VideoRefused(ran.report.refusal(), ran.report.last_line())
        return ran

    def _at_most(self) -> list[str]:
        return ["-t", str(self.recording.max_seconds + 2 * LONGER_SECONDS)]

    def _encode_seconds(self) -> float:
        return ENCODE_SECONDS + 12 * self.recording.max_seconds

    def _check(self, made: Look, expected: float, report: Report, segment_count: int) -> None:
        seconds = made.seconds or 0.0
        if seconds <= 0:
            raise VideoRefused("unreadable", "no length")
        if seconds > self.recording.max_seconds + LONGER_SECONDS:
            raise VideoRefused("too_long", f"{seconds} s")
        if self.recording.is_partial:
            if seconds < LEAST_SECONDS:
                raise VideoRefused("incomplete", f"{seconds} s")
            return
        if seconds < expected - max(1.5, expected * 0.05):
            raise VideoRefused("incomplete", f"{seconds} s of {expected} s")
        # What broke off and was continued may well end early before its last piece: there the length alone tells.
        if segment_count == 1 and report.saw_truncation():
            raise VideoRefused("incomplete", "the file ends early")

    def _stills(self, video: Path, small: Path, seconds: float) -> tuple[int, int]:
        """Write poster.webp and preview.webp of the best of a dozen frames; the size of the preview."""
        times, samples = self._samples(small, seconds)
        frame = self._file("frame.ppm")
        for moment in (times[frames.best(samples)] if samples else 0.0, 0.0):
            wanted = ["-map", "0:V:0", "-frames:v", "1", "-c:v", "ppm", "-f", "image2", "-update", "1", "-y"]
            seek = ("-ss", f"{max(0.0, moment - 0.004):.3f}")
            self.runner.run([*reading("mov", video, *seek), *wanted, str(frame)], self.look_seconds)
            if frame.is_file() and frame.stat().st_size:
                return frames.write_stills(frame, self._file("poster.webp"), self._file("preview.webp"))
        raise TranscoderFailed("no poster could be written")

    def _samples(self, video: Path, seconds: float) -> tuple[list[float], list[Path]]:
        """A dozen small frames from all over the video, and when they are shown; not of its very first moment."""
        options = ("-skip_frame", "nokey") if seconds >= KEY_FRAMES_SECONDS else ()
        first, step = seconds * 0.04, seconds / (SAMPLES + 1)
        chosen = rf"select=isnan(prev_selected_t)*gte(t\,{first:.3f})+gte(t-prev_selected_t\,{step:.3f})"
        wanted = ["-map", "0:V:0", "-vf", f"{chosen},showinfo=checksum=0,scale=320:-2", "-fps_mode", "passthrough"]
        written = ["-frames:v", str(SAMPLES), "-c:v", "ppm", "-f", "image2", "-y", str(self._file("sample-%02d.ppm"))]
        ran = self.runner.run([*reading("mov", video, *options), *wanted, *written], self.look_seconds)
        samples = sorted(self.runner.folder.glob("sample-*.ppm"))
        times = ran.report.frame_times()
        count = min(len(times), len(samples))
        return times[:count], samples[:count]


def _container(source: Path) -> str:
    with source.open("rb") as file:
        container = container_of(file.read(SNIFF_BYTES))
    if container is None:
        raise VideoRefused("unreadable", "neither EBML nor ftyp")
    return container


def _reading_all(segments: list[_Segment]) -> list[str]:
    words = []
    for segment in segments:
        # The filters of the graph take frames of changing sizes; a new graph would forget what it has joined and cut.
        words += reading(segment.container, segment.path, "-reinit_filter:v", "0")
    return words


def _told(loudness: Loudness) -> dict[str, float]:
    return {"lufs": loudness.integrated, "peak_db": loudness.peak, "gain_db": round(graph.gain_db(loudness), 2)}
