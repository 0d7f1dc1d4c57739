"""Asks the plane for each tool call. The job's state alone decides; asked again, the same call finds the same job."""
from __future__ import annotations

import asyncio
import contextvars
import hashlib
import math
import re
import threading
import time
import urllib.parse
from dataclasses import dataclass, field, replace
from typing import Any

from .canonical import canonical
from .client import ApiError
from .outcomes import Denied, Pending, Quarantined, Released, Unavailable, Unknown

DEFAULT_WAIT_S = 20.0
# As long as one submission may wait: `stopped` is heard after it. With `cancel_on_stop` somebody wants it sooner.
MAX_WAIT_S = 20
CANCEL_WAIT_S = 2
# A run that reads the same everywhere: as long as a label may be, without spaces around it.
RUN_AS_IT_STANDS = re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?")
RETRY_MS = 5000
# States in which a job that was never sent to a worker has ended for good.
NEVER_RAN = ("denied", "refused", "expired", "cancelled")


class Stopped(Exception):
    """`stopped` was set while the gate waited."""


@dataclass(frozen=True)
class ToolCall:
    """`run`: what the framework calls one run. `call_id`: the model's; asked again under the same one, the same answer comes.
    `wait_s`: seconds until the outcome is Pending; 0 does not wait. `stopped`: a threading.Event; once it is set the wait ends."""
    framework: str
    run: str
    call_id: str
    tool: str
    input: Any
    wait_s: float = DEFAULT_WAIT_S
    stopped: threading.Event = field(default_factory=threading.Event)


def call_key(agent, call):
    """SHA-256 in hex over the canonical JSON of `[framework, agent, run, call_id]`."""
    return hashlib.sha256(canonical([call.framework, agent, call.run, call.call_id]).encode()).hexdigest()


def run_label(run):
    """The id itself, so that people find the run by the name they know; `sha256:` and hex of what cannot be a label's value."""
    return run if RUN_AS_IT_STANDS.fullmatch(run) else "sha256:" + hashlib.sha256(run.encode()).hexdigest()


class HeldCalls:
    """A model that asks again makes a new id for the call. While the first one waits, the same arguments in the same run are that call:
    one job, one approval, and the result to whoever asks once it is there. In memory: a restarted process asks anew."""
    MOST = 1000

    def __init__(self):
        self._held, self._lock = {}, threading.Lock()

    def ask(self, ask, call):
        try:
            wish = canonical([call.framework, call.run, call.tool, call.input])
            wish.encode()
        except (TypeError, ValueError) as error:
            # Nobody was asked. The text of the error names types, and of the arguments nothing but one character at most.
            return Denied("input_invalid", None, "the arguments are no JSON: " + str(error), None, None)
        with self._lock:
            call = replace(call, call_id=self._held.get(wish, call.call_id))
        outcome = ask(call)
        with self._lock:
            self._held.pop(wish, None)
            if isinstance(outcome, (Pending, Unavailable)):
                self._held[wish] = call.call_id
            if len(self._held) > self.MOST:
                del self._held[next(iter(self._held))]
        return outcome


