"""Write the graphs of networks anew from their weights, after a change of the code that makes graphs.

    python scripts/regraph.py NETWORK.safetensors...

Weights, fingerprint and styles stay as they are.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save

from impasto.atomic import atomic_write
from impasto.export.graph import write_onnx
from impasto.export.parity import check_parity
from impasto.model import Manifest, styles_beside
from impasto.model.network import FORMAT, METADATA_KEY
from impasto.runtime.engines.torch_engine import load_net


def main() -> None:
    """Write each network's two files, if the new graph gives what torch gives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", type=Path, nargs="+")
    for twin in parser.parse_args().networks:
        net, metadata = load_net(twin)
        manifest = Manifest.from_metadata(metadata, str(twin))
        manifest = replace(manifest, mixing_parameters=net.mixing_parameters, format=FORMAT)
        metadata = {METADATA_KEY: manifest.to_json()}
        with tempfile.TemporaryDirectory() as scratch:
            draft = Path(scratch) / "network.onnx"
            write_onnx(net, draft, metadata)
            worst = check_parity(net, draft, styles_beside(twin)[:2])
            graph = draft.read_bytes()
        for path, content in ((twin, save(net.state_dict(), metadata)), (twin.with_suffix(".onnx"), graph)):
            with atomic_write(path) as file:
                file.write(content)
        print(f"{twin}: {len(graph) / 1000:.0f} kB, differs from torch by {worst:.1e}")


if __name__ == "__main__":
    main()
