"""A whole worker over HTTP in Python: the standard library and `cryptography`. docs/worker-protocol.md in code.

It runs one job at a time, and keeps each result until it is settled. Python 3.9 or newer.
"""
import base64
import hashlib
import json
import math
import os
import secrets
import struct
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from decimal import Decimal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

BEAT_S = 0.4
GRACE_S = 2.0
NOT_LET_IN = ("unauthenticated", "revoked", "signature_invalid")


class Retryable(Exception):
    """Raised by a handler: another attempt is worth making."""


class NotLetIn(Exception):
    """Nothing that this worker did would count; the text is the code."""


class Worker:
    """`file`: what `countersign workers add --http` wrote, parsed. `handle(job, stopped)` returns any JSON and ends soon once
    `stopped` (a threading.Event) is set. `enforces`: names under `constraints.worker` that it really enforces. `refusal_pause_s`:
    for how long it takes nothing after it refused a warrant; doubled each time."""

    def __init__(self, file, handle, enforces=(), refusal_pause_s=2.0):
        self.file, self.handle, self.enforces = file, handle, enforces
        self.refusal_pause_s, self.refusals = refusal_pause_s, 0
        self.key = load_pem_private_key(file["signing_key"].encode(), None)
        self.pinned = [Ed25519PublicKey.from_public_bytes(unbase64(each)) for each in file["scheduler_public_keys"]]
        self.running, self.kept, self.lock = {}, {}, threading.Lock()
        self.stopping, self.turned_away = threading.Event(), None

    def start(self):
        """Until stop() and nothing is left. Raises NotLetIn."""
        self._hello()
        ended = threading.Event()
        beats = threading.Thread(target=self._beats, args=(ended,), daemon=True)
        beats.start()
        while not self.stopping.is_set() and self.turned_away is None:
            ok, said, _ = self._post("next", {"wait_ms": 2000}, timeout=6)
            if ok and said["delivery"] is not None:
                self._work(said["delivery"])
            elif not ok:
                time.sleep(0.5)
        while self.kept:
            time.sleep(0.05)
        ended.set()
        beats.join()
        if self.turned_away is not None:
            raise NotLetIn(self.turned_away)

    def stop(self):
        self.stopping.set()

    def _post(self, verb, value, query="", timeout=3):
        """(ok, what was answered, whether to ask again)."""
        url = urllib.parse.urljoin(self.file["url"], "/api/v1/worker/" + verb + query)
        body = json.dumps(value).encode()
        try:
            request = urllib.request.Request(url, body, self._signed(url, body), method="POST")
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return True, json.load(response), False
        except urllib.error.HTTPError as error:
            try:
                said = json.load(error)
            except ValueError:
                said = {"code": "no_answer"}
            if said.get("code") in NOT_LET_IN:
                self.turned_away = self.turned_away or said["code"]
            return False, said, error.code >= 500 or error.code == 429
        except (OSError, ValueError):
            return False, {"code": "no_answer"}, True

    def _signed(self, url, body):
        """RFC 9421: each request is good once."""
        to = urllib.parse.urlsplit(url)
        headers = {
            "content-type": "application/json",
            "content-digest": "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":",
        }
        values = {"@method": "POST", "@authority": to.netloc, "@path": to.path, "@query": "?" + to.query, **headers}
        now = int(time.time())
        params = '(%s);created=%d;expires=%d;nonce="%s";keyid="worker:%s/%s";alg="ed25519";tag="countersign-worker"' % (
            " ".join('"%s"' % name for name in values), now, now + 60, secrets.token_urlsafe(18),
            self.file["pool"], self.file["worker"])
        lines = ['"%s": %s' % each for each in values.items()] + ['"@signature-params": ' + params]
        signature = base64.b64encode(self.key.sign("\n".join(lines).encode())).decode()
        return {**headers, "signature-input": "worker=" + params, "signature": "worker=:" + signature + ":"}

    def _hello(self):
        """Proves that the scheduler is the one that is pinned, and hears whether this worker's work would count."""
        nonce = str(uuid.uuid4())
        text = "countersign hello from %s: " + "%s/%s %s" % (self.file["pool"], self.file["worker"], nonce)
        while True:
            signature = to_base64url(self.key.sign((text % "worker").encode()))
            ok, said, again = self._post("hello", {"nonce": nonce, "signature": signature})
            if ok:
                if not signed_by(self.pinned, unbase64(said["signature"]), (text % "scheduler").encode()):
                    raise NotLetIn("scheduler_key_unpinned")
                if said["code"] is not None:
                    raise NotLetIn(said["code"])
                return
            if not again:
                raise NotLetIn(said["code"])
            time.sleep(0.5)

    def _work(self, delivery):
        claim_id, asked_at = str(uuid.uuid4()), time.monotonic()
        request = {"dispatch_id": delivery["dispatch_id"], "claim_id": claim_id, "receipt": delivery["receipt"]}
        refused, claims, job = check(delivery, self.file["pool"], self.pinned, self.enforces)
        if refused is not None:
            request["refused"] = {"code": refused}
        ok, said, _ = self._post("claim", request)
        if not ok:
            ok, said, _ = self._post("claim", request)
        # Another worker of the pool shall get it.
        self.refusals = 0 if refused is None else self.refusals + 1
        if refused is not None:
            time.sleep(min(60.0, self.refusal_pause_s * 2 ** (self.refusals - 1)))
        # Lost, or not now: its message is gone, or comes again by itself.
        if not ok or refused is not None or said["outcome"] != "granted" or said["claim_id"] != claim_id:
            return
        if said["tenant"] + "/" + said["job_id"] != claims["sub"] or said["attempt"] != claims["attempt"]:
            return
        names = {"dispatch_id": delivery["dispatch_id"], "claim_id": claim_id, "tenant": said["tenant"],
                 "job_id": said["job_id"], "attempt": said["attempt"]}
        began = time.monotonic()
        outcome = self._run(names, job, said, asked_at)
        if outcome is not None:
            duration_ms = round((time.monotonic() - began) * 1000)
            result = {**names, "worker": self.file["worker"], "duration_ms": duration_ms, **outcome}
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
            ok, said, again = self._post("result", result, "?topic=" + topic)
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
            ok, said, _ = self._post("beat", {"attempts": attempts})
            for each in said["attempts"] if ok else []:
                run = self.running.get(each["dispatch_id"])
                if each["order"] == "settled":
                    self.kept.pop(each["dispatch_id"], None)
                elif run is not None and each["order"] == "stop":
                    end(run, "stopped")
                elif run is not None:
                    run["lease_end"] = asked_at + run["lease_s"]


