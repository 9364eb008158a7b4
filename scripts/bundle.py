"""Export a training run as the network and styles that come with Impasto.

python scripts/bundle.py RUN
"""

import sys
from pathlib import Path

import tomllib

from impasto.export import write_model
from impasto.model import Credits
from impasto.model.bundled import ASSETS, NETWORK
from impasto.training.run import trained

CREDITS = Path(__file__).parent.parent / "configs" / "gallery.credits.toml"
LICENCE = "public domain painting; style file MIT"


def main() -> None:
    """Write the assets and print their sizes."""
    credits_ = {
        name: Credits(**facts, licence=LICENCE) for name, facts in tomllib.loads(CREDITS.read_text("utf-8")).items()
    }
    for path in write_model(trained(Path(sys.argv[1])), ASSETS, name=NETWORK.stem, credits_=credits_):
        print(f"{path.relative_to(ASSETS)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
