"""Every AWS call that the agent knows, against botocore: what we write for random inputs, what we read of random answers,
and what we sign must be what botocore writes, reads and signs.

usage: contract_wire.py SPEAKER [CASES_A_ROW] [SIGNATURES] [SEED]; ends with "N passed, N failed"
"""
import base64
import datetime
import hashlib
import io
import json
import random
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

FROM_C_NAME = {"bedrock": "bedrock-runtime", "servicequotas": "service-quotas", "states": "stepfunctions",
               "ssooidc": "sso-oidc"}
UTC = datetime.timezone.utc
TEXTS = ["a", "shop", "with space", "a/b", "100%", "a+b", "é", "日本", "\"quoted\"", "<&>", "a=b&c=d", "'", "line\nbreak", "~-._",
         "", "x" * 300, "arn:aws:eks:us-east-1:111122223333:cluster/shop", "\U0001f680", "tab\there", " outer ", "a,b", "\\"]
PLAIN = ["a", "shop-134", "arn:aws:iam::111122223333:role/x", "with space", "x" * 120, "a,b", "k=v"]


class Speaker:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, word, **question):
        self.child.stdin.write(json.dumps({"do": word, **question}) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


class Score:
    def __init__(self):
        self.passed, self.failed = 0, 0

    @staticmethod
    def difference(ours, theirs):
        """From a little before where the two part."""
        if isinstance(ours, (dict, list)):
            ours, theirs = (json.dumps(value, sort_keys=True, default=str, ensure_ascii=False) for value in (ours, theirs))
        ours, theirs = str(ours), str(theirs)
        at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        start = max(0, at - 60)
        return f"  ours   …{ours[start:at + 160]}\n  theirs …{theirs[start:at + 160]}"

    def check(self, what, ours, theirs, shown=""):
        if ours == theirs:
            self.passed += 1
            return True
        self.failed += 1
        if self.failed <= 25:
            print(f"FAILED {what}\n{self.difference(ours, theirs)}\n  of     {str(shown)[:300]}", file=sys.stderr)
        return False


def b64(data):
    return base64.b64encode(data).decode()


class Values:
    """Random values of a shape, twice: as botocore takes them and as our documents say them."""

    def __init__(self, rng, answer):
        self.rng, self.answer = rng, answer

    def time(self, whole=False):
        ms = 0 if whole or self.rng.random() < 0.6 else self.rng.choice([1, 120, 999, 500])
        when = datetime.datetime.fromtimestamp(self.rng.randrange(0, 4000000000), UTC) + datetime.timedelta(milliseconds=ms)
        return when, when.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ms:03d}" if ms else "") + "Z"

    def string(self, location):
        if location == "uri":
            return self.rng.choice([text for text in TEXTS if text and text not in (".", "..")])
        if location in ("header", "headers"):
            return self.rng.choice(PLAIN)
        return self.rng.choice(TEXTS)

    def make(self, shape, depth=0, location=None, member=None):
        kind = shape.type_name
        if getattr(shape, "is_document_type", False):
            value = self.rng.choice([{"a": [1, "x", None, True, {"b": 1.5}]}, {}, {"schema": {"type": "object"}}])
            return value, value
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            pairs = [self.make(shape.member, depth + 1, location) for _ in range(self.count(depth))]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        if kind == "map":
            keys = self.rng.sample(PLAIN if location is None else ["one", "two-three", "four"], min(3, self.count(depth)))
            pairs = {key: self.make(shape.value, depth + 1, location) for key in keys}
            return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}
        if kind == "timestamp":
            form = shape.serialization.get("timestampFormat")
            return self.time(whole=location is not None or form == "rfc822")
        if kind == "blob":
            data = self.rng.randbytes(self.rng.choice([0, 1, 2, 3, 50]))
            return data, b64(data)
        if kind == "boolean":
            return (self.rng.random() < 0.5,) * 2
        if kind in ("integer", "long"):
            return (self.rng.choice([0, 1, -1, 42, 2**31 - 1] + ([2**53 + 1, -(2**63)] if kind == "long" else [])),) * 2
        if kind in ("float", "double"):
            return (self.rng.choice([0.0, 0.5, -1.25, 1e-7, 3.14159, 123456789.125, 1e16, 0.1]),) * 2
        if member and shape.enum and self.rng.random() < 0.8:
            return (self.rng.choice(shape.enum),) * 2
        return (self.string(location),) * 2

    def count(self, depth):
        return self.rng.choice([0, 1, 1, 2, 3]) if depth < 5 else self.rng.choice([0, 1])

    def structure(self, shape, depth):
        theirs, ours = {}, {}
        names = list(shape.members)
        if getattr(shape, "is_tagged_union", False):
            names = [self.rng.choice(names)]
        wanted = 1.0 if self.rng.random() < 0.15 and depth < 2 else self.rng.choice([0.2, 0.5, 0.8]) / (1 + depth / 3)
        for name in names:
            member = shape.members[name]
            location = member.serialization.get("location")
            required = name in shape.required_members or location == "uri" or len(names) == 1
            if not required and (self.rng.random() > wanted or depth > 6):
                continue
            if depth > 9 and not required:
                continue
            if location == "statusCode":
                continue
            theirs[name], ours[name] = self.make(member, depth + 1, location, name)
            if location in ("header", "headers") and member.type_name in ("list", "map") and not theirs[name]:
                del theirs[name], ours[name]
        return theirs, ours


