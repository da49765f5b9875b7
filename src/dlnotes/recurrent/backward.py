"""Recurrences over time as one operation, with its gradient written out.

A graph of PyTorch's would keep every step by itself. Here the slopes of all
steps are ready before the way back begins, and the gradient of W_hh is one
product over all steps instead of a sum of as many.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def backwards(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield what tensors (T, ...) hold for the last step, up to the first."""
    parts = (tensor.unbind() for tensor in tensors)
    steps: list[tuple[Tensor, ...]] = list(zip(*parts, strict=True))
    return reversed(steps)


def weight_gradients(
    deltas: Tensor, h_0: Tensor, H: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of W_hh and b_hh, sums over steps and rows.

    The deltas (T, B, gates · hidden) are those of W_hh h + b_hh, where h is
    what the step before left: h_0 (B, hidden), then the rows of H.
    """
    before = torch.cat([h_0[None], H[:-1]])  # (T, B, hidden)
    return deltas.flatten(0, 1).T @ before.flatten(0, 1), deltas.sum((0, 1))


class RNNOverTime(Function):
    """All steps of a plain recurrent network."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, W: Tensor, b: Tensor, h: Tensor, relu: bool
    ) -> Tensor:
        """Return the states (T, B, hidden) after inputs of that shape."""
        h_0, H = h, inputs + b
        for h_next in H.unbind():
            h_next.addmm_(h, W.T)
            h = h_next.relu_() if relu else h_next.tanh_()
        ctx.save_for_backward(W, h_0, H)
        ctx.relu = relu
        return H

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dH: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of inputs, W, b and h."""
        W, h_0, H = ctx.saved_tensors
        slopes = (H > 0).to(H.dtype) if ctx.relu else 1 - H.square()
        deltas = torch.empty_like(H)
        dh = torch.zeros_like(h_0)
        for from_loss, slope, delta in backwards(dH, slopes, deltas):
            torch.mul(dh + from_loss, slope, out=delta)
            dh = delta @ W
        return deltas, *weight_gradients(deltas, h_0, H), dh, None


class GRUOverTime(Function):
    """All steps of gated recurrent units."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, W: Tensor, b: Tensor, h: Tensor
    ) -> Tensor:
        """Return the states (T, B, hidden) after inputs (T, B, 3 hidden)."""
        h_0, hidden = h, h.shape[1]
        H = inputs.new_empty(*inputs.shape[:2], hidden)
        gates, sent = inputs.clone(), torch.empty_like(inputs)
        steps = zip(H.unbind(), gates.unbind(), sent.unbind(), strict=True)
        for h_next, gate, from_h in steps:
            rz, n = gate.split([2 * hidden, hidden], 1)
            r, z = rz.chunk(2, 1)
            torch.addmm(b, h, W.T, out=from_h)
            rz.add_(from_h[:, : 2 * hidden]).sigmoid_()
            n.addcmul_(r, from_h[:, 2 * hidden :]).tanh_()
            h = torch.lerp(n, h, z, out=h_next)  # (1 - z) n + z h
        h_n = sent[..., 2 * hidden :].clone()
        ctx.save_for_backward(W, h_0, H, gates, h_n)
        return H

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dH: Tensor) -> tuple[Tensor, ...]:
        """Return the gradients of inputs, W, b and h."""
        W, h_0, H, gates, h_n = ctx.saved_tensors
        before = torch.cat([h_0[None], H[:-1]])
        r, z, n = gates.chunk(3, -1)
        from_n = (1 - z) * (1 - n.square())  # dh becomes that of x_n
        slopes = torch.stack(
            [
                from_n * h_n * r * (1 - r),
                (before - n) * z * (1 - z),
                from_n * r,
            ],
            2,
        )  # dh becomes those of h_r, h_z, h_n: (T, B, 3, hidden)
        deltas, all_dh = torch.empty_like(slopes), torch.empty_like(H)
        flat = deltas.flatten(2)
        dh = torch.zeros_like(h_0)
        known = dH, slopes, z, deltas, flat, all_dh
        for from_loss, slope, keep, delta, row, total in backwards(*known):
            torch.add(dh, from_loss, out=total)
            torch.mul(total[:, None], slope, out=delta)
            dh = torch.addmm(total * keep, row, W)
        d_inputs = torch.cat([flat[..., : 2 * n.shape[2]], all_dh * from_n], 2)
        return d_inputs, *weight_gradients(flat, h_0, H), dh


class LSTMOverTime(Function):
    """All steps of a long short-term memory."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, W: Tensor, b: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the h and the c (T, B, hidden) after inputs (…, 4 hidden)."""
        h_0, c_0, hidden = h, c, h.shape[1]
        gates = inputs + b
        H = inputs.new_empty(*inputs.shape[:2], hidden)
        C, tanh_C = torch.empty_like(H), torch.empty_like(H)
        known = (part.unbind() for part in (gates, H, C, tanh_C))
        for gate, h_next, c_next, tanh_c in zip(*known, strict=True):
            gate.addmm_(h, W.T)
            i_f, g, o = gate.split([2 * hidden, hidden, hidden], 1)
            i, f = i_f.sigmoid_().chunk(2, 1)
            g.tanh_(), o.sigmoid_()
            c = torch.mul(f, c, out=c_next).addcmul_(i, g)
            h = torch.mul(o, torch.tanh(c, out=tanh_c), out=h_next)
        ctx.save_for_backward(W, h_0, c_0, H, C, tanh_C, gates)
        return H, C

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dH: Tensor, dC: Tensor) -> tuple[Tensor, ...]:
        """Return the gradients of inputs, W, b, h and c."""
        W, h_0, c_0, H, C, tanh_C, gates = ctx.saved_tensors
        before = torch.cat([c_0[None], C[:-1]])
        i, f, g, o = gates.chunk(4, -1)
        dc_of_dh = o * (1 - tanh_C.square())
        from_c = [g * i * (1 - i), before * f * (1 - f), i * (1 - g.square())]
        slopes = torch.stack([*from_c, tanh_C * o * (1 - o)], 2)
        deltas = torch.empty_like(slopes)  # (T, B, 4, hidden)
        flat = deltas.flatten(2)
        dh, dc = torch.zeros_like(h_0), torch.zeros_like(c_0)
        known = dH, dC, dc_of_dh, slopes, f, deltas, flat
        for h_loss, c_loss, show, slope, keep, delta, row in backwards(*known):
            dh += h_loss
            dc = torch.addcmul(dc + c_loss, dh, show)
            torch.mul(dc[:, None], slope[:, :3], out=delta[:, :3])
            torch.mul(dh, slope[:, 3], out=delta[:, 3])
            dh, dc = row @ W, dc * keep
        return flat, *weight_gradients(flat, h_0, H), dh, dc
