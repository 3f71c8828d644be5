#!/usr/bin/env python3
"""The house rules that no compiler knows: where files may include from, how long functions and files may be, which
functions are banned, and that nothing at file scope changes. Prints `file:line: what is wrong`; exit 1 if it printed.

usage: house.py [BUILD]      BUILD: a build directory, for the search for mutable state in its static libraries
"""
import pathlib
import re
import subprocess
import sys

MAX_FUNCTION, MAX_FILE = 70, 700

BANNED = {
    "strcpy": "buf_puts or mem_strdup", "strcat": "buf_puts", "sprintf": "snprintf or buf_printf",
    "vsprintf": "vsnprintf or buf_vprintf", "gets": "fgets", "strtok": "strcspn", "atoi": "strtol", "atol": "strtol",
    "atoll": "strtoll", "atof": "strtod", "system": "the process port", "popen": "the process port",
    "rand": "the random port", "srand": "the random port", "random": "the random port", "localtime": "base/time.h",
    "gmtime": "gmtime_r", "ctime": "base/time.h", "asctime": "base/time.h", "alloca": "an arena",
    "tmpnam": "mkstemp", "mktemp": "mkstemp", "setenv": "the process port's environment",
}
# Data tables that scripts wrote.
GENERATED = re.compile(r"_data\.c$")
# Changing state that is meant: object name -> why.
STATE = {
    "settings": "the one logger's settings, set once by the program's face",
    "interrupted": "what a signal handler may touch",
}
BANNED_CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
# A test has its process for itself: it may set what the program under test finds there.
IN_TESTS = {"setenv"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/([^"]+)"')
TOO_EARLY = re.compile(r"\b(TODO|FIXME|XXX|HACK)\s*[:(]")


def floors():
    text = pathlib.Path("meson.build").read_text()
    listed = re.search(r"floors = \[(.*?)\]", text, re.S).group(1)
    return re.findall(r"'([\w-]+)'", listed) + ["program"]


def without_comments_and_strings(text):
    """The same text with comments and literals blanked, so that line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(lines):
    """Start and length of each function: kernel style puts its braces at column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            if line == "}":
                yield start, number - start - 1
            start = None


def name_before(lines, start):
    for number in range(start - 1, max(0, start - 9), -1):
        match = re.match(r"^[A-Za-z].*?(\w+)\(", lines[number - 1])
        if match:
            return match.group(1)
    return "?"


def check_includes(path, lines, order, say):
    parts = path.parts
    if parts[0] != "src":
        return
    own = order.index(parts[1]) if parts[1] in order else None
    if own is None:
        say(path, 1, f'folder "{parts[1]}" is no floor of meson.build')
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match and match.group(1) in order and order.index(match.group(1)) > own:
            say(path, number, f'"{parts[1]}" may not use "{match.group(1)}", which stands above it')
        if match and match.group(1) != parts[1] and match.group(2).endswith("_internal.h"):
            say(path, number, f'"{match.group(2)}" is "{match.group(1)}"\'s own')


def check_own_header_first(path, lines, say):
    if path.suffix != ".c" or path.parts[0] != "src" or not path.with_suffix(".h").exists():
        return
    first = next(((n, line) for n, line in enumerate(lines, 1) if line.startswith("#include")), None)
    if first and f'"{path.parts[1]}/{path.stem}.h"' not in first[1]:
        say(path, first[0], "its own header is not the first include")


def check_file(path, order, say):
    text = path.read_text()
    lines = text.split("\n")
    if GENERATED.search(path.name):
        check_includes(path, lines, order, say)
        return
    code = without_comments_and_strings(text).split("\n")
    if len(lines) - 1 > MAX_FILE:
        say(path, len(lines) - 1, f"{len(lines) - 1} lines; a file has at most {MAX_FILE}")
    if not text.lstrip().startswith(("/*", "//")):
        say(path, 1, "no comment at its head says what its place in the house is")
    for start, length in functions(code):
        if length > MAX_FUNCTION:
            say(path, start, f'"{name_before(code, start)}" has {length} lines; a function has at most {MAX_FUNCTION}')
    for number, line in enumerate(code, 1):
        for match in BANNED_CALL.finditer(line):
            if path.parts[0] != "tests" or match.group(1) not in IN_TESTS:
                say(path, number, f"{match.group(1)}() is banned: use {BANNED[match.group(1)]}")
    for number, line in enumerate(lines, 1):
        match = TOO_EARLY.search(line)
        if match:
            say(path, number, f"{match.group(1)}: do it or leave it out")
    check_includes(path, lines, order, say)
    check_own_header_first(path, lines, say)


def check_state(build, say):
    for library in sorted(pathlib.Path(build).glob("lib*.a")):
        symbols = subprocess.run(["objdump", "-t", str(library)], capture_output=True, text=True, check=True).stdout
        for line in symbols.splitlines():
            match = re.match(r"^[0-9a-f]+ .{7} (\.\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
            if not match or " O " not in line[:26]:
                continue
            section, name = match.groups()
            if re.match(r"\.(data|bss|tdata|tbss)", section) and ".rel.ro" not in section and name not in STATE:
                say(library, 0, f'"{name}" is state at file scope that can change ({section})')


def main():
    wrong = []
    order = floors()
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"], capture_output=True,
                             text=True, check=True).stdout.split()
    for name in tracked:
        path = pathlib.Path(name)
        if path.exists():
            check_file(path, order, lambda p, n, what: wrong.append(f"{p}:{n}: {what}"))
    if len(sys.argv) > 1:
        check_state(sys.argv[1], lambda p, n, what: wrong.append(f"{p.name}: {what}"))
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