def canonical_xml(element, shape=None):
    children = [canonical_xml(child) for child in element]
    return element.tag, tuple(sorted(element.attrib.items())), (element.text or "") if not children else "", children


def sorted_xml(node):
    tag, attributes, text, children = node
    return tag, attributes, text, sorted((sorted_xml(child) for child in children), key=repr)


def numbers(value):
    """1 and 1.0 are one number."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, float) else value


def form_fields(text):
    fields = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        fields[name] = value
    return fields


def same_number(ours, theirs):
    try:
        return ours == theirs or float(urllib.parse.unquote(ours)) == float(urllib.parse.unquote(theirs))
    except ValueError:
        return False


def compare_body(score, what, protocol, ours, theirs, shown):
    if isinstance(theirs, dict):  # a form
        wanted = {name: re.sub(r"(T[0-9%A]+\.[0-9]{3})000Z$", r"\1Z", urllib.parse.quote(str(value), safe="-._~"))
                  for name, value in theirs.items()}
        given = form_fields(ours.decode())
        if given.keys() == wanted.keys() and all(same_number(given[name], wanted[name]) for name in wanted):
            given = wanted
        return score.check(what + " form", given, wanted, shown)
    if isinstance(theirs, str):
        theirs = theirs.encode()
    if hasattr(theirs, "read"):
        theirs = theirs.read()
    if protocol in ("json", "rest-json") and theirs[:1] in (b"{", b"["):
        try:
            return score.check(what + " JSON", json.loads(ours), json.loads(theirs), shown)
        except ValueError:
            return score.check(what + " JSON", ours, theirs, shown)
    if protocol == "rest-xml" and theirs[:1] == b"<":
        try:
            given = sorted_xml(canonical_xml(ElementTree.fromstring(ours)))
        except ElementTree.ParseError as error:
            given = f"{error}: {ours!r}"
        return score.check(what + " XML", given, sorted_xml(canonical_xml(ElementTree.fromstring(theirs))), shown)
    return score.check(what + " bytes", ours, theirs, shown)


ROUTE53_IDS = ("HostedZoneId", "Id", "ResourceId", "DelegationSetId")


def strip_route53(service, operation, theirs):
    """botocore takes the path off Route 53's ids by a handler in front of the serializer."""
    if service == "route53":
        for name in ROUTE53_IDS:
            if isinstance(theirs.get(name), str):
                theirs[name] = theirs[name].split("/")[-1]


