#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A benchmark driver as people write it around BenchExec's runexec, which it knows nothing else of.

  benchmark-driver.py [RUNEXEC OPTION...]

Runs each task with the limits below by the `runexec` in PATH (or by the words of $RUNEXEC), parses
the key=value lines and the output file as BenchExec's documentation describes them, and prints a
line of TASK, VERDICT and what the tool said. Exits with 1 if a line cannot be understood.
"""
import datetime
import os
import re
import shlex
import subprocess
import sys
import tempfile

HEADER_LINES = 6  # the command line, two empty ones, a ruler, two empty ones

TASKS = [
    # name, limits, command
    ("solved", ["--timelimit", "10"], ["echo", "VERIFICATION SUCCESSFUL"]),
    ("unknown", ["--timelimit", "10s"], ["sh", "-c", "echo gave up; exit 7"]),
    ("crash", ["--timelimit", "1min"], ["sh", "-c", "kill -SEGV $$"]),
    ("busy", ["--timelimit", "1"], ["sh", "-c", "while :; do :; done"]),
    ("polite", ["--softtimelimit", "1", "--timelimit", "3"],
        ["sh", "-c", "trap 'echo partial; exit 3' TERM; while :; do :; done"]),
    ("asleep", ["--walltimelimit", "1"], ["sleep", "100"]),
    ("hungry", ["--memlimit", "50MB", "--timelimit", "60"], ["tail", "/dev/zero"]),
    ("missing", ["--timelimit", "10"], ["no-such-tool-in-any-directory"]),
    ("reader", ["--input", "-"], ["cat"]),
]

SECONDS = re.compile(r"^[0-9]+(\.[0-9]+)?s$")
BYTES = re.compile(r"^[0-9]+B$")


def parse_value(key, value):
    """A result value by its key, as doc/run-results.md has it."""
    if key == "starttime":
        start = datetime.datetime.fromisoformat(value)
        assert start.tzinfo is not None, "the start time has no zone"
        return start
    if key in ("returnvalue", "exitsignal"):
        return int(value)
    if key in ("memory", "blkio-read", "blkio-write"):
        assert BYTES.match(value), f"{key}={value} is no number of bytes"
        return int(value.rstrip("B"))
    if key in ("walltime", "cputime") or re.match(r"^(cputime-cpu[0-9]+|pressure-[a-z]+-some)$", key):
        assert SECONDS.match(value), f"{key}={value} is no number of seconds"
        return float(value.rstrip("s"))
    assert key == "terminationreason", f"unknown key {key}"
    return value


def run(options, command, output, text):
    runexec = shlex.split(os.environ.get("RUNEXEC", "runexec"))
    process = subprocess.run(
        [*runexec, *options, "--output", output, "--", *command],
        input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
    )
    if process.returncode != 0:
        sys.exit(f"runexec failed with {process.returncode}: {process.stderr}")
    result = {}
    for line in process.stdout.splitlines():
        key, separator, value = line.partition("=")
        assert separator, f"no key=value: {line}"
        result[key] = parse_value(key, value)
    return result


def tool_output(output, command):
    with open(output) as file:
        lines = file.read().splitlines()
    assert lines[0] == " ".join(map(shlex.quote, command)), "the log does not begin with the command"
    assert lines[3] == "-" * 80, "the log has no ruler"
    return lines[HEADER_LINES:]


def verdict(result):
    reason = result.get("terminationreason")
    if reason == "failed":
        assert "walltime" not in result and "returnvalue" not in result
        return "ERROR (not started)"
    assert result["walltime"] > 0 and result["cputime"] > 0 and result["memory"] > 0
    assert ("returnvalue" in result) != ("exitsignal" in result)
    ending = f"signal {result['exitsignal']}" if "exitsignal" in result else f"exit {result['returnvalue']}"
    if reason in ("cputime", "cputime-soft", "walltime"):
        return f"TIMEOUT ({reason}, {ending})"
    if reason == "memory":
        return f"OUT OF MEMORY ({ending})"
    assert reason is None, f"unknown reason {reason}"
    return f"done ({ending})"


def main():
    with tempfile.TemporaryDirectory() as directory:
        for name, limits, command in TASKS:
            output = os.path.join(directory, "logs", name + ".log")
            result = run(sys.argv[1:] + limits, command, output, "what was sent to it\n")
            print(f"{name}: {verdict(result)}: {' '.join(tool_output(output, command))}".rstrip(": "))


main()
