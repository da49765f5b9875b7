from contextlib import nullcontext
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import mse_loss
from torch.utils._python_dispatch import TorchDispatchMode

from dlnotes.binary import bce, bce_with_logits
from dlnotes.distributed import MeanOverRanks
from dlnotes.hardware import MixedPrecision, OnDevice
from dlnotes.losses import cross_entropy, gaussian_nll, huber, laplace_nll, mse, nll
from dlnotes.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Momentum, RMSprop
from dlnotes.regularize import Dropout, dropout
from dlnotes.schedule import cosine
from dlnotes.stability import clip_norm, log_sum_exp
from dlnotes.train import loop
from dlnotes.train.accumulate import Accumulate
from dlnotes.train.batches import Batches, rows, tokens
from dlnotes.train.hooks import clip_gradients, schedule_lr
from dlnotes.train.loop import train

ON_GPU = {"device": "cuda"}


class TestOnDevice:
    def test_every_tensor_of_a_batch_is_brought(self) -> None:
        batches = [(torch.ones(2), torch.ones(3, dtype=torch.int64), torch.ones(1))]
        (batch,) = OnDevice(batches, "meta")
        assert [t.device.type for t in batch] == ["meta"] * 3
        assert [t.shape for t in batch] == [(2,), (3,), (1,)]

    def test_copies_do_not_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen = []
        monkeypatch.setattr(
            Tensor, "to", lambda t, *where, **how: seen.append((where, how)) or t
        )
        list(OnDevice([(torch.ones(2), torch.ones(2))], torch.device("cuda:1")))
        assert seen == [((torch.device("cuda:1"),), {"non_blocking": True})] * 2

    def test_batches_may_be_nested(self) -> None:
        batch = ((torch.ones(2), {"mask": torch.ones(2)}, "name"), torch.ones(1))
        (found,) = OnDevice([batch], "meta")
        (X, more, name), y = found
        assert [t.device.type for t in (X, more["mask"], y)] == ["meta"] * 3
        assert name == "name"

    def test_it_can_be_gone_through_again_and_has_a_length(self) -> None:
        there = OnDevice(Batches(torch.ones(5), batch_size=2), "cpu")
        assert len(there) == 3
        assert [len(list(there)), len(list(there))] == [3, 3]
        with pytest.raises(TypeError, match="has no length"):
            len(OnDevice(iter([]), "cpu"))


