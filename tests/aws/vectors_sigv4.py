"""Writes tests/aws/vectors_sigv4.json: requests, and every stage of their signatures, worked out by the published
algorithm ("Create a signed AWS API request") and by nothing of ours. With --check: says whether the file is as written
now, and whether botocore's signer signs each case the same.

usage: vectors_sigv4.py [--check]
"""
import hashlib
import hmac
import json
import os
import sys
import urllib.parse

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors_sigv4.json")
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
DATE, REGION, SERVICE = "20150830T123600Z", "us-east-1", "service"
HOST = ["Host", "example.amazonaws.com"]
FORM = ["Content-Type", "application/x-www-form-urlencoded"]


def case(name, method="GET", path="/", query="", headers=(), body="", token=False, s3=False):
    return {"name": name, "method": method, "path": path, "query": query, "headers": [HOST, *map(list, headers)], "body": body,
            "session_token": TOKEN if token else None, "double_encode": not s3}


UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CASES = [
    case("get-vanilla"),
    case("get-vanilla-query", query="Param1=value1"),
    case("get-vanilla-empty-query-value", query="Param1="),
    case("get-vanilla-query-without-equals", query="acl"),
    case("get-vanilla-empty-query-key", query="=value"),
    case("get-query-order-key", query="Param2=value2&Param1=value1"),
    case("get-query-order-key-case", query="b=1&A=2&B=3&a=4"),
    case("get-query-order-value", query="Param1=value2&Param1=Value1&Param1=value1"),
    case("get-query-order-encoded", query="Param-3=Value3&Param=Value2&%E1%88%B4=Value1&Param%2D=4"),
    case("get-query-name-is-a-prefix", query="a-b=1&a=2&a.b=3&ab=4"),
    case("get-query-same-name-empty-and-not", query="a=b&a=&a=a"),
    case("get-query-unreserved", query=f"{UNRESERVED}={UNRESERVED}"),
    case("get-query-reserved-encoded", query="p=%2F%3A%40%21%24%26%27%28%29%2A%2B%2C%3B%3D"),
    case("get-query-plus-and-space", query="a=1%202&b=1%2B2"),
    case("get-query-percent-of-percent", query="a=%2525"),
    case("get-query-utf8", query="%E1%88%B4=bar"),
    case("get-query-arn", query="resourceArn=arn%3Aaws%3Aeks%3Aus-east-1%3A111122223333%3Acluster%2Fshop"),
    case("get-query-long-value", query="a=" + "x" * 1200),
    case("get-query-many", query="&".join(f"k{(i * 37) % 100}={i}" for i in range(100))),
    case("get-utf8-path", path="/%E1%88%B4"),
    case("get-unreserved-path", path="/" + UNRESERVED),
    case("get-space-path", path="/example%20space/"),
    case("get-percent-path", path="/a%252Fb"),
    case("get-slash-inside-a-label", path="/clusters/a%2Fb/updates"),
    case("get-colon-and-at-path", path="/tags/arn%3Aaws%3Aeks%3Aus-east-1%3A1%3Acluster%2Fshop/%40"),
    case("get-path-of-reserved", path="/%21%24%26%27%28%29%2A%2B%2C%3B%3D"),
    case("get-relative", path="/example/.."),
    case("get-relative-relative", path="/example1/example2/../.."),
    case("get-relative-above-the-root", path="/../../a"),
    case("get-slash-dot-slash", path="/./"),
    case("get-slash-pointless-dot", path="/./example"),
    case("get-slashes", path="//example//"),
    case("get-slash-at-the-end", path="/example/"),
    case("get-dots-that-are-names", path="/.../..a/b.."),
    case("get-relative-s3", path="/example/..", s3=True),
    case("get-slash-dot-slash-s3", path="/./", s3=True),
    case("get-slashes-s3", path="//example//", s3=True),
    case("get-space-s3", path="/example%20space/", s3=True),
    case("get-key-with-all-signs-s3", path="/a%2Bb%3Dc%26d/%C3%A9/%25", s3=True),
    case("get-utf8-s3", path="/%E1%88%B4", s3=True),
    case("get-header-duplicate", headers=[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")]),
    case("get-header-order-of-values-is-kept", headers=[("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3")]),
    case("get-header-value-trim", headers=[("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')]),
    case("get-header-value-tabs", headers=[("My-Header1", "\tvalue1 \t b\t")]),
    case("get-header-value-empty", headers=[("My-Header1", ""), ("My-Header2", "   ")]),
    case("get-header-value-long", headers=[("My-Header1", "v" * 1200)]),
    case("get-header-names-that-begin-alike", headers=[("X-A", "1"), ("X-A-B", "2"), ("X-A1", "3"), ("X-AB", "4")]),
    case("get-session-token", token=True),
    case("get-session-token-and-query", query="Action=ListUsers&Version=2010-05-08", token=True),
    case("get-kubernetes-id", query="Action=GetCallerIdentity&Version=2011-06-15", headers=[("x-k8s-aws-id", "my-cluster")]),
    case("post-header-key-case", "POST", headers=[("MY-HEADER1", "value1")]),
    case("post-header-key-sort", "POST", headers=[("Zoo", "z"), ("My-Header1", "value1"), ("apple", "a")]),
    case("post-header-value-case", "POST", headers=[("My-Header1", "VALUE1")]),
    case("post-session-token", "POST", token=True),
    case("post-vanilla", "POST"),
    case("post-vanilla-query", "POST", query="Param1=value1"),
    case("post-form", "POST", headers=[FORM], body="Param1=value1"),
    case("post-form-charset", "POST", headers=[["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]], body="Param1=value1"),
    case("post-json-target", "POST", headers=[("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AmazonSSM.GetParameter")],
         body='{"Name":"/a/\u00e9"}'),
    case("put-body-s3", "PUT", path="/bucket/key", body="x" * 2000, s3=True),
    case("delete-path", "DELETE", path="/clusters/shop"),
]


def sha(text):
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def canonical_path(path, double):
    if not double:
        return path or "/"
    out = []
    for part in path.split("/"):
        if part == "..":
            out = out[:-1]
        elif part not in ("", "."):
            out.append(part)
    joined = "/" + "/".join(out)
    if out and path.endswith(("/", "/.", "/..")) and path.endswith("/"):
        joined += "/"
    return urllib.parse.quote(joined, safe="/~")


def canonical_query(query):
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def stages(signed, query, headers, payload_hash):
    together = {}
    for name, value in headers:
        together.setdefault(name.lower(), []).append(" ".join(value.replace("\t", " ").split()))
    names = ";".join(sorted(together))
    lines = "".join(f"{name}:{','.join(together[name])}\n" for name in sorted(together))
    canonical = "\n".join([signed["method"], canonical_path(signed["path"], signed["double_encode"]), canonical_query(query), lines, names, payload_hash])
    scope = f"{DATE[:8]}/{REGION}/{SERVICE}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{DATE}\n{scope}\n{sha(canonical)}"
    key = ("AWS4" + SECRET).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return canonical, to_sign, hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest(), names


def whole(signed):
    payload = sha(signed["body"])
    headers = signed["headers"] + [["X-Amz-Date", DATE]]
    if not signed["double_encode"]:
        headers.append(["X-Amz-Content-Sha256", payload])
    if signed["session_token"]:
        headers.append(["X-Amz-Security-Token", signed["session_token"]])
    canonical, to_sign, signature, _ = stages(signed, signed["query"], headers, payload)
    result = dict(signed, signed_headers=headers, payload_hash=payload, canonical=canonical, string_to_sign=to_sign, signature=signature)
    if signed["method"] == "GET":
        names = ";".join(sorted({name.lower() for name, _ in signed["headers"]}))
        quote = lambda text: urllib.parse.quote(text, safe="~")
        added = [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", f"{KEY}/{DATE[:8]}/{REGION}/{SERVICE}/aws4_request"),
                 ("X-Amz-Date", DATE), ("X-Amz-Expires", "3600"), ("X-Amz-SignedHeaders", names)]
        if signed["session_token"]:
            added.append(("X-Amz-Security-Token", signed["session_token"]))
        query = "&".join(filter(None, [signed["query"]] + [f"{name}={quote(value)}" for name, value in added]))
        result["presigned_signature"] = stages(signed, query, signed["headers"], sha(""))[2]
    return result


def by_botocore(signed):
    from unittest import mock
    import datetime
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    credentials = botocore.credentials.Credentials(KEY, SECRET, signed["session_token"])
    signer = (botocore.auth.SigV4Auth if signed["double_encode"] else botocore.auth.S3SigV4Auth)(credentials, SERVICE, REGION)
    request = botocore.awsrequest.AWSRequest(method=signed["method"], data=signed["body"].encode(),
                                             url=f"https://{HOST[1]}{signed['path']}" + ("?" + signed["query"] if signed["query"] else ""))
    for name, value in signed["headers"]:
        request.headers.add_header(name, value)
    now = datetime.datetime(2015, 8, 30, 12, 36)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now, create=True):
        signer.add_auth(request)
    return request.headers["Authorization"].split("Signature=")[1]


# What botocore does otherwise: it keeps a tab inside a value, and reads "=value" as nothing.
NOT_BY_BOTOCORE = {"get-header-value-tabs", "get-vanilla-empty-query-key"}


def main():
    text = json.dumps([whole(signed) for signed in CASES], indent=1, ensure_ascii=True) + "\n"
    if "--check" not in sys.argv:
        with open(FILE, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(FILE, encoding="utf-8") as file:
        failed = file.read() != text
    if failed:
        print("vectors_sigv4.json is not what vectors_sigv4.py writes")
    passed = not failed
    for signed in json.loads(text):
        if signed["name"] in NOT_BY_BOTOCORE:
            continue
        same = by_botocore(signed) == signed["signature"]
        passed, failed = passed + same, failed + (not same)
        if not same:
            print(f"FAILED botocore signs {signed['name']} otherwise")
    print(f"{passed:d} passed, {failed:d} failed")
    sys.exit(failed > 0)


main()
