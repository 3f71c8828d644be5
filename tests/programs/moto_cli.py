"""The aws command line, in one process: a JSON list of words a line in, {"status", "out", "err"} a line out."""
import contextlib
import io
import json
import sys

import awscli.clidriver


def run(words):
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    out.isatty = lambda: False
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            sys.argv = ["aws", *words]
            status = awscli.clidriver.create_clidriver().main(words)
        except SystemExit as end:
            status = end.code
    out.flush()
    return {"status": status, "out": out.buffer.getvalue().decode(), "err": err.getvalue()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), file=sys.__stdout__, flush=True)
