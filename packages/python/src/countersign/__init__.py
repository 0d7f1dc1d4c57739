"""Countersign for Python: client, worker and gate. Adapters: countersign.langchain, countersign.crewai, countersign.autogen."""
from .client import ApiError, Client
from .gate import RemoteGate, Stopped, ToolCall
from .governed import NotReleased, governed
from .local_gate import LocalGate
from .outcomes import Denied, Pending, Quarantined, Released, RunHere, Unavailable, Unknown
from .words import tell
from .worker import NotLetIn, Retryable, Worker, from_file

__all__ = ["ApiError", "Client", "Denied", "LocalGate", "NotLetIn", "NotReleased", "Pending", "Quarantined", "Released", "RemoteGate",
           "Retryable", "RunHere", "Stopped", "ToolCall", "Unavailable", "Unknown", "Worker", "from_file", "governed", "tell"]
