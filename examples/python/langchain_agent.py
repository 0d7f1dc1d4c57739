"""LangChain: pip install langchain langchain-openai; MODEL=openai:gpt-5 python examples/python/langchain_agent.py"""
import os
import time

from countersign.langchain import guard_tools
from gate import open_gate
from langchain_core.tools import tool


@tool
def read_status() -> str:
    """Say how the demo is."""
    raise RuntimeError("a worker runs it, not this process")


@tool
def deploy(service: str, version: str) -> str:
    """Deploy a version of a service to production."""
    raise RuntimeError("a worker runs it, not this process")


def guarded_tools():
    return guard_tools([read_status, deploy], open_gate())


if __name__ == "__main__":
    from langchain.agents import create_agent
    agent = create_agent(os.environ["MODEL"], tools=guarded_tools())
    state = agent.invoke({"messages": [("user", "How is the demo? Then deploy checkout 2.4.3.")]},
                         {"configurable": {"thread_id": "langchain-%d" % time.time()}})
    print(state["messages"][-1].content)
