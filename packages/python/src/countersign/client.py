"""The HTTP API as functions. It keeps no state and tries nothing again."""
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request

from .opener import OPENER

MAX_ANSWER_BYTES = 16 * 1024 * 1024
# What can stand in a header.
VISIBLE = re.compile(r"[!-~]+")


class ApiError(Exception):
    """An error answer. `status`: of HTTP, 0 when no answer came. `code`: stable, `ingress_unavailable` when what came was no answer
    of the API. `retry_after_ms`: after which trying again makes sense, or None."""

    def __init__(self, status, code, detail, retry_after_ms=None):
        super().__init__(detail)
        self.status, self.code, self.retry_after_ms = status, code, retry_after_ms


class Client:
    """`url`: where the API is, e.g. `http://127.0.0.1:8081`. One of `api_key` and `token` (text, or a function that gives one that is
    still good) is the credential. Raises ValueError for what cannot be an address or a credential; it never repeats what it was given."""

    def __init__(self, url, api_key=None, token=None, tenant=None, timeout_s=30.0):
        to = _address(url)
        if to is None or to.scheme not in ("http", "https") or not to.hostname:
            raise ValueError("the url must be an http or https address")
        if to.username is not None or to.password is not None or to.query or to.fragment:
            raise ValueError("the url must not hold a user name, a password, a query or a fragment")
        if (api_key is None) == (token is None):
            raise ValueError("one of api_key and token is the credential")
        for name, text in (("api_key", api_key), ("token", token), ("tenant", tenant)):
            if text is not None and not callable(text):
                _require_visible(name, text)
        self.url, self.tenant, self.timeout_s = url.rstrip("/"), tenant, timeout_s
        self._api_key, self._token = api_key, token

    def submit(self, request, idempotency_key=None, wait_s=None):
        """What became of it, a dict: `outcome` is `accepted`, `denied`, or `ended` within `wait_s` (seconds, 20 at most).

        A denial is an outcome. Under the same `idempotency_key` the first answer comes again. Raises ApiError."""
        query = {} if wait_s is None else {"wait": wait_s}
        headers = {} if idempotency_key is None else {"idempotency-key": idempotency_key}
        status, said = self._exchange("POST", "/jobs", request, query, headers, extra_s=wait_s or 0)
        if status < 300 and not _has(said, ("job", "result") if status == 200 else ("job_id",)):
            raise _error_of(status, None)
        if status == 403 and _has(said, ("job_id",)) and said.get("code") == "denied":
            return {**said, "outcome": "denied"}
        if status in (200, 202):
            return {**said, "outcome": "ended" if status == 200 else "accepted"}
        raise _error_of(status, said)

    def job(self, job_id):
        return self._json("GET", "/jobs/" + _part(job_id))

    def result(self, job_id):
        """Raises ApiError `result_not_ready` or `result_quarantined`."""
        return self._json("GET", "/jobs/" + _part(job_id) + "/result")

    def timeline(self, job_id):
        """Oldest first."""
        return self._json("GET", "/jobs/" + _part(job_id) + "/timeline")

    def cancel(self, job_id, reason=None):
        return self._json("POST", "/jobs/" + _part(job_id) + "/cancel", {} if reason is None else {"reason": reason})

    def simulate(self, request):
        return self._json("POST", "/policy/simulate", request)

    def explain(self, request):
        return self._json("POST", "/policy/explain", request)

    def _json(self, method, path, body=None):
        status, said = self._exchange(method, path, body)
        if status >= 300:
            raise _error_of(status, said)
        return said

    def _exchange(self, method, path, body=None, query=None, headers=None, extra_s=0):
        """(status, the answer's JSON)."""
        url = self.url + "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        request = urllib.request.Request(url, data, {**self._headers(data), **(headers or {})}, method=method)
        try:
            with OPENER.open(request, timeout=self.timeout_s + extra_s) as response:
                return response.status, _read(response, response.status)
        except urllib.error.HTTPError as error:
            said = _read(error, error.code)
            retry_after = error.headers.get("retry-after", "")
            return error.code, {**said, "retry_after_ms": int(retry_after) * 1000} if retry_after.isdigit() else said
        except (OSError, http.client.HTTPException):
            # Whatever is in it may name a proxy with its password. What is no answer of HTTP is none either.
            raise ApiError(0, "ingress_unavailable", "no answer from the API") from None

    def _headers(self, data):
        token = self._token() if callable(self._token) else self._token
        if callable(self._token):
            _require_visible("token", token)
        return {
            **({"x-api-key": self._api_key} if token is None else {"authorization": "Bearer " + token}),
            **({} if self.tenant is None else {"x-tenant-id": self.tenant}),
            **({} if data is None else {"content-type": "application/json"}),
        }


def _read(response, status):
    try:
        text = response.read(MAX_ANSWER_BYTES + 1)
        said = json.loads(text) if len(text) <= MAX_ANSWER_BYTES else None
    except (OSError, ValueError, http.client.HTTPException):
        said = None
    if not isinstance(said, (dict, list)):
        raise ApiError(status, "ingress_unavailable", "HTTP %d without a readable body" % status)
    return said


def _error_of(status, said):
    code, detail = (said.get("code"), said.get("detail")) if isinstance(said, dict) else (None, None)
    if not isinstance(code, str) or not isinstance(detail, str):
        return ApiError(status, "ingress_unavailable", "HTTP %d" % status)
    return ApiError(status, code, detail, said.get("retry_after_ms"))


def _has(said, names):
    return isinstance(said, dict) and all(name in said for name in names)


def _address(url):
    """None for what is none."""
    try:
        to = urllib.parse.urlsplit(url) if isinstance(url, str) else None
        # A port that is no number shows when it is asked for.
        return to if to is None or to.port != 0 else None
    except ValueError:
        return None


def _require_visible(name, text):
    """Many a key is read from a file, with the end of its line."""
    if not isinstance(text, str) or not VISIBLE.fullmatch(text):
        raise ValueError("%s must be a text of visible ASCII characters, without spaces and ends of lines" % name)


def _part(text):
    return urllib.parse.quote(text, safe="")