def check_request(score, speaker, row, model, rng):
    operation = model.operation_model(row["operation"])
    theirs, ours = Values(rng, False).make(operation.input_shape) if operation.input_shape else ({}, {})
    what = f"{row['service']}:{row['operation']} request"
    if row["service"] == "route53":
        for document in (theirs, ours):
            for name in ("HostedZoneId", "Id"):
                if name in document:
                    document[name] = rng.choice(["/hostedzone/", "/change/", ""]) + "Z1" if document is theirs else theirs[name]
        strip_route53(row["service"], row["operation"], theirs)
    serializer = botocore.serialize.create_serializer(row["protocol"], include_validation=False)
    wanted = serializer.serialize_to_request(theirs, operation)
    wanted_body = wanted["body"]
    botocore.awsrequest.prepare_request_dict(wanted, endpoint_url="https://h", context={})
    given = speaker.ask("encode", service=row["service"], operation=row["operation"], input=ours)
    if "error" in given:
        score.check(what, given["error"]["line"], "a request", ours)
        return
    body = base64.b64decode(given["body"])
    score.check(what + " method", given["method"], wanted["method"], ours)
    wanted_url = urllib.parse.urlsplit(wanted["url"])
    score.check(what + " path", given["path"], wanted_url.path, ours)
    fields = [sorted(part.split("&") if part else []) for part in (given["query"], wanted_url.query)]
    fields = [[part if "=" in part else part + "=" for part in some] for some in fields]
    score.check(what + " query", fields[0], fields[1], ours)
    headers = {name.lower(): value for name, value in given["headers"]}
    for name, value in wanted["headers"].items():
        if name.lower() not in ("user-agent", "content-length", "x-amzn-query-mode"):
            score.check(f"{what} header {name}", headers.get(name.lower()), value, ours)
    extra = set(headers) - {name.lower() for name in wanted["headers"]}
    if row["protocol"] in ("rest-xml", "rest-json"):  # where botocore says nothing, we say what it is
        extra.discard("content-type")
    score.check(what + " no more headers", sorted(extra), [], ours)
    compare_body(score, what, row["protocol"], body, wanted_body, ours)
    check_match(score, speaker, row, operation.input_shape, given, ours, what)


def has_gaps(value):
    """Elements of lists that leave no trace in a form."""
    if isinstance(value, list):
        return any(blank(item) in ({}, [], None) or has_gaps(item) for item in value)
    return isinstance(value, dict) and any(has_gaps(item) for item in value.values())


def blank(value):
    """What cannot be told from nothing on the wire of forms and XML: empty lists, maps and structures."""
    if isinstance(value, dict):
        made = {key: blank(item) for key, item in value.items()}
        return {key: item for key, item in made.items() if item not in ({}, [], "", None)}
    if isinstance(value, list):
        return [blank(item) for item in value]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def check_match(score, speaker, row, shape, given, ours, what):
    """The server's side reads what the client's side wrote."""
    url = "https://h" + given["path"] + ("?" + given["query"] if given["query"] else "")
    read = speaker.ask("match", signing_name=row["signing_name"], method=given["method"], url=url, headers=given["headers"], body=given["body"])
    if row["protocol"] in ("query", "ec2") and has_gaps(ours):
        return
    if score.check(what + " matched", read.get("operation"), row["operation"], url):
        score.check(what + " read back", route53_ids(row, blank(without_defaults(shape, read["input"], ours))), route53_ids(row, blank(ours)), given)


def without_defaults(shape, value, given):
    """What headers say by themselves: a type of content, a map without entries."""
    for name, member in (shape.members if shape else {}).items():
        if name not in given and (member.serialization.get("location") == "statusCode" or member.serialization.get("name", "").lower() == "content-type"):
            value.pop(name, None)
        if member.serialization.get("location") == "headers" and value.get(name) == {}:
            value.pop(name)
    return value


def route53_ids(row, value):
    if row["service"] == "route53":
        for name in ROUTE53_IDS:
            if isinstance(value.get(name), str):
                value[name] = value[name].split("/")[-1]
    return value


