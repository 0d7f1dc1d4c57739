"""A stand-in for langchain_core.messages, made from its documented interface."""


class ToolMessage:
    def __init__(self, content, tool_call_id, name=None, status="success", additional_kwargs=None):
        self.content, self.tool_call_id, self.name, self.status = content, tool_call_id, name, status
        self.additional_kwargs = additional_kwargs or {}
