"""What every printed figure is headed by: date, machine, versions and commit."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["heading"]

PACKAGES = ("impasto", "openvino", "onnxruntime", "torch", "numpy")


def heading() -> str:
    """Return one line: date, processor, cores, Python, package versions, git commit."""
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    date = datetime.now(timezone.utc).date().isoformat()
    machine = f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{date}, {machine}, {versions}, commit {_commit()}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    """Return the commit of this source tree; an installed package has none, also where it lies in a repository."""
    package = Path(__file__).parents[1]
    root = package.parents[1]
    if package.parent.name != "src" or not (root / ".git").exists():
        return "unknown"
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "describe", "--always", "--dirty"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
