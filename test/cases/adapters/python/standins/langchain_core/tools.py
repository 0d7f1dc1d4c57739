"""A stand-in for langchain_core.tools, made from its documented interface: a tool call in, a tool message out."""
import inspect

from .messages import ToolMessage


def tool(function):
    schema = {"type": "object", "properties": {name: {} for name in inspect.signature(function).parameters}}
    made = BaseTool(function.__name__, function.__doc__, schema)
    made._run = function
    return made


class BaseTool:
    def __init__(self, name, description, args_schema, **fields):
        self.name, self.description, self.args_schema = name, description, args_schema
        self.__dict__.update(fields)

    @property
    def args(self):
        return self.args_schema["properties"]

    def invoke(self, input, config=None):
        return as_message(self.name, input, self._run(**input["args"]))

    async def ainvoke(self, input, config=None):
        return as_message(self.name, input, await self._arun(**input["args"]))

    async def _arun(self, **arguments):
        return self._run(**arguments)


def as_message(name, input, output):
    return output if isinstance(output, ToolMessage) else ToolMessage(output, input["id"], name)
