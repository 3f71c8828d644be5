"""The publishers of release notes, and how they misbehave when told to.

usage: notes_server.py PAGES MODE-FILE LOG-FILE

Prints its address. PAGES is a folder with changelog.md, guide.html, eks.html, platform.html, announcement.html. MODE-FILE
holds lines "PATH-PART WHAT": requests whose path holds PATH-PART get WHAT (500, 404, slow, huge, endless, cut, garbled,
gzip, form, away, round, hostile, deep) instead of the page. Every request is a line of LOG-FILE: path, status.
"""
import hashlib
import http.server
import pathlib
import sys
import time

pages, mode_file, log_file = (pathlib.Path(a) for a in sys.argv[1:4])
PARTS = [
    ("CHANGELOG-1.34.md", "changelog.md", "text/plain; charset=utf-8"),
    ("deprecation-guide", "guide.html", "text/html; charset=utf-8"),
    ("kubernetes-versions-standard.html", "eks.html", "text/html"),
    ("kubernetes-versions-extended.md", "eks.md", "text/markdown"),
    ("platform-versions.html", "platform.html", "text/html"),
    ("kubernetes-v1-34-release", "announcement.html", "text/html"),
]
HOSTILE = (
    "<html><h2 id='kubernetes-1-34\"><img src=x onerror=alert(1)>'>Kubernetes 1.34</h2>"
    "<div class='awsdocs-important'><p>Removed the <code>--bad-&#27;[31mred</code> flag of the kubelet. "
    "&lt;script&gt;alert(1)&lt;/script&gt; \u202e [click](javascript:alert(1)) @everyone `tick` | cell</p></div>"
    "<p>The <code>--worse</code> flag of kube-proxy was removed: <b>&lt;img src=x onerror=alert(2)&gt;</b> \x07</p></html>"
)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", kind="text/plain", **headers):
        with log_file.open("a") as log:
            log.write(f"{self.path} {status}\n")
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        for line in mode_file.read_text().splitlines():
            part, what = line.split()
            if part in self.path:
                return self.misbehave(what)
        return self.page()

    def page(self):
        for part, name, kind in PARTS:
            if part in self.path:
                body = (pages / name).read_bytes()
                tag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
                if self.headers.get("if-none-match") == tag:
                    return self.say(304, etag=tag)
                return self.say(200, body, kind, etag=tag)
        return self.say(404, b"no")

    def misbehave(self, what):
        page = b"# v1.34.0\n\n" + b"- Removed the `--x` flag of the kubelet.\n" * 10
        if what.isdigit():
            self.say(int(what), b"trouble")
        elif what == "slow":
            time.sleep(2)
            self.page()
        elif what == "huge":
            self.say(200, page + b"x" * (7 << 20))
        elif what == "endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:  # until the client has enough
                    self.wfile.write(b"- v1.34 x\n" * 6000)
            except OSError:
                self.close_connection = True
        elif what == "cut":
            self.send_response(200)
            self.send_header("content-length", str(len(page) * 2))
            self.end_headers()
            self.wfile.write(page)
            self.close_connection = True
        elif what == "garbled":
            self.say(200, bytes(range(256)) * 400, "text/html")
        elif what == "gzip":
            import gzip
            self.say(200, gzip.compress(page), content_encoding="gzip")
        elif what == "form":
            self.say(200, b"<html><h1>Sign in</h1></html>", "text/html")
        elif what == "away":
            self.say(302, location="http://169.254.169.254/latest/meta-data/")
        elif what == "round":
            self.say(302, location=self.path)
        elif what == "hostile":
            self.say(200, HOSTILE.encode(), "text/html")
        elif what == "deep":
            self.say(200, b"<html><h2>Kubernetes 1.34</h2><p>The <code>--deep</code> flag was removed.</p>" + b"<div><ul><li>" * 200000, "text/html")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # clients that hang up in the middle are what this is for
        pass


server = Server(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
