"""A minute of 720p: our transcode against plain ffmpeg with the same settings, and from "send" to playable.

    python benchmarks/transcode.py [rounds] [seconds]

Plain ffmpeg makes the same two videos by the same filters and encoder settings in one run; ours also looks at the file,
measures its loudness, confines every run, checks the results and chooses a poster. Interleaved rounds, medians, by the
clock and by processor time. Then the same recording goes through the storage, the job table and a real `flask worker`.
The ratios are printed last (goals: ≥ 0.90 of plain ffmpeg; playable within 1.00 of the recording's length).
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from socialproof.backends.transcoder.ffmpeg import FfmpegTranscoder, find_ffmpeg  # noqa: E402
from socialproof.backends.transcoder.port import Recording  # noqa: E402

KEY = "a-secret-key-for-the-benchmark-only-012345"
X264 = "-c:v libx264 -preset veryfast -profile:v high -g 90 -threads:v 2"
AAC = "-c:a aac -ac 2 -ar 48000"
MP4 = "-map_metadata -1 -movflags +faststart -f mp4 -y"
PICTURES = (
    "[0:V:0]fps=30:start_time=0,scale=1280:720,format=yuv420p,split[large][to_shrink];[to_shrink]scale=640:360[small]"
)
SOUND = "[0:a:0]aresample=48000:async=1:first_pts=0,volume=5dB,alimiter=limit=0.84:level=0,asplit[heard][heard_small]"


def ffmpeg(*words: object) -> None:
    command = [find_ffmpeg(os.environ.get("FFMPEG", "")), "-hide_banner", "-nostdin", "-loglevel", "error"]
    subprocess.run([*command, *map(str, words)], check=True)


def make_source(folder: Path, seconds: int) -> Path:
    """As a browser records: VP8 and Opus in WebM, a moving picture with camera noise."""
    source = folder / "source.webm"
    picture = f"gradients=s=1280x720:n=4:speed=0.03:r=30:d={seconds}:seed=3,noise=alls=6:allf=t"
    sound = f"anoisesrc=d={seconds}:c=pink:a=0.2:seed=5"
    codecs = "-pix_fmt yuv420p -c:v libvpx -deadline realtime -cpu-used 8 -b:v 2500k -c:a libopus -y"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *codecs.split(), source)
    return source


def plain(source: Path, folder: Path) -> None:
    large = f"{X264} -crf 23 -maxrate 4M -bufsize 8M {AAC} -b:a 128k {MP4}".split()
    small = f"{X264} -crf 25 -maxrate 1M -bufsize 2M {AAC} -b:a 96k {MP4}".split()
    ffmpeg(
        *("-threads", "2", "-i", source, "-filter_complex", PICTURES, "-filter_complex", SOUND),
        *("-map", "[large]", "-map", "[heard]", *large, folder / "video.mp4"),
        *("-map", "[small]", "-map", "[heard_small]", *small, folder / "video-360.mp4"),
    )


def ours(source: Path, folder: Path) -> None:
    transcoder = FfmpegTranscoder(os.environ.get("FFMPEG", ""))
    transcoder.transcode(Recording((source,), 600), folder, progress=lambda _share: None)


def seconds_of(make: Callable[[Path, Path], None], source: Path) -> tuple[float, float]:
    """By the clock, and of processor time of this process and its children."""
    with tempfile.TemporaryDirectory() as folder:
        began, worked = time.perf_counter(), sum(os.times()[:4])
        make(source, Path(folder))
        return time.perf_counter() - began, sum(os.times()[:4]) - worked


def send_and_wait(source: Path, folder: Path) -> float:
    """Seconds from the commit of "send" until the video is ready, with the worker idle before."""
    from flask_migrate import upgrade
    from sqlalchemy.orm import Session

    from socialproof.app import create_app
    from socialproof.database import db, record, transaction
    from socialproof.domain.events import MediaUploaded
    from socialproof.settings import Settings
    from socialproof.web import EXTENSION
    from tests.factories import Factories

    env = {"SOCIALPROOF_SECRET_KEY": KEY, "SOCIALPROOF_DATA_DIR": str(folder), "PATH": os.environ["PATH"]}
    env |= {"FFMPEG": os.environ.get("FFMPEG", ""), "SOCIALPROOF_MAX_VIDEO_SECONDS": "600"}
    settings = replace(Settings.from_env(env), testing=True)
    app = create_app(settings)
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
        engine = db.engine
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(5)  # the worker has started and has done its hourly jobs
        with Session(engine, expire_on_commit=False) as session:
            factories, content = Factories(session), source.read_bytes()
            survey = factories.survey(max_video_seconds=600)
            digest = hashlib.sha256(content).hexdigest()
            media = factories.media(
                factories.response(survey), state="uploaded", byte_count=len(content), sha256=digest
            )
            with source.open("rb") as file:
                app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/source", file)
            with transaction(session):
                record(session, MediaUploaded(media.company_id, media.id))
            began = time.perf_counter()
            while media.state not in ("ready", "unreadable", "parked"):
                time.sleep(0.05)
                session.rollback()
                session.refresh(media)
            assert media.state == "ready", (media.state, media.reason)
            return time.perf_counter() - began
    finally:
        worker.terminate()
        worker.wait()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as name:
        source = make_source(Path(name), seconds)
        runs = {"plain ffmpeg": plain, "ours": ours}
        taken: dict[str, list[tuple[float, float]]] = {label: [] for label in runs}
        for _ in range(rounds):
            for label, make in runs.items():
                taken[label].append(seconds_of(make, source))
        pairs = list(zip(taken["plain ffmpeg"], taken["ours"], strict=True))
        by_clock, by_work = (statistics.median(one[n] / other[n] for one, other in pairs) for n in (0, 1))
        data = Path(name) / "data"
        data.mkdir()
        waited = send_and_wait(source, data)
    for label, found in taken.items():
        clock, work = (statistics.median(one[n] for one in found) for n in (0, 1))
        print(f"{label:13} {clock:6.1f} s, {seconds / clock:.1f} × real time; {work:.1f} s of processor time")
    print(f"send to playable {waited:.1f} s: {waited / seconds:.2f} of the recording's length (goal 1.00 or less)")
    print(f"ours is {by_clock:.2f} of plain ffmpeg by the clock, {by_work:.2f} by processor time (goal 0.90)")


if __name__ == "__main__":
    main()
