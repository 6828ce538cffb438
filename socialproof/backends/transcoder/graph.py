"""The filter graph of one recording: segments joined, cut, fitted, levelled, and split for two sizes.

Labels: [large] [small] pictures, [heard] [heard_small] sound. Pictures and sound of a single file are separate graphs,
so that a change in the one never restarts the other.
"""

from dataclasses import dataclass
from math import inf

from socialproof.backends.transcoder.report import LARGE, SMALL, Look, Loudness

TARGET_LUFS = -16.0
PEAK_DB = -1.5
MOST_GAIN_DB = 24.0
"""A room in which nobody speaks is not made to roar."""
GROUND, LINE = "0x23282e", "0x9fb4ac"
WAVE_RATE = 15
_WAVE_HEIGHT = 240


@dataclass(frozen=True)
class Plan:
    """What is made of the segments, in their order. Times in seconds of the whole recording."""

    looks: tuple[Look, ...]
    trim_start: float = 0.0
    trim_end: float | None = None

    @property
    def is_audio(self) -> bool:
        """No segment has a picture."""
        return not any(look.has_picture for look in self.looks)

    @property
    def has_audio(self) -> bool:
        return any(look.has_audio for look in self.looks)

    @property
    def rate(self) -> float:
        """Frames per second."""
        return WAVE_RATE if self.is_audio else next(look.rate for look in self.looks if look.has_picture)

    @property
    def size(self) -> tuple[int, int]:
        """Of video.mp4: the first picture's, fitted."""
        return LARGE if self.is_audio else next(look.fitted() for look in self.looks if look.has_picture)

    @property
    def small_size(self) -> tuple[int, int]:
        """Of video-360.mp4."""
        width, height = self.size
        return Look(width, height, None, False).fitted(SMALL)

    def expected_seconds(self, recorded_seconds: float | None) -> float:
        """How long the result must be by what the headers claim and the recorder measured; 0 when nobody knows."""
        whole = max(sum(look.seconds or 0.0 for look in self.looks), recorded_seconds or 0.0)
        return max(0.0, min(whole, inf if self.trim_end is None else self.trim_end) - self.trim_start)


def loudness_graph(plan: Plan) -> str:
    """Measure the sound as it will be heard; label [measured]."""
    chains = [_sound(index, f"s{index}") for index, look in enumerate(plan.looks) if look.has_audio]
    labels = "".join(f"[s{index}]" for index, look in enumerate(plan.looks) if look.has_audio)
    joined = f"{labels}concat=n={len(chains)}:v=0:a=1,{_cut_sound(plan)}"
    return ";".join([*chains, f"{joined},loudnorm=I={TARGET_LUFS}:TP={PEAK_DB}:print_format=json[measured]"])


def gain_db(loudness: Loudness | None) -> float:
    """The one gain that brings the whole recording to -16 LUFS; what then passes the peak is held by a limiter."""
    return min(TARGET_LUFS - loudness.integrated, MOST_GAIN_DB) if loudness else 0.0


def graphs(plan: Plan, gain: float) -> list[str]:
    """The graphs for the run that makes both videos."""
    finish = _split_pictures(plan)
    if plan.is_audio:
        sound, drawn = f"{_joined(plan)};[sound]{_levelled(gain)},asplit=3[heard][heard_small][drawn]", _waves()
        return [f"{sound};{drawn};{finish}"]
    if len(plan.looks) > 1:
        return [f"{_joined(plan)};{finish};[sound]{_levelled(gain)},asplit[heard][heard_small]"]
    pictures = f"{_picture(plan, 0, 'p0')};[p0]{_cut_pictures(plan)}[picture];{finish}"
    if not plan.has_audio:
        return [pictures]
    return [pictures, f"{_sound(0, 's0')};[s0]{_cut_sound(plan)},{_levelled(gain)},asplit[heard][heard_small]"]


