"""Time one 1024x1024 photo through the bundled network and through Johnson's network in eager PyTorch.

    python benchmarks/speed.py [--size 1024] [--runs 7] [--threads 2]

The runs are interleaved, so that a machine whose speed drifts slows all of them alike; medians are printed.
"""

import argparse
import time
from statistics import median

import numpy as np
import torch

import impasto
from impasto.evaluation.machine import heading
from impasto.model import bundled_styles
from impasto.nets.registry import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    photo = np.random.default_rng(0).random((options.size, options.size, 3), np.float32)
    rows = _rows(photo)
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(options.runs + 1):
        for name, run in rows.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    medians = {name: median(each[1:]) for name, each in seconds.items()}
    slowest = medians[next(iter(rows))]
    print(heading())
    print(f"{options.size}x{options.size} px, median of {options.runs} interleaved runs\n")
    print("| what | seconds | times as fast |\n| --- | --- | --- |")
    for name, value in medians.items():
        print(f"| {name} | {value:.3f} | {slowest / value:.1f} |")


def _rows(photo):
    johnson = build("johnson:norm=instance,channels=32").eval()
    planes = torch.from_numpy(photo).permute(2, 0, 1)[None].contiguous()
    style = bundled_styles()[0].path

    def eager():
        with torch.inference_mode():
            johnson(planes, johnson.new_style()[None])

    def painter(**options):
        stylizer = impasto.load(style, **options)
        return lambda: stylizer.session.paint(photo, stylizer.style)

    return {
        "Johnson's network (2016), 1.68 M parameters, eager PyTorch float32": eager,
        "Impasto, ONNX Runtime float32": painter(engine="onnxruntime"),
        "Impasto, OpenVINO float32": painter(precision="f32"),
        "Impasto, OpenVINO, the processor's own precision": painter(),
    }


if __name__ == "__main__":
    main()
