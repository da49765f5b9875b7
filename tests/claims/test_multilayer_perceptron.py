"""What the chapter on the multilayer perceptron says in words, settled by runs."""

import ast
import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import ceil, e, log
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, linear, pad
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

from dlnotes.basics import network as network_module
from dlnotes.basics.activations import sigmoid
from dlnotes.basics.layers import Dense
from dlnotes.basics.network import (
    Network,
    SoftmaxCrossEntropy,
    delta,
    gradients,
    numerical_gradients,
    recursive_gradients,
    train_epoch,
)
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.train.batches import Batches
from dlnotes.train.checkpoint import Checkpoint, load, read
from dlnotes.train.history import History
from dlnotes.train.hooks import every
from dlnotes.train.loop import train
from dlnotes.train.progress import Progress
from dlnotes.train.randomness import random_state
from dlnotes.train.seed import seed_everything
from operations import operations
from side_by_side import SideBySide

BookRun = Callable[[str], Run]
SNIPPETS = Path(__file__).parents[2] / "snippets"
OFFSETS = (0, 1, 2)  # of the seeds


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    train, val, _ = load_digits()
    return (
        train[0].double().numpy(),
        train[1].numpy(),
        val[0].double().numpy(),
        val[1].numpy(),
    )


@pytest.fixture
def numpy_page(book_run: BookRun) -> Run:
    return book_run("multilayer_perceptron_numpy")


