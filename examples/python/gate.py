"""The gate of the examples: the tools are topics of the policy that `npm start` runs, and its workers run them.

    set -a; . .dev/env; set +a
    pip install ./packages/python
"""
import os

from countersign import Client, RemoteGate

TOPICS = {"read_status": "job.demo.read", "deploy": "job.deploy.apply"}


def request_of(call):
    labels = {"labels": {"env": "prod"}} if call.tool == "deploy" else {}
    return {"topic": TOPICS[call.tool], "payload": call.input, **labels}


def open_gate():
    client = Client(os.environ["COUNTERSIGN_URL"], api_key=os.environ["AGENT_KEY"])
    return RemoteGate(client, agent="desk-agent", request_of=request_of)
