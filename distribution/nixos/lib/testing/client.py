"""
Runs a test script written in Python. Everything that it does to machines is asked of the driver, by JSON-RPC over
descriptor 3 (towards the driver) and 4 (from it); see src/nixos/test-driver/rpc-peer.ts for the form of the messages.
"""

import base64
import contextlib
import json
import linecache
import os
import queue
import re
import sys
import threading
import time
import traceback
import unittest

# Errors of the machines, as `except` clauses of scripts may name them.


class MachineError(Exception):
    """An action on a machine failed, or a check did not hold."""


class MachineTimeout(MachineError, TimeoutError):
    """An action took longer than it may."""


RequestedAssertionFailed = MachineError


class Peer:
    """The connection to the driver. Several threads of a script may use it at once."""

    def __init__(self):
        self.output = os.fdopen(3, "w", encoding="utf-8")
        self.input = os.fdopen(4, "r", encoding="utf-8")
        self.lock = threading.Lock()
        self.answers = {}
        self.jobs = queue.Queue()
        self.patterns = {}
        self.last_id = 0
        threading.Thread(target=self.read, daemon=True).start()

    def send(self, message):
        with self.lock:
            self.output.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            self.output.flush()

    def request(self, method, /, **params):
        answer = queue.Queue()
        with self.lock:
            self.last_id += 1
            identifier = self.last_id
            self.answers[identifier] = answer
        self.send({"id": identifier, "method": method, "params": params})
        message = answer.get()
        if message is None:
            raise SystemExit("the driver has ended")
        if "error" in message:
            error = message["error"]
            kind = error.get("data", {}).get("kind")
            raise (MachineTimeout if kind == "test-timeout" else MachineError)(error["message"])
        return decode(message["result"])

    def pattern(self, value):
        """A regular expression as the driver gets it: it asks back for every text."""
        compiled = re.compile(value) if isinstance(value, str) else value
        with self.lock:
            identifier = len(self.patterns)
            self.patterns[identifier] = compiled
        return {"$match": {"id": identifier, "source": compiled.pattern}}

    def read(self):
        for line in self.input:
            message = json.loads(line)
            if "method" not in message:
                self.answers.pop(message["id"]).put(message)
            elif message["method"] == "match":
                params = message["params"]
                found = self.patterns[params["id"]].search(params["text"]) is not None
                self.send({"id": message["id"], "result": found})
            else:
                self.jobs.put(message)
        self.jobs.put(None)
        for answer in self.answers.values():
            answer.put(None)


def decode(value):
    """A result with its bytes as text."""
    if isinstance(value, dict):
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"]).decode("utf-8", errors="replace")
        return {key: decode(each) for key, each in value.items()}
    if isinstance(value, list):
        return [decode(each) for each in value]
    return value


peer = Peer()
conditions = []

# These give a status and an output, as a pair.
PAIRS = {"execute", "systemctl", "start_job", "stop_job"}


class Machine:
    """A machine; its methods are those that the driver has."""

    def __init__(self, description):
        self.name = description["name"]
        self.state_dir = self.stateDir = description["state_dir"]

    def __repr__(self):
        return f"<machine {self.name}>"

    @contextlib.contextmanager
    def nested(self, message, attrs=None):
        with nested(message, machine=self.name):
            yield

    nest = nested

    @property
    def booted(self):
        return self.is_up()


def add_method(name, camel_name, parameters):
    patterns = {i: p[1:] for i, p in enumerate(parameters) if p.startswith("/")}

    def method(self, *args, **kwargs):
        check_conditions()
        given = list(args)
        for index, parameter in patterns.items():
            if index < len(given):
                given[index] = peer.pattern(given[index])
            elif parameter in kwargs:
                kwargs[parameter] = peer.pattern(kwargs[parameter])
        given = [str(v) if isinstance(v, os.PathLike) else v for v in given]
        kwargs = {k: str(v) if isinstance(v, os.PathLike) else v for k, v in kwargs.items()}
        result = peer.request("call", machine=self.name, method=name, args=given, kwargs=kwargs)
        check_conditions()
        return tuple(result) if name in PAIRS else result

    method.__name__ = name
    setattr(Machine, name, method)
    if camel_name != name:
        setattr(Machine, camel_name, method)


@contextlib.contextmanager
def nested(title, machine=None, subtest=False):
    peer.request("begin", title=title, machine=machine)
    failed = True
    try:
        yield
        failed = False
    finally:
        peer.request("end", failed=failed, subtest=subtest)


def subtest(name):
    return nested(f"subtest: {name}", subtest=True)


