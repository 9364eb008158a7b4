"""Feed what strangers may send with bytes that are nearly right: no crash, no hang, no memory past the limit.

    python scripts/fuzz.py [TARGET...] [--cases 100000] [--findings FOLDER]

TARGETS are the functions of scripts/fuzz_targets.py, all by default, which share the cases.  Cases are made by Atheris
(libFuzzer; pip install atheris) from tests/corpus/TARGET, led by which lines of Impasto they reach.  What it finds is
written into the folder of findings, and belongs into the corpus, which tests/test_corpus.py replays, when it is mended.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tests" / "corpus"
MEMORY, SECONDS, LONGEST = 3000, 60, 1 << 16
"""Megabytes and seconds that a case may take, and bytes that it may have."""


def main() -> None:
    """Fuzz each target in a process of its own and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.alone:
        fuzz(options.targets[0], rest)
        return
    names = options.targets or sorted(path.name for path in CORPUS.iterdir())
    weights = weights_of(names)
    done = failed = 0
    for name in names:
        cases, ok = one(name, round(options.cases * weights[name] / sum(weights.values())), options.findings)
        done, failed = done + cases, failed + (not ok)
    print(f"{done:,} cases, {failed} of {len(names)} targets with findings", flush=True)
    sys.exit(1 if failed else 0)


def weights_of(names: list[str]) -> dict[str, float]:
    """Return the targets' shares of the cases."""
    from fuzz_targets import WEIGHTS

    known = {target.__name__: weight for target, weight in WEIGHTS.items()}
    if strange := set(names) - set(known):
        sys.exit(f"there is no target {', '.join(sorted(strange))}; there are {', '.join(known)}")
    return {name: known[name] for name in names}


def one(name: str, cases: int, findings: Path) -> tuple[int, bool]:
    """Fuzz a target and return how many cases were run, and whether nothing was found."""
    findings.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as grown:
        limits = [f"-rss_limit_mb={MEMORY}", f"-timeout={SECONDS}", f"-max_len={LONGEST}"]
        where = [f"-artifact_prefix={findings}/{name}-", grown, str(CORPUS / name)]
        arguments = [sys.executable, __file__, "--alone", name, f"-runs={cases}", *limits, *where]
        ended = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False)
    said = ended.stdout + ended.stderr
    counts = [int(number) for number in re.findall(r"^(?:#|Done )(\d+)", said, re.MULTILINE)]
    run = max(counts, default=0)
    print(f"{name:14} {run:8,} cases  {time.perf_counter() - began:6.0f} s  {verdict(ended.returncode)}", flush=True)
    if ended.returncode:
        told = [line for line in said.splitlines() if not line.startswith(("#", "INFO:", "WARNING:"))]
        print("\n".join(told[-40:]), flush=True)
    return run, ended.returncode == 0


def verdict(code: int) -> str:
    """Return what a process's exit code means."""
    return "nothing found" if code == 0 else f"FOUND something (exit {code})"


def fuzz(name: str, arguments: list[str]) -> None:
    """Be the process that fuzzes one target."""
    import atheris

    with atheris.instrument_imports(include=["impasto"]):
        from fuzz_targets import TARGETS

        from impasto.errors import ImpastoError
    target = TARGETS[name]

    def case(data: bytes) -> None:
        try:
            target(data)
        except ImpastoError:
            return

    atheris.Setup([sys.argv[0], *arguments], case)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
