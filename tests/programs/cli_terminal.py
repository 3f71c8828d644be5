"""Runs a command on a terminal of so many columns and prints what it wrote there; ends with the command's exit status.

usage: cli_terminal.py COLUMNS PATTERN KEYS COMMAND…    KEYS are typed when PATTERN appears ("": never); ^C is Ctrl-C
"""
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios

columns, pattern, keys, command = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3], sys.argv[4:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    os.execvp(command[0], command)
signal.alarm(90)
written, typed = b"", not pattern
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # the command has closed it
        break
    if not chunk:
        break
    written += chunk
    if not typed and re.search(pattern, written):
        os.write(terminal, b"\x03" if keys == "^C" else keys.encode() + b"\n")
        typed = True
sys.stdout.buffer.write(written.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
