"""Canonical JSON (RFC 8785): the bytes that are hashed and signed."""
import json
import math
from decimal import Decimal


def canonical(value):
    """The canonical text. Raises ValueError for a number that JSON does not have and for what contains itself, TypeError for what is
    no JSON."""
    try:
        return _text(value)
    except RecursionError:
        raise ValueError("nested too deeply for JSON") from None


def _text(value):
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a member of JSON has a text for its name")
        # By UTF-16 code units.
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(_text(name) + ":" + _text(value[name]) for name in names) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(each) for each in value) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value):
    """ECMA-262, Number::toString."""
    if not math.isfinite(value):
        raise ValueError("no number of JSON")
    if value == 0:
        return "0"
    sign, (digits, exponent) = ("-" if value < 0 else ""), _decimal_of(abs(value))
    point = len(digits) + exponent
    if 0 < point <= 21:
        whole = digits + "0" * (point - len(digits))
        return sign + (whole if len(digits) <= point else digits[:point] + "." + digits[point:])
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return "%s%s%se%s%d" % (sign, digits[0], rest, "+" if point > 0 else "-", abs(point - 1))


def _decimal_of(value):
    """(digits without trailing zeros, exponent of ten of the last one)."""
    parts = Decimal(float.__repr__(value)).as_tuple()
    digits = "".join(map(str, parts.digits))
    short = digits.rstrip("0") or "0"
    return short, parts.exponent + len(digits) - len(short)