def check(delivery, pool, pinned, enforces):
    """(refused, claims, job): `refused` is the code of the first check that fails, or None."""
    try:
        message = json.loads(delivery["message"])
        job, salt = message["effective"], unbase64(message["salt"])
        head, body, signature = message["warrant"].split(".")
        header, claims = json.loads(unbase64(head)), json.loads(unbase64(body))
        if set(header) - {"alg", "typ", "kid"} or header.get("alg") != "EdDSA":
            return "warrant_header", None, None
        if header.get("typ") != "countersign-warrant+jwt":
            return "warrant_header", None, None
        if not signed_by(pinned, unbase64(signature), (head + "." + body).encode()):
            return "warrant_signature", None, None
        content = {name: job[name] for name in ("prompt", "payload") if name in job}
        subject = "job.dispatch.%s.%s.%s" % (pool, job["tenant"], job["topic"][4:])
        checks = (
            ("warrant_claims", claims["iss"] == "countersign-scheduler"),
            ("warrant_audience", claims["aud"] == pool),
            ("warrant_time", claims["nbf"] <= time.time() < claims["exp"]),
            ("warrant_subject", claims["sub"] == job["tenant"] + "/" + job["job_id"]),
            ("warrant_subject", delivery["subject"] == subject),
            ("warrant_effective", len(salt) >= 16 and salted("effective", salt, job) == claims["effective_digest"]),
            ("warrant_payload", salted("payload", salt, content) == claims["payload_digest"]),
            ("constraint_unenforced", set(job["constraints"].get("worker", ())) <= set(enforces)),
        )
        return next((code for code, holds in checks if not holds), None), claims, job
    except (KeyError, ValueError, TypeError, AttributeError):
        return "message_malformed", None, None


def canonical(value):
    """RFC 8785: keys by UTF-16 code units, numbers as ECMAScript writes them."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(each) for each in value) + "]"
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def number(value):
    """ECMA-262, Number::toString."""
    if not math.isfinite(value):
        raise ValueError("no number of JSON")
    if value == 0:
        return "0"
    sign, (_, digits, exponent) = ("-" if value < 0 else ""), decimal_of(abs(value))
    point = len(digits) + exponent
    if 0 < point <= 21:
        whole = digits + "0" * (point - len(digits))
        return sign + (whole if len(digits) <= point else digits[:point] + "." + digits[point:])
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return "%s%s%se%s%d" % (sign, digits[0], rest, "+" if point > 0 else "-", abs(point - 1))


def decimal_of(value):
    parts = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, parts.digits))
    short = digits.rstrip("0") or "0"
    return parts.sign, short, parts.exponent + len(digits) - len(short)


def salted(domain, salt, value):
    data = b"countersign/" + domain.encode() + b"/v1\0" + struct.pack(">I", len(salt)) + salt + canonical(value).encode()
    return "sha256:" + hashlib.sha256(data).hexdigest()


def signed_by(keys, signature, data):
    for key in keys:
        try:
            key.verify(signature, data)
            return True
        except InvalidSignature:
            pass
    return False


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


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_file(handle, **options):
    """A worker from the file that COUNTERSIGN_WORKER_FILE names."""
    with open(os.environ["COUNTERSIGN_WORKER_FILE"], encoding="utf-8") as file:
        return Worker(json.load(file), handle, **options)
