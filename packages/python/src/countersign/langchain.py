"""LangChain and LangGraph: each tool is replaced by one of the same name and schema that asks first. What arrives there is what would
run, whatever middleware did before; the framework's own approvals are not read."""
import contextvars

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool

from .guard import Guard, require_supported

# What invoke() was given: the id of the call and its arguments as the model wrote them.
_ASKED = contextvars.ContextVar("countersign_tool_call")


def guard_tools(tools, gate, run_of=None, **options):
    """`run_of(config)`: what one run is, by default `thread_id` under `configurable`. `options`: of Guard. Raises RuntimeError for a
    version that is not supported, TypeError for what runs at the model's provider: it would pass by the gate."""
    guard = Guard(gate, "langchain", **options)
    guard.log(require_supported("langchain-core", (1, 0), (2, 0)))
    return [_guarded(each, guard, run_of or _thread_of) for each in tools]


def guard_tool_calls(gate, run_of=None, **options):
    """A middleware for `create_agent` that replaces whatever tool a call is about to run: for tools that come from elsewhere."""
    from langchain.agents.middleware import AgentMiddleware

    guard_tools([], gate, run_of, **options)
    guard = Guard(gate, "langchain", **options)

    class CountersignMiddleware(AgentMiddleware):
        def wrap_tool_call(self, request, handler):
            return handler(request.override(tool=_guarded(request.tool, guard, run_of or _thread_of)))

        async def awrap_tool_call(self, request, handler):
            return await handler(request.override(tool=_guarded(request.tool, guard, run_of or _thread_of)))

    return CountersignMiddleware()


class GuardedTool(BaseTool):
    original: BaseTool
    guard: object
    run_of: object

    def invoke(self, input, config=None, **kwargs):
        token = _ASKED.set(self._asked(input, config))
        try:
            return super().invoke(input, config, **kwargs)
        finally:
            _ASKED.reset(token)

    async def ainvoke(self, input, config=None, **kwargs):
        token = _ASKED.set(self._asked(input, config))
        try:
            return await super().ainvoke(input, config, **kwargs)
        finally:
            _ASKED.reset(token)

    def _run(self, **_):
        asked = _ASKED.get()
        told = self.guard.call(asked["run"], asked["id"], self.name, asked["input"], lambda arguments: _content_of(
            self.original.invoke(self._call_with(asked, arguments), asked["config"])))
        return self._message(asked, told)

    async def _arun(self, **_):
        asked = _ASKED.get()

        async def execute(arguments):
            return _content_of(await self.original.ainvoke(self._call_with(asked, arguments), asked["config"]))

        return self._message(asked, await self.guard.call_async(
            asked["run"], asked["id"], self.name, asked["input"], execute))

    def _asked(self, input, config):
        """Raises ValueError for a call that cannot be told from others."""
        if not isinstance(input, dict) or input.get("type") != "tool_call" or not input.get("id"):
            raise ValueError(self.name + " was called without the id of a tool call: it was not run")
        run = self.run_of(config or {})
        if not run:
            raise ValueError("no thread_id in configurable, and no run_of: the tool was not run")
        # What the framework injects is not the model's, and no JSON.
        own = {name: value for name, value in input["args"].items() if name in self.original.args}
        injected = {name: value for name, value in input["args"].items() if name not in own}
        return {"run": run, "id": input["id"], "input": own, "injected": injected, "config": config}

    def _call_with(self, asked, arguments):
        args = {**arguments, **asked["injected"]}
        return {"type": "tool_call", "name": self.original.name, "id": asked["id"], "args": args}

    def _message(self, asked, told):
        return ToolMessage(content=told.text, tool_call_id=asked["id"], name=self.name,
                           status="error" if told.error else "success", additional_kwargs={"countersign": told.data})


def _guarded(original, guard, run_of):
    if isinstance(original, GuardedTool):
        return original
    if not isinstance(original, BaseTool):
        raise TypeError("only tools that run in this process can be guarded; one of these is run by the provider")
    return GuardedTool(name=original.name, description=original.description, args_schema=original.args_schema,
                       original=original, guard=guard, run_of=run_of)


def _content_of(message):
    """Raises ValueError for what cannot be screened, e.g. a Command, and RuntimeError for a tool that failed."""
    if not isinstance(message, ToolMessage):
        raise ValueError("the tool returned something that is no output")
    if message.status == "error":
        raise RuntimeError(str(message.content))
    return message.content


def _thread_of(config):
    thread = (config.get("configurable") or {}).get("thread_id")
    return thread if isinstance(thread, str) else None
