"""A stand-in for crewai.hooks, made from its documented interface: whatever a hook raises, but HookAborted, is swallowed."""
HOOKS = []


class InterceptionPoint:
    PRE_TOOL_CALL = "pre_tool_call"


class HookAborted(Exception):
    def __init__(self, reason, source=None):
        super().__init__(reason)
        self.reason, self.source = reason, source


class ToolCallHookContext:
    def __init__(self, tool_name, tool_input, tool):
        self.tool_name, self.tool_input, self.tool = tool_name, tool_input, tool


def on(point, tools=None):
    def register(hook):
        HOOKS.append(hook)
        return hook

    return register


def run_tool(structured, arguments):
    """As the engine does: hooks, then the tool."""
    context = ToolCallHookContext(structured.name, arguments, structured)
    for hook in HOOKS:
        try:
            hook(context)
        except HookAborted:
            return "Tool execution blocked by hook. Tool: " + structured.name
        except Exception:
            pass
    return structured.func(**arguments)
