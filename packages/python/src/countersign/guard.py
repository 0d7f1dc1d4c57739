"""What every adapter does with a tool call: ask, run here only when told to, and show only what was released."""
from importlib import metadata

from .gate import DEFAULT_WAIT_S, ToolCall, begin_thread
from .outcomes import RunHere
from .words import FAILED, tell


class Guard:
    """`gate`: a RemoteGate or a LocalGate. `arguments_of`: a tool's arguments out of a job's payload; left out, the payload is them.
    `log`: hears the supported range at the start, and the type of what a gate that failed raised; content is never among it."""

    def __init__(self, gate, framework, wait_s=DEFAULT_WAIT_S, arguments_of=None, log=None):
        self.gate, self.framework, self.wait_s = gate, framework, wait_s
        self.arguments_of, self.log = arguments_of or (lambda payload: payload), log or (lambda line: None)

    def call(self, run, call_id, tool, input, execute):
        """`execute(arguments)` is the tool. Answers a Told; raises nothing that a framework could take for a yes, or show."""
        try:
            outcome = self.gate.ask(self._named(run, call_id, tool, input))
            if isinstance(outcome, RunHere):
                outcome = outcome.finish(**outcome.run(lambda payload: execute(self.arguments_of(payload))))
            return tell(outcome)
        except Exception as error:
            return self._failed(error)

    async def call_async(self, run, call_id, tool, input, execute):
        """As call(); `execute` is a coroutine function."""
        try:
            outcome = await self.gate.ask_async(self._named(run, call_id, tool, input))
            if isinstance(outcome, RunHere):
                result = await outcome.run_async(lambda payload: execute(self.arguments_of(payload)))
                outcome = await begin_thread(lambda: outcome.finish(**result))
            return tell(outcome)
        except Exception as error:
            return self._failed(error)

    def _named(self, run, call_id, tool, input):
        return ToolCall(self.framework, run, call_id, tool, input, wait_s=self.wait_s)

    def _failed(self, error):
        self.log("a gate failed: " + type(error).__name__)
        return FAILED


def require_supported(package, at_least, before, found=None):
    """Says the range and what was found; raises RuntimeError outside of it: a gate that does nothing is the worst bug.

    Versions are `(1, 2)`; a pre-release counts as its release."""
    found = found or metadata.version(package)
    numbers = tuple(int("".join(filter(str.isdigit, each)) or 0) for each in found.split(".")[:2])
    line = "countersign supports %s >=%s,<%s; found %s" % (
        package, ".".join(map(str, at_least)), ".".join(map(str, before)), found)
    if not at_least <= numbers < before:
        raise RuntimeError(line)
    return line
