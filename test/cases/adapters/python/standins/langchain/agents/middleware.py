"""A stand-in for langchain.agents.middleware."""


class AgentMiddleware:
    pass
