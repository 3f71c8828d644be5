"""What the cases of signing in share: a home that is made anew for each, a server that tells whom it saw, the count."""
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import types

AGENT, WORK = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
HOME = WORK + "/home"
passed = failed = 0


def check(name, truth, told):
    global passed, failed
    passed, failed = passed + bool(truth), failed + (not truth)
    if not truth:
        print(f"FAILED {name}\n{told}", flush=True)


def home(files):
    shutil.rmtree(HOME, ignore_errors=True)
    for name, text in {"x": "", **files}.items():
        path = f"{HOME}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", newline="", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o700)


def agent(words, env):
    done = subprocess.run([AGENT, *words], env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": HOME, **env}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, cwd=WORK, timeout=120)
    return done.returncode, done.stdout, done.stderr


class Server:
    """`answer(request)` gives status and document (or text); what was asked is in `seen`."""

    def __init__(self, answer, tls=False):
        self.seen = seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8", "replace")
                asked = types.SimpleNamespace(command=self.command, path=self.path, headers=self.headers, body=body)
                status, said = answer(asked)
                seen.append(asked)
                text = (said if isinstance(said, str) else json.dumps(said)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if not isinstance(said, str) else "text/xml")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
