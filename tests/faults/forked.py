"""Does a work again and again, each time in a fork of its own, and disturbs it: python forked.py WORK.

A line of JSON on stdin is one time, and its answer is one on stdout; see `Stage.run` for what is in them.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

from faults.works import WORKS, preload

PATIENCE = 300
LIMITS = {"fsize": resource.RLIMIT_FSIZE, "nofile": resource.RLIMIT_NOFILE}
NOBODY = 65534


def child(work, order):
    """Be the fork: do the work under the limits, say what it says into a file, and end."""
    os.setsid()
    said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 99
    try:
        if order.get("clock"):
            jumping_clock()
        for name in order.get("missing", ()):
            sys.modules[name] = None
        for name, most in order.get("limits", {}).items():
            resource.setrlimit(LIMITS[name], (most, resource.getrlimit(LIMITS[name])[1]))
        if order.get("nobody") and not os.geteuid():
            os.setresuid(NOBODY, NOBODY, NOBODY)
        code = WORKS[work](Path(order["folder"]))
    except BaseException:  # noqa: BLE001 - also the end that the system asks for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


def jumping_clock():
    """Let the time of day jump by a day, forth and back, at every look."""
    real, looks = time.time, [0]  # noqa: TID251 - what others may look at

    def jumping():
        looks[0] += 1
        return real() + 86_400 * (-1) ** looks[0]

    time.time = jumping  # noqa: TID251


def run(work, order):
    """Fork, disturb, and return how it ended: its exit code (or minus its signal) and the seconds that it took."""
    began = time.monotonic()
    process = os.fork()
    if process == 0:
        child(work, order)
    if "kill_after" in order:
        time.sleep(order["kill_after"])
        for _ in range(100):  # until it has a group of its own
            try:
                os.killpg(process, signal.SIGKILL)
                break
            except ProcessLookupError:
                time.sleep(0.001)
    if order.get("kill_a_worker"):
        kill_a_child(process)
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return {"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - began}
        if time.monotonic() - began > PATIENCE:
            os.killpg(process, signal.SIGKILL)
        time.sleep(0.002)


def kill_a_child(process):
    """Wait until a process has a child and a checkpoint is there, and kill the child."""
    import psutil

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and psutil.pid_exists(process):
        try:
            for each in psutil.Process(process).children():
                time.sleep(0.3)
                each.kill()
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.01)


if __name__ == "__main__":
    preload(sys.argv[1])
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        print(json.dumps(run(sys.argv[1], json.loads(line))), flush=True)  # noqa: T201
