"""Ask for known vulnerabilities of what is installed in an environment, by pip-audit.

    python scripts/audit.py

Exit code 0: all was looked up and nothing is known; 1: something is, and is listed; 3: some or all could not be looked
up, which says nothing either way, and is said.
"""

import json
import subprocess
import sys

PATIENCE = 300
COMMAND = ("-m", "pip_audit", "--progress-spinner", "off", "--timeout", "15", "--skip-editable", "--format", "json")


def main() -> None:
    """Print what is known."""
    try:
        done = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True, timeout=PATIENCE, check=False)
        parts = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        not_done(f"there was no answer within {PATIENCE} s")
    except (ValueError, KeyError, TypeError):
        not_done((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:300])
    unknown = [part["name"] for part in parts if "skip_reason" in part and part["name"] != "impasto"]
    found = [(part, flaw) for part in parts for flaw in part.get("vulns", ())]
    for part, flaw in found:
        print(f"{part['name']} {part['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}")
    looked_up = sum("vulns" in part for part in parts)
    print(f"audit: {looked_up} packages looked up, {len(found)} known vulnerabilities", flush=True)
    if found:
        sys.exit(1)
    if unknown or not looked_up:
        not_done(f"{len(unknown)} packages could not be looked up: {', '.join(unknown)}"[:300])


def not_done(reason: str) -> None:
    """Say that nothing is known, and end."""
    print(f"audit: NOT DONE ({reason})", flush=True)
    sys.exit(3)


if __name__ == "__main__":
    main()
