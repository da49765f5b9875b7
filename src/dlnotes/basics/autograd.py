"""Reverse-mode automatic differentiation of scalars (Linnainmaa, 1976)."""

import math
from collections.abc import Callable, Sequence
from typing import SupportsFloat

from dlnotes.basics.activations import sigmoid, sigmoid_derivative


class Value:
    """Hold a number that remembers how it was computed.

    Arithmetic with values gives values, and `L.backward()` then sets the
    `grad` of each value that L was computed from.

    Attributes:
        data: the number.
        grad: dL/d(data), for the L whose `backward` was called last.
        parents: the values it was computed from; none for an input.
        slopes: the derivative of `data` with respect to each parent.
    """

    def __init__(
        self,
        data: SupportsFloat,
        parents: Sequence["Value"] = (),
        slopes: Sequence[float] = (),
    ) -> None:
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.slopes = slopes

    def __repr__(self) -> str:
        return f"Value(data={self.data:g}, grad={self.grad:g})"

    def backward(self) -> None:
        """Set `grad` to d(self)/d(value) in every value below, and in self.

        What an earlier call left there is overwritten.
        """
        order = topological_order(self)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * slope

    def __add__(self, other: "Value | float") -> "Value":
        b = other if isinstance(other, Value) else Value(other)
        return Value(self.data + b.data, (self, b), (1.0, 1.0))

    def __mul__(self, other: "Value | float") -> "Value":
        b = other if isinstance(other, Value) else Value(other)
        return Value(self.data * b.data, (self, b), (b.data, self.data))

    def __pow__(self, n: float) -> "Value":
        slope = n * self.data ** (n - 1) if n else 0.0
        return Value(self.data**n, (self,), (slope,))

    def apply(
        self,
        g: Callable[[float], SupportsFloat],
        derivative: Callable[[float], SupportsFloat],
    ) -> "Value":
        """Return g(self), given the derivative of g.

        Both are functions of one number, as in `a.apply(math.sin, math.cos)`.
        """
        data, slope = g(self.data), derivative(self.data)
        return Value(data, (self,), (float(slope),))

    def exp(self) -> "Value":
        """Apply the exponential function, which is its own derivative."""
        return self.apply(math.exp, math.exp)

    def log(self) -> "Value":
        """Apply the natural logarithm, whose derivative at a is 1/a."""
        return self.apply(math.log, lambda a: 1 / a)

    def tanh(self) -> "Value":
        """Apply tanh, whose derivative is 1 minus its own square."""
        return self.apply(math.tanh, lambda a: 1 - math.tanh(a) ** 2)

    def sigmoid(self) -> "Value":
        """Apply the sigmoid σ, whose derivative is σ(1 − σ)."""
        return self.apply(sigmoid, sigmoid_derivative)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "Value":
        return self * -1.0

    def __sub__(self, other: "Value | float") -> "Value":
        return self + -other

    def __rsub__(self, other: float) -> "Value":
        return -self + other

    def __truediv__(self, other: "Value | float") -> "Value":
        return self * other**-1

    def __rtruediv__(self, other: float) -> "Value":
        return self**-1 * other


def topological_order(root: Value) -> list[Value]:
    """List `root` and every value below it, parents before children.

    A loop and a stack, not a recursion: a graph may be 100,000 deep.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack = [(root, False)]
    while stack:
        node, parents_listed = stack.pop()
        if parents_listed:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