class Answers:
    """Writes answers as a service would: by its protocol, with members nobody knows, nulls, and times in every form."""

    def __init__(self, rng, protocol):
        self.rng, self.protocol = rng, protocol

    def scalar(self, shape, value, default_time, header=False):
        kind = shape.type_name
        if kind == "timestamp":
            form = shape.serialization.get("timestampFormat") or default_time
            if not header and form != "rfc822" and self.rng.random() < 0.2:
                form = self.rng.choice(["iso8601", "unixtimestamp"])
            if form.lower() == "unixtimestamp":
                return f"{value.timestamp():.3f}" if value.microsecond else str(int(value.timestamp()))
            if form == "rfc822":
                return value.strftime("%a, %d %b %Y %H:%M:%S GMT")
            tail = f".{value.microsecond // 1000:03d}" if value.microsecond else self.rng.choice(["", ".000"])
            return value.strftime("%Y-%m-%dT%H:%M:%S") + tail + "Z"
        if kind == "blob":
            return b64(value)
        if kind == "boolean":
            return "true" if value else "false"
        return str(value)

    def json(self, shape, value, renames=True):
        kind = shape.type_name
        if getattr(shape, "is_document_type", False):
            return value
        if kind == "structure":
            made = {}
            for name, item in value.items():
                member = shape.members[name]
                if member.serialization.get("location"):
                    continue
                made[member.serialization.get("name", name) if renames else name] = self.json(member, item)
            if not getattr(shape, "is_tagged_union", False):
                if self.rng.random() < 0.2:
                    made["memberNobodyKnows"] = self.rng.choice([1, "x", {"a": [1]}, None, []])
                for name, member in shape.members.items():
                    wire = member.serialization.get("name", name)
                    if wire not in made and not member.serialization.get("location") and self.rng.random() < 0.05:
                        made[wire] = None
            return made
        if kind == "list":
            return [self.json(shape.member, item) for item in value]
        if kind == "map":
            return {key: self.json(shape.value, item) for key, item in value.items()}
        if kind == "timestamp":
            text = self.scalar(shape, value, "unixtimestamp")
            return float(text) if re.fullmatch(r"-?[0-9.]+", text) else text
        if kind == "blob":
            return b64(value)
        return value

    def xml(self, shape, value, node):
        kind = shape.type_name
        if kind == "structure":
            for name, item in value.items():
                member = shape.members[name]
                if member.serialization.get("location"):
                    continue
                wire = member.serialization.get("name", name)
                if member.serialization.get("xmlAttribute"):
                    prefix, _, local = wire.rpartition(":")
                    node.set("{http://www.w3.org/2001/XMLSchema-instance}" + local if prefix else wire, item)
                    continue
                self.element(member, item, node, wire)
            if self.rng.random() < 0.2 and not getattr(shape, "is_tagged_union", False):
                ElementTree.SubElement(node, "memberNobodyKnows").text = "x"
        else:
            node.text = self.scalar(shape, value, "iso8601")

    def element(self, shape, value, parent, wire):
        flat = shape.serialization.get("flattened")
        if shape.type_name == "list":
            inner = shape.member.serialization.get("name")
            holder = parent if flat else ElementTree.SubElement(parent, wire)
            tag = (inner or wire) if flat else inner or ("item" if self.protocol == "ec2" else "member")
            for item in value:
                self.element(shape.member, item, holder, tag)
        elif shape.type_name == "map":
            holder = parent if flat else ElementTree.SubElement(parent, wire)
            for key, item in value.items():
                entry = ElementTree.SubElement(holder, wire if flat else "entry")
                self.element(shape.key, key, entry, shape.key.serialization.get("name", "key"))
                self.element(shape.value, item, entry, shape.value.serialization.get("name", "value"))
        else:
            self.xml(shape, value, ElementTree.SubElement(parent, wire))

    def headers(self, shape, value):
        made = []
        for name, item in (value if shape else {}).items():
            member = shape.members[name]
            wire = member.serialization.get("name", name)
            if member.serialization.get("location") == "header":
                made.append([wire, ",".join(item) if isinstance(item, list) else self.scalar(member, item, "rfc822", True)])
            if member.serialization.get("location") == "headers":
                made += [[wire + key, text] for key, text in item.items()]
        return made

    def body(self, operation, value):
        shape = operation.output_shape
        payload = shape.serialization.get("payload") if shape else None
        target, content = (shape.members[payload], value.get(payload)) if payload else (shape, value)
        if payload and (content is None or target.type_name in ("blob", "string")):
            return content if isinstance(content, bytes) else (content or "").encode()
        if self.protocol in ("json", "rest-json"):
            return json.dumps(self.json(target, content) if target else {}, ensure_ascii=self.rng.random() < 0.5).encode()
        namespace = "http://%s.amazonaws.com/doc/2015-01-01/" % operation.service_model.endpoint_prefix
        root = ElementTree.Element(operation.name + "Response", {"xmlns": namespace})
        node = root
        wrapper = shape.serialization.get("resultWrapper") if shape else None
        if wrapper:
            node = ElementTree.SubElement(root, wrapper)
        if target:
            self.xml(target, content, node)
        if self.protocol == "ec2":
            ElementTree.SubElement(root, "requestId").text = "request-1"
        if self.protocol == "query":
            ElementTree.SubElement(ElementTree.SubElement(root, "ResponseMetadata"), "RequestId").text = "request-1"
        if self.rng.random() < 0.3:
            ElementTree.indent(root)
        return b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + ElementTree.tostring(root)


