"""The job that sends: several letters of one company at once, each result written down as soon as it is known.

At most one letter per connection, or twice as many where connections are few, are on their way or not yet written
down; they are what a kill may send a second time, each under the same Message-ID.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue

from sqlalchemy.exc import OperationalError

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.backends.mail import Letter, MailDelayed, MailRefused, MailUnreachable, MessageMalformed
from socialproof.backends.mail.skeleton import Skeleton
from socialproof.backends.sms.port import SmsDelayed, SmsMalformed, SmsRefused
from socialproof.campaigns import sending
from socialproof.campaigns.jobs import DELIVER
from socialproof.campaigns.letters import Stationery, letter_for, skeleton_for, stationery_of
from socialproof.campaigns.references import StillGlad
from socialproof.campaigns.results import Outcome, Result, is_refusal, record_refusal, record_results
from socialproof.campaigns.sending import Outgoing
from socialproof.companies.models import Company
from socialproof.database import new_public_id
from socialproof.domain.letter import Part

log = logging.getLogger(__name__)

BATCH = 200
"""Rows that are claimed in one transaction."""
SLICE_SECONDS = 10.0
"""How long one company keeps a worker's thread; then others have their turn, and the rest comes after them."""
GATHER_SECONDS = 0.005
MANY_FLYING = 16
"""So many are enough to keep a near server busy during our commits; with more, a kill would only repeat more."""
RENEW_SECONDS = 20.0
SAFE_SECONDS = sending.LEASE.total_seconds() * 0.6
"""Nothing is begun so long after the last renewal: by then the claim may be another's before the letter is out."""
TRIES_TO_RECORD = 5
OUR_FAULT = ("401", "403", "404")
"""Answers of a text message service about our account, whoever the text is for."""


def deliver(context: JobContext, company_id: int, *, still_glad: StillGlad | None = None) -> None:
    """Send what is due of this company. Safe to run twice and at once: each invitation is in one hand only."""
    delivery = Delivery(context, company_id, still_glad=still_glad)
    try:
        delivery.run()
    finally:
        delivery.let_go()
    delivery.come_again()


