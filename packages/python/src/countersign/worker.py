"""A worker over HTTP (docs/worker-protocol.md in code). It keeps each result until it is settled."""
import json
import os
import threading
import time
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .canonical import canonical
from .warrant import check, signed_by, to_base64url, unbase64
from .worker_door import WorkerDoor

BEAT_S = 0.4
GRACE_S = 2.0
MEMBERS = ("url", "pool", "worker", "signing_key", "scheduler_public_keys")


class Retryable(Exception):
    """Raised by a handler: another attempt is worth making."""


class NotLetIn(Exception):
    """Nothing that this worker did would count; the text is the code."""


class Worker:
    """`file`: what `countersign workers add --http` wrote, parsed. `handle(job, stopped)` returns any JSON and ends soon once
    `stopped` (a threading.Event) is set. `enforces`: names under `constraints.worker` that it really enforces. `concurrency`: jobs
    at once. `refusal_pause_s`: for how long a slot takes nothing after it refused a warrant; doubled each time."""

    def __init__(self, file, handle, enforces=(), concurrency=1, refusal_pause_s=2.0):
        missing = [name for name in MEMBERS if not (file.get(name) if isinstance(file, dict) else None)]
        if missing:
            raise ValueError("no file of a worker over HTTP (countersign workers add --http): it has no " + ", ".join(missing))
        self.file, self.handle, self.enforces = file, handle, enforces
        self.refusal_pause_s, self.refusals = refusal_pause_s, 0
        self.key = load_pem_private_key(file["signing_key"].encode(), None)
        self.pinned = [Ed25519PublicKey.from_public_bytes(unbase64(each)) for each in file["scheduler_public_keys"]]
        self.running, self.kept, self.lock = {}, {}, threading.Lock()
        self.concurrency, self.slots = concurrency, threading.Semaphore(concurrency)
        self.stopping, self.door = threading.Event(), WorkerDoor(file, self.key)

    def start(self):
        """Until stop() and nothing is left. Raises NotLetIn."""
        self._hello()
        ended = threading.Event()
        beats = threading.Thread(target=self._beats, args=(ended,), daemon=True)
        beats.start()
        while not self.stopping.is_set() and self.door.turned_away is None:
            if not self.slots.acquire(timeout=0.5):
                continue
            ok, said, _ = self.door.post("next", {"wait_ms": 2000}, timeout=6)
            if ok and said["delivery"] is not None and self.door.turned_away is None:
                threading.Thread(target=self._work, args=(said["delivery"],), daemon=True).start()
                continue
            self.slots.release()
            if not ok:
                time.sleep(0.5)
        for _ in range(self.concurrency):
            self.slots.acquire()
        while self.kept:
            time.sleep(0.05)
        ended.set()
        beats.join()
        if self.door.turned_away is not None:
            raise NotLetIn(self.door.turned_away)

    def stop(self):
        self.stopping.set()

    def _hello(self):
        """Proves that the scheduler is the one that is pinned, and hears whether this worker's work would count."""
        nonce = str(uuid.uuid4())
        text = "countersign hello from %s: " + "%s/%s %s" % (self.file["pool"], self.file["worker"], nonce)
        asked = {"nonce": nonce, "signature": to_base64url(self.key.sign((text % "worker").encode())), "together": True}
        while True:
            ok, said, again = self.door.post("hello", asked)
            if ok:
                if not signed_by(self.pinned, unbase64(said["signature"]), (text % "scheduler").encode()):
                    raise NotLetIn("scheduler_key_unpinned")
                if said["code"] is not None:
                    raise NotLetIn(said["code"])
                return
            # A plane of before: it sends each warrant by itself.
            if said.get("code") in ("field_unknown", "field_invalid") and asked.pop("together", False):
                continue
            if not again:
                raise NotLetIn(said["code"])
            time.sleep(0.5)

    def _work(self, delivery):
        """One delivery in one slot."""
        try:
            self._take(delivery)
        finally:
            self.slots.release()

    def _take(self, delivery):
        claim_id, asked_at = str(uuid.uuid4()), time.monotonic()
        request = {"dispatch_id": delivery["dispatch_id"], "claim_id": claim_id, "receipt": delivery["receipt"]}
        refused, claims, job = check(delivery, self.file["pool"], self.pinned, self.enforces)
        if refused is not None:
            request["refused"] = {"code": refused}
        ok, said, _ = self.door.post("claim", request)
        if not ok:
            ok, said, _ = self.door.post("claim", request)
        # Another worker of the pool shall get it.
        self.refusals = 0 if refused is None else self.refusals + 1
        if refused is not None:
            time.sleep(min(60.0, self.refusal_pause_s * 2 ** (self.refusals - 1)))
        # Lost, or not now: its message is gone, or comes again by itself.
        if not ok or refused is not None or said["outcome"] != "granted" or said["claim_id"] != claim_id:
            return
        if said["tenant"] + "/" + said["job_id"] != claims["sub"] or said["attempt"] != claims["attempt"]:
            return
        # Said while the claim was under way: nobody would accept a result.
        if self.door.turned_away is not None:
            return
        names = {"dispatch_id": delivery["dispatch_id"], "claim_id": claim_id, "tenant": said["tenant"],
                 "job_id": said["job_id"], "attempt": said["attempt"]}
        began = time.monotonic()
        outcome = self._run(names, job, said, asked_at)
        if outcome is not None:
            duration_ms = round((time.monotonic() - began) * 1000)
            result = {**names, "worker": self.file["worker"], "duration_ms": duration_ms, **outcome}
            with self.lock:
                self.kept[names["dispatch_id"]] = claim_id
            threading.Thread(target=self._report, args=(job["topic"], result), daemon=True).start()

    def _run(self, names, job, granted, asked_at):
        """What came of it; None when the lease was lost: nobody would accept a result."""
        stopped, outcomes = threading.Event(), []
        run = {"claim_id": names["claim_id"], "lease_s": granted["lease_ms"] / 1000, "reason": None, "stopped": stopped,
               "lease_end": asked_at + granted["lease_ms"] / 1000}
        own = threading.Thread(daemon=True, target=lambda: outcomes.append(
            outcome_of(self.handle, job, stopped, granted["max_output_bytes"])))
        with self.lock:
            self.running[names["dispatch_id"]] = run
        own.start()
        deadline = time.monotonic() + granted["timeout_ms"] / 1000
        while own.is_alive() and not stopped.is_set():
            own.join(0.02)
            if time.monotonic() >= deadline:
                end(run, "timed_out")
        if stopped.is_set():
            own.join(GRACE_S)
        with self.lock:
            del self.running[names["dispatch_id"]]
        if run["reason"] is None:
            return outcomes[0]
        if run["reason"] == "lease_lost":
            return None
        return {"status": run["reason"], "retryable": False, "output": error_of(run["reason"], "ended from outside")}

    def _report(self, topic, unsigned):
        result = {**unsigned, "signature": to_base64url(self.key.sign(canonical(unsigned).encode()))}
        name, pause = unsigned["dispatch_id"], 0.5
        with self.lock:
            self.kept[name] = unsigned["claim_id"]
        while name in self.kept:
            ok, said, again = self.door.post("result", result, "?topic=" + topic)
            mine = ok and (said["dispatch_id"], said["claim_id"]) == (name, unsigned["claim_id"])
            if mine or (not ok and not again):
                self.kept.pop(name, None)
            else:
                time.sleep(pause)
                pause = min(8.0, pause * 2)
            # Nobody can read it, and to run it again would only do its effects again.
            if not ok and not again and unsigned["status"] == "succeeded":
                return self._report(topic, {**unsigned, "status": "failed", "output": error_of("output_not_taken", said["code"])})

    def _beats(self, ended):
        while not ended.wait(BEAT_S):
            with self.lock:
                for run in self.running.values():
                    if time.monotonic() >= run["lease_end"]:
                        end(run, "lease_lost")
                attempts = [{"dispatch_id": name, "claim_id": run["claim_id"], "reported": False}
                            for name, run in self.running.items()]
                attempts += [{"dispatch_id": name, "claim_id": claim, "reported": True} for name, claim in self.kept.items()]
            if not attempts:
                continue
            asked_at = time.monotonic()
            ok, said, _ = self.door.post("beat", {"attempts": attempts})
            for each in said["attempts"] if ok else []:
                run = self.running.get(each["dispatch_id"])
                if each["order"] == "settled":
                    self.kept.pop(each["dispatch_id"], None)
                elif run is not None and each["order"] == "stop":
                    end(run, "stopped")
                elif run is not None:
                    run["lease_end"] = asked_at + run["lease_s"]


def outcome_of(handle, job, stopped, max_output_bytes):
    try:
        output = handle(job, stopped)
        if len(canonical(output).encode()) > max_output_bytes:
            return {"status": "failed", "retryable": False, "output": error_of("output_too_large", "")}
        return {"status": "succeeded", "retryable": False, "output": output}
    except Exception as error:
        code = getattr(error, "code", "handler_failed")
        return {"status": "failed", "retryable": isinstance(error, Retryable), "output": error_of(code, str(error))}


def error_of(code, detail):
    def clean(text, chars):
        return str(text)[:chars].replace("\0", "\ufffd").encode("utf-8", "replace").decode()

    return {"error": {"code": clean(code, 64), "detail": clean(detail, 500)}}


def end(run, reason):
    if run["reason"] is None:
        run["reason"] = reason
        run["stopped"].set()


def from_file(handle, **options):
    """A worker from the file that COUNTERSIGN_WORKER_FILE names."""
    with open(os.environ["COUNTERSIGN_WORKER_FILE"], encoding="utf-8") as file:
        return Worker(json.load(file), handle, **options)
