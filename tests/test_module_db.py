"""PyTorch's own samples for its modules, given to those of the package."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from as_pytorchs import (
    MultiheadAttention,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
)
from dlnotes.conv import Conv2d
from dlnotes.nested import map_tensors
from dlnotes.norm import BatchNorm1d, BatchNorm2d
from dlnotes.pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from dlnotes.recurrent.gru import GRU, GRUCell
from dlnotes.recurrent.lstm import LSTM, LSTMCell
from dlnotes.recurrent.rnn import RNN, RNNCell
from dlnotes.transformer.norm import LayerNorm, RMSNorm

OURS = {
    "Conv2d": Conv2d,
    "BatchNorm1d": BatchNorm1d,
    "BatchNorm2d": BatchNorm2d,
    "MaxPool2d": MaxPool2d,
    "AvgPool2d": AvgPool2d,
    "AdaptiveAvgPool2d": AdaptiveAvgPool2d,
    "RNNCell": RNNCell,
    "GRUCell": GRUCell,
    "LSTMCell": LSTMCell,
    "RNN": RNN,
    "GRU": GRU,
    "LSTM": LSTM,
    "MultiheadAttention": MultiheadAttention,
    "LayerNorm": LayerNorm,
    "RMSNorm": RMSNorm,
    "TransformerEncoderLayer": TransformerEncoderLayer,
    "TransformerDecoderLayer": TransformerDecoderLayer,
}
ABSENT = ("proj_size", "add_bias_kv", "add_zero_attn")  # unless they are asked for
REFUSALS = (  # how each sample that is not supported is told
    "a size is 'same': give a whole number from 0 on",
    "a size is (3, None): give a whole number from 1 on",
    "unexpected keyword argument 'return_indices'",
    "unexpected keyword argument 'divisor_override'",
    "unexpected keyword argument 'bias'",
    *(f"unexpected keyword argument '{name}'" for name in ABSENT),
    "takes from 2 to 3 positional arguments but 4 were given",  # elementwise_affine
    "unexpected keyword argument 'elementwise_affine'",
    "gamma (2, 2, 5): (..., C) and (C,) are needed",  # more than one axis
    "takes from 2 to 4 positional arguments but 5 were given",  # affine
    "takes from 2 to 4 positional arguments but 6 were given",  # track_running_stats
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    file = tmp_path_factory.mktemp("samples") / "samples.pt"
    script = Path(__file__).with_name("module_samples.py")
    done = subprocess.run(
        [sys.executable, str(script), str(file)], capture_output=True, text=True
    )
    if "No module named" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = torch.load(file, weights_only=False)
    return found


def tensors(value: Any) -> list[Tensor]:
    """Return the tensors of a nest in their order."""
    found: list[Tensor] = []
    map_tensors(lambda x: found.append(x) or x, value)  # type: ignore[func-returns-value]
    return found


def answers(
    module: nn.Module, inputs: tuple[Any, ...], masks: dict[str, Any]
) -> list[Any]:
    """Return the outputs, the gradients and the state after the call."""
    inputs = map_tensors(lambda X: X.clone().requires_grad_(), inputs)
    outputs = tensors(module(*inputs, **masks))
    slopes = [torch.linspace(-1, 1, Y.numel(), dtype=Y.dtype) for Y in outputs]
    slopes = [g.view_as(Y) for g, Y in zip(slopes, outputs, strict=True)]
    torch.autograd.backward(outputs, slopes)
    gradients = [X.grad for X in [*tensors(inputs), *module.parameters()]]
    return [*outputs, *gradients, dict(module.state_dict())]


def ours_of(name: str, args: Any, kwargs: dict[str, Any]) -> nn.Module:
    """Return our module, told what differs from PyTorch's defaults.

    The samples of the recurrent layers are single sequences, whose batch is
    neither first nor second; a projection to 0 numbers is none.
    """
    told = {key: x for key, x in kwargs.items() if x or key not in ABSENT}
    if name in ("RNN", "GRU", "LSTM"):
        del told["batch_first"]
    return OURS[name](*args, **told)


def outcome(sample: dict[str, Any]) -> str:
    """Compare the two modules on a sample, or return why ours refuses it."""
    name, settings = sample["module"], (sample["args"], sample["kwargs"])
    given = sample["inputs"], sample["masks"]
    theirs = getattr(nn, name)(*settings[0], **settings[1]).double()
    try:
        ours = ours_of(name, *settings).double()
        ours.load_state_dict(theirs.state_dict())
        found = answers(ours.train(sample["training"]), *given)
    except (TypeError, ValueError) as error:
        return str(error)
    expected = answers(theirs.train(sample["training"]), *given)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    return "equal"


def test_equal_to_torchs_or_refused_in_words(samples: list[dict[str, Any]]) -> None:
    counts = Counter((sample["module"], outcome(sample)) for sample in samples)
    equal: Counter[str] = Counter()
    for (name, result), n in sorted(counts.items()):
        print(f"{name:23} {n:3}  {result}")
        if result == "equal":
            equal[name] += n
        else:
            assert any(words in result for words in REFUSALS), (name, result)
    assert set(equal) == set(OURS)
    print(f"{equal.total()} of {counts.total()} equal")
    assert equal.total() >= counts.total() / 2
