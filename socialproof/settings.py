"""The installation's settings: read once from the environment, checked, then frozen.

The only module that reads the environment. Every secret may also come from a file named by `<NAME>_FILE`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
"""A host with a port: it is written into the pages' content security policy, where more would be another rule."""


class Misconfigured(Exception):
    """A setting is missing or wrong; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Bucket:
    """An S3-compatible bucket. `endpoint` is where we reach it, `public_endpoint` where browsers do."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    """Empty: Amazon's own for the region."""
    public_endpoint: str = ""
    """Empty: the same as `endpoint`."""
    region: str = "us-east-1"
    key_id: str = ""
    """Empty: whatever boto3 finds by itself, such as the role of the machine."""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """All that an operator can set. Sizes are bytes, times are seconds."""

    secret_keys: tuple[str, ...]
    database_url: str
    data_dir: Path
    base_url: str = "http://127.0.0.1:8000"
    bucket: Bucket | None = None
    """Where media are kept; None: in the data folder."""
    mail_url: str = "outbox:"
    mail_from: str = "Socialproof <no-reply@localhost>"
    mail_connections: int = 16
    """How many letters one worker hands over at once, each by a connection of its own."""
    bounce_address: str = ""
    """Where letters that cannot be delivered come back to, such as bounces@proof.example.com; empty: to the sender."""
    sms_url: str = "console:"
    sms_from: str = ""
    """The number or name that text messages come from."""
    dns_server: str = ""
    """Asked about mail records in place of the machine's own, as address:port."""
    ffmpeg: str = ""
    max_video_seconds: int = 120
    max_video_bytes: int = 200 * MEGABYTE
    max_photo_bytes: int = 15 * MEGABYTE
    max_waiting_bytes: int = 20 * GIGABYTE
    """Of one company: photos and videos that nobody of its team has judged yet."""
    max_company_bytes: int = 100 * GIGABYTE
    """Of one company: everything that is stored for it."""
    max_uploads_per_link: int = 3
    """Videos that one customer may be sending at once; beginning one more gives up the oldest."""
    max_uploads_per_company: int = 100
    """Videos that all customers of one company may be sending at once."""
    speech_model: str = ""
    """Folder of a speech recognition model that drafts captions; empty: none are drafted."""
    proxy_count: int = 0
    """How many proxies of the operator stand in front; only they are believed about a client's address."""
    log_level: str = "info"
    testing: bool = False

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Only this machine can open the product."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check the settings; raise Misconfigured with one sentence when one is wrong."""
        env = _Environment(os.environ if environ is None else environ)
        data_dir = _data_dir(env.text("SOCIALPROOF_DATA_DIR", "var"))
        return cls(
            secret_keys=_secret_keys(env.secret("SOCIALPROOF_SECRET_KEY")),
            database_url=_database_url(env.secret("DATABASE_URL") or f"sqlite:///{data_dir}/socialproof.db"),
            data_dir=data_dir,
            base_url=_base_url(env.text("SOCIALPROOF_BASE_URL", cls.base_url)),
            bucket=_bucket(
                env.text("SOCIALPROOF_STORAGE_URL", "local:"),
                env.secret("SOCIALPROOF_STORAGE_KEY_ID"),
                env.secret("SOCIALPROOF_STORAGE_SECRET"),
            ),
            mail_url=_mail_url(env.secret("SOCIALPROOF_MAIL_URL") or cls.mail_url),
            mail_from=env.text("SOCIALPROOF_MAIL_FROM", cls.mail_from),
            mail_connections=env.number("SOCIALPROOF_MAIL_CONNECTIONS", cls.mail_connections, 1, 64),
            bounce_address=_address("SOCIALPROOF_BOUNCE_ADDRESS", env.text("SOCIALPROOF_BOUNCE_ADDRESS", "")),
            sms_url=_sms_url(env.secret("SOCIALPROOF_SMS_URL") or cls.sms_url),
            sms_from=env.text("SOCIALPROOF_SMS_FROM", ""),
            dns_server=_dns_server(env.text("SOCIALPROOF_DNS_SERVER", "")),
            ffmpeg=env.text("FFMPEG", ""),
            max_video_seconds=env.number("SOCIALPROOF_MAX_VIDEO_SECONDS", 120, 5, 600),
            max_video_bytes=env.number("SOCIALPROOF_MAX_VIDEO_MB", 200, 1, 4096) * MEGABYTE,
            max_waiting_bytes=env.number("SOCIALPROOF_MAX_WAITING_GB", 20, 1, 100_000) * GIGABYTE,
            max_company_bytes=env.number("SOCIALPROOF_MAX_COMPANY_GB", 100, 1, 1_000_000) * GIGABYTE,
            max_uploads_per_link=env.number("SOCIALPROOF_MAX_UPLOADS_PER_LINK", 3, 1, 20),
            max_uploads_per_company=env.number("SOCIALPROOF_MAX_UPLOADS_PER_COMPANY", 100, 1, 100_000),
            speech_model=_folder("SOCIALPROOF_SPEECH_MODEL", env.text("SOCIALPROOF_SPEECH_MODEL", "")),
            log_level=env.choice("SOCIALPROOF_LOG_LEVEL", ("info", "warning", "error")),
            proxy_count=env.number("SOCIALPROOF_PROXIES", 0, 0, 5),
            max_photo_bytes=env.number("SOCIALPROOF_MAX_PHOTO_MB", 15, 1, 100) * MEGABYTE,
        )