def plain(value):
    """botocore's values in the form of our documents."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        value = value.astimezone(UTC)
        ms = round(value.microsecond / 1000)
        return value.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ms:03d}" if ms else "") + "Z"
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return b64(value)
    return value


def check_answer(score, speaker, row, model, rng):
    operation = model.operation_model(row["operation"])
    shape = operation.output_shape
    theirs, ours = Values(rng, True).make(shape) if shape else ({}, {})
    answers = Answers(rng, row["protocol"])
    headers = answers.headers(shape, theirs) + [["x-amzn-requestid", "request-1"]]
    status = operation.http.get("responseCode", 200)
    body = answers.body(operation, theirs)
    what = f"{row['service']}:{row['operation']} answer"
    parser = botocore.parsers.create_parser(row["protocol"])
    folded = botocore.awsrequest.HeadersDict()
    for name, value in headers:
        folded[name.lower()] = value
    stream = io.BytesIO if operation.has_streaming_output else bytes
    try:
        wanted = parser.parse({"status_code": status, "headers": folded, "body": stream(body)}, shape)
    except botocore.parsers.ResponseParserError as error:
        if "one and only one member" in str(error):  # a union whose one member is an empty list leaves nothing on the wire
            return
        raise
    wanted = plain({key: value for key, value in wanted.items() if key != "ResponseMetadata"})
    given = speaker.ask("decode", service=row["service"], operation=row["operation"], status=status, headers=headers, body=b64(body))
    if "error" in given:
        score.check(what, given["error"]["line"], "an answer", body)
        return
    score.check(what, given["output"], without_defaults(shape, wanted, wanted), body)
    # the server's side writes what botocore reads as the same
    made = speaker.ask("answer", service=row["service"], operation=row["operation"], output=ours)
    if "error" in made:
        score.check(what + " written", made["error"]["line"], "an answer", ours)
        return
    folded = botocore.awsrequest.HeadersDict()
    for name, value in made["headers"]:
        folded[name.lower()] = value
    read = parser.parse({"status_code": made["status"], "headers": folded, "body": stream(base64.b64decode(made["body"]))}, shape)
    read = plain({key: value for key, value in read.items() if key != "ResponseMetadata"})
    score.check(what + " written", blank(without_defaults(shape, read, ours)), blank(ours), base64.b64decode(made["body"]))


def check_error(score, speaker, row, model, rng):
    """Errors in each protocol's forms, and ours as botocore reads them."""
    operation = model.operation_model(row["operation"])
    what = f"{row['service']}:{row['operation']} error"
    code, message = rng.choice([("AccessDeniedException", "User: x is not authorized"), ("ThrottlingException", "Rate <exceeded> & more"),
                                ("ResourceNotFoundException", "no é")])
    made = speaker.ask("answer", service=row["service"], operation=row["operation"], code=code, message=message, status=400)
    parser = botocore.parsers.create_parser(row["protocol"])
    folded = botocore.awsrequest.HeadersDict()
    for name, value in made["headers"]:
        folded[name.lower()] = value
    body = base64.b64decode(made["body"])
    read = parser.parse({"status_code": made["status"], "headers": folded, "body": body}, operation.output_shape)
    score.check(what + " written", (read["Error"]["Code"], read["Error"]["Message"]), (code, message), body)
    given = speaker.ask("decode", service=row["service"], operation=row["operation"], status=400, headers=made["headers"], body=made["body"])
    error = given.get("error", {})
    score.check(what, (error.get("code"), error.get("message"), error.get("request_id")), (code, message, "request-1"), body)


def random_path(rng):
    parts = ["a", "b c", "%20", "é", "..", ".", "", "arn:aws:x/y", "a%2Fb", "~", "x+y", "100%25", "(z)", "*"]
    path = "/" + "/".join(rng.choice(parts) for _ in range(rng.randrange(0, 6)))
    return urllib.parse.quote(path, safe="/%~:+()*")


def random_query(rng):
    names = ["a", "b", "A", "a-b", "list-type", "x%20y", "Z", "é", "a", "marker"]
    return "&".join(urllib.parse.quote(rng.choice(names), safe="%") + rng.choice(["=", "=1", "=%2Fx", "=b%20c", "=" + "v" * 50, "=%C3%A9", "=~"])
                    for _ in range(rng.randrange(0, 6)))


