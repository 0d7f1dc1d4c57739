"""AutoGen: pip install autogen-agentchat 'autogen-ext[openai]'; MODEL=gpt-5 python examples/python/autogen_agent.py"""
import asyncio
import os
import time

from autogen_core.tools import FunctionTool
from countersign.autogen import guard_tools
from gate import open_gate


async def read_status() -> str:
    raise RuntimeError("a worker runs it, not this process")


async def deploy(service: str, version: str) -> str:
    raise RuntimeError("a worker runs it, not this process")


def guarded_tools():
    tools = [FunctionTool(read_status, description="Say how the demo is."),
             FunctionTool(deploy, description="Deploy a version of a service to production.")]
    return guard_tools(tools, open_gate(), run="autogen-%d" % time.time())


async def main():
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient
    agent = AssistantAgent("operator", OpenAIChatCompletionClient(model=os.environ["MODEL"]), tools=guarded_tools())
    print((await agent.run(task="How is the demo? Then deploy checkout 2.4.3.")).messages[-1])


if __name__ == "__main__":
    asyncio.run(main())