def retry(fn, timeout=900):
    """Calls a function once a second until it gives true; it is told whether this is the last time."""
    for _ in range(timeout):
        if fn(False):
            return
        time.sleep(1)
    if not fn(True):
        raise MachineTimeout(f"action timed out after {timeout} seconds")


class PollingCondition:
    """A condition that has to hold while its `with` statement runs; asked before and after every action."""

    def __init__(self, condition, seconds_interval, description):
        self.condition = condition
        self.interval = seconds_interval
        self.description = description or condition.__doc__ or condition.__name__
        self.last = None

    def __enter__(self):
        conditions.append(self)

    def __exit__(self, kind, value, trace):
        conditions.remove(self)

    def check(self):
        if self.last is not None and time.monotonic() - self.last < self.interval:
            return
        self.last = time.monotonic()
        if self.condition() is False:
            raise MachineError(f"the condition '{self.description}' does not hold any more")


def polling_condition(condition=None, *, seconds_interval=2.0, description=None):
    if condition is None:
        return lambda each: PollingCondition(each, seconds_interval, description)
    return PollingCondition(condition, seconds_interval, description)


def check_conditions():
    active, conditions[:] = conditions[:], []
    try:
        for condition in active:
            condition.check()
    finally:
        conditions[:] = active


class Log:
    """Messages in the log of the test."""

    def log(self, message, attrs=None):
        peer.request("log", message=str(message))

    info = warning = log

    def error(self, message):
        self.log(f"error: {message}")

    def nested(self, message, attrs=None):
        return nested(message)


class Driver:
    """The functions of a test, for scripts that ask for them by `driver.`."""


def build_scope(description):
    for method in description["methods"]:
        add_method(method["name"], method["camelName"], method["parameters"])
    machines = {each["variable"]: Machine(each) for each in description["machines"]}

    def create_machine(start_command, *, name=None, **_):
        if isinstance(start_command, dict):
            name = start_command.get("name", name)
            start_command = start_command["startCommand"]
        return Machine(peer.request("create_machine", name=name, start_command=str(start_command)))

    def test_script():
        run_script(sys.argv[1])

    case = unittest.TestCase()
    case.maxDiff = None
    scope = {
        "__name__": "testScript",
        "Machine": Machine,
        "MachineError": MachineError,
        "RequestedAssertionFailed": MachineError,
        "create_machine": create_machine,
        "join_all": lambda: peer.request("join_all"),
        "log": Log(),
        "machines": list(machines.values()),
        "os": os,
        "polling_condition": polling_condition,
        "retry": retry,
        "run_tests": test_script,
        "serial_stdout_off": lambda: peer.request("show_console", shown=False),
        "serial_stdout_on": lambda: peer.request("show_console", shown=True),
        "start_all": lambda: peer.request("start_all"),
        "subtest": subtest,
        "t": case,
        "test_script": test_script,
        "vlans": description["vlans"],
        **machines,
    }
    driver = Driver()
    for name, value in scope.items():
        setattr(driver, name, value)
    scope["driver"] = driver
    # A single machine is called `machine` too, whatever its name.
    if len(machines) == 1:
        scope.setdefault("machine", next(iter(machines.values())))
    return scope


def run_script(file):
    with open(file, encoding="utf-8") as stream:
        source = stream.read()
    linecache.cache["testScript"] = (len(source), None, source.splitlines(True), "testScript")
    exec(compile(source, "testScript", "exec"), scope)


def evaluate(code):
    """A line that somebody typed: its value as text, empty for none."""
    shown = []
    former = sys.displayhook
    sys.displayhook = lambda value: value is None or shown.append(repr(value))
    try:
        exec(compile(code + "\n", "<typed>", "single"), scope)
    finally:
        sys.displayhook = former
    return "\n".join(shown)


def describe_error(error):
    """What went wrong, and the lines of the script that led there."""
    text = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, MachineError):
        text = str(error)
    elif isinstance(error, AssertionError) and not str(error):
        text = "assertion failed"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in ("testScript", "<typed>")]
    places = [f"line {f.lineno} of the test script: {f.line}" for f in frames if f.filename == "testScript"]
    return "\n".join([text, *places])


scope = build_scope(peer.request("describe"))
while (job := peer.jobs.get()) is not None:
    try:
        if job["method"] == "run":
            result = run_script(job["params"]["file"])
        else:
            result = evaluate(job["params"]["code"])
        sys.stdout.flush()
        peer.send({"id": job["id"], "result": result})
    except BaseException as error:  # Whatever a script raises, even `SystemExit`, is the driver's to report.
        sys.stdout.flush()
        if isinstance(error, SystemExit) and error.code in (None, 0):
            peer.send({"id": job["id"], "result": None})
        else:
            peer.send({"id": job["id"], "error": {"code": -32000, "message": describe_error(error)}})
