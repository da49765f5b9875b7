from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from dlnotes.data.images import ImageSet
from dlnotes.schedule import cosine, warm_up
from dlnotes.train import classifier
from dlnotes.train.classifier import Curve, fit, score
from dlnotes.train.history import History


def images(n: int = 40) -> ImageSet:
    """Draw noise whose label is the half in which it is brighter."""
    X = torch.rand(n, 16, generator=torch.Generator().manual_seed(0))
    return ImageSet(X, (X[:, :8].sum(1) > X[:, 8:].sum(1)).long())


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = (nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
    return nn.Sequential(*layers, nn.Dropout(0.1), nn.Linear(16, 2))


def weights(model: nn.Module) -> Tensor:
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def test_it_is_a_plain_loop_with_a_rate_that_rises_and_falls() -> None:
    data = images()
    model = network()
    fit(model, data, SGD(model.parameters(), lr=0.2), epochs=5, batch_size=16)
    twin = network().to(memory_format=torch.channels_last)
    optimizer, rows = SGD(twin.parameters(), lr=0.2), torch.Generator().manual_seed(0)
    rate, step = warm_up(1, cosine(14)), 0
    for _ in range(5):
        for chosen in torch.randperm(40, generator=rows).split(16):
            optimizer.param_groups[0]["lr"] = 0.2 * rate(step)
            optimizer.zero_grad()
            cross_entropy(twin(data.images[chosen]), data.y[chosen]).backward()
            optimizer.step()
            step += 1
    assert torch.equal(weights(model), weights(twin))


def test_it_learns_and_the_score_is_an_accuracy_in_evaluation_mode() -> None:
    data, model = images(600), network()
    assert score(model, data) < 0.8
    fit(model, data, SGD(model.parameters(), lr=0.5), epochs=30)
    found = score(model, data)  # of 500 and 100, together
    with torch.no_grad():
        right = model.eval()(data.images).argmax(1) == data.y
    assert found == right.double().mean()
    assert found > 0.9


def test_the_curve_has_a_point_for_each_epoch() -> None:
    model, data = network(), images()
    curve = Curve(lambda: score(model, data))
    fit(model, data, SGD(model.parameters(), lr=0.1), 3, curve, batch_size=16)
    assert len(curve.values) == 3
    assert curve.values[-1] == score(model, data)


class PowerCutError(Exception):
    pass


def test_at_full_scale_a_killed_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Cut in the third epoch, it ends with the weights that it would have had."""
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    monkeypatch.setattr(classifier, "best_device", lambda: torch.device("cpu"))

    def program(cut: int | None = None) -> tuple[Tensor, list[float], History]:
        model, data = network(), images()
        curve = Curve(lambda: score(model, data))

        def measure() -> float:
            if len(curve.values) == cut:
                raise PowerCutError
            return score(model, data)

        curve.measure = measure
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
        history = fit(model, data, optimizer, 4, curve, batch_size=16)
        return weights(model), curve.values, history

    whole, values, history = program()
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    with pytest.raises(PowerCutError):
        program(cut=2)
    assert len(list(tmp_path.iterdir())) == 1
    resumed, values_again, history_again = program()
    assert torch.equal(resumed, whole)
    assert values_again == values
    assert history_again.losses == history.losses
    assert len(list(tmp_path.iterdir())) == 1


def test_each_run_of_a_program_has_a_file_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Other weights, rates, data, lengths: none takes another's for its own."""
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    monkeypatch.setattr(classifier, "best_device", lambda: torch.device("cpu"))
    for data, lr, epochs in [(40, 0.1, 2), (40, 0.2, 2), (40, 0.1, 3), (41, 0.1, 2)]:
        model = network()
        fit(model, images(data), SGD(model.parameters(), lr=lr), epochs)
    model = network()
    with torch.no_grad():
        model[-1].bias += 1
    fit(model, images(), SGD(model.parameters(), lr=0.1), 2)
    assert len(list(tmp_path.iterdir())) == 5


def test_at_full_scale_it_goes_to_the_best_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On `meta`, which computes nothing, the first thing to fail is the loss."""
    monkeypatch.setattr(classifier, "best_device", lambda: torch.device("meta"))
    model, data = network(), images()
    fit(model, data, SGD(model.parameters(), lr=0.1), 1)  # the default: not there
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    with pytest.raises(RuntimeError, match="meta"):
        fit(model, data, SGD(model.parameters(), lr=0.1), 1)
    assert next(model.parameters()).device.type == "meta"
