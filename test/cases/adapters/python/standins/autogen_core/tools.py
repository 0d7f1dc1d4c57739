"""A stand-in for autogen_core.tools, made from its documented interface."""


class BaseTool:
    def __init__(self, args_type, return_type, name, description):
        self._args_type, self.name, self.description = args_type, name, description

    def args_type(self):
        return self._args_type

    @property
    def schema(self):
        return {"name": self.name, "description": self.description}

    def return_value_as_string(self, value):
        return str(value)


class FunctionTool(BaseTool):
    def __init__(self, func, description):
        super().__init__(dict, str, func.__name__, description)
        self._func = func

    async def run_json(self, args, cancellation_token, call_id=None):
        return await self._func(**args)


class TextResultContent:
    def __init__(self, content):
        self.content = content


class ToolResult:
    def __init__(self, name, result, is_error=False):
        self.name, self.result, self.is_error = name, result, is_error

    def to_text(self):
        return "".join(each.content for each in self.result)


class Workbench:
    pass


class StaticWorkbench(Workbench):
    def __init__(self, tools):
        self._tools = tools

    async def list_tools(self):
        return [each.schema for each in self._tools]

    async def call_tool(self, name, arguments=None, cancellation_token=None, call_id=None):
        tool = next(each for each in self._tools if each.name == name)
        try:
            text = tool.return_value_as_string(await tool.run_json(arguments or {}, cancellation_token, call_id=call_id))
            return ToolResult(name, [TextResultContent(text)])
        except Exception as error:
            return ToolResult(name, [TextResultContent(str(error))], is_error=True)
