"""A stand-in for crewai.tools, made from its documented interface: what an agent calls is `func` of the structured tool."""


class BaseTool:
    def __init__(self, name, description, args_schema=None, **fields):
        self.name, self.description, self.args_schema = name, description, args_schema
        self.__dict__.update(fields)

    def run(self, **arguments):
        return self._run(**arguments)

    def to_structured_tool(self):
        return CrewStructuredTool(self.name, self._run)


class CrewStructuredTool:
    def __init__(self, name, func):
        self.name, self.func = name, func


def tool(name):
    def make(function):
        made = BaseTool(name, function.__doc__)
        made._run = function
        return made

    return make
