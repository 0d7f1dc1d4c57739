"""AutoGen: a tool's `run_json` and a workbench's `call_tool` ask first. AutoGen itself has no pause for an approval."""
from autogen_core.tools import BaseTool, TextResultContent, ToolResult, Workbench

from .guard import Guard, require_supported


def guard_tools(tools, gate, run, **options):
    """`run`: one run of the team, text or a function that gives it. `options`: of Guard. Raises RuntimeError for a version that is not
    supported."""
    guard = _guard(gate, options)
    return [each if isinstance(each, GuardedTool) else GuardedTool(each, guard, run) for each in tools]


def guard_workbench(workbench, gate, run, **options):
    """All of its tools, those too that it gets later."""
    return GuardedWorkbench(workbench, _guard(gate, options), run)


class GuardedTool(BaseTool):
    def __init__(self, original, guard, run):
        super().__init__(args_type=original.args_type(), return_type=str, name=original.name, description=original.description)
        self._original, self._guard, self._run_id = original, guard, run

    @property
    def schema(self):
        return self._original.schema

    async def run(self, args, cancellation_token):
        raise RuntimeError("a guarded tool runs by run_json, with the id of its call")

    async def run_json(self, args, cancellation_token, call_id=None):
        told = await self._guard.call_async(_text(self._run_id), _given(call_id, self.name), self.name, dict(args),
                                            lambda changed: self._original.run_json(changed, cancellation_token, call_id=call_id))
        if told.error:
            # AutoGen shows the model the text of what a tool raises.
            raise NotReleased(told.text)
        return told.text

    def return_value_as_string(self, value):
        return value


class GuardedWorkbench(Workbench):
    def __init__(self, original, guard, run):
        self._original, self._guard, self._run_id = original, guard, run

    async def call_tool(self, name, arguments=None, cancellation_token=None, call_id=None):
        async def execute(changed):
            result = await self._original.call_tool(name, changed, cancellation_token, call_id=call_id)
            if result.is_error:
                raise RuntimeError(result.to_text())
            return result.to_text()

        told = await self._guard.call_async(_text(self._run_id), _given(call_id, name), name, dict(arguments or {}), execute)
        return ToolResult(name=name, result=[TextResultContent(content=told.text)], is_error=told.error)

    async def list_tools(self):
        return await self._original.list_tools()

    async def start(self):
        await self._original.start()

    async def stop(self):
        await self._original.stop()

    async def reset(self):
        await self._original.reset()

    async def save_state(self):
        return await self._original.save_state()

    async def load_state(self, state):
        await self._original.load_state(state)


class NotReleased(Exception):
    """The text is what the model is to read."""


def _guard(gate, options):
    guard = Guard(gate, "autogen", **options)
    guard.log(require_supported("autogen-core", (0, 6), (0, 8)))
    return guard


def _text(run):
    return run() if callable(run) else run


def _given(call_id, name):
    if not call_id:
        raise ValueError(name + " was called without the id of a tool call: it was not run")
    return call_id