class Delivery:
    """One run of the job for one company."""

    def __init__(
        self,
        context: JobContext,
        company_id: int,
        *,
        slice_seconds: float = SLICE_SECONDS,
        still_glad: StillGlad | None = None,
    ) -> None:
        self.context, self.company_id, self.still_glad = context, company_id, still_glad
        self.claim = new_public_id()
        self.ready: deque[Outgoing] = deque()
        self.flying: dict[Future[Result], Outgoing] = {}
        self.landed: SimpleQueue[Future[Result]] = SimpleQueue()
        self.lanes = context.settings.mail_connections
        self.skeletons: dict[tuple[int, str, Part], Skeleton] = {}
        self.stationery: Stationery | None = None
        self.ends_at = time.monotonic() + slice_seconds
        self.renewed_at = time.monotonic()
        self.is_through = False

    def run(self) -> None:
        """Until nothing is due, the time is up, or the server cannot be reached."""
        with ThreadPoolExecutor(self.lanes, thread_name_prefix="letters") as crew:
            while self._refill() or self.flying:
                while self.ready and len(self.flying) < self._most_flying():
                    outgoing = self.ready.popleft()
                    future = crew.submit(self._send, outgoing)
                    self.flying[future] = outgoing
                    future.add_done_callback(self.landed.put)
                finished = self._finished()
                self._record([future.result() for future in finished])
                for future in finished:
                    del self.flying[future]
                if time.monotonic() - self.renewed_at > RENEW_SECONDS:
                    self._renew()

    def let_go(self) -> None:
        """What was not begun stays due."""
        with self.context.transaction() as session:
            sending.release(session, self.claim, [each.invitation_id for each in self.ready])

    def come_again(self) -> None:
        """If there is more, the job comes again after the others that wait; not after a failure, which repeats it."""
        if self.is_through:
            return
        with self.context.transaction() as session:
            payload = {"company_id": self.company_id}
            enqueue(session, DELIVER, payload, now=self.context.now(), key=f"{DELIVER}:{self.company_id}")

    def _finished(self) -> list[Future[Result]]:
        """Wait for a result, and a blink longer for those that come with it, up to half of what flies: they are one
        commit, during which the others fly on.
        """
        finished: list[Future[Result]] = []
        until = time.monotonic() + RENEW_SECONDS / 4
        try:
            while len(finished) < max(1, min(self._most_flying() // 2, len(self.flying))):
                finished.append(self.landed.get(timeout=max(0.0, until - time.monotonic())))
                if len(finished) == 1:
                    until = time.monotonic() + GATHER_SECONDS
        except Empty:
            pass
        return finished

    def _most_flying(self) -> int:
        """One letter in each lane. Where lanes are few, others behind, so that no lane waits for our notes; none behind
        once lanes were lost.
        """
        if self.lanes < self.context.settings.mail_connections:
            return self.lanes
        return max(self.lanes, min(2 * self.lanes, MANY_FLYING))

    def _refill(self) -> bool:
        """Claim more while there is time and the ready ones run short; says whether any is ready."""
        while len(self.ready) < self.lanes and not self.is_through and time.monotonic() < self.ends_at:
            with self.context.transaction() as session:
                company = session.get_one(Company, self.company_id)
                self.stationery = self.stationery or stationery_of(session, company, self.context.settings)
                claimed = sending.claim_due(
                    session,
                    self.company_id,
                    claim=self.claim,
                    limit=BATCH,
                    now=self.context.now(),
                    settings=self.context.settings,
                    still_glad=self.still_glad,
                )
                for outgoing in claimed.outgoing:
                    self._make_skeleton(outgoing, self.stationery)
            self.ready.extend(claimed.outgoing)
            self.is_through = claimed.taken_count < BATCH
        if time.monotonic() >= self.ends_at and self.ready:
            self.is_through = False
            return False
        return bool(self.ready)

    def _make_skeleton(self, outgoing: Outgoing, stationery: Stationery) -> None:
        key = _skeleton_key(outgoing)
        if outgoing.text is None and key not in self.skeletons:
            self.skeletons[key] = skeleton_for(
                outgoing.campaign, outgoing.language, part=outgoing.part, stationery=stationery
            )

    def _send(self, outgoing: Outgoing) -> Result:
        """One try, in a thread of the crew. It never raises: what is wrong with one letter is no other's matter."""
        if time.monotonic() - self.renewed_at > SAFE_SECONDS:
            return Result(outgoing, Outcome.NOT_OURS)
        if self.lanes <= 0:
            return Result(outgoing, Outcome.UNREACHABLE, "the mail server could not be reached")
        backends = self.context.backends
        if outgoing.text is None:
            return _outcome(outgoing, lambda: backends.mailer.deliver(self._letter(outgoing)))
        text = outgoing.text
        return _outcome(outgoing, lambda: backends.sms.send(text))

    def _letter(self, outgoing: Outgoing) -> Letter:
        if self.stationery is None:
            raise ValueError("a letter needs somebody who writes it")
        skeleton = self.skeletons[_skeleton_key(outgoing)]
        return letter_for(skeleton, outgoing.reader, stationery=self.stationery, tokens=self.context.tokens)

    def _record(self, results: list[Result]) -> None:
        results = [result for result in results if not self._goes_again(result)]
        rest = [result for result in results if not is_refusal(result)]
        if rest:
            self._keep(lambda: self._record_together(rest))
        for result in filter(is_refusal, results):
            self._keep(lambda result=result: self._record_one(result))  # type: ignore[misc]

    def _goes_again(self, result: Result) -> bool:
        """A connection that was refused: perhaps we have too many. One lane fewer; without any, the server is down."""
        if result.outcome is not Outcome.UNREACHABLE or self.lanes <= 0:
            return False
        self.lanes -= 1
        if self.lanes > 0:
            self.ready.appendleft(result.outgoing)
            return True
        log.warning("the mail server cannot be reached: %s", result.words)
        self.ends_at = 0.0
        waiting = [Result(each, Outcome.UNREACHABLE, result.words) for each in self.ready]
        self._keep(lambda: self._record_together(waiting))
        self.ready.clear()
        self.is_through = True
        return False

    def _record_together(self, results: list[Result]) -> None:
        with self.context.transaction() as session:
            record_results(session, results, claim=self.claim, now=self.context.now())

    def _record_one(self, result: Result) -> None:
        with self.context.transaction() as session:
            record_refusal(session, result, now=self.context.now())

    def _keep(self, write: Callable[[], None]) -> None:
        """A database that is away for a moment must not make us forget what is out already."""
        for left in reversed(range(TRIES_TO_RECORD)):
            try:
                return write()
            except OperationalError:
                if not left:
                    raise
                time.sleep(1.0)
        return None

    def _renew(self) -> None:
        with self.context.transaction() as session:
            mine = [each.invitation_id for each in (*self.ready, *self.flying.values())]
            held = sending.renew(session, self.claim, mine, self.context.now())
        self.renewed_at = time.monotonic()
        self.ready = deque(each for each in self.ready if each.invitation_id in held)


def _outcome(outgoing: Outgoing, send: Callable[[], str | None]) -> Result:
    try:
        return Result(outgoing, Outcome.SENT, provider_key=send() or "")
    except MailUnreachable as error:
        return Result(outgoing, Outcome.UNREACHABLE, str(error))
    except MailRefused as error:
        fault = Outcome.DEAD_ADDRESS if error.is_about_address else Outcome.REFUSED
        return Result(outgoing, fault, f"{error.code} {error.reason}")
    except SmsRefused as error:
        return Result(outgoing, Outcome.STOPPED if error.code == "stopped" else Outcome.REFUSED, error.reason)
    except (MessageMalformed, SmsMalformed) as error:
        return Result(outgoing, Outcome.REFUSED, str(error))
    except (MailDelayed, SmsDelayed) as error:
        is_ours = isinstance(error, SmsDelayed) and str(error).startswith(OUR_FAULT)
        return Result(outgoing, Outcome.UNREACHABLE if is_ours else Outcome.PUT_OFF, str(error))
    except Exception:
        log.exception("invitation %s could not be sent", outgoing.invitation_id)
        return Result(outgoing, Outcome.PUT_OFF, "an error in the program")


def _skeleton_key(outgoing: Outgoing) -> tuple[int, str, Part]:
    return outgoing.campaign.id, outgoing.language, outgoing.part
