"""The door for workers over HTTP: each request is signed with the worker's own key and good once (RFC 9421)."""
import base64
import hashlib
import http.client
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

from .opener import OPENER

NOT_LET_IN = ("unauthenticated", "revoked", "signature_invalid")


class WorkerDoor:
    """`file`: what `countersign workers add --http` wrote, parsed. `key`: the private half of its signing key."""

    def __init__(self, file, key):
        self.file, self.key = file, key
        # The code with which the door turned this worker away for good, or None.
        self.turned_away = None

    def post(self, verb, value, query="", timeout=3):
        """(ok, what was answered, whether to ask again). Never raises."""
        url = urllib.parse.urljoin(self.file["url"], "/api/v1/worker/" + verb + query)
        body = json.dumps(value).encode()
        try:
            request = urllib.request.Request(url, body, self._signed(url, body), method="POST")
            with OPENER.open(request, timeout=timeout) as response:
                return True, self._heard(json.load(response)), False
        except urllib.error.HTTPError as error:
            try:
                said = self._heard(json.load(error))
            except ValueError:
                said = {"code": "no_answer"}
            return False, said, error.code >= 500 or error.code == 429
        except (OSError, ValueError, http.client.HTTPException):
            return False, {"code": "no_answer"}, True

    def _heard(self, said):
        """Also where a result is refused, which is an answer like any other. Raises ValueError for what is no answer."""
        if not isinstance(said, dict):
            raise ValueError("no object")
        if said.get("code") in NOT_LET_IN:
            self.turned_away = self.turned_away or said["code"]
        return said

    def _signed(self, url, body):
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
