"""The outside world, built once from the settings and handed on as arguments."""

from __future__ import annotations

from dataclasses import dataclass

from socialproof.backends.dns import DnsResolver, Resolver
from socialproof.backends.mail import build_mailer
from socialproof.backends.mail.port import Mailer
from socialproof.backends.mail.sns import SnsDesk
from socialproof.backends.sms import build_sms
from socialproof.backends.sms.port import SmsSender
from socialproof.backends.speech import build_recognizer
from socialproof.backends.speech.port import Recognizer
from socialproof.backends.storage.local import LocalStorage
from socialproof.backends.storage.port import Storage
from socialproof.backends.transcoder.ffmpeg import FfmpegTranscoder
from socialproof.backends.transcoder.port import Transcoder
from socialproof.settings import Settings


@dataclass(frozen=True)
class Backends:
    storage: Storage
    mailer: Mailer
    transcoder: Transcoder
    sms: SmsSender
    resolver: Resolver
    sns: SnsDesk
    speech: Recognizer | None = None
    """None: nothing is heard, and captions are typed."""


def build_backends(settings: Settings) -> Backends:
    """Choose an implementation for every port; opens no connection yet."""
    return Backends(
        storage=_build_storage(settings),
        mailer=build_mailer(settings.mail_url, sender=settings.mail_from, outbox_dir=settings.data_dir / "outbox"),
        transcoder=FfmpegTranscoder(settings.ffmpeg),
        sms=build_sms(settings),
        resolver=DnsResolver(settings.dns_server),
        sns=SnsDesk(),
        speech=build_recognizer(settings.speech_model),
    )


def _build_storage(settings: Settings) -> Storage:
    if settings.bucket is None:
        return LocalStorage(settings.data_dir / "media")
    from socialproof.backends.storage.s3 import S3Storage  # boto3 is large, and a disk does not need it

    return S3Storage(settings.bucket)
