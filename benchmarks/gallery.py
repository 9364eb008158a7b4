"""Print how far apart the paintings of the bundled styles are: relative Gram distances, row's painting from column's.

    python benchmarks/gallery.py

0 is the same painting.  The distances are taken from the sketches in the .style files, which estimate those of VGG-19's
Gram matrices (relu1_1 to relu5_1) to within 20 %.  Both directions differ: each is relative to its column.
"""

import argparse

import impasto
from impasto.evaluation.machine import heading
from impasto.model import read_style, signature_distance


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    styles = [read_style(style.path) for style in impasto.styles()]
    print(heading())
    print(f"\n{len(styles)} styles by {len({style.credits.artist for style in styles})} artists\n")
    print("| | " + " | ".join(str(number) for number in range(1, len(styles) + 1)) + " |")
    print("| --- |" + " --- |" * len(styles))
    table = [[signature_distance(one.signature, other.signature) for other in styles] for one in styles]
    for number, (style, row) in enumerate(zip(styles, table, strict=True), 1):
        print(f"| {number} {style.name} | " + " | ".join(f"{distance:.2f}" for distance in row) + " |")
    nearest, one, other = min(
        (table[i][j], styles[i].name, styles[j].name) for i in range(len(styles)) for j in range(len(styles)) if i != j
    )
    print(f"\nThe nearest two: {one} and {other}, {nearest:.2f}.")


if __name__ == "__main__":
    main()
