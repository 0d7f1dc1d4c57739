"""Call ids where nobody gives one: the same arguments are the same call until their output was handed over, and then a new one."""
import hashlib
import threading

from .canonical import canonical


class ArgumentCalls:
    """Of one run. In memory: after a restart of the process the first answer to the same arguments comes again, and nothing runs twice."""

    def __init__(self):
        self._done, self._lock = {}, threading.Lock()

    def id_of(self, tool, input):
        """Raises TypeError or ValueError for arguments that are no JSON."""
        name = hashlib.sha256(canonical([tool, input]).encode()).hexdigest()
        return "%s.%d" % (name, self._done.get(name, 0))

    def settle(self, call_id, released):
        """`released`: its output was handed over. What was denied, quarantined or is unknown stays the answer."""
        name, count = call_id.split(".")
        with self._lock:
            if released and self._done.get(name, 0) == int(count):
                self._done[name] = int(count) + 1
