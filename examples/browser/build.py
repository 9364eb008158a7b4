"""Build the browser demo: a folder of files that any web server serves as they are.

    python examples/browser/build.py -o examples/browser/site [--model main]
    python -m http.server --directory examples/browser/site

ONNX Runtime Web comes from npm, at the version and with the checksums in package-lock.json; nothing else is fetched.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import impasto

HERE = Path(__file__).parent
RUNTIME = HERE / "node_modules" / "onnxruntime-web" / "dist"
TAKEN = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
PAGE = ("index.html", "style.css", "page.js", "painter.js")


def main() -> None:
    """Write the folder and print its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "site")
    parser.add_argument("--model", default="main", help="main, fast or a network's file")
    options = parser.parse_args()
    if not RUNTIME.is_dir():
        npm = shutil.which("npm") or parser.error("npm is needed, once: it fetches ONNX Runtime Web")
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)  # noqa: S603
    build(options.output, options.model)
    size = sum(path.stat().st_size for path in options.output.rglob("*") if path.is_file())
    print(f"{options.output}: {size / 1e6:.1f} MB; python -m http.server --directory {options.output}")


def build(folder: Path, model: str) -> None:
    """Write the demo of a network with the styles beside it into a folder."""
    styles = impasto.styles(model)
    (folder / "styles").mkdir(parents=True, exist_ok=True)
    for source in (*(RUNTIME / name for name in TAKEN), *(HERE / name for name in PAGE)):
        shutil.copyfile(source, folder / source.name)
    impasto.export_network(model, folder / "network.onnx")
    for style in styles:
        shutil.copyfile(style.path, folder / "styles" / style.path.name)
    known = [{"name": style.name, **asdict(style.credits)} for style in styles]
    (folder / "styles.json").write_text(json.dumps(known), "utf-8")
    (folder / "offline.js").write_text(offline(folder), "utf-8")


def offline(folder: Path) -> str:
    """Return the service worker's code, with the names of the folder's files and a digest of what they hold."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "offline.js")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]
    names = ["./", *(path.relative_to(folder).as_posix() for path in paths)]
    code = (HERE / "offline.js").read_text("utf-8")
    return code.replace('FILES = ["./"]', f"FILES = {json.dumps(names)}").replace('"impasto"', f'"impasto-{digest}"')


if __name__ == "__main__":
    main()
