"""Puts a function behind a gate: `@governed(gate, run="nightly-2026-11-26")`."""
import functools
import inspect

from .calls import ArgumentCalls
from .gate import DEFAULT_WAIT_S, ToolCall, begin_thread
from .outcomes import Released, RunHere
from .words import tell


class NotReleased(Exception):
    """There is no output to return. `outcome` says why: denied, pending, quarantined, unknown, unavailable, or a tool that failed."""

    def __init__(self, outcome):
        super().__init__(tell(outcome).text)
        self.outcome = outcome


def governed(gate, run, tool=None, wait_s=DEFAULT_WAIT_S):
    """A decorator for a function or a coroutine function; the input is its arguments by name, which must be JSON.

    `run`: one run of the agent, text or a function that gives it. `tool`: the tool's name, by default the function's. It returns what
    was released, and raises NotReleased. Called again with the same arguments it is the same call, until its output was returned."""

    def decorate(function):
        signature = _signature_of(function)
        name, calls = tool or function.__name__, {}

        def begin(args, kwargs):
            own = run() if callable(run) else run
            input = _input_of(signature, args, kwargs)
            ids = calls.setdefault(own, ArgumentCalls())
            return ids, ToolCall("python", own, ids.id_of(name, input), name, input, wait_s)

        @functools.wraps(function)
        def governed_call(*args, **kwargs):
            ids, call = begin(args, kwargs)
            outcome = gate.ask(call)
            if isinstance(outcome, RunHere):
                outcome = outcome.finish(**outcome.run(lambda input: function(**input)))
            return _output_of(ids, call, outcome)

        @functools.wraps(function)
        async def governed_coroutine(*args, **kwargs):
            ids, call = begin(args, kwargs)
            outcome = await gate.ask_async(call)
            if isinstance(outcome, RunHere):
                result = await outcome.run_async(lambda input: function(**input))
                outcome = await begin_thread(lambda: outcome.finish(**result))
            return _output_of(ids, call, outcome)

        return governed_coroutine if inspect.iscoroutinefunction(function) else governed_call

    return decorate


def _signature_of(function):
    """Raises TypeError for parameters that have no name to be decided by."""
    signature = inspect.signature(function)
    kinds = {each.kind for each in signature.parameters.values()}
    if kinds & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        raise TypeError("each parameter of a governed function needs a name")
    return signature


def _input_of(signature, args, kwargs):
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def _output_of(ids, call, outcome):
    released = isinstance(outcome, Released)
    ids.settle(call.call_id, released)
    if not released or outcome.failed:
        raise NotReleased(outcome)
    return outcome.output
