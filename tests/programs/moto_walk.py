"""Every operation of ours that moto has, through `eks-upgrade-agent call`, beside the aws command line: the same world
(moto reset and seeded anew), the same calls in the same order, the same JSON. Operations that moto lacks are named.

usage: moto_walk.py AGENT AWS_CLI_PYTHON WORK_DIRECTORY [SERVICE…]; ends with "N passed, N failed"
"""
import base64
import datetime
import glob
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import urllib.request

import boto3
from botocore import xform_name
from moto.server import ThreadedMotoServer

from moto_calls import CALLS, NOT_IN_MOTO

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = os.path.join(HERE, "..", "..", "scripts", "aws", "operations.txt")
CLI_NAME = {"s3": "s3api"}
MOTO_NAME = {"lambda": "awslambda", "service-quotas": "servicequotas", "bedrock-runtime": "bedrockruntime"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
# The aws command line adds a checksum to what it puts into s3; its older model does not know InterfaceTypes.
NOT_COMPARED = {"ChecksumAlgorithm", "ChecksumCRC32", "ChecksumType", "InterfaceTypes"}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$")


class World:
    def __init__(self, agent, cli_python, work):
        self.agent, self.work, self.called = agent, work, {}
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        self.url = "http://%s:%d" % self.server.get_host_and_port()
        config = os.path.join(work, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write("[default]\ncli_timestamp_format = iso8601\noutput = json\n")
        self.environment = {"PATH": os.environ["PATH"], "HOME": work, "AWS_CONFIG_FILE": config, "AWS_EC2_METADATA_DISABLED": "true", **KEYS}
        self.cli = subprocess.Popen([cli_python, os.path.join(HERE, "moto_cli.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    text=True, env=self.environment)

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")

    def reset(self):
        for path in ("reset", "seed?a=42"):
            urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/{path}", method="POST"), timeout=30).read()

    def ask_cli(self, service, operation, given):
        """Streams go to a file, which is put where our answer has them."""
        words = ["--endpoint-url", self.url, CLI_NAME.get(service, service), xform_name(operation, "-")]
        stream = {"GetObject": "Body", "Invoke": "Payload", "InvokeModel": "body"}.get(operation)
        path = os.path.join(self.work, "stream")
        if stream:  # such commands do not take their input as JSON
            for name, value in given.items():
                if name == "body":
                    with open(os.path.join(self.work, "body"), "wb") as file:
                        file.write(base64.b64decode(value))
                    value = f"fileb://{self.work}/body"
                words += ["--" + xform_name(name, "-"), value]
            words.append(path)
        else:
            words += ["--cli-input-json", json.dumps(given)]
        self.cli.stdin.write(json.dumps(words) + "\n")
        self.cli.stdin.flush()
        answer = json.loads(self.cli.stdout.readline())
        if answer["status"] != 0:
            found = re.search(r"An error occurred \((\S+)\) when calling the \w+ operation(?: \(reached max retries: \d\))?: (.*)", answer["err"], re.S)
            return {"error": [found.group(1), found.group(2).strip()]} if found else {"broken": answer["err"][-600:]}
        output = json.loads(answer["out"]) if answer["out"].strip() else {}
        if stream:
            with open(path, "rb") as file:
                output[stream] = base64.b64encode(file.read()).decode()
        return output

    def ask_ours(self, service, operation, given, *more):
        self.called.setdefault(service, set()).add(operation)
        words = [self.agent, "call", service, operation, "-", "--endpoint-url", self.url, "--all", "--yes", "-o", "json", *more]
        done = subprocess.run(words, input=json.dumps(given), capture_output=True, text=True, env=self.environment, timeout=120)
        if done.returncode:
            try:
                error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
            except (ValueError, KeyError, IndexError):
                return {"broken": done.stderr[-600:]}
            return {"error": [error["code"], (error["message"] or "").strip()], "request_id": error["request_id"]}
        return json.loads(done.stdout) if done.stdout.strip() else {}


def plain(value):
    """Whole numbers are numbers; what is null is not there."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in NOT_COMPARED and item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value


def same_time(ours, theirs):
    """Some of moto's times are those of the asking."""
    if not (isinstance(ours, str) and isinstance(theirs, str) and TIME.match(ours) and TIME.match(theirs)):
        return False
    return abs(datetime.datetime.fromisoformat(ours.replace("Z", "+00:00")) - datetime.datetime.fromisoformat(theirs)).total_seconds() < 60


def differs(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            if key not in ours or key not in theirs:
                return f"{path}.{key}: ours {json.dumps(ours.get(key, '-'))[:300]}, theirs {json.dumps(theirs.get(key, '-'))[:300]}"
            wrong = differs(ours[key], theirs[key], f"{path}.{key}")
            if wrong:
                return wrong
        return None
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return next(filter(None, (differs(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(ours, theirs)))), None)
    return None if ours == theirs or same_time(ours, theirs) else f"{path}: ours {json.dumps(ours)[:300]}, theirs {json.dumps(theirs)[:300]}"


def rows():
    with open(ROWS, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {words[0]: words[1:] for words in lines}


def moto_source(service):
    try:
        module = importlib.import_module("moto.%s.responses" % MOTO_NAME.get(service, service).replace("-", ""))
    except ImportError:
        return ""
    text = ""
    for name in glob.glob(os.path.dirname(inspect.getfile(module)) + "/**/*.py", recursive=True):
        with open(name, encoding="utf-8") as file:
            text += file.read()
    return text


READS = ("Describe", "Get", "List", "Head", "Query", "Scan", "Filter", "Detect")


class Names:
    """Ids and times differ from world to world; in both they are called by the order in which they come."""

    ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=-)[0-9a-f]{17}\b|(?<=[-/])[0-9a-f]{8,32}\b|\b[0-9a-f]{32,64}\b")
    CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*")

    def __init__(self):
        self.seen = {}

    def of(self, value):
        if isinstance(value, dict):
            return {self.of(key): "SECRET" if key in ("AccessKeyId", "SecretAccessKey", "SessionToken", "AssumedRoleId") else self.of(value[key])
                    for key in sorted(value)}
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, int) and value > 1_500_000_000_000:
            return "TIME"
        if not isinstance(value, str):
            return value
        return self.ID.sub(lambda found: self.seen.setdefault(found.group(0), f"id{len(self.seen)}"), self.CLOCK.sub("TIME", value))


def judge(what, ours, theirs, score):
    ours.pop("request_id", None)
    wrong = differs(ours, theirs)
    if "broken" in ours or "broken" in theirs:
        wrong = f"ours {ours}, theirs {theirs}"
    score["failed" if wrong else "passed"] += 1
    if wrong:
        print(f"FAILED {what}\n    {wrong}")


def walk(world, service, changer, score, title):
    """Makes the world, changes it by `changer`, reads it by both. Gives what the changes answered."""
    world.reset()
    setup, calls = CALLS[service]
    said = []
    for operation, given in calls(setup(world.client) if setup else {}):
        if operation.startswith(READS):
            judge(f"{service}:{operation} {json.dumps(given)[:160]} in the world of {title}", plain(world.ask_ours(service, operation, given)),
                  plain(world.ask_cli(service, operation, given)), score)
        else:
            said.append((operation, plain(changer(service, operation, given))))
    return said


def compare(world, service, score):
    theirs, ours = (walk(world, service, changer, score, title)
                    for changer, title in ((world.ask_cli, "the aws command line"), (world.ask_ours, "ours")))
    our_names, their_names = Names(), Names()
    for (operation, answer), (_, wanted) in zip(ours, theirs):
        answer.pop("request_id", None)
        judge(f"{service}:{operation}", our_names.of(answer), their_names.of(wanted), score)


def main():
    agent, cli_python, work = sys.argv[1:4]
    only = sys.argv[4:]
    world, score, missing = World(agent, cli_python, work), {"passed": 0, "failed": 0}, []
    for service, operations in rows().items():
        if only and service not in only:
            continue
        source, absent = moto_source(service), NOT_IN_MOTO.get(service, [])
        missing += [f"{service}:{operation}" for operation in absent]
        if service in CALLS:
            compare(world, service, score)
        for operation in operations:
            called = operation in world.called.get(service, ())
            has = f"def {xform_name(operation)}(" in source
            if operation in absent and has:
                score["failed"] += 1
                print(f"FAILED moto has {service}:{operation} now: give it a call in moto_calls.py")
            elif operation not in absent and not called:
                score["failed"] += 1
                print(f"FAILED {service}:{operation} is neither called nor named as missing from moto")
    world.cli.stdin.close()
    called = sum(map(len, world.called.values()))
    print(f"{called} of our rows compared with the aws command line's answers; moto lacks {len(missing)}: {' '.join(missing)}")
    print(f"{score['passed']} passed, {score['failed']} failed")
    sys.exit(score["failed"] > 0)


main()
