"""Checks that a delivery is a job that the scheduler warranted for this pool, now and unaltered (docs/worker-protocol.md)."""
import base64
import hashlib
import json
import struct
import time

from cryptography.exceptions import InvalidSignature

from .canonical import canonical

TOGETHER = "EdDSA-RFC6962"
TOGETHER_DOMAIN = b"countersign/warrants/v1\0"


def check(delivery, pool, pinned, enforces):
    """(refused, claims, job): `refused` is the code of the first check that fails, or None.

    `pinned`: the scheduler's public keys. `enforces`: names under `constraints.worker` that this worker really enforces."""
    try:
        message = json.loads(delivery["message"])
        job, salt = message["effective"], unbase64(message["salt"])
        head, body, signature = message["warrant"].split(".")
        header, claims = json.loads(unbase64(head)), json.loads(unbase64(body))
        if set(header) - {"alg", "typ", "kid"} or header.get("alg") not in ("EdDSA", TOGETHER):
            return "warrant_header", None, None
        if header.get("typ") != "countersign-warrant+jwt":
            return "warrant_header", None, None
        text, proof = (head + "." + body).encode(), unbase64(signature)
        opened = open_together(text, proof) if header["alg"] == TOGETHER else (proof, text)
        if opened is None or not signed_by(pinned, *opened):
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


def open_together(text, proof):
    """(signature, what it is over) of a warrant that was signed together with others, from its path through their tree
    (RFC 6962); None for no path."""
    if len(proof) < 100 or len(proof) % 32 != 4:
        return None
    at, number = struct.unpack(">HH", proof[64:68])
    last, digest = number - 1, hashlib.sha256(b"\0" + text).digest()
    if at > last:
        return None
    for start in range(68, len(proof), 32):
        if last == 0:
            return None
        sibling, is_right = proof[start:start + 32], at % 2 == 1 or at == last
        digest = hashlib.sha256(b"\1" + (sibling + digest if is_right else digest + sibling)).digest()
        while is_right and at != 0 and at % 2 == 0:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return (proof[:64], TOGETHER_DOMAIN + proof[66:68] + digest) if last == 0 else None


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