class RemoteGate:
    """Remote placement: a worker of a pool runs the tool, and this process holds no credential for it.

    `agent`: whose credential the client has. `request_of(call)`: the job that it asks for, e.g. `{"topic": "job.crm.lookup",
    "payload": call.input}`; the same call must give the same one.
    Its label `run` is the call's run, unless it names one itself. `cancel_on_stop`: a call that is stopped cancels its job."""

    def __init__(self, client, agent, request_of, cancel_on_stop=False):
        self.client, self.agent, self.request_of, self.cancel_on_stop = client, agent, request_of, cancel_on_stop
        self._held = HeldCalls()
        self.slice_s = CANCEL_WAIT_S if cancel_on_stop else MAX_WAIT_S

    def ask(self, call):
        """An outcome, never RunHere. Raises Stopped, and what is a bug: neither runs anything."""
        return self._held.ask(self._ask, call)

    def _ask(self, call):
        try:
            return self.settle(call)
        except ApiError as error:
            return outcome_of_failure(error)
        except Stopped:
            if self.cancel_on_stop:
                self._cancel(call)
            raise

    async def ask_async(self, call):
        """As ask(). Cancelled, it leaves the job to go on, or cancels that too with `cancel_on_stop`."""
        return await in_thread(self.ask, call, wait_for_end=self.cancel_on_stop)

    def settle(self, call):
        """Waits in parts under one key. Raises ApiError."""
        end = time.monotonic() + call.wait_s
        while True:
            if call.stopped.is_set():
                raise Stopped()
            left_s = math.ceil(max(0.0, end - time.monotonic()))
            said = self.submit(call, min(left_s, self.slice_s))
            if said["outcome"] == "ended":
                return outcome_of_end(said)
            if said["outcome"] == "denied":
                return outcome_of_denial(said)
            if call.stopped.is_set():
                raise Stopped()
            if time.monotonic() >= end:
                return self.pending(said["job_id"])

    def submit(self, call, wait_s):
        request = self.request_of(call)
        labels = {"run": run_label(call.run), **(request.get("labels") or {})}
        return self.client.submit({**request, "labels": labels}, idempotency_key=call_key(self.agent, call), wait_s=wait_s)

    def pending(self, job_id):
        waiting = self.client.job(job_id).get("waiting_for") or {}
        url = urllib.parse.urljoin(self.client.url + "/", waiting["url"]) if waiting.get("url") else None
        return Pending(job_id, waiting.get("approval_id"), tuple(waiting.get("groups", ())), url, waiting.get("expires_at"))

    def _cancel(self, call):
        """Best effort: nobody is left to hear of a failure."""
        try:
            said = self.submit(call, 0)
            if said["outcome"] == "accepted":
                self.client.cancel(said["job_id"], "the call was stopped")
        except ApiError:
            pass


async def in_thread(ask, call, wait_for_end=False):
    """`ask(call)` in a thread. A task that is cancelled stops its wait; `wait_for_end`: and goes on once the thread heard of it."""
    asked = begin_thread(lambda: ask(call))
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        call.stopped.set()
        if wait_for_end:
            await asyncio.wait([asked])
        raise


def begin_thread(work):
    """A future of what `work()` returns, in a thread of its own: the loop's few are not taken up by calls that wait for people, and
    neither a loop that ends nor the process waits for it."""
    loop = asyncio.get_running_loop()
    future, context = loop.create_future(), contextvars.copy_context()
    # Nobody may be left to hear how it ended.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(how, value):
        if not future.done():
            how(value)

    def run():
        try:
            said = future.set_result, context.run(work)
        except BaseException as error:
            said = future.set_exception, error
        try:
            loop.call_soon_threadsafe(settle, *said)
        except RuntimeError:
            # The loop is closed.
            pass

    threading.Thread(target=run, daemon=True).start()
    return future


def outcome_of_denial(said):
    return Denied("denied", said["rule_id"], said["reason"], said.get("remediation"), said["job_id"])


def outcome_of_end(said):
    job, result = said["job"], said["result"]
    if result is not None:
        return Released(result["output"], result["status"] != "succeeded", job["job_id"])
    if job["state"] == "quarantined":
        return Quarantined(job["job_id"])
    # A job that was sent once may have had effects, whatever it says now.
    if job["state"] not in NEVER_RAN or job["attempt"] > 0:
        return Unknown(job["job_id"])
    reason = job.get("cancel_reason") or job.get("reason") or job["state"]
    return Denied(job["state"], job["rule_id"], reason, None, job["job_id"])


def outcome_of_failure(error):
    """Nothing was decided where nobody answered; everything else is a no."""
    if error.status == 0 or error.status == 429 or error.status >= 500:
        return Unavailable(error.retry_after_ms or RETRY_MS)
    code = "call_id_reused" if error.code == "idempotency_conflict" else error.code
    return Denied(code, None, str(error), None, None)
