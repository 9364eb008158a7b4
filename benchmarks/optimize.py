"""Print how fast `impasto optimize`, pastiche and neural-style make the same objective small, and their memory.

    python benchmarks/optimize.py --photo FILE --painting FILE [--size 512] [--iterations 500] [--memory]

All run as commands, one after the other, with the same VGG-19 weights, and write pictures as they go; a picture's time
is that of its file, counted from the start of the command.  The objective is content + 10 * style of the saved PNG
(relative losses, float32).  Of neural-style (`pip install --no-deps neural-style`) only what it imports of torchvision
is replaced, by the same steps with Pillow, since torchvision has no build for every torch.  Peers run with their own
settings, neural-style from the photo.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from impasto.evaluation.machine import heading
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.paintings import load_picture
from impasto.perceptual.vgg import CONVOLUTION_LAYERS, VGG19
from impasto.perceptual.weights import load_vgg19

SHOWN = 25  # iterations between the peers' pictures
TRANSFORMS = """
import numpy as np, torch
from PIL import Image
class Compose:
    def __init__(self, steps): self.steps = steps
    def __call__(self, x):
        for step in self.steps: x = step(x)
        return x
class Resize:
    def __init__(self, size): self.size = size
    def __call__(self, image):
        if isinstance(self.size, int):
            width, height = image.size
            least = min(width, height)
            size = (round(width * self.size / least), round(height * self.size / least))
        else:
            size = tuple(self.size)[::-1]
        return image.resize(size, Image.Resampling.BILINEAR)
class ToTensor:
    def __call__(self, image): return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
class Lambda:
    def __init__(self, do): self.do = do
    def __call__(self, x): return self.do(x)
class Normalize:
    def __init__(self, mean, std): self.mean, self.std = torch.tensor(mean), torch.tensor(std)
    def __call__(self, x): return (x - self.mean[:, None, None]) / self.std[:, None, None]
class ToPILImage:
    def __call__(self, x): return Image.fromarray((x.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--painting", type=Path, required=True)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--steps", type=int, default=80, help="of impasto optimize")
    parser.add_argument("--memory", action="store_true", help="only 3 iterations of each, for their memory")
    options = parser.parse_args()
    options.photo, options.painting = options.photo.absolute(), options.painting.absolute()
    if options.memory:
        options.iterations = options.steps = 3
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        photo, painting = shrunk(options.photo, options.size, scratch), shrunk(options.painting, options.size, scratch)
        print(heading())
        print(
            f"{options.photo.stem} like {options.painting.stem}, {options.size} px, {torch.get_num_threads()} threads\n"
        )
        runs = {name: run(command, scratch / name) for name, command in commands(options, photo, painting, scratch)}
        print("| program | seconds | peak memory, GB |\n| --- | --- | --- |")
        for name, (seconds, memory, _) in runs.items():
            print(f"| {name} | {seconds:.0f} | {memory:.1f} |")
        if not options.memory:
            report({name: pictures for name, (_, _, pictures) in runs.items()}, photo, painting, options.size)


def shrunk(file: Path, size: int, scratch: Path) -> Path:
    """Save a picture at the size, without loss, so that all programs see the same pixels."""
    from impasto.image import Picture, fit, read, resize, to_eight_bits, write

    picture = read(file)
    target = scratch / f"{file.stem}.png"
    write(Picture(resize(to_eight_bits(picture.pixels), fit(picture.size, size))), target)
    return target


def commands(options, photo: Path, painting: Path, scratch: Path):
    """Yield names and command lines; each runs in a folder of its own and writes its pictures into it."""
    size, count = str(options.size), str(options.iterations)
    ours = [
        sys.executable,
        "-m",
        "impasto",
        "optimize",
        str(photo),
        str(painting),
        "--size",
        size,
        "--style-weight",
        "10",
    ]
    ours += ["--steps", str(options.steps), "-o", "out.png", "--preview", "every=5", "."]
    yield "impasto from the photo", [*ours, "--start", "photo"]
    yield "impasto from its network", [*ours, "--start", "network"]
    pastiche = f"-m pastiche -c {photo} -s {painting} -o out.png --size {size} --style-size {size} --num-steps {count}"
    yield "pastiche", [sys.executable, *pastiche.split(), "--workspace", ".", "--workspace-step", str(SHOWN)]
    weights = scratch / "vgg19-caffe.pth"
    torch.save(torchvision_names(load_vgg19()), weights)
    (scratch / "torchvision").mkdir()
    (scratch / "torchvision" / "__init__.py").write_text("")
    (scratch / "torchvision" / "transforms.py").write_text(TRANSFORMS)
    neural_style = (
        f"-m neural_style.neural_style -content_image {photo} -style_image {painting} -image_size {size} -gpu c "
        f"-init image -model_file {weights} -disable_check -num_iterations {count} -save_iter {SHOWN} -print_iter 0 "
        "-output_image out.png -seed 0"
    )
    yield "neural-style", [sys.executable, *neural_style.split()]


def torchvision_names(vgg: VGG19) -> dict[str, torch.Tensor]:
    """Return the Caffe weights as neural-style expects them: `features.N.weight`, N counting ReLUs and pools too."""
    state, index = {}, 0
    for layer in CONVOLUTION_LAYERS:
        index += layer.endswith("_1") and layer != "conv1_1"
        convolution = vgg.convolutions[layer]
        state[f"features.{index}.weight"], state[f"features.{index}.bias"] = convolution.weight, convolution.bias
        index += 2
    return state


def run(command: list[str], folder: Path) -> tuple[float, float, list[tuple[float, Path]]]:
    """Run a command in a new folder; return seconds, peak GB, and (seconds, file) of the PNGs that it wrote."""
    folder.mkdir()
    paths = [str(folder.parent), str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    began = time.perf_counter()
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[2]} failed:\n{(folder / 'log.txt').read_text()[-2000:]}")
    pictures = sorted((file.stat().st_mtime - began, file) for file in folder.glob("*.png"))
    return time.perf_counter() - began, usage.ru_maxrss / 2**20, pictures


@torch.no_grad()
def report(runs: dict[str, list[tuple[float, Path]]], photo: Path, painting: Path, size: int) -> None:
    """Print each program's curve, and when Impasto reaches what the better peer ends with."""
    criterion = PerceptualCriterion(load_vgg19())
    content, style = (
        criterion.content_target(load_picture(str(photo), size)),
        criterion.style_target(load_picture(str(painting), size)),
    )
    curves: dict[str, list[tuple[float, float]]] = {}
    print("\n| program | seconds | content | style | objective |\n| --- | --- | --- | --- | --- |")
    for name, pictures in runs.items():
        curves[name] = []
        for seconds, file in pictures:
            found = criterion(load_picture(str(file), size), content, style)
            content_distance, style_distance = float(found.content), float(found.style)
            objective = content_distance + 10 * style_distance
            curves[name].append((seconds, objective))
            print(f"| {name} | {seconds:.1f} | {content_distance:.3f} | {style_distance:.4f} | {objective:.3f} |")
    peers = {
        name: min((value, seconds) for seconds, value in curve)
        for name, curve in curves.items()
        if "impasto" not in name
    }
    best = min(peers, key=lambda name: peers[name])
    goal, seconds = peers[best]
    print(f"\nThe better peer is {best}: {goal:.3f} after {seconds:.0f} s.")
    for name, curve in curves.items():
        if "impasto" in name:
            reached = next((when for when, value in curve if value <= goal), None)
            print(
                f"{name}: "
                + ("not reached" if reached is None else f"{reached:.1f} s, {seconds / reached:.1f} times as fast")
            )


if __name__ == "__main__":
    main()
