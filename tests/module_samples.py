"""Write PyTorch's own samples for the modules that the package has, too.

`python module_samples.py FILE` runs as a process of its own: what it imports is
private, takes seconds, and locks PyTorch's flags for whatever runs after it.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.testing._internal.common_modules import module_db

MODULES = (
    nn.Conv2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.RNNCell,
    nn.GRUCell,
    nn.LSTMCell,
    nn.RNN,
    nn.GRU,
    nn.LSTM,
    nn.MultiheadAttention,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoderLayer,
)


def main(file: Path) -> None:
    torch.manual_seed(0)
    samples = []
    for info in module_db:
        if info.module_cls not in MODULES:
            continue
        for training in (True, False):
            for sample in info.module_inputs_func(
                info,
                device="cpu",
                dtype=torch.float64,
                requires_grad=False,
                training=training,
            ):
                samples.append(
                    {
                        "module": info.module_cls.__name__,
                        "training": training,
                        "args": sample.constructor_input.args,
                        "kwargs": sample.constructor_input.kwargs,
                        "inputs": sample.forward_input.args,
                        "masks": sample.forward_input.kwargs,
                    }
                )
    torch.save(samples, file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
