"""What a model is told of an outcome: enough to act on, and of the policy no more than rule, reason and offer."""
import json
import math
from dataclasses import asdict, dataclass

from .outcomes import Denied, Pending, Quarantined, Released, Unavailable, Unknown


@dataclass(frozen=True)
class Told:
    """`data`: the machine form beside the text."""
    text: str
    error: bool
    data: dict


FAILED = Told("The gate failed, and nobody knows whether this ran. Do not repeat it; ask a person to look.", True,
              {"status": "unknown"})


def tell(outcome):
    """Raises TypeError for RunHere and for what it does not know: neither is a text."""
    words = _WORDS.get(type(outcome))
    if words is None:
        raise TypeError("an outcome that this adapter does not know: " + type(outcome).__name__)
    return words(outcome)


def _released(outcome):
    text = outcome.output if isinstance(outcome.output, str) else _json(outcome.output)
    return Told(text, outcome.failed, {"status": "failed" if outcome.failed else "released", "job_id": outcome.job_id})


def _denied(outcome):
    rule = "" if outcome.rule_id is None else " by rule " + outcome.rule_id
    offer = "" if outcome.remediation is None else " On offer instead: %s." % _json(outcome.remediation)
    text = "Not run. Denied%s (%s): %s.%s Asking again with the same arguments changes nothing." % (
        rule, outcome.code, outcome.reason, offer)
    return Told(text, True, {"status": "denied", "code": outcome.code, "rule_id": outcome.rule_id,
                             "job_id": outcome.job_id, "remediation": outcome.remediation})


def _quarantined(outcome):
    return Told("The tool ran; its output is quarantined and is not shown.", True,
                {"status": "quarantined", "job_id": outcome.job_id})


def _pending(outcome):
    what = "Waiting (job %s)" % outcome.job_id
    if outcome.approval_id is not None:
        what = "Waiting for approval " + outcome.approval_id
    by = " by " + ", ".join(outcome.groups) if outcome.groups else ""
    until = "" if outcome.expires_at is None else " until " + outcome.expires_at
    link = "" if outcome.url is None else ": " + outcome.url
    text = "No result yet. %s%s%s%s. Call the tool again with the same arguments to fetch the result." % (what, by, until, link)
    return Told(text, True, {"status": "pending", **asdict(outcome), "groups": list(outcome.groups)})


def _unknown(outcome):
    return Told("Nobody knows whether this ran (job %s). Do not repeat it; ask a person to look." % outcome.job_id, True,
                {"status": "unknown", "job_id": outcome.job_id})


def _unavailable(outcome):
    text = "Nothing was decided. Call the tool again with the same arguments after %d s." % math.ceil(outcome.retry_after_ms / 1000)
    return Told(text, True, {"status": "unavailable", "retry_after_ms": outcome.retry_after_ms})


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_WORDS = {Released: _released, Denied: _denied, Quarantined: _quarantined, Pending: _pending, Unknown: _unknown,
          Unavailable: _unavailable}
