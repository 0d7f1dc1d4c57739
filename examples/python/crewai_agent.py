"""CrewAI: pip install crewai; MODEL=openai/gpt-5 python examples/python/crewai_agent.py"""
import os
import time

from countersign.crewai import guard_tools, refuse_unguarded
from crewai.tools import tool
from gate import open_gate


@tool("read_status")
def read_status() -> str:
    """Say how the demo is."""
    raise RuntimeError("a worker runs it, not this process")


@tool("deploy")
def deploy(service: str, version: str) -> str:
    """Deploy a version of a service to production."""
    raise RuntimeError("a worker runs it, not this process")


def guarded_tools():
    refuse_unguarded()
    return guard_tools([read_status, deploy], open_gate(), run="crewai-%d" % time.time())


if __name__ == "__main__":
    from crewai import Agent, Crew, Task
    operator = Agent(role="operator", goal="keep the demo well", backstory="careful", llm=os.environ["MODEL"], tools=guarded_tools())
    task = Task(description="Say how the demo is, then deploy checkout 2.4.3.", expected_output="what came of both", agent=operator)
    print(Crew(agents=[operator], tasks=[task]).kickoff())
