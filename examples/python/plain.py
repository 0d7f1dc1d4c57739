"""Functions behind the gate, without a framework: python examples/python/plain.py"""
import time

from countersign import NotReleased, governed
from gate import open_gate

RUN = "plain-%d" % time.time()
gate = open_gate()


@governed(gate, run=RUN)
def read_status():
    """A worker of the pool `demo-read` runs it; this body never does."""


@governed(gate, run=RUN, wait_s=2)
def deploy(service, version):
    """Two people have to countersign it."""


if __name__ == "__main__":
    for ask in (read_status, lambda: deploy("checkout", version="2.4.3")):
        try:
            print(ask())
        except NotReleased as error:
            print(error)
