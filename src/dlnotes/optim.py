"""Optimizers from their formulas: θ the parameter, g its gradient, η `lr`."""

from torch import Tensor
from torch.optim.optimizer import ParamsT

from dlnotes.optimizer import Group, Optimizer, State


class SGD(Optimizer):
    """Step against the gradient. `Momentum` is a class of its own.

    Source: Robbins and Monro, A stochastic approximation method, 1951.
    """

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change θ to θ - ηg."""
        theta -= group["lr"] * g


class Momentum(Optimizer):
    """Step along a velocity v, to which every gradient adds its push.

    PyTorch's `dampening` is not there.

    Source: Polyak, 1964; with `nesterov`, Sutskever et al., On the
    importance of initialization and momentum, 2013, section 2.
    """

    slots = ("v",)

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0,
    ) -> None:
        own = dict(momentum=momentum, nesterov=nesterov)
        super().__init__(params, lr, weight_decay, **own)

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change v to μv + g and θ to θ - ηv, or θ - η(g + μv)."""
        momentum = group["momentum"]
        v = state["v"] = momentum * state["v"] + g
        ahead = g + momentum * v if group["nesterov"] else v
        theta -= group["lr"] * ahead


class Adagrad(Optimizer):
    """Divide each step by the root of the sum s of all squared gradients.

    PyTorch's `lr_decay` and `initial_accumulator_value` are not there.

    Source: Duchi, Hazan and Singer, Adaptive subgradient methods, 2011.
    """

    slots = ("s",)

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, lr, weight_decay, eps=eps)

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change s to s + g² and θ to θ - ηg / (√s + ε)."""
        s = state["s"] = state["s"] + g**2
        theta -= group["lr"] * g / (s.sqrt() + group["eps"])


class RMSprop(Optimizer):
    """Divide each step by the root of a running mean s of g².

    PyTorch's `centered` and `momentum` are not there.

    Source: Hinton, Neural Networks for Machine Learning, lecture 6e, 2012.
    """

    slots = ("s",)

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, lr, weight_decay, alpha=alpha, eps=eps)

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change s to αs + (1 - α)g² and θ to θ - ηg / (√s + ε)."""
        alpha = group["alpha"]
        s = state["s"] = alpha * state["s"] + (1 - alpha) * g**2
        theta -= group["lr"] * g / (s.sqrt() + group["eps"])


class Adadelta(Optimizer):
    """Scale RMSprop's step by the root of a running mean d of squared steps.

    Source: Zeiler, ADADELTA: an adaptive learning rate method, 2012.
    """

    slots = ("s", "d")

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, lr, weight_decay, rho=rho, eps=eps)

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change s, then θ by -ηΔ with Δ = √(d + ε) / √(s + ε) · g, then d."""
        d, rho, eps = state["d"], group["rho"], group["eps"]
        s = state["s"] = rho * state["s"] + (1 - rho) * g**2
        delta = (d + eps).sqrt() / (s + eps).sqrt() * g
        state["d"] = rho * d + (1 - rho) * delta**2
        theta -= group["lr"] * delta


class Adam(Optimizer):
    """Divide a running mean m of g by the root of a running mean s of g².

    The paper calls s v. PyTorch's `amsgrad` is not there; its `betas` are
    `beta1` and `beta2`.

    Source: Kingma and Ba, Adam, 2015, algorithm 1.
    """

    slots = ("m", "s")

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        own = dict(beta1=beta1, beta2=beta2, eps=eps)
        super().__init__(params, lr, weight_decay, **own)

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Change m, s and t, and move θ by -η m_hat / (√s_hat + ε)."""
        beta1, beta2 = group["beta1"], group["beta2"]
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = beta1 * state["m"] + (1 - beta1) * g
        s = state["s"] = beta2 * state["s"] + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        s_hat = s / (1 - beta2**t)
        theta -= group["lr"] * m_hat / (s_hat.sqrt() + group["eps"])


class AdamW(Adam):
    """Adam whose decay shrinks the weights and stays out of the gradient.

    Source: Loshchilov and Hutter, Decoupled weight decay
    regularization, 2019, algorithm 2.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, beta1, beta2, eps, weight_decay)

    @staticmethod
    def penalize(theta: Tensor, g: Tensor, group: Group) -> Tensor:
        """Return g as it is."""
        return g

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Shrink θ by the factor 1 - ηλ, then move it as Adam does."""
        theta -= group["lr"] * group["weight_decay"] * theta
        Adam.update(theta, g, state, group)
