"""Reverse-mode automatic differentiation of scalars (Linnainmaa, 1976)."""

import math
from collections.abc import Callable, Sequence
from typing import SupportsFloat

from dlnotes.basics.activations import sigmoid, sigmoid_derivative

Function = Callable[[float], SupportsFloat]


class Node:
    """Hold a number, its parents in the graph and the slope along each edge.

    A slope is the derivative of this number with respect to that parent.
    """

    def __init__(
        self,
        data: SupportsFloat,
        parents: Sequence["Node"] = (),
        slopes: Sequence[float] = (),
    ) -> None:
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes = parents, slopes

    def backward(self) -> None:
        """Set `grad` of every node below to d(self)/d(node)."""
        order = topological_order(self)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * slope


def topological_order(root: Node) -> list[Node]:
    """List every node that `root` depends on, parents before children."""
    order: list[Node] = []
    seen: set[Node] = set()
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


class Rules(Node):
    """Add the rules for a sum, a product and a function of one number."""

    def __add__(self, other: "Node | float") -> "Value":
        b = other if isinstance(other, Node) else Value(other)
        return Value(self.data + b.data, (self, b), (1.0, 1.0))

    def __mul__(self, other: "Node | float") -> "Value":
        b = other if isinstance(other, Node) else Value(other)
        return Value(self.data * b.data, (self, b), (b.data, self.data))

    def apply(self, g: Function, derivative: Function) -> "Value":
        """Compute g(self), given the derivative of g."""
        return Value(g(self.data), (self,), (float(derivative(self.data)),))

    __radd__ = __add__
    __rmul__ = __mul__


class Arithmetic(Rules):
    """Add the power rule; minus and division need no rule of their own."""

    def __pow__(self, n: float) -> "Value":
        slope = n * self.data ** (n - 1) if n else 0.0
        return Value(self.data**n, (self,), (slope,))

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


class Value(Arithmetic):
    """Add the functions, and be the class to use: `y.backward()`, `x.grad`."""

    def exp(self) -> "Value":
        return self.apply(math.exp, math.exp)

    def log(self) -> "Value":
        return self.apply(math.log, lambda a: 1 / a)

    def tanh(self) -> "Value":
        return self.apply(math.tanh, lambda a: 1 - math.tanh(a) ** 2)

    def sigmoid(self) -> "Value":
        return self.apply(sigmoid, sigmoid_derivative)
