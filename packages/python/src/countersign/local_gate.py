"""Local placement: this process is a pool of one. A worker over HTTP claims the job, checks its warrant and keeps its lease; the tool
runs between the claim and the result, and whoever asked hears of its output only what was released."""
from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

from .client import ApiError
from .gate import HeldCalls, Stopped, in_thread, outcome_of_denial, outcome_of_end, outcome_of_failure
from .outcomes import Pending, RunHere, Unavailable, Unknown
from .worker import Worker

# Seconds for which a job whose caller is gone waits for the same call to come again, and an output may be on its way to release.
CALLER_GRACE_S = 60.0
RELEASE_S = 20.0
GIVEN_UP = ("tool_stopped", "its caller was stopped while it ran: it may have done a part of its work")


class ToolFailed(Exception):
    """How a tool that failed is reported."""

    def __init__(self, code, detail):
        super().__init__(detail)
        self.code = code


class LocalGate:
    """`remote`: a RemoteGate, which asks. `worker_file`: what `countersign workers add --http` wrote for the pool of one, parsed.
    A context manager: it works between start() and stop()."""

    def __init__(self, remote, worker_file, enforces=(), concurrency=16, caller_grace_s=CALLER_GRACE_S):
        self.remote, self.caller_grace_s = remote, caller_grace_s
        self.worker = Worker(worker_file, self._handle, enforces=enforces, concurrency=concurrency)
        # By job id: attempts that were claimed, for whom nobody has come yet.
        self.arrived, self.changed = {}, threading.Condition()
        self.failure, self._held = None, HeldCalls()
        # Where it works: neither a thread nor a lease goes along into a process that is forked.
        self._pid = None

    def start(self):
        """In the process that asks, after a fork and not before."""
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        if self._pid == os.getpid():
            self.worker.stop()
            self._thread.join()
        self._pid = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def ask(self, call):
        """An outcome; RunHere where this process shall run the tool. Raises Stopped, NotLetIn, RuntimeError where it was not started in
        this process, and what is a bug."""
        if self._pid != os.getpid():
            raise RuntimeError("this gate does not work in this process: start() it here, after a fork and not before")
        if self.failure is not None:
            raise self.failure
        return self._held.ask(self._ask, call)

    def _ask(self, call):
        try:
            said = self.remote.submit(call, 0)
            if said["outcome"] == "ended":
                return outcome_of_end(said)
            if said["outcome"] == "denied":
                return outcome_of_denial(said)
            arrived = self._meet(said["job_id"], call)
            if arrived is not None:
                return RunHere(arrived.job.get("payload"), arrived.job["constraints"], arrived.stopped,
                               lambda **result: self._finish(call, arrived, **result), said["job_id"],
                               lambda: arrived.end(error=GIVEN_UP))
            if call.stopped.is_set():
                raise Stopped()
            # It may have ended meanwhile: refused, expired, or run by an earlier call of the same id.
            return self.remote.settle(replace(call, wait_s=0.0))
        except ApiError as error:
            return outcome_of_failure(error)

    async def ask_async(self, call):
        return await in_thread(self.ask, call)

    def _work(self):
        try:
            self.worker.start()
        except Exception as error:
            self.failure = error

    def _handle(self, job, stopped):
        """The worker's side: waits for the caller, then for the tool's end."""
        arrived = _Arrived(job, stopped)
        with self.changed:
            self.arrived[job["job_id"]] = arrived
            self.changed.notify_all()
        end = time.monotonic() + self.caller_grace_s
        while not arrived.taken.wait(0.1) and not stopped.is_set() and time.monotonic() < end:
            pass
        with self.changed:
            gone = self.arrived.pop(job["job_id"], None) is arrived
        if gone or not arrived.taken.is_set():
            raise ToolFailed("caller_gone", "nobody came back for this call, so it was not run")
        # Nobody would accept what comes after a stop.
        while not arrived.ended.wait(0.1) and not stopped.is_set():
            pass
        if arrived.error is not None:
            raise ToolFailed(*arrived.error)
        return arrived.output

    def _meet(self, job_id, call):
        """The claimed attempt of this job, None when none came in time. One call gets it, and none whose lease is over."""
        with self.changed:
            self.changed.wait_for(lambda: job_id in self.arrived or call.stopped.is_set(), call.wait_s)
            arrived = None if call.stopped.is_set() else self.arrived.pop(job_id, None)
            if arrived is None or arrived.stopped.is_set():
                return None
            arrived.taken.set()
            return arrived

    def _finish(self, call, arrived, output=None, error=None):
        arrived.end(output, error)
        job_id = arrived.job["job_id"]
        try:
            told = self.remote.settle(replace(call, wait_s=max(call.wait_s, RELEASE_S), stopped=threading.Event()))
        except ApiError:
            return Unknown(job_id)
        # It ran here, so what is not released yet is not pending.
        return Unknown(job_id) if isinstance(told, (Pending, Unavailable)) else told


class _Arrived:
    def __init__(self, job, stopped):
        self.job, self.stopped = job, stopped
        self.taken, self.ended = threading.Event(), threading.Event()
        self.output = self.error = None

    def end(self, output=None, error=None):
        self.output, self.error = output, error
        self.ended.set()