@pytest.fixture
def in_numpy(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron_numpy")


@pytest.fixture
def torch_page(book_run: BookRun) -> Run:
    return book_run("multilayer_perceptron")


@pytest.fixture
def in_torch(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron")


@pytest.fixture
def shapes_page(book_run: BookRun) -> Run:
    return book_run("multilayer_perceptron_shapes")


@pytest.fixture
def shapes(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron_shapes")


@pytest.fixture
def universal(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron_universal")


@pytest.fixture
def resumed(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron_resume")


@pytest.fixture
def exercises(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron_exercises")


# The model


def test_a_dense_layer_adds_its_bias_to_every_row() -> None:
    rng = np.random.default_rng(0)
    X, W, b = rng.normal(size=(5, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    np.testing.assert_allclose(Dense(W, b).forward(X), X @ W.T + b)


def test_a_dense_layer_of_a_dense_layer_is_a_dense_layer() -> None:
    model = MLP([6, 5, 4], activation=lambda Z: Z).double()
    first, second = model.layers
    X = torch.randn(7, 6).double()
    W, b = second.weight @ first.weight, second.weight @ first.bias + second.bias
    torch.testing.assert_close(model(X), linear(X, W, b))


# XOR and two moons


XOR = (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]))
TIE_OF_THREE = 0.75 * log(3) - 0.5 * log(2)  # 1 of 3 right, in 3 rows of 4


def learn_xor(hidden: int, seed: int, steps: int = 400, lr: float = 4.0) -> Network:
    """Train as the snippet does."""
    rng = np.random.default_rng(seed)
    network = Network(2, hidden, 2, rng)
    for _ in range(steps):
        train_epoch(network, *XOR, 4, lr, rng)
    return network


def learn_xor_together(offset: int, steps: int = 400, lr: float = 4.0) -> list[Network]:
    """Train 20 networks of two hidden units from the seeds of this offset."""
    seeds = range(10_000 * offset, 10_000 * offset + 20)
    networks = [Network(2, 2, 2, np.random.default_rng(seed)) for seed in seeds]
    descend_together(networks, steps, lr)
    return networks


def descend_together(networks: list[Network], steps: int, lr: float) -> None:
    """Take steps of `train_epoch` on all of XOR, for all networks in one stack."""
    X, one_hot = XOR[0], np.eye(2)[XOR[1]]
    W1, b1, W2, b2 = stack = [
        np.stack(same)  # (networks, ...)
        for same in zip(*(network.parameters for network in networks), strict=True)
    ]
    for _ in range(steps):
        A = sigmoid(X @ W1.mT + b1[:, None])  # (networks, 4, hidden)
        P = np.exp(A @ W2.mT + b2[:, None])  # (networks, 4, 2)
        P /= P.sum(axis=2, keepdims=True)
        dZ2 = (P - one_hot) / 4
        dZ1 = dZ2 @ W2 * A * (1 - A)
        slopes = dZ1.mT @ X, dZ1.sum(axis=1), dZ2.mT @ A, dZ2.sum(axis=1)
        for parameter, slope in zip(stack, slopes, strict=True):
            parameter -= lr * slope
    for i, network in enumerate(networks):
        for own, stacked in zip(network.parameters, stack, strict=True):
            own[...] = stacked[i]


def solves(network: Network) -> bool:
    return bool((network.logits(XOR[0]).argmax(axis=1) == XOR[1]).all())


def in_a_dead_end(network: Network) -> bool:
    """Tell whether two rows with different answers lie on one point."""
    network.loss(*XOR)
    A = network.second.X
    together = np.abs(A[:, None] - A).max(axis=2) < 0.05  # (4, 4)
    return bool((together & (XOR[1][:, None] != XOR[1])).any())


def test_one_hidden_unit_never_solves_xor_two_often_four_nearly_always(
    shapes: Run,
) -> None:
    solved = {n: shapes.values[f"solved_count[{n}]"] for n in (1, 2, 4)}
    assert solved[1] == 0
    assert 10 < solved[2] < 18 <= solved[4] <= 20


@pytest.mark.parametrize("offset", OFFSETS)
def test_together_each_network_learns_what_it_learns_alone(offset: int) -> None:
    for seed, network in enumerate(learn_xor_together(offset)[:5]):
        alone = learn_xor(2, 10_000 * offset + seed)
        for ours, same in zip(network.parameters, alone.parameters, strict=True):
            np.testing.assert_allclose(ours, same, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("offset", OFFSETS)
def test_all_that_failed_are_in_a_dead_end(offset: int) -> None:
    failed = [n for n in learn_xor_together(offset) if not solves(n)]
    ties, lowest = [], []
    for network in failed:
        assert in_a_dead_end(network)
        A = network.second.X
        together = np.abs(A[:, None] - A).max(axis=2) < 0.05  # (4, 4)
        ties.append(int(together.sum(axis=1).max()))
        lowest.append({2: log(2) / 2, 3: TIE_OF_THREE}[ties[-1]])
        assert network.loss(*XOR) == pytest.approx(lowest[-1], abs=0.01)
    descend_together(failed, 3000, 4.0)
    for network, best in zip(failed, lowest, strict=True):
        assert best < network.loss(*XOR) < best + 1e-3
    assert len(ties) > 1


def test_the_stuck_network_says_fifty_fifty_and_stays(shapes_page: Run) -> None:
    values = shapes_page.values
    stuck = next(n for n in (learn_xor(2, s) for s in range(20)) if not solves(n))
    assert stuck.loss(*XOR) == pytest.approx(values["loss_stuck"], rel=1e-6)
    assert values["loss_tie"] == pytest.approx(log(2) / 2)
    assert values["loss_stuck"] == pytest.approx(log(2) / 2, abs=0.01)
    hidden = stuck.second.X
    np.testing.assert_allclose(hidden[1], hidden[3], atol=0.02)
    np.testing.assert_allclose(stuck.error.P[[1, 3]], 0.5, atol=0.05)
    assert values["loss_tie"] < values["loss_later"] < values["loss_tie"] + 1e-3
    assert values["loss_later"] < values["loss_stuck"]


@pytest.mark.parametrize("offset", OFFSETS)
def test_at_a_smaller_rate_some_starts_get_stuck_too(offset: int) -> None:
    tried = learn_xor_together(offset, steps=2000, lr=1.0)
    assert any(not solves(network) and in_a_dead_end(network) for network in tried)


@pytest.mark.parametrize("offset", OFFSETS)
def test_the_gradient_does_not_tell_the_stuck_from_the_solved(offset: int) -> None:
    for kind in (True, False):
        tried = (learn_xor(2, 10_000 * offset + seed) for seed in range(20))
        network = next(n for n in tried if solves(n) is kind)
        largest = max(np.abs(g).max() for g in gradients(network, *XOR))
        assert f"{largest:.3f}" == "0.001"


def test_the_solved_network_has_two_parallel_lines(shapes_page: Run) -> None:
    log_lines = shapes_page.log("two-units").splitlines()
    assert log_lines[0].startswith("solved  loss 0.0")
    good = next(n for n in (learn_xor(2, s) for s in range(20)) if solves(n))
    (a, b), (c, d) = good.first.W
    assert abs(a * d - b * c) < 0.05 * np.hypot(a, b) * np.hypot(c, d)


def test_moons_three_units_find_the_border_sometimes_sixteen_always(
    shapes: Run,
) -> None:
    values = shapes.values
    line = values["new_accuracy[0][0]"]
    three, sixteen = (
        [values[f"new_accuracy[{width}][{i}]"] for i in range(8)] for width in (3, 16)
    )
    assert three == sorted(three)
    assert 1 < values["count_above[3]"] < 8 == values["count_above[16]"]
    assert three[0] - line < 0.01
    assert 1 - min(three[-1], sixteen[0]) < (1 - line) / 3
    standard_error = (sixteen[-1] * (1 - sixteen[-1]) / 2000) ** 0.5
    assert standard_error == pytest.approx(0.004, abs=5e-4)
    assert sixteen[-1] - three[-1] < standard_error


# The network in NumPy


def test_the_gradient_of_the_loss_is_predicted_minus_right() -> None:
    rng = np.random.default_rng(0)
    Z, y = rng.normal(size=(6, 4)), rng.integers(4, size=6)
    theirs = torch.tensor(Z, requires_grad=True)
    cross_entropy(theirs, torch.tensor(y)).backward()
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(theirs.grad, (P - np.eye(4)[y]) / 6, atol=1e-15)
    error = SoftmaxCrossEntropy()
    error.forward(Z, y)
    np.testing.assert_allclose(error.backward(), theirs.grad, atol=1e-15)


def test_random_logits_cost_more_than_a_blind_guess(
    in_numpy: Run,
) -> None:
    values = in_numpy.values
    assert values["loss_blind"] == pytest.approx(log(10))
    assert values["loss_start"] > values["loss_blind"]


@pytest.mark.parametrize("offset", OFFSETS)
def test_on_average_random_logits_cost_half_their_variance(
    digits: tuple, offset: int
) -> None:
    X, y, _, _ = digits
    excess, half_variance = [], []
    for seed in range(20):
        network = Network(64, 32, 10, np.random.default_rng(10_000 * offset + seed))
        excess.append(network.loss(X, y) - log(10))
        half_variance.append(network.logits(X).var(axis=1).mean() / 2)
    assert min(excess) > 0
    assert np.mean(excess) == pytest.approx(np.mean(half_variance), rel=0.1)


def test_weights_that_are_too_large_show_in_the_first_loss(digits: tuple) -> None:
    X, y, _, _ = digits
    network = Network(64, 32, 10, np.random.default_rng(0))
    network.second.W *= 10
    assert network.loss(X, y) > 2 * log(10)


def test_the_gradients_agree(in_numpy: Run) -> None:
    lines = in_numpy.log("check").splitlines()
    gaps = {line.split()[0]: float(line.split()[1]) for line in lines[2:]}
    assert gaps["numerical"] < 1e-9
    assert gaps["recursive"] < 1e-15
    assert gaps["PyTorch"] < 1e-15
    assert float(lines[0].split()[-1]) > 0.01


def test_nudging_takes_two_passes_a_parameter_and_the_square_of_the_price(
    numpy_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    B, C, hidden, K = 20, 64, 16, 10
    parameters = numpy_page.values["parameters"]
    network = Network(C, hidden, K, np.random.default_rng(0))
    assert parameters == sum(p.size for p in network.parameters)
    passes, multiplied = [], []
    real = Dense.forward

    def forward(layer: Dense, X: np.ndarray) -> np.ndarray:
        passes.append(1)
        multiplied.append(len(X) * layer.W.size)
        return real(layer, X)

    monkeypatch.setattr(Dense, "forward", forward)
    X, y = np.zeros((B, C)), np.zeros(B, int)
    numerical_gradients(network, X, y)
    assert len(passes) == 2 * 2 * parameters  # two layers
    assert sum(multiplied) == 2 * parameters * numpy_page.values["forward"]
    (output,) = numpy_page.outputs("cost")
    row = f"{2 * parameters:,} {sum(multiplied):,}"
    assert row in " ".join(output["data"]["text/plain"].split())
    assert sum(multiplied) == pytest.approx(2 * B * parameters**2, rel=0.05)


class Counted(float):
    """A number that counts how often numbers like it are multiplied."""

    __array_ufunc__ = None  # NumPy's numbers leave the arithmetic to this class
    products = 0

    def __add__(self, other: float) -> "Counted":
        return Counted(float(self) + float(other))

    def __mul__(self, other: float) -> "Counted":
        Counted.products += 1
        return Counted(float(self) * float(other))

    __radd__ = __add__
    __rmul__ = __mul__


def test_the_recursion_multiplies_as_often_as_the_table_says(
    numpy_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    B, C, hidden, K = 20, 64, 16, 10
    rng = np.random.default_rng(0)
    network, y = Network(C, hidden, K, rng), rng.integers(K, size=B)
    X = rng.normal(size=(B, C))
    asked = {"hidden": 0, "output": 0}

    def counted(after: list, dZ: np.ndarray, n: int, i: int) -> Counted:
        asked["hidden" if after else "output"] += 1
        return Counted(delta(after, dZ, n, i))

    monkeypatch.setattr(network_module, "delta", counted)
    monkeypatch.setattr(Counted, "products", 0)
    recursive = recursive_gradients(network, X, y)
    assert numpy_page.values["per_weight"] == Counted.products
    # anew for each weight into the unit, and each time every output is asked
    assert asked["hidden"] == B * (C * hidden + hidden)
    assert asked["output"] == asked["hidden"] * K + B * (hidden * K + K)
    for ours, same in zip(recursive, gradients(network, X, y), strict=True):
        np.testing.assert_allclose(ours, same, rtol=1e-9, atol=1e-15)


def test_backpropagation_costs_three_passes_whatever_the_size() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    for C, hidden, K in ((64, 16, 10), (200, 100, 30)):
        model = MLP([C, hidden, K])
        X = torch.zeros(20, C, requires_grad=True)
        with FlopCounterMode(display=False) as once:
            loss = model(X).sum()
        with FlopCounterMode(display=False) as back:
            loss.backward()
        assert once.get_total_flops() == 2 * 20 * (C * hidden + hidden * K)
        assert back.get_total_flops() == 2 * once.get_total_flops()


# Mini-batches and epochs


def test_training_reaches_what_the_text_says(in_numpy: Run) -> None:
    values = in_numpy.values
    assert 0.94 < values["val_accuracy[29]"] < values["train_accuracy[29]"] < 1
    assert values["test_accuracy"] > 0.94


@pytest.mark.settles("epoch-is-a-pass")
def test_an_epoch_is_one_pass_however_many_updates(
    numpy_page: Run, digits: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, X_val, y_val = digits
    updates: list[np.ndarray] = []
    real = SoftmaxCrossEntropy.forward
    monkeypatch.setattr(
        SoftmaxCrossEntropy,
        "forward",
        lambda self, Z, y: updates.append(y) or real(self, Z, y),
    )
    learned = {}
    for size in (1, 32, len(X)):
        updates.clear()
        rng = np.random.default_rng(0)
        network = Network(64, 32, 10, rng)
        train_epoch(network, X, y, size, 0.2, rng)
        assert len(updates) == ceil(len(X) / size)
        seen = np.concatenate(updates)
        np.testing.assert_array_equal(np.bincount(seen), np.bincount(y))
        right = network.logits(X_val).argmax(axis=1) == y_val
        learned[size] = right.mean()
    assert [ceil(1077 / size) for size in learned] == [1077, 34, 1]
    for size in (1, 32, 1077):
        found = numpy_page.values[f"accuracy_at_size[{size}]"]
        assert found == pytest.approx(learned[size])

    rows = torch.arange(1077)
    batches = Batches(rows, rows, batch_size=32)
    assert len(batches) == 34
    assert sorted(torch.cat([X for X, _ in batches]).tolist()) == rows.tolist()


def test_after_one_epoch_single_rows_have_taught_much_and_the_whole_nothing(
    in_numpy: Run,
) -> None:
    one, some, whole = (
        in_numpy.values[f"accuracy_at_size[{size}]"] for size in (1, 32, 1077)
    )
    assert one > some + 0.5
    assert some > whole
    guessing = (0.1 * 0.9 / 360) ** 0.5  # the standard error of its accuracy
    assert whole == pytest.approx(0.1, abs=3 * guessing)


@pytest.mark.settles("sampling-with-replacement")
def test_sampling_with_replacement_sees_63_percent(in_numpy: Run) -> None:
    values = in_numpy.values
    assert f"{values['share_seen']:.0%}" == "63%"
    assert values["share_theory"] == pytest.approx(1 - (1 - 1 / 1077) ** 1077)
    assert values["share_theory"] == pytest.approx(1 - 1 / e, abs=2e-4)
    assert values["without"] == 1
    rng = np.random.default_rng(99)
    shares = [len(set(rng.integers(1077, size=1077).tolist())) for _ in range(100)]
    assert np.mean(shares) / 1077 == pytest.approx(values["share_seen"], abs=0.005)
    assert len(set(rng.permutation(1077).tolist())) == 1077


@pytest.mark.settles("mean-of-the-epoch")
def test_the_mean_of_the_epoch_falls_smoothly_the_last_batch_does_not(
    in_numpy: Run,
) -> None:
    values = in_numpy.values
    assert 3 * values["rises_mean"] < values["rises_last"]
    assert values["rises_last"] > 29 / 4
    assert values["rows_last"] == 1077 % 32 == 21
    assert values["loss_after"] < values["mean_loss[29]"]  # which lags behind


def test_the_mean_and_the_last_batch_are_what_the_page_says(
    numpy_page: Run, digits: tuple
) -> None:
    X, y, _, _ = digits
    rng = np.random.default_rng(0)
    network = Network(64, 32, 10, rng)
    means, last = [], []
    for _ in range(30):
        means.append(train_epoch(network, X, y, 32, 1.0, rng))
        last.append(network.error.loss)
    rises = (np.diff(last) > 0).sum()
    assert (np.diff(means) < 0).all()
    assert rises > 29 / 3
    assert numpy_page.values["rises_mean"] == 0
    assert numpy_page.values["rises_last"] == rises
    assert numpy_page.values["mean_loss[29]"] == pytest.approx(means[-1])
    assert numpy_page.values["loss_after"] == pytest.approx(network.loss(X, y))


# PyTorch


def test_settings_are_chosen_by_validation_loss_alone() -> None:
    for name in ("multilayer_perceptron", "multilayer_perceptron_rival"):
        before, _, after = (SNIPPETS / f"{name}.py").read_text().partition("# %% test")
        assert not re.search(r"(digits|data|harder)\.test", before)
        assert ".test" in after


def test_after_the_chosen_epoch_only_the_training_loss_falls(torch_page: Run) -> None:
    values = torch_page.values
    best = values["epochs"] - 1
    assert 0 < best < 24
    validation = [values[f"val_loss[{i}]"] for i in range(best, 25)]
    assert min(validation) == validation[0]
    assert values["train_loss[24]"] < values[f"train_loss[{best}]"]


def test_which_epoch_is_the_best_is_partly_luck(
    every_run: Callable[[str], list[Run]],
) -> None:
    runs = [run.values for run in every_run("multilayer_perceptron")]
    assert len({values["epochs"] for values in runs}) > 1
    for values in runs:
        assert values["train_loss[24]"] < values["train_loss[14]"] / 2
        late = [values[f"val_loss[{i}]"] for i in range(12, 25)]
        assert sum(b > a for a, b in pairwise(late)) >= 3  # it wavers


def test_the_best_rate_lies_between_two_worse_ones(in_torch: Run) -> None:
    values = in_torch.values
    loss = {rate: values[f"loss_at_rate[{rate}]"] for rate in (0.3, 1.0, 3.0)}
    assert values["rate"] == 1.0
    assert loss[1.0] < loss[0.3]
    assert loss[3.0] > 2
    assert (values["width"], values["decay"]) == (128, 0)


# The rival without a hidden layer


@pytest.fixture
def rival(any_run: BookRun) -> Run:
    return any_run("multilayer_perceptron_rival")


IMAGES = ("as they are", "moved")


def test_twice_the_budget_does_not_make_up_for_the_hidden_layer(
    every_run: Callable[[str], list[Run]],
) -> None:
    data = load_digits()
    runs = every_run("multilayer_perceptron_rival")
    for offset, run in zip(OFFSETS, runs, strict=True):
        trials = [[run.values[f"trials[{i}][{j}]"] for j in range(5)] for i in range(7)]
        none, hidden = (
            min(loss for _, units, *_, loss in trials if units == n) for n in (0, 128)
        )
        seed_everything(10_000 * offset)
        model, batches = MLP([64, 10]), Batches(*data.train, batch_size=32)
        losses: list[float] = []

        def watch(_: History, model: MLP = model, losses: list = losses) -> None:
            losses.append(cross_entropy(model(data.val.X), data.val.y).item())

        optimizer, steps = SGD(model.parameters(), lr=3.0), 50 * len(batches)
        train(model, cross_entropy, optimizer, batches, steps, [every(34, watch)])
        assert len(losses) == 50
        assert hidden < min(losses) < none


def test_each_model_has_a_rate_of_its_own_between_two_worse_ones(rival: Run) -> None:
    values = rival.values
    tried: dict[tuple, dict[float, float]] = {}
    for i in range(14):
        images, hidden, rate, _, loss = (values[f"trials[{i}][{j}]"] for j in range(5))
        tried.setdefault((images, hidden), {})[rate] = loss
    assert len(tried) == 4
    for (images, hidden), losses in tried.items():
        best = min(losses, key=losses.__getitem__)
        assert min(losses) < best < max(losses)
        assert best == (3.0 if (images, hidden) == ("as they are", 0) else 1.0)


def test_the_hidden_layer_gains_a_little_and_on_moved_images_much(rival: Run) -> None:
    gain, error = (
        {images: rival.values[f"{name}[{images!r}]"] for images in IMAGES}
        for name in ("accuracy_gain", "standard_error")
    )
    assert error["as they are"] < gain["as they are"] < 4 * error["as they are"]
    assert gain["moved"] > 10 * error["moved"]


def test_image_by_image_the_error_is_smaller_than_on_separate_images(
    rival: Run,
) -> None:
    (output,) = rival.outputs("test")
    rows = output["data"]["text/plain"].splitlines()[1:]
    for row, images in zip(rows, IMAGES, strict=True):
        assert row.startswith(images)
        accuracies = [float(cell) for cell in row.split()[-4:-2]]
        separate = (sum(p * (1 - p) for p in accuracies) / 360) ** 0.5
        assert rival.values[f"standard_error[{images!r}]"] < separate


def test_a_moved_image_has_nine_places_to_be_in() -> None:
    (moved,) = (
        node
        for node in ast.parse(
            (SNIPPETS / "multilayer_perceptron_rival.py").read_text()
        ).body
        if isinstance(node, ast.FunctionDef) and node.name == "moved"
    )
    world: dict = {"torch": torch, "pad": pad, "ImageSet": ImageSet, "shifted": int}
    exec(compile(ast.Module([moved], []), "moved", "exec"), world)
    dot = torch.zeros(500, 8, 8)
    dot[:, 3, 3] = 1
    found = world["moved"](ImageSet(dot.flatten(1), torch.zeros(500)), 0)
    assert (found.X.sum(dim=1) == 1).all()
    places = {divmod(i, 8) for i in found.X.argmax(dim=1).tolist()}
    assert places == {(row, column) for row in (2, 3, 4) for column in (2, 3, 4)}


def test_the_test_accuracy_is_within_a_standard_error_of_scikit_learns(
    in_torch: Run, any_run: BookRun
) -> None:
    reference = any_run("multilayer_perceptron_reference").values
    ours, theirs = in_torch.values["test_accuracy"], reference["test_accuracy"]
    assert ours > theirs - 0.01
    error = in_torch.values["standard_error"]
    assert error == pytest.approx((ours * (1 - ours) / 360) ** 0.5, rel=1e-4)
    assert abs(ours - theirs) < error


def test_the_references_rate_is_bracketed_too(any_run: BookRun) -> None:
    values = any_run("multilayer_perceptron_reference").values
    loss = {rate: values[f"val_loss[(128, {rate})]"] for rate in (0.001, 0.003, 0.01)}
    assert values["rate"] == 0.003 == min(loss, key=loss.__getitem__)
    assert values["width"] == 128


def test_a_batch_gives_what_its_rows_give_one_by_one() -> None:
    seed_everything(0)
    model = MLP([64, 128, 10])
    X = load_digits().val[0]
    together = model(X)
    single = torch.stack([model(x) for x in X])
    assert model(X[0]).shape == (10,)
    torch.testing.assert_close(together, single, rtol=0, atol=1e-5)


def test_one_row_at_a_time_asks_for_the_operations_360_times() -> None:
    X, model = load_digits().val[0], MLP([64, 10])
    single = operations(lambda: [model(x) for x in X])
    assert single >= 360 * operations(lambda: model(X))


def test_a_reshape_mixes_pixels_of_64_images(in_torch: Run) -> None:
    image = torch.arange(360).expand(64, 360)  # an image a column
    assert all(len(set(row.tolist())) == 64 for row in image.reshape(360, 64))
    assert in_torch.values["accuracy_of['reshape']"] < 0.2
    on_test = in_torch.values["scores[2]"]
    assert in_torch.values["accuracy_of['transpose']"] == pytest.approx(on_test)


# Universal approximation

WIDTHS = (4, 16, 64, 256)


def test_four_times_the_width_is_a_sixteenth_of_the_error(universal: Run) -> None:
    values = universal.values
    built = {width: values[f"errors_built[{width}]"] for width in WIDTHS}
    assert values["factor_16_to_64"] == pytest.approx(16, rel=0.05)
    assert built[64] / built[256] == pytest.approx(16, rel=0.05)
    x = np.linspace(-3, 3, 10_001)
    bend = np.abs(np.sin(x) + 4.5 * np.sin(3 * x)).max()
    for width in WIDTHS:
        assert built[width] <= (6 / width) ** 2 * bend / 8


def test_training_gains_by_width_but_far_less(universal: Run) -> None:
    values = universal.values
    built, trained = (
        [values[f"{name}[{width}]"] for width in WIDTHS]
        for name in ("errors_built", "errors_trained")
    )
    assert built == sorted(built, reverse=True)
    assert trained == sorted(trained, reverse=True)
    assert trained[0] / trained[-1] < built[0] / built[-1] / 20
    assert values["error_ratio"] == pytest.approx(trained[-1] / built[-1])
    assert values["error_ratio"] > 20


def largest_errors(
    width: int,
    activation: Callable[[torch.Tensor], torch.Tensor],
    seeds: Sequence[int],
    x: torch.Tensor,
    y: torch.Tensor,
    rate: float = 0.02,
) -> list[float]:
    """Train as the snippet does; return each seed's largest error at the samples."""
    models = []
    for seed in seeds:
        seed_everything(seed)
        models.append(MLP([1, width, 1], activation))
    n, stack = len(models), SideBySide(models)
    optimizer = torch.optim.Adam(stack.parameters(), lr=rate)
    whole = x.expand(n, -1, -1), y.expand(n, -1, -1)
    train(stack, lambda *pair: n * mse(*pair), optimizer, [whole], 600)
    return [(model(x) - y).abs().max().item() for model in models]


def test_tanh_on_the_squeezed_curve_gains_nothing_from_width() -> None:
    x = torch.linspace(0, 1, 201)[:, None]
    y = torch.sin(2 * torch.pi * x) + 0.5 * torch.sin(6 * torch.pi * x)
    seeds = [10_000 * offset + seed for offset in OFFSETS for seed in range(3)]
    narrow, wide = (
        median(largest_errors(width, torch.tanh, seeds, x, y)) for width in (4, 256)
    )
    assert wide == pytest.approx(narrow, rel=0.1)


def test_the_rate_of_the_wide_network_is_bracketed(
    every_run: Callable[[str], list[Run]],
) -> None:
    x = torch.linspace(-3, 3, 201)[:, None]
    y = torch.sin(x) + 0.5 * torch.sin(3 * x)
    runs = every_run("multilayer_perceptron_universal")
    chosen = median(r.values[f"spread[256][{i}]"] for r in runs for i in range(3))
    for rate in (0.002, 0.04):
        seeds = [10_000 * offset for offset in OFFSETS]
        found = median(largest_errors(256, torch.relu, seeds, x, y, rate))
        assert found > 1.5 * chosen


# Long runs


def test_a_resumed_run_has_the_same_weights_bit_for_bit(resumed: Run) -> None:
    assert resumed.values["same"] is True
    assert resumed.values["steps_kept"] == 136 == 150 - 14
    assert 136 % 34 == 0


def run(kept: Checkpoint, hooks: list, batches: object = None) -> History:
    """Take at most six steps with the first of the checkpoint's parts."""
    model = kept.parts[0]
    assert isinstance(model, MLP)
    if batches is None:
        batches = Batches(torch.ones(6, 2), torch.ones(6, 1), batch_size=2, seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    return train(model, mse, optimizer, batches, 6, hooks, kept)


class Counter:
    """A hook with a state: how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, history: History) -> None:
        self.calls += 1

    def state_dict(self) -> dict[str, int]:
        return vars(self).copy()

    def load_state_dict(self, state: dict[str, int]) -> None:
        vars(self).update(state)


@pytest.mark.parametrize("order", [1, -1])
def test_the_file_knows_what_each_hook_has_done(tmp_path: Path, order: int) -> None:
    first, second = hooks = [Counter(), Counter()]
    kept = Checkpoint(tmp_path / "x.pt", [MLP([2, 1]), first, second])
    run(kept, hooks[::order])
    assert [part["calls"] for part in read(kept.path)["parts"][1:]] == [6, 6]


def test_a_run_that_a_hook_stopped_stays_stopped(tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "x.pt", [MLP([2, 1])], every=100)
    assert run(kept, [lambda history: history.step == 2]).step == 2
    assert run(kept, []).step == 2


def test_the_file_holds_the_state_of_every_generator(
    resumed: Run, tmp_path: Path
) -> None:
    assert "kept: names, parts, history, random" in resumed.log("kept")
    kept = Checkpoint(tmp_path / "x.pt", [MLP([2, 1])])
    run(kept, [])
    after = random_state()
    assert read(kept.path)["random"] == after
    assert {"python", "numpy", "cpu", "cuda"} <= set(after)
    drawn = [random.random(), np.random.rand(), torch.rand(()).item()]
    run(kept, [])
    assert [random.random(), np.random.rand(), torch.rand(()).item()] == drawn


def test_batches_have_a_generator_of_their_own() -> None:
    rows = torch.arange(20)
    orders = []
    for others in (0, 7):
        torch.manual_seed(3)
        batches = Batches(rows, batch_size=4)
        torch.rand(others)
        orders.append(torch.cat([batch for (batch,) in batches]).tolist())
    assert orders[0] == orders[1] != rows.tolist()


class Told:
    """Batches that count how many were asked for."""

    def __init__(self, loader: DataLoader) -> None:
        self.loader, self.asked = loader, 0

    def __iter__(self) -> Iterator:
        for batch in self.loader:
            self.asked += 1
            yield batch


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_loader_without_a_generator_of_its_own_is_refused_at_the_first_batch(
    tmp_path: Path, shuffle: bool
) -> None:
    data = TensorDataset(torch.ones(6, 2), torch.ones(6, 1))
    kept = Checkpoint(tmp_path / "x.pt", [MLP([2, 1])])
    shared = Told(DataLoader(data, batch_size=2, shuffle=shuffle))
    with pytest.raises(ValueError, match="give the loader a generator of its own"):
        run(kept, [], shared)
    assert shared.asked == 1
    assert not kept.path.exists()
    own = torch.Generator().manual_seed(0)
    loader = DataLoader(data, batch_size=2, shuffle=shuffle, generator=own)
    assert run(kept, [], loader).step == 6


def test_the_bar_is_closed_however_the_run_ends() -> None:
    progress, closed = Progress(3), []
    progress.bar.close = lambda: closed.append(True)

    def broken() -> None:
        with progress:
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        broken()
    assert closed == [True]


def test_other_parts_are_refused_what_both_forgot_is_not(tmp_path: Path) -> None:
    path, model = tmp_path / "x.pt", MLP([2, 1])
    run(Checkpoint(path, [model]), [])
    with pytest.raises(ValueError, match="keeps MLP, this program has MLP, SGD"):
        load(path, [model, SGD(model.parameters(), lr=0.1)])
    with pytest.raises(ValueError, match="keeps another MLP"):
        load(path, [MLP([3, 1])])
    assert load(path, [model])["names"] == ["MLP"]


def test_without_the_optimizer_it_is_another_run(resumed: Run) -> None:
    assert resumed.values["weight_gap"] > 0.001
    assert "same weights: False" in resumed.log("forgotten")


def test_a_damaged_file_is_told(resumed: Run) -> None:
    assert "run.pt is damaged" in resumed.log("damaged")


# Exercises


def test_a_large_mlp_has_101770_numbers_and_938_updates_an_epoch() -> None:
    assert sum(p.numel() for p in MLP([784, 128, 10]).parameters()) == 101_770
    rows = torch.empty(60_000, 0)
    batches = Batches(rows, batch_size=64)
    assert len(batches) == 938
    assert 60_000 - 937 * 64 == 32


def test_nearly_five_epochs_of_draws_show_99_percent() -> None:
    unseen = (1 - 1 / 1077) ** (log(100) * 1077)
    assert unseen == pytest.approx(0.01, rel=0.01)
    assert log(100) == pytest.approx(4.6, abs=0.01)


def test_three_linear_layers_are_one(exercises: Run) -> None:
    assert exercises.values["same"] is True
    assert exercises.values["stacked"] > 20 * exercises.values["single"]


def test_equal_weights_stay_equal(digits: tuple, exercises: Run) -> None:
    X, y, _, _ = digits
    rng = np.random.default_rng(0)
    network = Network(64, 32, 10, rng)
    for W in (network.first.W, network.second.W):
        W[...] = 0.1
    start = network.loss(X, y)
    for _ in range(5):
        loss = train_epoch(network, X, y, 32, 1.0, rng)
    np.testing.assert_allclose(network.first.W, network.first.W[:1].repeat(32, 0))
    assert loss < start
    assert exercises.values["right"] < 0.7
    assert exercises.values["mean_loss"] > 1  # where 20 epochs end so high
    assert "the same to rounding: True" in exercises.log("solution-3")


def test_squares_make_a_parabola_of_any_width(exercises: Run) -> None:
    floor = exercises.values["loss_parabola"]
    square, tanh = (
        [exercises.values[f"loss[({name!r}, {width})]"] for width in (4, 64)]
        for name in ("square", "tanh")
    )
    assert square == pytest.approx([floor, floor], abs=1e-4)
    assert tanh[1] < tanh[0] < floor / 5
