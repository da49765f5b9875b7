"""Optimisers from their formulas: θ the parameter, g its gradient, η `lr`."""

from math import sqrt

from torch import Tensor
from torch.optim.optimizer import ParamsT

from dlnotes.descent import Descent, Dict


class SGD(Descent):
    """Step against the gradient.

    Source: Robbins and Monro, A stochastic approximation method, 1951.
    """

    def __init__(self, params: ParamsT, lr: float, weight_decay: float = 0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: Dict, group: Dict) -> None:
        theta.add_(g, alpha=-group["lr"])


class Momentum(Descent):
    """Step along a velocity v, to which every gradient adds its push.

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
    ):
        settings = {"lr": lr, "momentum": momentum, "nesterov": nesterov}
        super().__init__(params, settings | {"weight_decay": weight_decay})

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: Dict, group: Dict) -> None:
        v, momentum = state["v"], group["momentum"]
        v.mul_(momentum).add_(g)
        ahead = g.add(v, alpha=momentum) if group["nesterov"] else v
        theta.add_(ahead, alpha=-group["lr"])


class Adagrad(Descent):
    """Divide each step by the root of the sum s of all squared gradients.

    Source: Duchi, Hazan and Singer, Adaptive subgradient methods, 2011.
    """

    slots = ("s",)

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0,
    ):
        settings = {"lr": lr, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, settings)

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: Dict, group: Dict) -> None:
        s = state["s"].addcmul_(g, g)
        theta.addcdiv_(g, s.sqrt().add_(group["eps"]), value=-group["lr"])


class RMSprop(Descent):
    """Divide each step by the root of a running mean s of g².

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
    ):
        settings = {"lr": lr, "alpha": alpha, "eps": eps}
        super().__init__(params, settings | {"weight_decay": weight_decay})

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: Dict, group: Dict) -> None:
        s, alpha = state["s"], group["alpha"]
        s.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        theta.addcdiv_(g, s.sqrt().add_(group["eps"]), value=-group["lr"])


class Adadelta(Descent):
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
    ):
        settings = {"lr": lr, "rho": rho, "eps": eps}
        super().__init__(params, settings | {"weight_decay": weight_decay})

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: Dict, group: Dict) -> None:
        s, d, rho, eps = state["s"], state["d"], group["rho"], group["eps"]
        s.mul_(rho).addcmul_(g, g, value=1 - rho)
        root = s.add(eps).sqrt_()
        step = d.add(eps).sqrt_().div_(root).mul_(g)
        d.mul_(rho).addcmul_(step, step, value=1 - rho)
        theta.add_(step, alpha=-group["lr"])


class Adam(Descent):
    """Divide a running mean m of g by the root of a running mean v of g².

    Source: Kingma and Ba, Adam, 2015, algorithm 1.
    """

    slots = ("m", "v")

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0,
    ):
        settings = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps}
        super().__init__(params, settings | {"weight_decay": weight_decay})

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: Dict, group: Dict) -> None:
        beta1, beta2 = group["beta1"], group["beta2"]
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"].lerp_(g, 1 - beta1)
        v = state["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = v.sqrt().div_(sqrt(1 - beta2**t)).add_(group["eps"])
        theta.addcdiv_(m, root, value=-group["lr"] / (1 - beta1**t))


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
    ):
        super().__init__(params, lr, beta1, beta2, eps, weight_decay)

    @staticmethod
    def decay(theta: Tensor, g: Tensor, group: Dict) -> Tensor:
        theta.mul_(1 - group["lr"] * group["weight_decay"])
        return g