class _Environment:
    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def text(self, name: str, default: str) -> str:
        return self.values.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        path = self.values.get(f"{name}_FILE", "").strip()
        if not path:
            return self.text(name, "")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise Misconfigured(f"{name}_FILE names a file that cannot be read: {path}.") from error

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        """One of the known words; the first is the default."""
        text = self.text(name, known[0]).lower()
        if text not in known:
            raise Misconfigured(f"{name} must be one of {', '.join(known)}, not {text!r}.")
        return text

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise Misconfigured(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
        return int(text)


def _secret_keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if not keys or any(len(key) < 32 for key in keys):
        raise Misconfigured(
            "SOCIALPROOF_SECRET_KEY must hold at least 32 random characters; make one with: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return keys


def _data_dir(text: str) -> Path:
    path = Path(text).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"SOCIALPROOF_DATA_DIR cannot be used: {path}: {error.strerror}.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise Misconfigured(f"SOCIALPROOF_DATA_DIR may not be written to: {path}.")
    return path


def _database_url(url: str) -> str:
    if url.startswith("sqlite:///"):
        return url
    for prefix in ("postgresql://", "postgres://", "postgresql+psycopg://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    raise Misconfigured("DATABASE_URL must begin with sqlite:/// or postgresql://.")


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise Misconfigured(f"SOCIALPROOF_BASE_URL must be like https://proof.example.com, not {url!r}.")
    return url.rstrip("/")


def _bucket(url: str, key_id: str, secret: str) -> Bucket | None:
    if url == "local:":
        return None
    parts = urlsplit(url)
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    endpoint, public_endpoint = given.get("endpoint", ""), given.get("public_endpoint", "")
    is_known = set(given) <= {"endpoint", "public_endpoint", "region"}
    if (
        parts.scheme != "s3"
        or not _HOST.fullmatch(parts.netloc)
        or not is_known
        or not _is_endpoint(endpoint)
        or not _is_endpoint(public_endpoint)
    ):
        raise Misconfigured(
            "SOCIALPROOF_STORAGE_URL must be local: or like "
            "s3://bucket/folder?endpoint=https://s3.example.com&region=eu-north-1 (public_endpoint= where browsers "
            "reach it by another address)."
        )
    if bool(key_id) != bool(secret):
        raise Misconfigured("SOCIALPROOF_STORAGE_KEY_ID and SOCIALPROOF_STORAGE_SECRET are set together or not at all.")
    region = given.get("region", Bucket.region)
    place, folder = parts.netloc, parts.path.strip("/")
    return Bucket(place, folder, endpoint, public_endpoint, region, key_id, secret)


def _is_endpoint(url: str) -> bool:
    parts = urlsplit(url)
    is_host = _HOST.fullmatch(parts.netloc) is not None
    return not url or (parts.scheme in ("http", "https") and is_host and parts.path in ("", "/"))


def _folder(name: str, text: str) -> str:
    if text and not Path(text).is_dir():
        raise Misconfigured(f"{name} must name a folder that exists, not {text!r}.")
    return text


def _mail_url(url: str) -> str:
    parts = urlsplit(url)
    if url == "outbox:" or (parts.scheme in ("smtp", "smtps", "smtp+starttls") and parts.hostname):
        return url
    raise Misconfigured(
        "SOCIALPROOF_MAIL_URL must be outbox: or like smtp://user:password@host:587, smtps:// or smtp+starttls://."
    )


def _address(name: str, text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9._-]{1,27}@[A-Za-z0-9.-]+", text):
        raise Misconfigured(
            f"{name} must be a plain e-mail address, at most 27 characters before the @ and no plus sign, not {text!r}."
        )
    return text.lower()


def _sms_url(url: str) -> str:
    parts = urlsplit(url)
    if url == "console:" or (parts.scheme in ("twilio", "twilio+http") and parts.username and parts.password):
        return url
    raise Misconfigured("SOCIALPROOF_SMS_URL must be console: or like twilio://ACCOUNT:TOKEN@api.twilio.com.")


def _dns_server(text: str) -> str:
    host, _colon, port = text.rpartition(":")
    if text and not (host and port.isascii() and port.isdigit()):
        raise Misconfigured(f"SOCIALPROOF_DNS_SERVER must be like 192.0.2.53:53, not {text!r}.")
    return text
