"""Letters of a campaign: our whole job (claim, ledger, letter, record) and a bare smtplib loop with the same bytes.

    python -m benchmarks.mail [rounds] [letters]

The sink is aiosmtpd in a process of its own. The bare loop sends letters that are made already, over one connection.
Then both meet a network of 20 ms: there the other side opens a connection for each message. Interleaved rounds,
medians; the ratios are printed last (goals: ours ≥ 0.8 of the bare loop, ≥ 20 × one connection per message).
"""

from __future__ import annotations

import asyncio
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NETWORK_SECONDS = 0.020
SINGLE_MESSAGES = 15


async def sink(pipelining: bool) -> None:
    """Takes every letter and forgets it; prints its port."""
    from aiosmtpd.smtp import SMTP

    class Forget:
        async def handle_EHLO(
            self, _server: Any, session: Any, _envelope: Any, name: str, said: list[str]
        ) -> list[str]:
            session.host_name = name
            return [*said[:-1], "250-PIPELINING", said[-1]] if pipelining else said

        async def handle_DATA(self, *_: Any) -> str:
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Forget(), hostname="sink.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def far_away(port: int) -> None:
    """The same sink behind a network that takes 20 ms there and back."""
    loop = asyncio.get_running_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            loop.call_later(NETWORK_SECONDS / 2, writer.write, chunk)
        loop.call_later(NETWORK_SECONDS / 2, writer.close)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(NETWORK_SECONDS)  # the handshake
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def process(*words: str) -> Iterator[int]:
    """One of the two above in a process of its own; the value is its port."""
    command = [sys.executable, "-m", "benchmarks.mail", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield int(running.stdout.readline())
        finally:
            running.kill()


class Ours:
    """An installation with one campaign; each run makes so many invitations due, then sends them."""

    def __init__(self, folder: Path) -> None:
        from flask_migrate import upgrade

        from socialproof.app import create_app
        from socialproof.cli.work import job_context, settle
        from socialproof.settings import Settings
        from tests.factories import Factories

        environment = {
            "SOCIALPROOF_SECRET_KEY": "a-secret-key-for-the-benchmark-only-012345",
            "SOCIALPROOF_DATA_DIR": str(folder),
        }
        app = create_app(Settings.from_env(environment))
        with app.app_context():
            upgrade()
        self.context = job_context(app)
        settle()
        self.now = datetime(2026, 11, 18, 10, tzinfo=UTC)
        with self.context.transaction() as session:
            factories = Factories(session)
            self.survey = factories.survey()
            hours: dict[str, Any] = {
                "send_from_minute": 0,
                "send_until_minute": 1440,
                "weekdays": [1, 2, 3, 4, 5, 6, 7],
            }
            self.campaign = factories.campaign(self.survey, "one_off", **hours)
        self.count = 0

    def make_due(self, letters: int) -> None:
        from sqlalchemy import insert, select

        from socialproof.campaigns.models import Invitation
        from socialproof.contacts.models import Contact

        numbers = range(self.count, self.count + letters)
        self.count += letters
        company_id = self.survey.company_id
        with self.context.transaction() as session:
            people = [
                {
                    "company_id": company_id,
                    "email": f"c{n}@customer.example",
                    "name": f"Saara {n}",
                    "created_at": self.now,
                }
                for n in numbers
            ]
            session.execute(insert(Contact), people)
            asked = select(Invitation.contact_id)
            rows = [
                {
                    "company_id": company_id,
                    "survey_id": self.survey.id,
                    "contact_id": contact_id,
                    "campaign_id": self.campaign.id,
                    "occasion": "once",
                    "channel": "mail",
                    "language": "en",
                    "created_at": self.now,
                    "wanted_at": self.now,
                    "due_at": self.now,
                    "expires_at": self.now + timedelta(days=90),
                }
                for contact_id in session.scalars(select(Contact.id).where(Contact.id.not_in(asked)))
            ]
            session.execute(insert(Invitation), rows)

    def send(self, port: int, letters: int, connections: int | None = None) -> float:
        """Letters per second of the whole job."""
        from sqlalchemy import func, select

        from socialproof.backends.mail import SmtpMailer
        from socialproof.campaigns.delivering import Delivery
        from socialproof.campaigns.models import Invitation

        self.make_due(letters)
        mailer = SmtpMailer("127.0.0.1", port, self.context.settings.mail_from)
        settings = self.context.settings
        context = replace(
            self.context,
            backends=replace(self.context.backends, mailer=mailer),
            settings=replace(settings, mail_connections=connections or settings.mail_connections),
            now=lambda: self.now,
        )
        began = time.perf_counter()
        delivery = Delivery(context, self.survey.company_id, slice_seconds=600)
        delivery.run()
        delivery.let_go()
        seconds = time.perf_counter() - began
        mailer.close()
        with self.context.transaction() as session:
            sent = session.scalar(select(func.count(Invitation.id)).where(Invitation.state == "sent"))
        assert sent == self.count, (sent, self.count)
        return letters / seconds

    def prebuilt(self, letters: int) -> list[tuple[str, bytes]]:
        """The same letters as bytes, for whoever only sends."""
        from socialproof.campaigns.letters import Addressee, letter_for, skeleton_for, stationery_of
        from socialproof.campaigns.models import Campaign
        from socialproof.database import new_public_id

        with self.context.transaction() as session:
            campaign = session.get_one(Campaign, self.campaign.id)
            stationery = stationery_of(session, campaign.survey.company, self.context.settings)
            skeleton = skeleton_for(campaign, "en", stationery=stationery)
        readers = (
            Addressee(new_public_id(), new_public_id(), f"c{n}@customer.example", f"Saara {n}") for n in range(letters)
        )
        made = (letter_for(skeleton, each, stationery=stationery, tokens=self.context.tokens) for each in readers)
        return [(letter.to, letter.content) for letter in made]


def bare(port: int, letters: list[tuple[str, bytes]]) -> float:
    """Letters per second of a loop over one connection."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        began = time.perf_counter()
        for to, content in letters:
            client.sendmail("no-reply@localhost", [to], content)
        return len(letters) / (time.perf_counter() - began)


def one_by_one(port: int, letters: list[tuple[str, bytes]]) -> float:
    """Letters per second with a connection for each."""
    began = time.perf_counter()
    for to, content in letters:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("no-reply@localhost", [to], content)
    return len(letters) / (time.perf_counter() - began)


def compare(name: str, rounds: int, ours: Any, other: Any) -> str:
    """The median of both and their ratio, in interleaved rounds after one to warm up."""
    rates = [(other(), ours()) for _ in range(rounds + 1)][1:]
    theirs, own = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(mine / his for his, mine in rates)
    print(f"{name:<52} other {theirs:8.1f}/s   ours {own:8.1f}/s   ratio {ratio:5.2f}")
    return f"{name}: {ratio:.2f}"


def main(rounds: int, letters: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(Path(folder))
        prebuilt = ours.prebuilt(letters)
        print(f"a letter of {len(prebuilt[0][1])} bytes, {ours.context.settings.mail_connections} connections, SQLite")
        ratios = []
        for kind in ("plain", "pipelining"):
            with process("sink", kind) as port, process("far", str(port)) as far:
                ratios.append(
                    compare(
                        f"whole job / bare loop, {kind}",
                        rounds,
                        lambda port=port: ours.send(port, letters),
                        lambda port=port: bare(port, prebuilt),
                    )
                )
                ratios.append(
                    compare(
                        f"20 ms of network / one connection each, {kind}",
                        rounds,
                        lambda far=far: ours.send(far, letters // 2),
                        lambda far=far: one_by_one(far, prebuilt[:SINGLE_MESSAGES]),
                    )
                )
        print("\n".join(ratios))


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["sink"]:
        asyncio.run(sink(given[1] == "pipelining"))
    elif given[:1] == ["far"]:
        asyncio.run(far_away(int(given[1])))
    else:
        main(*map(int, given), *(5, 600)[len(given) :])
