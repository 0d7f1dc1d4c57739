"""The HTTP API as functions. It keeps no state and tries nothing again."""
import json
import urllib.error
import urllib.parse
import urllib.request

from .opener import OPENER

MAX_ANSWER_BYTES = 16 * 1024 * 1024


class ApiError(Exception):
    """An error answer. `status`: of HTTP, 0 when no answer came. `code`: stable, `ingress_unavailable` when what came was no answer
    of the API. `retry_after_ms`: after which trying again makes sense, or None."""

    def __init__(self, status, code, detail, retry_after_ms=None):
        super().__init__(detail)
        self.status, self.code, self.retry_after_ms = status, code, retry_after_ms


class Client:
    """`url`: where the API is, e.g. `http://127.0.0.1:8081`. One of `api_key` and `token` (text, or a function that gives one that is
    still good) is the credential. Raises ValueError for what cannot be an address; it never repeats what it was given."""

    def __init__(self, url, api_key=None, token=None, tenant=None, timeout_s=30.0):
        to = urllib.parse.urlsplit(url)
        if to.scheme not in ("http", "https") or not to.hostname:
            raise ValueError("the url must be an http or https address")
        if to.username is not None or to.password is not None or to.query or to.fragment:
            raise ValueError("the url must not hold a user name, a password, a query or a fragment")
        if (api_key is None) == (token is None):
            raise ValueError("one of api_key and token is the credential")
        self.url, self.tenant, self.timeout_s = url.rstrip("/"), tenant, timeout_s
        self._api_key, self._token = api_key, token

    def submit(self, request, idempotency_key=None, wait_s=None):
        """What became of it, a dict: `outcome` is `accepted`, `denied`, or `ended` within `wait_s` (seconds, 20 at most).

        A denial is an outcome. Under the same `idempotency_key` the first answer comes again. Raises ApiError."""
        query = {} if wait_s is None else {"wait": wait_s}
        headers = {} if idempotency_key is None else {"idempotency-key": idempotency_key}
        status, said = self._exchange("POST", "/jobs", request, query, headers, extra_s=wait_s or 0)
        if status == 403 and said.get("code") == "denied":
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
        except OSError:
            # Whatever is in it may name a proxy with its password.
            raise ApiError(0, "ingress_unavailable", "no answer from the API") from None

    def _headers(self, data):
        token = self._token() if callable(self._token) else self._token
        return {
            **({"x-api-key": self._api_key} if token is None else {"authorization": "Bearer " + token}),
            **({} if self.tenant is None else {"x-tenant-id": self.tenant}),
            **({} if data is None else {"content-type": "application/json"}),
        }


def _read(response, status):
    try:
        text = response.read(MAX_ANSWER_BYTES + 1)
        said = json.loads(text) if len(text) <= MAX_ANSWER_BYTES else None
    except (OSError, ValueError):
        said = None
    if not isinstance(said, (dict, list)):
        raise ApiError(status, "ingress_unavailable", "HTTP %d without a readable body" % status)
    return said


def _error_of(status, said):
    code, detail = (said.get("code"), said.get("detail")) if isinstance(said, dict) else (None, None)
    if not isinstance(code, str) or not isinstance(detail, str):
        return ApiError(status, "ingress_unavailable", "HTTP %d" % status)
    return ApiError(status, code, detail, said.get("retry_after_ms"))


def _part(text):
    return urllib.parse.quote(text, safe="")