def check_signature(score, speaker, rng):
    when = datetime.datetime.fromtimestamp(rng.randrange(1000000000, 4000000000), UTC)
    session = rng.choice([None, "AQoDYXdzEPT//////////wEXAMPLE==", "FwoG+/=token"])
    credentials = botocore.credentials.Credentials("AKID" + str(rng.randrange(10**9)), "s" * rng.randrange(1, 60) + "+/K", session)
    region, service = rng.choice(["us-east-1", "eu-west-1", "cn-north-1"]), rng.choice(["eks", "sts", "s3", "monitoring", "ec2"])
    method, path, query = rng.choice(["GET", "POST", "PUT", "DELETE"]), random_path(rng), random_query(rng)
    body = rng.randbytes(rng.randrange(0, 40))
    headers = {"Host": rng.choice(["eks.us-east-1.amazonaws.com", "127.0.0.1:8080", "h"])}
    for name in rng.sample(["X-Amz-Target", "Content-Type", "x-k8s-aws-id", "My-Header1", "X-Amz-Meta-a", "X-Amz-Meta-B"], rng.randrange(0, 5)):
        headers[name] = rng.choice(["v", " a   b  ", "a  b", "application/json; charset=utf-8", "\"q  q\"", "é".encode().decode("latin-1")])
    url = "https://" + headers["Host"] + path + ("?" + query if query else "")
    is_s3 = service == "s3"
    if is_s3:
        signer = botocore.auth.S3SigV4Auth(credentials, service, region)
    else:
        signer = botocore.auth.SigV4Auth(credentials, service, region)
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers)
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    now = when.replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now, create=True):
        signer.add_auth(request)
    wanted = request.headers["Authorization"]
    sent = [[name, value] for name, value in request.headers.items() if name != "Authorization"]
    given = speaker.ask("sign", access_key=credentials.access_key, secret_key=credentials.secret_key, session_token=session, region=region,
                        service=service, time_ms=int(when.timestamp()) * 1000, double_encode=not is_s3, method=method,
                        path=path, query=query, headers=sent,
                        payload_hash=hashlib.sha256(body).hexdigest())
    score.check("signature " + url, given["authorization"], wanted, (given["canonical"], sent))


def check_presigned(score, speaker, rng):
    when = datetime.datetime.fromtimestamp(rng.randrange(1000000000, 4000000000), UTC)
    session = rng.choice([None, "AQoDYXdzEPT//////////wEXAMPLE=="])
    credentials = botocore.credentials.Credentials("AKID" + str(rng.randrange(10**9)), "secret/+", session)
    region, expires = rng.choice(["us-east-1", "us-gov-west-1"]), rng.choice([60, 900])
    query = "Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"x-k8s-aws-id": rng.choice(["shop", "my-cluster", "a_b-" + "c" * 90])}
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://sts.{region}.amazonaws.com/?{query}", headers=headers)
    with mock.patch("botocore.auth.get_current_datetime", return_value=when.replace(tzinfo=None), create=True):
        botocore.auth.SigV4QueryAuth(credentials, "sts", region, expires=expires).add_auth(request)
    wanted = sorted(urllib.parse.urlsplit(request.url).query.split("&"))
    given = speaker.ask("sign", presign=True, access_key=credentials.access_key, secret_key=credentials.secret_key, session_token=session,
                        region=region, service="sts", time_ms=int(when.timestamp()) * 1000, double_encode=True, path="/", query=query,
                        expires_s=expires, headers=[["host", f"sts.{region}.amazonaws.com"], *headers.items()])
    score.check("presigned", sorted(given["query"].split("&")), wanted, request.url)


def main():
    speaker, score = Speaker(sys.argv[1]), Score()
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    signatures = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    rng = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    loader, models = botocore.loaders.Loader(), {}
    rows = speaker.ask("rows")["rows"]
    for row in rows:
        name = FROM_C_NAME.get(row["service"], row["service"])
        if name not in models:
            models[name] = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), service_name=name)
        before = score.passed
        for _ in range(cases):
            check_request(score, speaker, row, models[name], rng)
            check_answer(score, speaker, row, models[name], rng)
        check_error(score, speaker, row, models[name], rng)
        if score.passed == before:
            score.check(f"{row['service']}:{row['operation']} is reached", "no test passed", "some")
    for _ in range(signatures):
        check_signature(score, speaker, rng)
    for _ in range(signatures // 20):
        check_presigned(score, speaker, rng)
    print(f"{len(rows)} rows, {cases * len(rows)} requests, {cases * len(rows)} answers, {signatures} signatures")
    print(f"{score.passed} passed, {score.failed} failed")
    sys.exit(score.failed > 0)


if __name__ == "__main__":
    main()
