"""For bench/assess.sh, beside an API server that makes its JSON: an EKS that only knows that server (everything else is
denied), and the pages that a look asked for, as curl's -K reads them.

    assess_server.py eks KUBECONFIG             serves; prints its port
    assess_server.py pages KUBECONFIG JOURNAL CA-FILE
"""
import base64
import http.server
import json
import sys


def access(path):
    """Server, CA in base64, token of the one cluster and user in a kubeconfig."""
    words = {}
    for line in open(path):
        key, _, value = line.strip().lstrip("- ").partition(": ")
        words.setdefault(key, value.strip().strip('"'))
    return words["server"], words["certificate-authority-data"], words["token"]


class Eks(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        known = self.path == "/clusters/shop"
        body = {"message": "not authorized"}
        if known:
            body = {"cluster": {"name": "shop", "arn": "arn:aws:eks:us-east-1:111122223333:cluster/shop", "version": "1.33",
                                "status": "ACTIVE", "endpoint": server, "certificateAuthority": {"data": ca}}}
        body = json.dumps(body).encode()
        self.send_response(200 if known else 403)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if not known:
            self.send_header("x-amzn-errortype", "AccessDeniedException")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server, ca, token = access(sys.argv[2])
if sys.argv[1] == "eks":
    eks = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Eks)
    print(eks.server_port, flush=True)
    eks.serve_forever()
else:
    with open(sys.argv[4], "wb") as file:
        file.write(base64.b64decode(ca))
    print(f'cacert = "{sys.argv[4]}"\nheader = "Authorization: Bearer {token}"')
    for line in open(sys.argv[3]):
        asked = json.loads(line)
        if asked["method"] == "GET":
            query = "?" + asked["query"] if asked.get("query") else ""
            print(f'url = "{server}{asked["path"]}{query}"\noutput = /dev/null')
