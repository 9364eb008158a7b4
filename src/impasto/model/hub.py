"""Networks and styles on the Hugging Face Hub: `hf:user/repo` and `hf:user/repo@revision/name.style` (extra hub).

A repository holds network.onnx with network.safetensors and, in its folder styles or at its root, .style files; or
styles alone.  Only these files are fetched: none of them can execute anything.  They are kept in Hugging Face's own
cache, so that what was fetched once is found offline (HF_HUB_OFFLINE=1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from impasto.errors import EngineUnavailable, InvalidOption, ModelError

__all__ = ["NETWORK", "PREFIX", "Reference", "fetch", "hub_network", "is_on_hub", "parse_reference", "upload"]

PREFIX = "hf:"
NETWORK = "network.onnx"
"""Name of a network's file in a repository; its weights lie beside it."""
FETCHED = (NETWORK, "network.safetensors", "*.style")
_REFERENCE = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<style>[^/]+(?:/[^/]+)?))?/?")


@dataclass(frozen=True)
class Reference:
    """A repository, which state of it (a branch, a tag or a commit; None: the newest), and a style in it, if any."""

    repo: str
    revision: str | None = None
    style: str | None = None


def is_on_hub(name: object) -> bool:
    """Return whether a name means something on the Hub: one that begins with hf:."""
    return str(name).startswith(PREFIX)


def parse_reference(name: str) -> Reference:
    """Return what a name on the Hub means; raises InvalidOption, which says how they are written."""
    match = _REFERENCE.fullmatch(name)
    if match is None:
        raise InvalidOption(f"{name}: names on the Hub are hf:USER/REPO, hf:USER/REPO/STYLE or hf:USER/REPO@TAG/STYLE")
    return Reference(match["repo"], match["revision"], match["style"])


@cache
def fetch(repo: str, revision: str | None = None) -> Path:
    """Return the folder with a repository's network and styles, fetched into Hugging Face's cache; once a process.

    Raises ModelError where there is no such repository, or no connection and nothing kept; EngineUnavailable without
    huggingface_hub.
    """
    hub = _client()
    where = repo if revision is None else f"{repo}@{revision}"
    try:
        folder = Path(hub.snapshot_download(repo, revision=revision, allow_patterns=list(FETCHED)))
    except hub.errors.RevisionNotFoundError as error:
        raise ModelError(f"{PREFIX}{where}: the repository has no revision {revision}") from error
    except (hub.errors.RepositoryNotFoundError, hub.errors.HFValidationError) as error:
        raise ModelError(f"{PREFIX}{where}: is not on the Hub, or is private and you are not logged in") from error
    except hub.errors.LocalEntryNotFoundError as error:
        raise ModelError(f"{PREFIX}{where}: the Hub cannot be reached, and it was not fetched before") from error
    except OSError as error:
        raise ModelError(f"{PREFIX}{where}: cannot be fetched ({_sentence(error)})") from error
    if not any(True for pattern in FETCHED for _ in folder.rglob(pattern)):
        raise ModelError(f"{PREFIX}{where}: holds neither a network of Impasto nor styles")
    return folder


def hub_network(name: str) -> Path:
    """Return the network's file of a repository; raises as `fetch` does, and ModelError if it has none."""
    reference = parse_reference(name)
    file = fetch(reference.repo, reference.revision) / NETWORK
    if not (file.is_file() and file.with_suffix(".safetensors").is_file()):
        raise ModelError(f"{name}: holds no network of Impasto ({NETWORK} with network.safetensors beside it)")
    return file


def upload(folder: Path, repo: str, *, private: bool = False) -> str:
    """Put a folder's files into a repository, which is made where it is not there, and return its address.

    Raises InvalidOption for a name that no repository can have, ModelError where the Hub refuses.
    """
    hub = _client()
    api = hub.HfApi()
    try:
        address = str(api.create_repo(repo, private=private, exist_ok=True))
        api.upload_folder(folder_path=folder, repo_id=repo, commit_message="Publish with Impasto")
    except hub.errors.HFValidationError as error:
        raise InvalidOption(f"{repo} is no name of a repository; write USER/REPO") from error
    except OSError as error:  # all that the Hub answers, and all that a connection lacks
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            raise ModelError(
                f"{repo}: the Hub refuses; log in (hf auth login, or HF_TOKEN) as who may write"
            ) from error
        raise ModelError(f"{repo}: cannot be published ({_sentence(error)})") from error
    return address


def _client() -> ModuleType:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ModuleNotFoundError as error:
        raise EngineUnavailable(f"names on the Hub need {error.name}; pip install 'impasto[hub]'") from error
    return huggingface_hub


def _sentence(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
