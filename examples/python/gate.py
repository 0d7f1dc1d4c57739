"""The gate of the examples: the tools are topics of the policy that `npm start` runs, and its workers run them.

    set -a; . .dev/env; set +a
    pip install ./packages/python
"""
import os
import sys

from countersign import Client, RemoteGate

TOPICS = {"read_status": "job.demo.read", "deploy": "job.deploy.apply"}


def request_of(call):
    labels = {"labels": {"env": "prod"}} if call.tool == "deploy" else {}
    return {"topic": TOPICS[call.tool], "payload": call.input, **labels}


def open_gate():
    missing = [name for name in ("COUNTERSIGN_URL", "AGENT_KEY") if name not in os.environ]
    if missing:
        sys.exit(f"not set: {', '.join(missing)}. With `npm start` running: set -a; . .dev/env; set +a")
    client = Client(os.environ["COUNTERSIGN_URL"], api_key=os.environ["AGENT_KEY"])
    return RemoteGate(client, agent="desk-agent", request_of=request_of)
