"""Each answer that `assess` asks for, live, taken away in turn by a proxy before the simulator's doors: what was found
stays as it was, or the check says that it does not know, and of what.

usage: assess_taken.py AGENT EXAMPLE.YAML DIRECTORY     prints failures; the last line is "N passed, N failed"
"""
import asyncio
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

from assess_tally import check, tell

AGENT, EXAMPLE, WORK = (pathlib.Path(one).resolve() for one in sys.argv[1:4])
WORK.mkdir(parents=True, exist_ok=True)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


class Proxy:
    """Passes on what comes, one connection behind for each before, but for the answer that is taken away."""
    upstream, taken, answer, asked, old_discovery, port = None, None, None, [], False, 0


async def message(reader):
    """The first line, the headers by lower-case names, the body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
    headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:-2])}
    body = b""
    while headers.get("transfer-encoding") == "chunked":
        n = int(await reader.readline(), 16)
        body += (await reader.readexactly(n + 2))[:n]
        if not n:
            break
    else:
        body = await reader.readexactly(int(headers.get("content-length") or 0))
    return head[0], headers, body


def written(first, headers, body):
    kept = {key: value for key, value in headers.items() if key not in ("transfer-encoding", "content-length", "connection", "accept-encoding")}
    return "\r\n".join([first, *(f"{key}: {value}" for key, value in kept.items()), f"content-length: {len(body)}", "", ""]).encode("latin1") + body


async def pass_on(reader, writer):
    behind = await asyncio.open_connection(*Proxy.upstream, limit=1 << 26)
    try:
        while True:
            first, headers, body = await message(reader)
            name = name_of(first.split()[1], headers, body)
            Proxy.asked.append(name)
            if Proxy.old_discovery and "apidiscovery" in headers.get("accept", ""):
                headers["accept"] = "application/json"
            if name == Proxy.taken:
                status, kind, text = Proxy.answer(name)
                first, headers = f"HTTP/1.1 {status} X", {"content-type": kind}
            else:
                behind[1].write(written(first, headers, body))
                first, headers, text = await message(behind[0])
            text = text.replace(b"http://%s:%d" % (Proxy.upstream[0].encode(), Proxy.upstream[1]), b"http://127.0.0.1:%d" % Proxy.port)
            writer.write(written(first, headers, text))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
        behind[1].close()


def name_of(path, headers, body):
    """service:Operation, service:PATH of what REST has for it, or the path at the cluster."""
    path = path.split("?")[0]
    service = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("authorization", ""))
    action = re.search(rb"(?:^|&)Action=(\w+)", body)
    if not service:
        return re.sub(r"^/clusters/[^/]+", "", path)
    if headers.get("x-amz-target"):
        return f"{service[1]}:{headers['x-amz-target'].split('.')[-1]}"
    return f"{service[1]}:{action[1].decode() if action else path}"


async def listen(ready):
    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, limit=1 << 20)
    Proxy.port = server.sockets[0].getsockname()[1]
    ready.set()
    await server.serve_forever()


def refused(status, code):
    def answer(name):
        service = name.split(":")[0]
        if name.startswith("/"):
            return status, "application/json", json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": code, "code": status, "message": "no"}).encode()
        if service in ("ec2", "iam", "elasticloadbalancing", "autoscaling", "route53"):
            form = "<Response><Errors><Error><Code>%s</Code></Error></Errors></Response>" if service == "ec2" else "<ErrorResponse><Error><Code>%s</Code></Error></ErrorResponse>"
            return status, "text/xml", (form % ("UnauthorizedOperation" if service == "ec2" else "AccessDenied")).encode()
        return status, "application/json", json.dumps({"__type": "AccessDeniedException", "message": "no"}).encode()
    return answer


def assess(url):
    done = subprocess.run([AGENT, "assess", "--config", EXAMPLE, "--to", "1.34", "--endpoint-url", url, "--kubeconfig", WORK / "proxied", "-o", "json"],
                          capture_output=True, cwd=WORK, env={**os.environ, **KEYS, "HOME": str(WORK)}, timeout=120)
    report = json.loads(done.stdout) if b'"findings"' in done.stdout else None
    return done.returncode, report, (done.stderr + done.stdout[:400]).decode(errors="replace")


def told(report):
    """Of each check what it found; and those that do not know something."""
    found, unknown = {}, set()
    for one in report["findings"]:
        unknown |= {one["id"]} if one["status"] == "unknown" else set()
        found.setdefault(one["id"], []).append(json.dumps({**one, "evidence": None}, sort_keys=True))
    return found, unknown


LISTS_NOT_FOUND = {"/api/v1/pods", "/apis/apps/v1/statefulsets", "/apis/policy/v1/poddisruptionbudgets", "/apis/velero.io/v1/schedules"}
# What tells of the look itself.
OF_THE_LOOK = {"SCAN-MISSING-RBAC", "SCAN-PARTIAL", "API-COVERAGE", "INSIGHT-DENIED"}


def compare(what, whole, url, silent=()):
    code, report, said = assess(url)
    check(f"{what}: a report", report and code in (11, 12), said)
    if not report:
        return
    before, after, unknown = told(whole)[0], *told(report)
    moved = {one for one in set(before) | set(after) if before.get(one) != after.get(one)} - unknown - OF_THE_LOOK
    check(f"{what}: what is not unknown is as it was", not moved, str({one: (before.get(one, [])[:1], after.get(one, [])[:1]) for one in moved}))
    bad = [one["name"] for one in report["sources"] if one["status"] not in ("ok", "skipped")]
    check(f"{what}: told", bad or what in silent, str(report["sources"])[:300])
    for one in report["findings"]:
        if one["status"] == "unknown":
            check(f"{what}: {one['id']} names what is missing", any(name in one["reason"] for name in bad), f"{bad} {one['reason']}")


def main():
    door = subprocess.Popen([AGENT, "sim", "serve", "--cluster", "shop", "--speed", "0", "--kubeconfig-out", WORK / "direct", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    there = json.loads(door.stdout.readline())["endpoint_url"]
    host, port = there.split("//")[1].split(":")
    Proxy.upstream = (host, int(port))
    ready = threading.Event()
    threading.Thread(target=lambda: asyncio.run(listen(ready)), daemon=True).start()
    ready.wait()
    url = f"http://127.0.0.1:{Proxy.port}"
    (WORK / "proxied").write_text((WORK / "direct").read_text().replace(there, url))
    try:
        _, whole, said = assess(url)
        check("nothing taken away", whole and not told(whole)[1] and all(one["status"] == "ok" for one in whole["sources"]), said)
        names = sorted(set(Proxy.asked) - {"/sim/clock"})
        check("everything passes the proxy", len(names) > 90, str(names))
        for name in names:
            if re.fullmatch("eks:/clusters/[^/]+", name):
                continue  # nothing can be said of a cluster that may not be described
            Proxy.taken, Proxy.answer = name, refused(403, "Forbidden")
            compare(f"{name} denied", whole, url)
            if name in LISTS_NOT_FOUND:
                Proxy.answer = refused(404, "NotFound")
                compare(f"{name} not found", whole, url)
        for name in ("/api", "/apis", "eks:/clusters/shop/addons", "eks:/clusters/shop/node-groups"):
            for text in (b"{}", b"<html>"):
                Proxy.taken, Proxy.answer = name, lambda _, text=text: (200, "application/json", text)
                compare(f"{name} answers {text.decode()}", whole, url)
        Proxy.old_discovery, Proxy.taken = True, None
        compare("each group says by itself what it serves", whole, url, silent=("each group says by itself what it serves",))
        for name in ("/api/v1", "/apis/apps/v1"):
            for answer in (refused(403, "Forbidden"), lambda _: (200, "application/json", b"{}")):
                Proxy.taken, Proxy.answer = name, answer
                compare(f"{name} does not", whole, url)
    finally:
        door.terminate()
        door.wait()


main()
tell()
