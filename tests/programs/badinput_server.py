"""A server between the agent and the simulator that misbehaves when told to.

usage: badinput_server.py SIMULATOR-URL MODE-FILE [CERTIFICATE]

Prints its address. MODE-FILE holds "WHAT PATH-PART": answers to requests whose path, body or target holds PATH-PART are
replaced by WHAT (json, xml, html, huge, endless, cut). Otherwise everything is passed on, with addresses rewritten.
"""
import http.server
import ssl
import sys
import urllib.error
import urllib.request

simulator, mode_file = sys.argv[1:3]
certificate = sys.argv[3] if len(sys.argv) > 3 else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            with open(mode_file) as file:
                what, part = file.read().split()
        except (OSError, ValueError):
            what, part = "", "\0"
        asked = self.path + body.decode("latin-1") + self.headers.get("x-amz-target", "")
        if part in asked:
            getattr(self, "send_" + what)()
        else:
            self.pass_on(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def pass_on(self, body):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "accept-encoding")}
        request = urllib.request.Request(simulator + self.path, data=body or None, headers=headers, method=self.command)
        try:
            reply = urllib.request.urlopen(request)
        except urllib.error.HTTPError as refused:
            reply = refused
        text = reply.read().replace(simulator.encode(), own_url.encode())
        self.send(reply.status, reply.headers.get("content-type", "application/json"), text)

    def send(self, status, kind, text):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def send_json(self):
        self.send(200, "application/json", b'{"cluster": {"name": [}')

    def send_xml(self):
        self.send(200, "text/xml", b"<?xml version='1.0'?><a><b></a>")

    def send_html(self):
        self.send(200, "text/html", b"<html><body>Sign in to the guest network</body></html>")

    def send_cut(self):
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b'{"cluster": {')
        self.close_connection = True

    def pour(self, blocks):
        block = b'{"metadata": {}, "kind": "'.ljust(65536, b"x")
        try:
            for _ in range(blocks):
                self.wfile.write(b"10000\r\n" + block + b"\r\n" if self.chunked else block)
                block = b"x" * 65536
        except OSError:
            pass
        self.close_connection = True

    def send_huge(self):
        self.chunked = False
        self.send_response(200)
        self.send_header("content-length", str(4 << 30))
        self.end_headers()
        self.pour(1 << 16)

    def send_endless(self):
        self.chunked = True
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.pour(1 << 40)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
own_url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(own_url, flush=True)
server.serve_forever()
