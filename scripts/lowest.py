"""Print the lowest versions that pyproject.toml allows of what the base install needs, as constraints for pip.

python scripts/lowest.py
"""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Print a line for each dependency; it has one lower bound, since it is written so."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (block,) = re.findall(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    for name, version in re.findall(r'"([\w-]+)>=([\d.]+)"', block):
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
