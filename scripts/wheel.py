"""Check what is in a wheel: the version, the licence, types, the bundled networks, and nothing that is compiled.

python scripts/wheel.py WHEEL
"""

import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import tomllib

ROOT = Path(__file__).parent.parent
NEEDED = (
    "impasto/py.typed",
    "impasto/assets/main/network.onnx",
    "impasto/assets/main/network.safetensors",
    "impasto/assets/fast/network.onnx",
)
LARGEST = 12_000_000


def main() -> None:
    """Print what is wrong with the wheel, or its facts."""
    wheel = Path(sys.argv[1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (folder,) = {name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA")}
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        kind = archive.read(f"{folder}/WHEEL").decode()
        commands = archive.read(f"{folder}/entry_points.txt").decode()
    wrong = [f"{name} is not in it" for name in NEEDED if name not in names]
    wrong += [f"{name} is a program" for name in names if name.endswith((".so", ".pyd", ".dll", ".pyc"))]
    wrong += [f"{name} does not belong" for name in names if not name.startswith(("impasto/", f"{folder}/"))]
    expected = {"Version": project["version"], "Requires-Python": project["requires-python"]}
    wrong += [f"its {key} is {metadata[key]}" for key, value in expected.items() if metadata[key] != value]
    if metadata.get("License-Expression") != project["license"] or not any("LICENSE" in name for name in names):
        wrong.append("it has no licence")
    if "Root-Is-Purelib: true" not in kind or not wheel.name.endswith("-py3-none-any.whl"):
        wrong.append("it is not pure Python")
    if "impasto = impasto.cli:main" not in commands:
        wrong.append("it has no command impasto")
    if wheel.stat().st_size > LARGEST:
        wrong.append(f"it has {wheel.stat().st_size:,} bytes, more than {LARGEST:,}")
    if wrong:
        sys.exit(f"{wheel.name}: {'; '.join(wrong)}")
    print(f"{wheel.name}: {len(names)} files, {wheel.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
