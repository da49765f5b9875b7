"""MNIST and Fashion-MNIST, read from files that are already there.

`python -m dlnotes.data.mnist` downloads both, with a name behind it only one;
nothing else downloads anything.
"""

import gzip
import hashlib
import os
import socket
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlnotes.data.images import ImageSet, Splits

NAMES = ("MNIST", "FashionMNIST")


def _source(name: str) -> Any:
    """Return torchvision's class for a data set; its import takes a second."""
    if name not in NAMES:
        raise ValueError(
            f"unknown data set {name!r}: choose {' or '.join(NAMES)}"
        )
    from torchvision import datasets

    return getattr(datasets, name)


def _files(name: str) -> dict[Path, str]:
    """Return the four files of a data set and the MD5 sum of each."""
    chosen = os.environ.get("DLNOTES_DATA") or "~/.cache/dlnotes"
    folder = Path(chosen).expanduser() / name / "raw"
    return {folder / file: md5 for file, md5 in _source(name).resources}


def _read(path: Path, md5: str, name: str) -> Tensor:
    """Return the bytes that a compressed IDX file holds, in their shape."""
    command = f"python -m dlnotes.data.mnist {name}"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; download it with `{command}`"
        )
    compressed = path.read_bytes()
    if hashlib.md5(compressed, usedforsecurity=False).hexdigest() != md5:
        raise ValueError(
            f"{path} is damaged: its MD5 sum is not {md5}; "
            f"download it again with `{command}`"
        )
    data = gzip.decompress(compressed)
    dimensions = data[3]
    shape = np.frombuffer(data, ">u4", dimensions, offset=4)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions)
    return torch.tensor(values).reshape(shape.tolist())


def load_mnist(name: str = "MNIST") -> Splits:
    """Return 50,000 images for training, 10,000 to validate, 10,000 to test.

    Images have 28 × 28 pixels, the ten labels are 0 to 9. `name` is
    "MNIST" or "FashionMNIST"; the files lie in the folder that the
    variable DLNOTES_DATA names, or else in ~/.cache/dlnotes. The last
    sixth of the training images, in the order of the files, validates.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged, or the name is another.

    Source: LeCun and others, Gradient-based learning, 1998; Xiao and
    others, Fashion-MNIST, 2017.
    """
    files = [_read(path, md5, name) for path, md5 in _files(name).items()]
    images, labels, test_images, test_labels = files
    X, test_X = (x.flatten(1) / 255 for x in (images, test_images))
    y, test_y = labels.long(), test_labels.long()
    n = len(X) * 5 // 6
    train, val = ImageSet(X[:n], y[:n]), ImageSet(X[n:], y[n:])
    return Splits(train, val, ImageSet(test_X, test_y))


def _download(name: str) -> None:
    """Download what is missing or damaged.

    Raises:
        OSError: no mirror gave a file, or it cannot be written.
    """
    from torchvision.datasets.utils import download_url

    for path, md5 in _files(name).items():
        reasons = []
        for mirror in _source(name).mirrors:
            try:
                download_url(
                    mirror + path.name, str(path.parent), path.name, md5
                )
                break
            except (OSError, RuntimeError, HTTPException) as error:
                reasons.append(f"{mirror}: {' '.join(str(error).split())}")
        else:
            raise OSError(
                f"{path} could not be downloaded, are you offline? "
                f"({'; '.join(reasons)})"
            )


def _main(arguments: list[str]) -> int:
    """Download the data sets that are named; return the exit code."""
    socket.setdefaulttimeout(30)
    try:
        for name in arguments or NAMES:
            _download(name)
            print(f"{name} is complete")
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
