"""Write the seeds that fuzzing starts from: small and right ones of every kind, into tests/corpus/TARGET.

    python scripts/corpus.py

What fuzzing found lies beside them, named finding-...; it is left alone.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image, ImageCms, PngImagePlugin
from safetensors.numpy import save

from impasto.export.graph import write_onnx
from impasto.model import Manifest
from impasto.model.network import METADATA_KEY
from impasto.nets import registry
from impasto.training.config import TrainConfig

CORPUS = Path(__file__).parent.parent / "tests" / "corpus"
TINY = "impasto:channels=4,blocks=1,decoder=4x4"
PIXELS = np.random.default_rng(0).integers(0, 256, (9, 13, 4), np.uint8)


def main() -> None:
    """Write all seeds and print how much they are."""
    total = 0
    CORPUS.mkdir(parents=True, exist_ok=True)
    for target, seeds in kinds().items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        size = sum(path.stat().st_size for path in folder.iterdir())
        total += size
        print(f"{target:14} {len(list(folder.iterdir())):4} files  {size:8,} bytes")
    print(f"{total:,} bytes in all")


def kinds() -> dict[str, Iterator[tuple[str, bytes | str]]]:
    """Return each target's seeds by name."""
    return {
        "picture": pictures(),
        "mask": ((name, content) for name, content in pictures() if name.startswith(("l", "png", "jpeg"))),
        "settings": settings(),
        "style": styles(),
        "manifest": iter([("manifest.json", facts().to_json())]),
        "twin": iter([("network.safetensors", twin())]),
        "graph": iter([("network.onnx", graph(TINY)), ("johnson.onnx", graph("johnson:channels=1"))]),
        "network": iter([("network.onnx", graph(TINY))]),
        "expression": lines("expression", EXPRESSIONS),
        "recipe": iter([("recipe.toml", RECIPE)]),
        "quantity": lines("quantity", ("90s", "1h30m", "1.5GB", "500MB", "0:01:30.5", "1:30")),
        "command_line": lines("line", COMMAND_LINES),
        "archive": archives(),
        "film": films(),
        "checkpoint": iter([("checkpoint.pt", checkpoint())]),
        "request": requests(),
    }


EXPRESSIONS = (
    "starry-night:0.7+great-wave:0.3", "random:7", "a.style:2", "van-gogh-starry-nihgt", r"C:\my.style", "x.jpg:1e-3",
)  # fmt: skip
COMMAND_LINES = (
    "stylize\na.jpg\n-s\nstarry-night\n--strength\n0.5\n--size\n64\n--max-memory\n2GB\n--color\nkeep",
    "video\na.mp4\n-o\nb.mp4\n-s\nudnie@0s\n--start\n1:30\n--quality\n80",
    "fit\na.png\n--steps\n3\n--size\n64,128\n--budget\n90s",
    "train\n--style\na.png\n--data\nb\n-o\nrun\n--size\n64\n--content-layers\nrelu4_2\n--auto",
    "optimize\na.jpg\nb.jpg\n-o\nc.png\n--budget\n30s",
    "styles\n--json",
)
RECIPE = """network = "impasto:channels=32"
style = ["a.jpg"]
steps = 100
size = [128, 224]
batch_size = [8, 4]
share = [0.5, 0.5]
lr = 2e-3
auto = true
"""


def lines(name: str, texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield texts as seeds."""
    return ((f"{name}-{number}", text) for number, text in enumerate(texts))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield pictures of all formats and modes, with what may hang on them."""
    rgba = Image.fromarray(PIXELS)
    rgb, profile = rgba.convert("RGB"), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a photo"
    exif.get_ifd(0x8769)[0xA001] = 1
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"):
        yield f"{kind.lower()}", saved(rgb, kind)
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        yield f"{kind.lower()}-exif", saved(rgb, kind, exif=exif, dpi=(72, 72))
        yield f"{kind.lower()}-icc", saved(rgb, kind, icc_profile=profile)
    for mode in ("1", "L", "LA", "P", "RGBA"):
        yield f"{mode.lower()}.png", saved(rgba.convert(mode), "PNG")
    yield "i16.png", saved(Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "PNG")
    yield "l16.tiff", saved(Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "TIFF")
    yield "cmyk.jpeg", saved(rgb.convert("CMYK"), "JPEG")
    for how in ("tiff_lzw", "packbits", "tiff_deflate", "jpeg"):
        yield f"{how}.tiff", saved(rgb, "TIFF", compression=how)
    yield "frames.gif", saved(rgb, "GIF", save_all=True, append_images=[rgb.rotate(90)])
    yield "frames.webp", saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)])
    yield "progressive.jpeg", saved(rgb, "JPEG", progressive=True)


def settings() -> Iterator[tuple[str, bytes]]:
    """Yield PNGs with settings."""
    facts = {"photo": "a.jpg", "paintings": ["b.jpg"], "regions": [], "options": {"steps": [3]}, "digests": {}}
    region = {"mask": "m.png", "painting": "p.png", "painting_mask": None}
    for name, text in (("plain", facts), ("regions", {**facts, "regions": [region]})):
        for packed in (True, False):
            info = PngImagePlugin.PngInfo()
            info.add_itxt("impasto", json.dumps(text), zip=packed)
            yield f"{name}-{packed}.png", saved(Image.fromarray(PIXELS[..., 0]), "PNG", pnginfo=info)


