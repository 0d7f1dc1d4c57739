"""CrewAI: each tool is replaced by one of the same name and schema whose `_run` asks first. A hook that refuses what is not replaced
comes beside it: CrewAI takes anything that a hook raises, but HookAborted, for a yes."""
from crewai.tools import BaseTool

from .calls import ArgumentCalls
from .guard import Guard, require_supported


def guard_tools(tools, gate, run, **options):
    """`run`: one kickoff of the crew, text or a function that gives it. CrewAI gives calls no id, so within a run the same arguments
    are the same call until its output was handed over. `options`: of Guard. Raises RuntimeError for a version that is not supported."""
    guard = Guard(gate, "crewai", **options)
    guard.log(require_supported("crewai", (1, 0), (2, 0)))
    calls = {}
    return [_guarded(each, guard, run, calls) for each in tools]


def refuse_unguarded(ungoverned=()):
    """Registers a hook that refuses each tool that is not guarded, but those of these names."""
    from crewai.hooks import HookAborted, InterceptionPoint, on

    @on(InterceptionPoint.PRE_TOOL_CALL)
    def countersign_hook(context):
        try:
            known = isinstance(_tool_of(context.tool), GuardedTool) or context.tool_name in ungoverned
        except Exception:
            known = False
        if not known:
            raise HookAborted(reason="this tool is not governed", source="countersign")

    return countersign_hook


class GuardedTool(BaseTool):
    original: object
    guard: object
    run_id: object
    calls: object

    def _run(self, **arguments):
        own = self.run_id() if callable(self.run_id) else self.run_id
        ids = self.calls.setdefault(own, ArgumentCalls())
        call_id = ids.id_of(self.name, arguments)
        told = self.guard.call(own, call_id, self.name, arguments, lambda changed: self.original._run(**changed))
        ids.settle(call_id, told.data["status"] in ("released", "failed"))
        return told.text


def _guarded(original, guard, run, calls):
    if isinstance(original, GuardedTool):
        return original
    if not isinstance(original, BaseTool):
        raise TypeError("only tools of crewai.tools.BaseTool can be guarded")
    return GuardedTool(name=original.name, description=original.description, args_schema=original.args_schema,
                       original=original, guard=guard, run_id=run, calls=calls)


def _tool_of(tool):
    """The tool that a structured tool was made of."""
    return getattr(getattr(tool, "func", None), "__self__", tool)
