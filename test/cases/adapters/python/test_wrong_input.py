"""What people get wrong: keys, addresses, arguments, forks, and callers that go away. Nothing hangs, nothing repeats a secret."""
import asyncio
import json
import os
import socket
import threading
import time
import unittest

from test_package import SECRET, FakeGate, Server
from countersign import ApiError, Client, Denied, LocalGate, RemoteGate, RunHere, ToolCall, Worker, governed, tell
from countersign.canonical import canonical
from countersign.guard import Guard
from countersign.worker_door import WorkerDoor


class Raw:
    """A server that says these bytes to whoever connects, and closes."""

    def __init__(self, said):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._serve, args=(said,), daemon=True).start()

    def _serve(self, said):
        try:
            while True:
                connection, _ = self.socket.accept()
                connection.recv(65536)
                connection.sendall(said)
                connection.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def worker_file(url="http://127.0.0.1:9"):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"url": url, "pool": "p", "worker": "w", "signing_key": pem.decode(), "scheduler_public_keys": ["A" * 43]}


def call_of(input, wait_s=0):
    return ToolCall("mine", "r1", "c1", "shell", input, wait_s)


class CredentialTest(unittest.TestCase):
    def test_what_cannot_be_a_header_is_refused_at_once_and_not_repeated(self):
        for key in ("", SECRET + "\n", " " + SECRET, SECRET + "\u00e9", SECRET.encode(), 7):
            for name in ("api_key", "token"):
                with self.assertRaises(ValueError) as caught:
                    Client("http://host", **{name: key})
                self.assertNotIn(SECRET, str(caught.exception))
        with self.assertRaises(ValueError):
            Client("http://host", api_key="k", tenant="a\r\nx-api-key: other")
        with self.assertRaises(ValueError) as caught:
            Client("http://host", token=lambda: SECRET + "\n").job("j")
        self.assertNotIn(SECRET, str(caught.exception))

    def test_what_is_no_address(self):
        for url in (None, b"http://host", "127.0.0.1:8081", "http://host:port", "http://host:99999", "http://[::1", 7):
            with self.assertRaises(ValueError):
                Client(url, api_key="k")

    def test_a_key_that_ended_is_a_no_and_says_so(self):
        said = json.dumps({"code": "unauthenticated", "detail": "the key is not known, or is over"})
        with Server((401, {}, said)) as api:
            outcome = RemoteGate(Client(api.url, api_key="k"), "a", lambda call: {"topic": "job.a"}).ask(call_of({}))
        self.assertEqual((outcome.code, outcome.reason), ("unauthenticated", "the key is not known, or is over"))


