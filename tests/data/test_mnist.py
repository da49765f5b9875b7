import gzip
import hashlib
import http.server
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision import datasets
from torchvision.datasets.utils import extract_archive

from dlnotes.data import mnist
from dlnotes.data.mnist import load_mnist

FILES = [file for file, _ in datasets.MNIST.resources]
SIZES = {"train": 12, "t10k": 4}


def idx(values: Tensor) -> bytes:
    """Write a tensor of bytes as the data sets do."""
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.numpy().tobytes()


def contents() -> dict[str, Tensor]:
    """Four small tensors under the names of the four files."""
    generator = torch.Generator().manual_seed(0)
    made = {}
    for file in FILES:
        shape = (SIZES[file.split("-")[0]], 28, 28)[: 3 if "idx3" in file else 1]
        high = 256 if "idx3" in file else 10
        made[file] = torch.randint(high, shape, dtype=torch.uint8, generator=generator)
    return made


def compressed() -> dict[str, bytes]:
    return {
        file: gzip.compress(idx(values), mtime=0) for file, values in contents().items()
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that DLNOTES_DATA names; MD5 sums of the small files."""
    sums = [
        (file, hashlib.md5(data).hexdigest()) for file, data in compressed().items()
    ]
    for data_set in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(data_set, "resources", sums)
        monkeypatch.setattr(data_set, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setenv("DLNOTES_DATA", str(tmp_path))
    return tmp_path


def write(folder: Path, name: str = "MNIST") -> Path:
    raw = folder / name / "raw"
    raw.mkdir(parents=True)
    for file, data in compressed().items():
        (raw / file).write_bytes(data)
    return raw


def test_the_images_are_those_that_torchvision_reads(folder: Path) -> None:
    raw = write(folder)
    (X, y), (X_val, y_val), (X_test, y_test) = load_mnist()
    assert (X.shape, X_val.shape, X_test.shape) == ((10, 784), (2, 784), (4, 784))
    assert {t.dtype for t in (X, X_val, X_test)} == {torch.float32}
    assert {t.dtype for t in (y, y_val, y_test)} == {torch.int64}
    for file in FILES:
        extract_archive(str(raw / file), str(raw))
    train, test = (datasets.MNIST(folder, train=train) for train in (True, False))
    assert torch.equal(torch.cat([X, X_val]) * 255, train.data.flatten(1).float())
    assert torch.equal(torch.cat([y, y_val]), train.targets)
    assert torch.equal(X_test * 255, test.data.flatten(1).float())
    assert torch.equal(y_test, test.targets)
    assert X.max() == 1
    assert X.min() == 0


def test_a_sixth_of_sixty_thousand_is_ten_thousand(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"train": 60_000, "t10k": 10_000}

    def blank(path: Path, md5: str, name: str) -> Tensor:
        n = sizes[path.name.split("-")[0]]
        shape = (n, 1, 1) if "idx3" in path.name else (n,)
        return torch.zeros(shape, dtype=torch.uint8)

    monkeypatch.setattr(mnist, "_read", blank)
    assert [len(X) for X, _ in load_mnist()] == [50_000, 10_000, 10_000]
    assert [len(y) for _, y in load_mnist()] == [50_000, 10_000, 10_000]


def test_fashion_has_a_folder_and_sums_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "FashionMNIST")
    assert len(load_mnist("FashionMNIST")[0][0]) == 10
    with pytest.raises(FileNotFoundError):
        load_mnist("MNIST")
    wrong = [(file, "0" * 32) for file in FILES]
    monkeypatch.setattr(datasets.MNIST, "resources", wrong)
    assert len(load_mnist("FashionMNIST")[0][0]) == 10


def test_any_other_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'EMNIST': choose MNIST or FashionMNIST$"):
        load_mnist("EMNIST")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["truncated", "a bit", "empty", "another file"])
def test_a_damaged_file_is_named_and_refused(
    folder: Path, file: str, damage: str
) -> None:
    path = write(folder) / file
    data = path.read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    path.write_bytes(
        {
            "truncated": data[:-1],
            "a bit": bytes(flipped),
            "empty": b"",
            "another file": gzip.compress(idx(torch.zeros(3, dtype=torch.uint8))),
        }[damage]
    )
    with pytest.raises(ValueError, match="is damaged: its MD5 sum is not") as caught:
        load_mnist()
    md5 = dict(datasets.MNIST.resources)[file]
    assert str(caught.value) == (
        f"{path} is damaged: its MD5 sum is not {md5}; "
        "download it again with `python -m dlnotes.data.mnist MNIST`"
    )


def test_extracted_files_are_not_trusted(folder: Path) -> None:
    raw = write(folder)
    for file in FILES:
        (raw / file.removesuffix(".gz")).write_bytes(b"altered")
    assert len(load_mnist()[0][0]) == 10


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named_with_the_command_that_gets_it(
    folder: Path, file: str
) -> None:
    path = write(folder, "FashionMNIST") / file
    path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        load_mnist("FashionMNIST")
    assert str(caught.value) == (
        f"{path} is missing; download it with "
        "`python -m dlnotes.data.mnist FashionMNIST`"
    )
    assert not path.exists()


@pytest.mark.parametrize("chosen", [None, ""])
def test_without_a_choice_the_files_lie_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DLNOTES_DATA", raising=False)
    if chosen is not None:
        monkeypatch.setenv("DLNOTES_DATA", chosen)
    with pytest.raises(FileNotFoundError) as caught:
        load_mnist()
    cache = tmp_path / ".cache" / "dlnotes" / "MNIST" / "raw"
    assert str(caught.value).startswith(f"{cache / FILES[0]} is missing")
    assert not any(tmp_path.iterdir())


class Answer(http.server.BaseHTTPRequestHandler):
    """Serve the small files: whole, cut short, or as no HTTP at all."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, file = self.path.strip("/").split("/")
        data = compressed()[file]
        if kind == "garbage":
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:-9] if kind == "short" else data)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Put back how long this process waits for a connection."""
    before = socket.getdefaulttimeout()
    yield
    socket.setdefaulttimeout(before)


@pytest.fixture
def mirror() -> Iterator[str]:
    """The address of a server on this machine."""
    Answer.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_without_a_name_the_command_downloads_both(
    folder: Path,
    mirror: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for kind in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(kind, "mirrors", [f"{mirror}/whole/"])
    assert mnist._main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "FashionMNIST is complete"
    for name in mnist.NAMES:
        assert [len(y) for _, y in load_mnist(name)] == [10, 2, 4]


def test_the_command_downloads_what_is_missing_or_damaged_and_no_more(
    folder: Path,
    mirror: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{mirror}/whole/"])
    raw = write(folder)
    missing, damaged = raw / FILES[0], raw / FILES[3]
    missing.unlink()
    damaged.write_bytes(b"half")
    assert mnist._main(["MNIST"]) == 0
    assert capsys.readouterr().out == "MNIST is complete\n"
    assert {path.split("/")[-1] for path in Answer.asked} == {FILES[0], FILES[3]}
    assert len(load_mnist()[0][0]) == 10


@pytest.mark.parametrize("kind", ["garbage", "short"])
def test_where_one_mirror_fails_the_next_is_asked(
    folder: Path, mirror: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mirrors = [f"{mirror}/{kind}/", "http://127.0.0.1:9/", f"{mirror}/whole/"]
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", mirrors)
    assert mnist._main(["FashionMNIST"]) == 0
    assert len(load_mnist("FashionMNIST")[0][0]) == 10


@pytest.mark.parametrize("kind", ["garbage", "short"])
def test_where_all_mirrors_fail_the_file_and_the_reasons_are_named(
    folder: Path,
    mirror: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    mirrors = [f"{mirror}/{kind}/", "http://127.0.0.1:9/"]
    monkeypatch.setattr(datasets.MNIST, "mirrors", mirrors)
    assert mnist._main(["MNIST"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    path = folder / "MNIST" / "raw" / FILES[0]
    assert said.startswith(f"{path} could not be downloaded, are you offline? (")
    assert f"({mirrors[0]}: " in said
    assert f"; {mirrors[1]}: " in said


def test_a_name_that_is_none_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert mnist._main(["MINST"]) == 1
    assert socket.getdefaulttimeout() == 30  # a mirror that hangs is given up
    said = capsys.readouterr()
    assert said.err == "unknown data set 'MINST': choose MNIST or FashionMNIST\n"
    assert said.out == ""


def test_offline_is_a_sentence_and_no_stack_trace(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere, "DLNOTES_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "dlnotes.data.mnist", "FashionMNIST"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    path = tmp_path / "FashionMNIST" / "raw" / FILES[0]
    assert line.startswith(f"{path} could not be downloaded, are you offline? (")