class TestMixedPrecision:
    def test_products_are_in_bfloat16_and_outputs_are_not(self) -> None:
        class Spy(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = nn.Linear(3, 2)

            def forward(
                self, X: Tensor, n: Tensor
            ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
                self.seen = self.layer(X).dtype
                return self.layer(X), (self.layer(X), n)

        model = MixedPrecision(Spy())
        Y, (Z, n) = model(torch.randn(4, 3), torch.tensor([1]))
        assert model.model.seen == torch.bfloat16
        assert (Y.dtype, Z.dtype, n.dtype) == (
            torch.float32,
            torch.float32,
            torch.int64,
        )

    def test_the_type_of_device_is_that_of_the_inputs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = []
        monkeypatch.setattr(
            torch, "autocast", lambda *how: seen.append(how) or nullcontext()
        )
        with FakeTensorMode():
            MixedPrecision(nn.Linear(3, 2, **ON_GPU))(torch.ones(4, 3, **ON_GPU))
        assert seen == [("cuda", torch.bfloat16)]

    def test_it_trains_parameters_in_32_bits(self) -> None:
        torch.manual_seed(0)
        X = torch.randn(64, 3)
        y = X @ torch.tensor([[1.0], [-2.0], [0.5]])
        model = MixedPrecision(nn.Linear(3, 1))
        batches = Batches(X, y, batch_size=16)
        history = train(
            model, mse_loss, Adam(model.parameters(), lr=0.05), batches, 400
        )
        assert history.mean(last=10) < 1e-3
        assert {p.dtype for p in model.parameters()} == {torch.float32}


class TestWithoutAGpu:
    """Nothing is computed: shapes, types and devices are, and none may be mixed."""

    @staticmethod
    def tensors() -> dict[str, Any]:
        return {
            "logits": torch.randn(6, 3, requires_grad=True, **ON_GPU),
            "labels": torch.zeros(6, dtype=torch.int64, **ON_GPU),
            "p": torch.rand(6, 3, requires_grad=True, **ON_GPU),
            "weight": torch.ones(3, **ON_GPU),
        }

    def test_mixing_devices_would_be_noticed(self) -> None:
        with FakeTensorMode(), pytest.raises(RuntimeError, match="device"):
            torch.ones(2, **ON_GPU) + torch.ones(2)

    @pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_losses_stay_where_the_predictions_are(
        self, reduction: str, weighted: bool
    ) -> None:
        with FakeTensorMode():
            given = self.tensors()
            logits, labels, p = given["logits"], given["labels"], given["p"]
            w = given["weight"] if weighted else None
            for loss in (
                mse(logits, p, reduction, w),
                huber(logits, p, reduction, w),
                bce(p, p.detach(), reduction, w),
                bce_with_logits(logits, p, reduction, w, given["weight"]),
                nll(logits, labels, reduction, w, 0),
                cross_entropy(logits, labels, reduction, w, 0, 0.1),
                cross_entropy(logits, p, reduction, w),
                gaussian_nll(logits, p, 2.0),
                laplace_nll(logits, p, torch.tensor(2.0, **ON_GPU)),
            ):
                assert loss.device.type == "cuda"

    @pytest.mark.parametrize(
        "make", [SGD, Momentum, Adagrad, RMSprop, Adadelta, Adam, AdamW]
    )
    def test_optimizers_remember_where_the_parameters_are(self, make: type) -> None:
        with FakeTensorMode():
            w = torch.ones(3, requires_grad=True, **ON_GPU)
            optimizer = make([w], lr=0.1, weight_decay=0.1)
            for _ in range(2):
                w.grad = torch.ones(3, **ON_GPU)
                optimizer.step()
            tensors = [x for x in optimizer.state[w].values() if isinstance(x, Tensor)]
            assert {x.device.type for x in [w, *tensors]} == {"cuda"}

    def test_masks_are_drawn_there(self) -> None:
        with FakeTensorMode():
            X = torch.ones(3, 2, **ON_GPU)
            assert dropout(X, 0.5).device.type == "cuda"
            assert Dropout(0.5)(X).device.type == "cuda"

    def test_norms_are_taken_there_without_looking(self) -> None:
        with FakeTensorMode():
            gradients = [torch.ones(3, **ON_GPU), torch.ones((), **ON_GPU)]
            assert clip_norm(gradients, 0.1).device.type == "cuda"
            assert log_sum_exp(gradients[0]).device.type == "cuda"

    def test_batches_of_tensors_there_come_there(self) -> None:
        with FakeTensorMode():
            batches = Batches(torch.ones(5, 2, **ON_GPU), batch_size=2)
            assert [t.device.type for batch in batches for t in batch] == ["cuda"] * 3

    def test_an_order_is_brought_there_once_an_epoch_without_waiting(self) -> None:
        class Copies(TorchDispatchMode):
            """List what is copied to another device, and how."""

            seen: ClassVar[list[tuple[str, bool]]] = []

            def __torch_dispatch__(
                self, op: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                if op is torch.ops.aten._to_copy.default:
                    self.seen.append((kwargs["device"].type, kwargs["non_blocking"]))
                return op(*args, **(kwargs or {}))

        with FakeTensorMode(), Copies() as copies:
            X, y = torch.ones(5, 2, **ON_GPU), torch.ones(5, **ON_GPU)
            assert len(list(Batches(X, y, batch_size=2))) == 3
        assert copies.seen == [("cuda", True)]

    def test_ranks_share_their_sums_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also the rank whose loss has failed, or the others wait for it."""
        shared: list[Tensor] = []
        monkeypatch.setattr(torch.distributed, "all_reduce", shared.append)
        monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
        with FakeTensorMode():
            logits, labels = self.tensors()["logits"], self.tensors()["labels"]
            for count in (rows, lambda target: torch.tensor(len(target))):
                loss_sum = partial(cross_entropy, reduction="sum")
                loss = MeanOverRanks(loss_sum, count)(logits, labels)
                assert (loss.device.type, loss.dtype) == ("cuda", torch.float32)
            with pytest.raises(ZeroDivisionError):
                MeanOverRanks(lambda *_: 1 / 0, rows)(logits, labels)
            assert [t.device.type for t in shared] == ["cuda"] * 3

    def test_pieces_go_on_there_from_a_file_opened_here(self) -> None:
        with FakeTensorMode():
            w = torch.ones(3, requires_grad=True, **ON_GPU)
            optimizer = Accumulate(torch.optim.SGD([w], lr=0.1), pieces=2)
            state = optimizer.state_dict()
            optimizer.load_state_dict(state | {"had": 1, "gradients": [torch.ones(3)]})
            assert w.grad is not None
            assert w.grad.device.type == "cuda"

    @pytest.mark.parametrize("make", [Adam, Momentum, torch.optim.AdamW])
    def test_a_step_waits_for_the_device_once(
        self, monkeypatch: pytest.MonkeyPatch, make: type
    ) -> None:
        """To look at a number that is not computed yet is an error here.

        `fetch` alone does, and it is replaced; so is the backward pass, which
        has no device to run on.
        """
        asked = []
        monkeypatch.setattr(loop, "fetch", lambda *pair: asked.append(pair) or (0.5, 7))
        with FakeTensorMode():
            model = nn.Sequential(nn.Linear(4, 3, **ON_GPU), Dropout(0.5))

            def backward(_: Tensor) -> None:
                for p in model.parameters():
                    p.grad = torch.zeros_like(p)

            monkeypatch.setattr(Tensor, "backward", backward)
            X, labels = torch.ones(10, 4), torch.zeros(10, dtype=torch.int64)
            batches = OnDevice(Batches(X, labels, batch_size=4), "cuda")
            optimizer = make(model.parameters(), lr=0.1)
            clip_gradients(optimizer, 1.0)
            schedule_lr(optimizer, cosine(5))
            history = loop.train(
                model,
                partial(cross_entropy, ignore_index=1),
                optimizer,
                batches,
                steps=5,
                count=tokens(1),
            )
        assert len(asked) == history.step == 5
        assert {t.device.type for pair in asked for t in pair} == {"cuda"}


@pytest.mark.parametrize("count", [7, np.int64(7), torch.tensor(7)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_what_is_waited_for_comes_in_one_go(
    count: Tensor | int, dtype: torch.dtype
) -> None:
    class Transfers(TorchDispatchMode):
        """Count what brings numbers to Python."""

        number = 0

        def __torch_dispatch__(
            self, op: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            self.number += op is torch.ops.aten._local_scalar_dense.default
            return op(*args, **(kwargs or {}))

    value = torch.tensor(1 / 3, dtype=dtype, requires_grad=True)
    found, n = loop.fetch(value, count)
    assert found == value.item()
    assert n == 7
    assert (type(found), type(n)) == (float, int)
    if isinstance(count, int):
        with Transfers() as transfers:
            loop.fetch(value, count)
        assert transfers.number == 1


def test_large_counts_are_not_rounded_with_a_loss_in_few_bits() -> None:
    loss = torch.tensor(0.5, dtype=torch.bfloat16)
    assert loop.fetch(loss, torch.tensor(100_001)) == (0.5, 100_001)
    assert loop.fetch(0.25, torch.tensor(3)) == (0.25, 3)
    assert loop.fetch(0.1, 3) == (0.1, 3)
