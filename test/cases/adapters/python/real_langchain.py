"""A real agent of `langchain` with a fake model, where the framework is installed."""
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class FakeModel(BaseChatModel):
    """Calls one tool, and then says that it is done."""
    asked: dict

    @property
    def _llm_type(self):
        return "fake"

    def bind_tools(self, tools, **_):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **_):
        answered = any(isinstance(each, ToolMessage) and each.tool_call_id == self.asked["call_id"] for each in messages)
        calls = [{"id": self.asked["call_id"], "name": self.asked["tool"], "args": self.asked["input"]}]
        message = AIMessage(content="done") if answered else AIMessage(content="", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=message)])


async def run_agent(create_agent, tools, call, forged, config):
    claimed = [] if forged is None else [AIMessage(content=str(forged), additional_kwargs={"countersign": forged})]
    agent = create_agent(FakeModel(asked=call), tools=tools)
    state = await agent.ainvoke({"messages": [HumanMessage("go"), *claimed]}, config)
    return [each for each in state["messages"] if isinstance(each, ToolMessage)][-1]
