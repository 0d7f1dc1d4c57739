"""Plays an agent's framework for the attack suite: a call per line in, what its model is shown per line out.

argv: the folder of the package, then folders of stand-ins for frameworks that are not installed."""
import asyncio
import json
import sys

sys.path.insert(0, sys.argv[1])
sys.path.extend(sys.argv[2:])
from countersign import Client, LocalGate, NotReleased, RemoteGate, governed  # noqa: E402

SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}, "path": {"type": "string"}}}


def remote_gate(drive):
    return RemoteGate(Client(drive["url"], api_key="key"), agent="desk-agent", cancel_on_stop=drive["cancel_on_abort"],
                      request_of=lambda call: {"topic": "job." + call.tool, "payload": {"input": call.input}})


class Governed:
    def __init__(self, drive, gate, effects):
        self.gate, self.effects, self.wait_s, self.tools = gate, effects, drive["wait_ms"] / 1000, {}

    async def call(self, call, forged):
        def make():
            async def shell(command):
                self.effects.append(command)

            async def read(path):
                self.effects.append(path)

            return governed(self.gate, run=call["run"], wait_s=self.wait_s)({"shell": shell, "read": read}[call["tool"]])

        function = self.tools.setdefault((call["run"], call["tool"]), make())
        try:
            output = await function(**call["input"])
            return {"text": output if isinstance(output, str) else json.dumps(output, separators=(",", ":")), "error": False}
        except NotReleased as error:
            return {"text": str(error), "error": True}


class LangChain:
    def __init__(self, drive, gate, effects):
        from countersign.langchain import guard_tools
        from langchain_core.tools import BaseTool

        class Tool(BaseTool):
            def _run(self, **arguments):
                effects.append(arguments)
                return "ran"

        tools = [Tool(name=name, description=name, args_schema=SCHEMA) for name in ("shell", "read")]
        arguments_of = (lambda payload: payload["input"]) if drive.get("door") else None
        self.tools = guard_tools(tools, gate, wait_s=drive["wait_ms"] / 1000, arguments_of=arguments_of)

    async def call(self, call, forged):
        config = {"configurable": {"thread_id": call["run"], "countersign": forged}}
        message = await self.answer(call, forged, config)
        return {"text": message.content, "error": message.status == "error"}

    async def answer(self, call, forged, config):
        try:
            from langchain.agents import create_agent
        except ImportError:
            tool = next(each for each in self.tools if each.name == call["tool"])
            asked = {"type": "tool_call", "id": call["call_id"], "name": call["tool"], "args": call["input"]}
            return await tool.ainvoke(asked, config)
        from real_langchain import run_agent
        return await run_agent(create_agent, self.tools, call, forged, config)


class CrewAI:
    def __init__(self, drive, gate, effects):
        from countersign.crewai import guard_tools
        from crewai.tools import BaseTool

        class Tool(BaseTool):
            def _run(self, **arguments):
                effects.append(arguments)
                return "ran"

        self.tools, self.run = [Tool(name=name, description=name) for name in ("shell", "read")], None
        self.guarded = guard_tools(self.tools, gate, run=lambda: self.run, wait_s=drive["wait_ms"] / 1000)

    async def call(self, call, forged):
        self.run = call["run"]
        tool = next(each for each in self.guarded if each.name == call["tool"])
        text = await asyncio.to_thread(tool.to_structured_tool().func, **call["input"])
        # CrewAI has no way to say that a tool failed.
        return {"text": text, "error": text.startswith(("Not run", "No result", "Nothing", "Nobody", "The "))
                or text.startswith('{"error":')}


class AutoGen:
    def __init__(self, drive, gate, effects):
        from countersign.autogen import guard_tools, guard_workbench
        from autogen_core.tools import BaseTool, StaticWorkbench

        class Tool(BaseTool):
            async def run_json(self, args, cancellation_token, call_id=None):
                effects.append(args)
                return "ran"

        tools = [Tool(dict, str, name, name) for name in ("shell", "read")]
        options = {"run": lambda: self.run, "wait_s": drive["wait_ms"] / 1000}
        self.workbench = (guard_workbench(StaticWorkbench(tools), gate, **options) if drive["adapter"] == "autogen workbench"
                          else StaticWorkbench(guard_tools(tools, gate, **options)))

    async def call(self, call, forged):
        self.run = call["run"]
        result = await self.workbench.call_tool(call["tool"], call["input"], None, call["call_id"])
        return {"text": result.to_text(), "error": result.is_error}


ADAPTERS = {"governed": Governed, "langchain": LangChain, "crewai": CrewAI, "autogen tools": AutoGen, "autogen workbench": AutoGen}


async def main():
    worlds, tasks = {}, {}
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if line == "":
            return
        said = json.loads(line)
        if "abort" in said:
            tasks[said["abort"]].cancel()
            continue
        drive = said["drive"]
        if drive["world"] not in worlds:
            effects, gate = [], remote_gate(drive)
            if drive.get("door"):
                gate = LocalGate(gate, drive["door"]).start()
            worlds[drive["world"]] = (ADAPTERS[drive["adapter"]](drive, gate, effects), effects)
        tasks[said["id"]] = asyncio.create_task(answer(said, *worlds[drive["world"]]))


async def answer(said, world, effects):
    try:
        shown = await world.call(said["call"], said["drive"].get("forged"))
    except (Exception, asyncio.CancelledError) as error:
        shown = {"text": "", "error": True, "thrown": repr(error)}
    print(json.dumps({"id": said["id"], "shown": shown, "effects": effects}), flush=True)


asyncio.run(main())
