"""Print what networks of several sizes cost and what they learn from the same short lesson.

    python benchmarks/architectures.py [NETWORK...] --paintings FOLDER --photos FOLDER|ZIP --unseen FOLDER

Each network imitates the bundled one (`impasto train --teacher main`, no perceptual losses, which makes a lesson short)
in the same four styles, on the same photos for the same number of steps.  Content and style distance are medians over
styles and unseen photos at 512 px; `whole` is the median of content + 10 style.  Seconds are medians of interleaved
runs at 1024 x 1024 in the machine's best engine and precision.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import impasto
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import measure, spread, summarise
from impasto.evaluation.speed import painter, time_network
from impasto.export import write_model
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19
from impasto.training.config import TrainConfig
from impasto.training.run import begin

STYLES = ("van-gogh-starry-night", "hokusai-great-wave", "picabia-udnie", "seurat-grande-jatte")
NETWORKS = (
    "impasto:channels=64,blocks=5,decoder=32x16,inner=32,normed_once=true",
    "impasto:channels=64,blocks=5,decoder=32x16,inner=32",
    "impasto:channels=64,blocks=5,decoder=32x16",
    "impasto:channels=48,blocks=5,decoder=16x16",
    "impasto:channels=32,blocks=6,decoder=16x8",
    "impasto:channels=32,blocks=2,decoder=16x8",
    "impasto:channels=16,blocks=5,decoder=16x8",
    "impasto:channels=16,blocks=7,decoder=16x8,normed_once=true",
    "impasto:channels=48,blocks=4,decoder=16x16x8",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--unseen", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--limit", type=int, default=8, help="unseen photos")
    parser.add_argument("--size", type=int, default=1024)
    options = parser.parse_args()
    paintings = {name: str(options.paintings / f"{name}.jpg") for name in STYLES}
    unseen = spread(
        sorted(str(file) for file in options.unseen.iterdir() if file.suffix in (".jpg", ".png")), options.limit
    )
    criterion = PerceptualCriterion(load_vgg19())
    print(heading())
    print(f"{options.steps} steps each; {len(unseen)} unseen photos, {len(STYLES)} styles\n", flush=True)
    with TemporaryDirectory() as folder:
        files, found = {}, {}
        for index, network in enumerate(options.networks):
            folder_of_this = Path(folder) / str(index)
            trained = learned(network, list(paintings.values()), options, folder_of_this / "run")
            files[network], *_ = (file for file in write_model(trained, folder_of_this) if file.suffix == ".onnx")
            painters = {name: (painting(files[network], name), file) for name, file in paintings.items()}
            summary = summarise(list(measure(criterion, painters, unseen)))
            found[network] = sum(weight.numel() for weight in trained.net.parameters()), summary
            print(f"learned: {network}", flush=True)
        commands = [painter("auto", "auto", model=file) for file in files.values()]
        timings = time_network(commands, (options.size, options.size), 7)
    first = timings[0].seconds
    print("\n| network | parameters | GFLOP | seconds | times as fast | content | style | whole |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (network, (parameters, summary)), timing in zip(found.items(), timings, strict=True):
        print(
            f"| {network.partition(':')[2]} | {parameters:,} | {timing.operations / 1e9:.1f} | {timing.seconds:.3f} "
            f"| {first / timing.seconds:.2f} | {summary.content:.2f} | {summary.style:.3f} | {summary.total:.2f} |"
        )


def learned(network, paintings, options, run):
    """Return what a network has learned from the bundled one."""
    config = TrainConfig(
        network=network,
        teacher="main",
        style=tuple(paintings),
        data=(options.photos,),
        output=str(run),
        steps=options.steps,
        size=(128,),
        batch_size=(8,),
        content_weight=0,
        style_weight=0,
        steady_weight=0,
        tv_weight=0,
        lr=4e-3,
        ema=0.99,
    )
    return begin(config)


def painting(network, style):
    """Return a function that paints pixels, (H, W, 3) uint8."""
    return impasto.load(style, model=network)


if __name__ == "__main__":
    main()