class AnswerTest(unittest.TestCase):
    def test_what_is_no_http_or_breaks_off_is_no_answer(self):
        half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"
        for said in (b"SSH-2.0-OpenSSH_9.2\r\n", b"", half, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"):
            with Raw(said) as server:
                with self.assertRaises(ApiError) as caught:
                    Client(server.url, api_key="k", timeout_s=2).job("j")
                self.assertEqual(caught.exception.code, "ingress_unavailable")
                door = WorkerDoor(worker_file(server.url), Worker(worker_file(), lambda *_: None).key)
                self.assertEqual(door.post("beat", {}, timeout=2)[::2], (False, True))

    def test_json_of_somebody_else_is_no_answer_and_no_yes(self):
        answers = [(200, {}, "{}"), (202, {}, "[]"), (200, {}, '{"job_id":"j","outcome":"ended"}'), (403, {}, "[]"),
                   (403, {}, '{"code":"denied","detail":"x"}')]
        with Server(*answers) as api:
            for _ in answers:
                with self.assertRaises(ApiError):
                    Client(api.url, api_key="k").submit({"topic": "job.a"})


class ArgumentTest(unittest.TestCase):
    def test_what_is_no_json_is_said_so_to_the_model_and_asked_of_nobody(self):
        loop = []
        loop.append(loop)
        gate = RemoteGate(Client("http://127.0.0.1:9", api_key="k"), "a", lambda call: self.fail("asked"))
        for input in ({1: "a"}, {"a": {1, 2}}, {"a": b"x"}, {"a": float("inf")}, {"a": "\ud800"}, loop, {None: 1}, object()):
            outcome = gate.ask(call_of(input))
            self.assertIsInstance(outcome, Denied)
            self.assertEqual(outcome.code, "input_invalid")
            told = Guard(gate, "mine").call("r", "c", "shell", input, lambda arguments: self.fail("it ran"))
            self.assertTrue(told.text.startswith("Not run."), told.text)

    def test_numbers_of_libraries_are_the_numbers_that_they_are(self):
        class Float(float):
            def __repr__(self):
                return "lib.Float(1.5)"

        self.assertEqual(canonical([Float(1.5)]), "[1.5]")

    def test_a_file_of_another_worker_names_what_it_has_not(self):
        for file, says in (({}, "url, pool"), (None, "url"), ({**worker_file(), "url": None}, "no url"), ([], "url")):
            with self.assertRaises(ValueError) as caught:
                Worker(file, lambda *_: None)
            self.assertIn(says, str(caught.exception))
            self.assertNotIn("PRIVATE", str(caught.exception))


class GoneTest(unittest.TestCase):
    def run_here(self, call, ended):
        return RunHere(call.input, {}, threading.Event(), lambda **result: ended.append(result), "j", lambda: ended.append("given up"))

    def test_whoever_is_stopped_while_the_tool_runs_gives_the_attempt_up(self):
        for error in (KeyboardInterrupt, SystemExit, GeneratorExit):
            ended = []
            gate = FakeGate(lambda call: self.run_here(call, ended))

            def fail(*_):
                raise error()

            with self.assertRaises(error):
                governed(gate, run="r1", tool="t")(lambda: fail())()
            with self.assertRaises(error):
                Guard(gate, "mine").call("r", "c", "t", {}, fail)
            self.assertEqual(ended, ["given up"] * 2)

    def test_a_task_that_is_cancelled_while_the_tool_runs_gives_it_up_too(self):
        ended = []
        gate = FakeGate(lambda call: self.run_here(call, ended))

        async def tool(*_):
            await asyncio.sleep(60)

        @governed(gate, run="r1")
        async def slow():
            await tool()

        async def main():
            for asked in (slow(), Guard(gate, "mine").call_async("r", "c", "t", {}, tool)):
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(asked, 0.05)

        asyncio.run(main())
        self.assertEqual(ended, ["given up"] * 2)

    def test_neither_a_loop_nor_other_calls_wait_for_one_that_waits_for_people(self):
        held = threading.Event()

        class Slow(RemoteGate):
            def _ask(self, call):
                if call.input["n"] < 40:
                    held.wait(30)
                return Denied("denied", None, "no", None, None)

        gate = Slow(Client("http://127.0.0.1:9", api_key="k"), "a", lambda call: {})

        async def main():
            waiting = [asyncio.ensure_future(gate.ask_async(call_of({"n": n}))) for n in range(40)]
            await asyncio.sleep(0.05)
            self.assertIsInstance(await asyncio.wait_for(gate.ask_async(call_of({"n": 40})), 5), Denied)
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

        began = time.monotonic()
        asyncio.run(main())
        self.assertLess(time.monotonic() - began, 10)
        held.set()


class ForkTest(unittest.TestCase):
    def test_a_local_gate_works_only_where_it_was_started(self):
        remote = RemoteGate(Client("http://127.0.0.1:9", api_key="k"), "a", lambda call: self.fail("asked"))
        gate = LocalGate(remote, worker_file())
        gate.stop()
        with self.assertRaises(RuntimeError):
            gate.ask(call_of({}))
        gate._pid = os.getpid()
        gate._thread = threading.current_thread()
        child = os.fork()
        if child == 0:
            try:
                gate.ask(call_of({}))
            except RuntimeError:
                gate.stop()
                os._exit(7)
            os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)

    def test_a_tool_that_nobody_finishes_does_not_keep_its_worker_for_good(self):
        gate = LocalGate(RemoteGate(None, "a", None), worker_file(), caller_grace_s=5)
        stopped, ended = threading.Event(), []
        job = {"job_id": "j", "payload": {}, "constraints": {}}
        thread = threading.Thread(target=lambda: ended.append(gate._handle(job, stopped)), daemon=True)
        thread.start()
        self.assertIsNotNone(gate._meet("j", call_of({}, wait_s=5)))
        stopped.set()
        thread.join(5)
        self.assertEqual(ended, [None])


if __name__ == "__main__":
    unittest.main(verbosity=0)
