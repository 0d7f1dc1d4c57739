"""What the attack suite does not reach: the client's manners, the hook of CrewAI, supported versions, the decorator."""
import asyncio
import json
import os
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../../packages/python/src"))
sys.path.append(os.path.join(HERE, "standins"))
from countersign import ApiError, Client, Denied, NotReleased, Released, RunHere, governed, tell  # noqa: E402
from countersign.gate import RemoteGate, ToolCall, run_label  # noqa: E402
from countersign.guard import Guard, require_supported  # noqa: E402

SECRET = "hunter2-is-the-password"


class Server:
    """Answers each request with the next of `answers`: (status, headers, text)."""

    def __init__(self, *answers):
        seen, bodies = self.seen, self.bodies = [], []
        left = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(dict(self.headers))
                bodies.append(json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "null"))
                status, headers, text = left.pop(0)
                self.send_response(status)
                for name, value in {"content-length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class FakeGate:
    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def ask(self, call):
        self.asked.append(call)
        return self.answer(call)

    async def ask_async(self, call):
        return self.ask(call)


def run_here(call, finished):
    def finish(output=None, error=None):
        finished.append((output, error))
        return Released("screened", error is not None, "job-1")

    return RunHere(call.input, {}, threading.Event(), finish, "job-1")


class ClientTest(unittest.TestCase):
    def test_refuses_what_cannot_be_an_address_and_does_not_repeat_it(self):
        for url in ("ftp://host", "http://", "nonsense", "http://u:%s@host" % SECRET, "http://host?key=" + SECRET):
            with self.assertRaises(ValueError) as caught:
                Client(url, api_key="k")
            self.assertNotIn(SECRET, str(caught.exception))
        for credentials in ({}, {"api_key": "a", "token": "b"}):
            with self.assertRaises(ValueError):
                Client("http://host", **credentials)

    def test_does_not_carry_a_credential_to_where_an_answer_points(self):
        with Server() as elsewhere, Server((307, {"location": elsewhere.url}, "")) as api:
            with self.assertRaises(ApiError) as caught:
                Client(api.url, api_key=SECRET).job("job-1")
            self.assertEqual((caught.exception.status, elsewhere.seen), (307, []))
            self.assertEqual(api.seen[0]["X-Api-Key"], SECRET)

    def test_tells_an_error_of_the_api_from_what_is_none(self):
        said = json.dumps({"code": "rate_limited", "detail": "too many"})
        answers = [(429, {"retry-after": "7"}, said), (502, {}, "<html>" + SECRET), (200, {}, "no json"), (500, {}, "{}")]
        with Server(*answers) as api:
            errors = []
            for _ in answers:
                with self.assertRaises(ApiError) as caught:
                    Client(api.url, token=lambda: "t").job("job-1")
                errors.append((caught.exception.status, caught.exception.code, caught.exception.retry_after_ms))
                self.assertNotIn(SECRET, str(caught.exception))
            self.assertEqual(api.seen[0]["Authorization"], "Bearer t")
        none = "ingress_unavailable"
        self.assertEqual(errors, [(429, "rate_limited", 7000), (502, none, None), (200, none, None), (500, none, None)])

    def test_nobody_there(self):
        with Server() as gone:
            url = gone.url
        with self.assertRaises(ApiError) as caught:
            Client(url, api_key=SECRET, timeout_s=2).submit({"topic": "job.a"})
        self.assertEqual((caught.exception.status, caught.exception.code), (0, "ingress_unavailable"))

    def test_a_number_that_json_does_not_have_is_not_sent(self):
        with Server() as api:
            with self.assertRaises(ValueError):
                Client(api.url, api_key="k").submit({"payload": {"amount": float("nan")}})
            self.assertEqual(api.seen, [])


class GovernedTest(unittest.TestCase):
    def test_is_decided_by_its_arguments_by_name_and_returns_what_was_released(self):
        ran, finished = [], []
        gate = FakeGate(lambda call: run_here(call, finished))

        @governed(gate, run="r1")
        def pay(amount, to="ada"):
            ran.append((amount, to))
            return "raw"

        self.assertEqual(pay(3), "screened")
        self.assertEqual((gate.asked[0].tool, gate.asked[0].input), ("pay", {"amount": 3, "to": "ada"}))
        self.assertEqual((ran, finished), ([(3, "ada")], [("raw", None)]))

    def test_a_function_that_fails_is_reported_and_raises_what_was_released_of_it(self):
        finished = []

        @governed(FakeGate(lambda call: run_here(call, finished)), run="r1")
        def pay(amount):
            raise KeyError(SECRET)

        with self.assertRaises(NotReleased) as caught:
            pay(3)
        self.assertEqual((str(caught.exception), finished[0][1][0]), ("screened", "tool_failed"))

    def test_denied_raises_and_does_not_run(self):
        @governed(FakeGate(lambda call: Denied("denied", "the-rule", "no", None, None)), run="r1")
        async def pay(amount):
            raise AssertionError("it ran")

        with self.assertRaises(NotReleased) as caught:
            asyncio.run(pay(amount=3))
        self.assertIn("the-rule", str(caught.exception))

    def test_what_cannot_be_decided_by_name_or_is_no_json_is_not_asked(self):
        gate = FakeGate(lambda call: self.fail("asked"))
        for function in (lambda *args: 0, lambda **more: 0):
            with self.assertRaises(TypeError):
                governed(gate, run="r1")(function)
        with self.assertRaises(TypeError):
            governed(gate, run="r1", tool="t")(lambda a: a)(object())


class RunLabelTest(unittest.TestCase):
    """As adapter-core.test.ts has it: the same run has one label in each language."""

    def test_the_name_itself_or_a_digest_where_that_cannot_be_a_label(self):
        usable = ["t", "thread 7/turn-2", "01890000-0000-7000-8000-00000000000a", "x" * 256]
        self.assertEqual([run_label(each) for each in usable], usable)
        odd = ["", " t", "t ", "t\n", "a\nb", "Zoë", "\u202et", "x" * 257, "x" * 100_000]
        for label in map(run_label, odd):
            self.assertRegex(label, "^sha256:[0-9a-f]{64}$")
        self.assertEqual(len(set(map(run_label, odd))), len(odd))
        self.assertEqual(run_label("Zoë"), "sha256:c6a12698582fc1104ea24107a2d7268145ff06ef859707729d01fd060897f067")

    def test_a_label_that_the_request_names_itself_stays(self):
        denied = (403, {}, json.dumps({"code": "denied", "rule_id": None, "reason": "no", "job_id": "j"}))
        asked = [{}, {"labels": None}, {"labels": {"env": "prod"}}, {"labels": {"run": "conversation-9"}}]
        with Server(*[denied] * len(asked)) as api:
            for number, labels in enumerate(asked):
                gate = RemoteGate(Client(api.url, api_key="k"), "a", lambda call: {"topic": "job.a", **labels})
                gate.ask(ToolCall("mine", "r1", str(number), "shell", {}, 0))
            said = [body["labels"] for body in api.bodies]
        self.assertEqual(said, [{"run": "r1"}, {"run": "r1"}, {"run": "r1", "env": "prod"}, {"run": "conversation-9"}])


class GuardTest(unittest.TestCase):
    def test_an_outcome_that_it_does_not_know_and_a_gate_that_raises_run_nothing(self):
        def fail(call):
            raise RuntimeError(SECRET)

        for answer in (lambda call: "approved", fail):
            lines = []
            told = Guard(FakeGate(answer), "mine", log=lines.append).call("r", "c", "shell", {}, lambda a: self.fail("it ran"))
            self.assertTrue(told.error)
            self.assertNotIn(SECRET, told.text + str(lines))
        with self.assertRaises(TypeError):
            tell("approved")

    def test_says_its_range_and_does_not_start_outside_of_it(self):
        self.assertIn("found 1.6.5", require_supported("langchain-core", (1, 0), (2, 0), "1.6.5"))
        for found in ("0.3.80", "2.0.0", "2.0.0rc1"):
            with self.assertRaises(RuntimeError):
                require_supported("langchain-core", (1, 0), (2, 0), found)

    def test_langchain_a_call_that_cannot_be_told_from_others_is_refused(self):
        from countersign.langchain import guard_tools
        from langchain_core.tools import BaseTool
        gate = FakeGate(lambda call: self.fail("asked"))
        schema = {"type": "object", "properties": {"command": {"type": "string"}}}
        [shell] = guard_tools([BaseTool(name="shell", description="d", args_schema=schema)], gate)
        call = {"type": "tool_call", "id": "c1", "name": "shell", "args": {"command": "ls"}}
        for asked, config in (({"command": "ls"}, {}), (call, {}), ({**call, "id": None}, {"configurable": {"thread_id": "r"}})):
            with self.assertRaises(ValueError):
                shell.invoke(asked, config)
        with self.assertRaises(TypeError):
            guard_tools([{"type": "web_search"}], gate)


class ExamplesTest(unittest.TestCase):
    """Each example of a framework asks the plane, and shows what it said."""

    def test_each_asks_for_its_topic_and_shows_what_was_released(self):
        sys.path.append(os.path.join(HERE, "../../../../examples/python"))
        ended = {"job": {"job_id": "j", "state": "succeeded", "attempt": 1}, "result": {"status": "succeeded", "output": "fine"}}
        with Server(*[(200, {}, json.dumps(ended))] * 4) as api:
            os.environ.update(COUNTERSIGN_URL=api.url, AGENT_KEY="k")
            import autogen_agent
            import crewai_agent
            import langchain_agent
            import plain
            call = {"type": "tool_call", "id": "c1", "name": "deploy", "args": {"service": "checkout", "version": "2"}}
            said = [
                plain.deploy("checkout", "2"),
                langchain_agent.guarded_tools()[1].invoke(call, {"configurable": {"thread_id": "r"}}).content,
                crewai_agent.guarded_tools()[1].run(**call["args"]),
                asyncio.run(autogen_agent.guarded_tools()[1].run_json(call["args"], None, call_id="c1")),
            ]
            self.assertEqual(said, ["fine"] * 4)
            runs = [body["labels"].pop("run") for body in api.bodies]
            self.assertEqual((runs[1], all(runs)), ("r", True))
            asked = {"topic": "job.deploy.apply", "payload": call["args"], "labels": {"env": "prod"}}
            self.assertEqual(api.bodies, [asked] * 4)


class HookTest(unittest.TestCase):
    def test_crewai_what_is_not_guarded_does_not_run_whatever_goes_wrong_in_the_hook(self):
        from countersign.crewai import guard_tools, refuse_unguarded
        from crewai import hooks
        from crewai.tools import BaseTool, CrewStructuredTool
        ran = []

        class Tool(BaseTool):
            def _run(self, **arguments):
                ran.append(self.name)
                return "ran"

        hooks.HOOKS.clear()
        refuse_unguarded(ungoverned=["clock"])
        [guarded] = guard_tools([Tool("shell", "d")], FakeGate(lambda call: Released("released", False, "j")), run="r1")
        said = [hooks.run_tool(each.to_structured_tool(), {}) for each in (guarded, Tool("clock", "d"), Tool("rm", "d"))]

        class Broken:
            @property
            def func(self):
                raise RuntimeError(SECRET)

        broken = CrewStructuredTool("rm", lambda: ran.append("broken"))
        with self.assertRaises(hooks.HookAborted):
            hooks.HOOKS[-1](hooks.ToolCallHookContext("rm", {}, Broken()))
        said.append(hooks.run_tool(broken, {}))
        self.assertEqual((said[:2], ran), (["released", "ran"], ["clock"]))
        self.assertTrue(all(text.startswith("Tool execution blocked") for text in said[2:]))


if __name__ == "__main__":
    unittest.main(verbosity=0)
