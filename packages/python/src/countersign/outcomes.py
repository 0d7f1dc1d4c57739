"""All that a gate can answer. `Released` and `RunHere` are the only ways to an effect; nothing in a framework's history or state is."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable


@dataclass(frozen=True)
class Released:
    """It ran somewhere, and its output was screened. `failed`: what it returned is an error."""
    output: Any
    failed: bool
    job_id: str


@dataclass(frozen=True)
class RunHere:
    """To be run now, with this input and under these constraints; the attempt is claimed. Ends soon once `stopped` (a threading.Event)
    is set. `finish(output=…)` or `finish(error=(code, detail))` answers what was released; `give_up()` is for who ends without either,
    and waits for nothing."""
    input: Any
    constraints: dict
    stopped: Any
    finish: Callable[..., Any]
    job_id: str
    give_up: Callable[[], None] = lambda: None

    def run(self, execute):
        """What to finish with, of `execute(input)`. What is no failure of the tool (an interrupt) gives up and goes on."""
        try:
            return {"output": execute(self.input)}
        except Exception as error:
            return {"error": ("tool_failed", str(error))}
        except BaseException:
            self.give_up()
            raise

    async def run_async(self, execute):
        """As run(), of a coroutine function: a task that is cancelled gives up."""
        try:
            return {"output": await execute(self.input)}
        except Exception as error:
            return {"error": ("tool_failed", str(error))}
        except BaseException:
            self.give_up()
            raise


@dataclass(frozen=True)
class Denied:
    """It did not run and will not. `remediation`: what is on offer instead, or None."""
    code: str
    rule_id: str | None
    reason: str
    remediation: dict | None
    job_id: str | None


@dataclass(frozen=True)
class Quarantined:
    """It ran, and what it returned is quarantined."""
    job_id: str


@dataclass(frozen=True)
class Pending:
    """It has not run. `approval_id` is None where it waits for something else than people."""
    job_id: str
    approval_id: str | None = None
    groups: tuple = field(default_factory=tuple)
    url: str | None = None
    expires_at: str | None = None
    retry_after_ms: int = 5000


@dataclass(frozen=True)
class Unknown:
    """It may have run and may not. Never tried again here."""
    job_id: str


@dataclass(frozen=True)
class Unavailable:
    """Nobody decided. It did not run, unless an earlier call under the same id did."""
    retry_after_ms: int = 5000