def _joined(plan: Plan) -> str:
    """All segments one behind the other and cut: [picture] unless it is sound only, and [sound]."""
    chains, labels, pictures = [], "", 0 if plan.is_audio else 1
    for index, look in enumerate(plan.looks):
        if pictures:
            chains.append(_picture(plan, index, f"p{index}") if look.has_picture else _ground(plan, index))
            labels += f"[p{index}]"
        # `concat` lengthens the shorter of the two with silence, so a moment of silence stands for all of it.
        silence = f"anullsrc=r=48000:cl=stereo,atrim=end=0.05[s{index}]"
        chains.append(_sound(index, f"s{index}") if look.has_audio else silence)
        labels += f"[s{index}]"
    joined = f"{labels}concat=n={len(plan.looks)}:v={pictures}:a=1{'[all_picture]' if pictures else ''}[all_sound]"
    cut = [f"[all_picture]{_cut_pictures(plan)}[picture]"] if pictures else []
    return ";".join([*chains, joined, *cut, f"[all_sound]{_cut_sound(plan)}[sound]"])


def _picture(plan: Plan, index: int, label: str) -> str:
    """One segment's pictures inside the frame, upright with square pixels; its first frame shows from the start."""
    width, height = plan.size
    square = "" if plan.looks[index].is_square else "scale=iw*sar:ih:eval=frame,setsar=1,"
    # A phone that is turned while it records changes the size: every frame is fitted anew.
    fitted = f"scale={width}:{height}:force_original_aspect_ratio=decrease:eval=frame:out_range=tv"
    padded = f"pad={width}:{height}:-1:-1:eval=frame,setsar=1,format=yuv420p"
    return f"[{index}:V:0]fps={plan.rate}:start_time=0,{square}{fitted},{padded}[{label}]"


def _ground(plan: Plan, index: int) -> str:
    """A calm frame for a segment that has sound only."""
    width, height = plan.size
    seconds = plan.looks[index].seconds or 1.0
    return f"color=c={GROUND}:s={width}x{height}:r={plan.rate}:d={seconds},setsar=1,format=yuv420p[p{index}]"


def _sound(index: int, label: str) -> str:
    stereo = "aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo"
    return f"[{index}:a:0]aresample=48000:async=1:first_pts=0,{stereo}[{label}]"


def _cut_pictures(plan: Plan) -> str:
    if not plan.trim_start and plan.trim_end is None:
        return "null"
    # Frames keep their distance from the cut, as the sound does, and the first one shows from the start.
    return f"trim={_span(plan)},setpts=PTS-{plan.trim_start}/TB,fps={plan.rate}:start_time=0"


def _cut_sound(plan: Plan) -> str:
    if not plan.trim_start and plan.trim_end is None:
        return "anull"
    return f"atrim={_span(plan)},asetpts=PTS-{plan.trim_start}/TB,aresample=48000:async=1:first_pts=0"


def _span(plan: Plan) -> str:
    return f"start={plan.trim_start}" + ("" if plan.trim_end is None else f":end={plan.trim_end}")


def _levelled(gain: float) -> str:
    """One gain for the whole recording, and a limiter for the moments that it would drive too high."""
    return f"volume={gain:.2f}dB,alimiter=limit={10 ** (PEAK_DB / 20):.4f}:level=0" if gain else "anull"


def _split_pictures(plan: Plan) -> str:
    width, height = plan.small_size
    return f"[picture]split[large][to_shrink];[to_shrink]scale={width}:{height},setsar=1[small]"


def _waves() -> str:
    width, height = LARGE
    drawn = f"showwaves=s={width}x{_WAVE_HEIGHT}:mode=cline:rate={WAVE_RATE}:scale=sqrt:colors={LINE}"
    wave = f"[drawn]{drawn},setpts=PTS-STARTPTS[wave]"
    ground = f"color=c={GROUND}:s={width}x{height}:r={WAVE_RATE}[ground]"
    return f"{wave};{ground};[ground][wave]overlay=0:(H-h)/2:shortest=1,setsar=1,format=yuv420p[picture]"
