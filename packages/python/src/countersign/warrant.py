"""Checks that a delivery is a job that the scheduler warranted for this pool, now and unaltered (docs/worker-protocol.md)."""
import base64
import hashlib
import json
import struct
import time

from cryptography.exceptions import InvalidSignature

from .canonical import canonical


def check(delivery, pool, pinned, enforces):
    """(refused, claims, job): `refused` is the code of the first check that fails, or None.

    `pinned`: the scheduler's public keys. `enforces`: names under `constraints.worker` that this worker really enforces."""
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


def salted(domain, salt, value):
    """`sha256:<hex>` over domain, salt and canonical text."""
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


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