def styles() -> Iterator[tuple[str, bytes]]:
    """Yield .style files, plain and with everything."""
    metadata = {"format": "impasto-style-1", "name": "dots", "network": "0123456789abcdef", "artist": "A", "year": "1"}
    vector = {"vector": np.ones(5, np.float32)}
    extra = {"palette": np.ones((4, 3), np.float32), "mixing": np.ones(6, np.float16)}
    yield "plain.style", save(vector, metadata)
    yield "rich.style", save({**vector, **extra}, metadata)


def facts() -> Manifest:
    """Return a manifest."""
    net = registry.build(TINY)
    identity = tuple(net.new_identity().tolist())
    numbers = (net.stride, net.reach, net.style_parameters)
    return Manifest(TINY, "0123456789abcdef", *numbers, identity, {"steps": 1}, net.mixing_parameters)


def twin() -> bytes:
    """Return a network's weights."""
    state = {key: value.numpy() for key, value in registry.build(TINY).state_dict().items()}
    return save(state, {METADATA_KEY: facts().to_json()})


def graph(name: str) -> bytes:
    """Return a network's graph."""
    torch.manual_seed(0)
    file = CORPUS / "draft.onnx"
    write_onnx(registry.build(name).eval(), file, {METADATA_KEY: facts().to_json()})
    try:
        return file.read_bytes()
    finally:
        file.unlink()


def archives() -> Iterator[tuple[str, bytes]]:
    """Yield archives of a photo."""
    photo = saved(Image.fromarray(PIXELS[..., :3]), "PNG")
    for name, method in (("stored.zip", zipfile.ZIP_STORED), ("deflated.zip", zipfile.ZIP_DEFLATED)):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as packed:
            packed.writestr(zipfile.ZipInfo("a/b.png"), photo, method)
            packed.writestr(zipfile.ZipInfo("c.jpg"), b"no photo", method)
        yield name, file.getvalue()
    for name, kind in (("ustar.tar", tarfile.USTAR_FORMAT), ("pax.tar", tarfile.PAX_FORMAT)):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=kind) as tar:
            info = tarfile.TarInfo("é/b.png")
            info.size = len(photo)
            tar.addfile(info, io.BytesIO(photo))
        yield name, file.getvalue().rstrip(b"\0") + bytes(1024)


def films() -> Iterator[tuple[str, bytes]]:
    """Yield films of four frames, and a playlist."""
    kinds = (
        ("mp4", "mpeg4", "yuv420p"),
        ("mkv", "ffv1", "yuv420p"),
        ("gif", "gif", "rgb8"),
        ("avi", "mjpeg", "yuvj420p"),
    )
    for ending, codec, pixels in kinds:
        file = io.BytesIO()
        with av.open(file, "w", format={"mkv": "matroska"}.get(ending, ending)) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 16, 16, pixels
            for shade in range(4):
                frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 60 * shade, np.uint8), "rgb24")
                container.mux(stream.encode(frame.reformat(format=pixels)))
            container.mux(stream.encode(None))
        yield f"film.{ending}", file.getvalue()
    yield "list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"


def checkpoint() -> bytes:
    """Return what training leaves, small."""
    file = io.BytesIO()
    torch.save({"config": TrainConfig().to_dict(), "step": 3, "model": {"weight": torch.ones(2)}}, file)
    return file.getvalue()


def requests() -> Iterator[tuple[str, bytes]]:
    """Yield requests of a server's routes, as the target `request` takes them."""
    photo = saved(Image.fromarray(PIXELS[..., :3]), "PNG")
    for number, path in enumerate(("/health", "/metrics", "/docs", "/openapi.json", "/v1/styles", "/v1/jobs/x/result")):
        yield f"get-{number}", f"GET {path}\n\n".encode()
    yield "delete", b"DELETE /v1/jobs/x\n\n"
    yield "bytes", b"POST /v1/stylize?style=udnie&strength=0.5\ncontent-type: image/png\n\n" + photo
    yield "cut", b"POST /v1/stylize?style=udnie\ncontent-type: image/png\ncut: 1\n\n" + photo
    yield "origin", b"POST /v1/stylize?style=udnie\ncontent-type: image/png\norigin: http://a.example\n\n" + photo
    forms: dict[str, dict[str, bytes | str]] = {
        "stylize": {"photo": photo, "mask": photo, "style": "great-wave:0.7+udnie:0.3", "color": "keep", "size": "32"},
        "styles": {"painting": photo, "name": "my-wave", "budget": "3m"},
        "optimize": {"photo": photo, "painting": photo, "steps": "3"},
        "video": {"film": b"GIF89a", "style": "udnie", "format": "webm"},
    }
    for route, fields in forms.items():
        yield (
            f"form-{route}",
            f"POST /v1/{route}\ncontent-type: multipart/form-data; boundary=x\n\n".encode() + form(fields),
        )


def form(fields: dict[str, bytes | str]) -> bytes:
    """Return fields, and files, which are bytes, as a form with the boundary x."""
    parts = []
    for name, value in fields.items():
        file = f'; filename="{name}.png"\r\nContent-Type: image/png' if isinstance(value, bytes) else ""
        content = value if isinstance(value, bytes) else value.encode()
        parts.append(f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n")
    return b"".join(parts) + b"--x--\r\n"


if __name__ == "__main__":
    main()
