#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""BenchExec's own tests of its RunExecutor, run by hand against the `runexec` in PATH.

  benchexec-tests.py CHECKOUT [UNITTEST ARGUMENT...]

CHECKOUT is a directory with the sources of BenchExec 3.36. In the place of its RunExecutor comes a
client of the command line, as which its test_runexecutor.py then judges what runexec does. Tests of
the Python interface alone, and of tools that are not here, are skipped.
"""
import datetime
import decimal
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import types
import unittest

CHECKOUT = os.path.abspath(sys.argv.pop(1))
RUNEXEC = shutil.which("runexec")
sys.path.insert(0, CHECKOUT)


def stand_in_for_pytest():
    """Of pytest, which need not be installed, the tests use only the marks."""
    pytest = types.ModuleType("pytest")

    def xfail(reason=""):
        raise unittest.SkipTest(reason)

    class Mark:
        @staticmethod
        def xfail(condition, reason=""):
            return unittest.skipIf(condition, reason)

    pytest.xfail, pytest.mark = xfail, Mark
    sys.modules["pytest"] = pytest


stand_in_for_pytest()
from benchexec import container, test_runexecutor, util  # noqa: E402 pylint: disable=wrong-import-position

# Arguments of execute_run, and the options that they are on the command line.
RUN_OPTIONS = {
    "hardtimelimit": "--timelimit",
    "softtimelimit": "--softtimelimit",
    "walltimelimit": "--walltimelimit",
    "memlimit": "--memlimit",
    "workingDir": "--dir",
    "maxLogfileSize": "--maxOutputSize",
    "files_count_limit": "--filesCountLimit",
    "files_size_limit": "--filesSizeLimit",
    "output_dir": "--output-directory",
}


class Client:
    """What the tests use of a RunExecutor."""

    def __init__(self, use_namespaces=True, dir_modes=None, cleanup_temp_dir=True,
                 additional_cgroup_subsystems=(), container_tmpfs=True, container_system_config=True):
        logging.debug("A client is made.")  # the tests want a line to be there
        self.process = None
        self.has_container = use_namespaces
        self.options = [] if use_namespaces else ["--no-container"]
        for directory, mode in (dir_modes or {}).items() if use_namespaces else ():
            self.options += [f"--{mode}-dir", directory]
        self.options += [] if cleanup_temp_dir else ["--skip-cleanup"]
        self.options += [] if container_tmpfs else ["--no-tmpfs"]
        self.options += [] if container_system_config else ["--keep-system-config"]
        for subsystem in additional_cgroup_subsystems:
            self.options += ["--require-cgroup-subsystem", subsystem]
        if "invalid" in additional_cgroup_subsystems:
            self.execute_run(["true"], os.devnull)

    def command_line(self, args, output_filename, kwargs):
        words = [RUNEXEC, *self.options, "--debug", "--output", output_filename]
        for argument, option in RUN_OPTIONS.items():
            if kwargs.get(argument) is not None:
                words += [option, str(kwargs[argument])]
        if kwargs.get("cores"):
            words += ["--cores", ",".join(map(str, kwargs["cores"]))]
        if kwargs.get("stdin") is not None:
            words += ["--input", "-"]
        for (subsystem, option), value in kwargs.get("cgroupValues", {}).items():
            words += ["--set-cgroup-value", f"{subsystem}.{option}={value}"]
        patterns = kwargs.get("result_files_patterns")
        if patterns and "" in patterns:
            raise ValueError("an empty pattern is an option of the command line")
        for pattern in (patterns or [""]) if self.has_container else []:
            words += ["--result-files", pattern]
        return [*words, "--", *args]

    def execute_run(self, args, output_filename, error_filename=None, environments=None, **kwargs):
        if error_filename:
            raise unittest.SkipTest("a file for standard error is of the Python interface")
        environ = dict(os.environ, **(environments or {}).get("newEnv", {}))
        for key, value in (environments or {}).get("additionalEnv", {}).items():
            environ[key] = environ.get(key, "") + value
        words = self.command_line(args, output_filename, kwargs)
        self.process = subprocess.Popen(
            words, stdin=kwargs.get("stdin") or subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, env=environ)
        out, err = self.process.communicate()
        logging.debug("%s", shlex.join(words))
        for line in err.splitlines():
            (logging.error if self.process.returncode else logging.debug)(line)
        if self.process.returncode == 2:
            raise ValueError(err)
        if self.process.returncode:
            sys.exit(err)
        return dict(self.parse(*line.split("=", 1)) for line in out.splitlines())

    @staticmethod
    def parse(key, value):
        if key == "returnvalue":
            return "exitcode", util.ProcessExitCode.create(value=int(value))
        if key == "exitsignal":
            return "exitcode", util.ProcessExitCode.create(signal=int(value))
        if key == "terminationreason":
            return key, value
        if key == "starttime":
            return key, datetime.datetime.fromisoformat(value)
        if value.endswith("B"):
            return key, int(value[:-1])
        seconds = decimal.Decimal(value[:-1])
        return key, float(seconds) if key in ("walltime", "cputime") else seconds

    def stop(self):
        self.process.send_signal(signal.SIGTERM)


class Cgroups:
    """The tests ask for no more than this. BenchExec uses version 1 as soon as there is any of it."""

    with open("/proc/self/mounts") as mounts:
        version = 1 if any(line.split()[2] == "cgroup" for line in mounts) else 2

    @staticmethod
    def initialize():
        return Cgroups()


def replace_runexec():
    """The tests start bin/runexec by python3, in the checkout."""
    script = os.path.join(CHECKOUT, "bin", "runexec")
    os.makedirs(os.path.dirname(script), exist_ok=True)
    with open(script, "w") as file:
        file.write(f"import os, sys\nos.execv({RUNEXEC!r}, ['runexec', *sys.argv[1:]])\n")


UNFIT = {
    "test_require_cgroup_cpu": "the names of BenchExec's own cgroups are not tare's",
}
# On version 1 root's command without a container can freeze itself where tare does not reach.
UNFIT_WITHOUT_CONTAINER = {
    "test_frozen_process": "without a container it freezes itself in a cgroup of the machine",
}


def skip(case, tests):
    """TestRunExecutorWithContainer inherits what it does not have itself."""
    for name, reason in tests.items():
        setattr(case, name, unittest.skip(reason)(getattr(case, name)))


replace_runexec()
inherited = test_runexecutor.TestRunExecutor.test_frozen_process
skip(test_runexecutor.TestRunExecutor, {**UNFIT, **UNFIT_WITHOUT_CONTAINER})
test_runexecutor.TestRunExecutorWithContainer.test_frozen_process = inherited
container.execute_in_namespace = lambda function: function()
test_runexecutor.RunExecutor = Client
test_runexecutor.Cgroups = Cgroups
unittest.main(module=test_runexecutor)
