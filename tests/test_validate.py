import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor

from dlnotes.validate import bias_variance, cross_validate, k_fold, train_val_test


@settings(deadline=None, max_examples=50)
@given(n=st.integers(2, 60), data=st.data(), seed=st.none() | st.integers(0, 2**32 - 1))
def test_the_folds_equal_scikit_learn(
    n: int, data: st.DataObject, seed: int | None
) -> None:
    k = data.draw(st.integers(2, n))
    peer = KFold(k, shuffle=seed is not None, random_state=seed)
    pairs = k_fold(n, k, seed)
    assert len(pairs) == k
    for (a, b), (c, d) in zip(pairs, peer.split(np.zeros(n)), strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_there_are_five_folds_of_neighbours_unless_told_otherwise() -> None:
    held_out = [fold.tolist() for _, fold in k_fold(12)]
    assert held_out == [[0, 1, 2], [3, 4, 5], [6, 7], [8, 9], [10, 11]]


def test_seed_zero_shuffles_too() -> None:
    assert k_fold(20, 2, seed=0)[0][1].tolist() != list(range(10))


@pytest.mark.parametrize("k", [-1, 0, 1, 8])
def test_k_must_be_between_2_and_n(k: int) -> None:
    message = f"^k = {k} folds of n = 7 samples: k must be between 2 and 7$"
    with pytest.raises(ValueError, match=message):
        k_fold(7, k)


@pytest.mark.parametrize("k", [2, 7])
def test_two_folds_and_n_folds_are_allowed(k: int) -> None:
    assert len(k_fold(7, k)) == k


@settings(deadline=None, max_examples=50)
@given(
    n=st.integers(20, 90), val=st.floats(0.1, 0.4), test=st.floats(0.1, 0.4), seed=...
)
def test_every_index_is_in_exactly_one_set(
    n: int, val: float, test: float, seed: bool
) -> None:
    sets = train_val_test(n, val, test, seed=int(seed))
    assert sorted(np.concatenate(sets)) == list(range(n))
    assert len(sets[1]) == round(n * val)
    assert len(sets[2]) == round(n * test)


def test_a_fifth_each_goes_to_validation_and_test_unless_told_otherwise() -> None:
    assert [len(s) for s in train_val_test(100, seed=0)] == [60, 20, 20]


def test_the_sets_are_those_of_the_seeds_permutation() -> None:
    order = np.random.RandomState(3).permutation(10)
    train, val, test = train_val_test(10, val=0.3, test=0.1, seed=3)
    np.testing.assert_array_equal(np.concatenate([train, val, test]), order)
    assert (len(train), len(val), len(test)) == (6, 3, 1)


@pytest.mark.parametrize(
    ("n", "val", "test", "sizes"),
    [
        (10, 0.0, 0.2, "8, 0 and 2"),
        (10, 0.2, 0.0, "8, 2 and 0"),
        (10, 0.5, 0.5, "0, 5 and 5"),
        (10, 0.9, 0.9, "-8, 9 and 9"),
        (10, -0.2, 0.2, "10, -2 and 2"),
        (2, 0.2, 0.2, "2, 0 and 0"),
    ],
)
def test_no_set_may_be_empty(n: int, val: float, test: float, sizes: str) -> None:
    message = (
        f"^n = {n}, val = {val}, test = {test} make sets of {sizes}: "
        "each needs a sample$"
    )
    with pytest.raises(ValueError, match=message):
        train_val_test(n, val, test, seed=0)


def test_one_sample_in_each_set_will_do() -> None:
    assert [len(s) for s in train_val_test(3, 1 / 3, 1 / 3, seed=0)] == [1, 1, 1]


def knn(
    X: torch.Tensor, y: torch.Tensor, X_val: torch.Tensor, y_val: torch.Tensor
) -> float:
    peer = KNeighborsRegressor(1).fit(X.numpy(), y.numpy())
    return float(((peer.predict(X_val.numpy()) - y_val.numpy()) ** 2).mean())


@pytest.mark.parametrize("seed", [None, 0, 5])
@pytest.mark.parametrize("k", [2, 7])
def test_cross_validation_equals_scikit_learn(k: int, seed: int | None) -> None:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(23, 2, dtype=torch.float64, generator=generator)
    y = torch.randn(23, dtype=torch.float64, generator=generator)
    scores = cross_val_score(
        KNeighborsRegressor(1),
        X.numpy(),
        y.numpy(),
        cv=KFold(k, shuffle=seed is not None, random_state=seed),
        scoring="neg_mean_squared_error",
    )
    errors = cross_validate(knn, X, y, k, seed)
    assert errors.dtype == torch.float64
    np.testing.assert_allclose(errors, -scores)


def test_cross_validation_makes_five_folds_in_order_unless_told_otherwise() -> None:
    seen = []

    def error(
        X: torch.Tensor, y: torch.Tensor, X_val: torch.Tensor, y_val: torch.Tensor
    ) -> float:
        assert torch.equal(X[:, 0], y)
        assert torch.equal(X_val[:, 0], y_val)
        seen.append((y.tolist(), y_val.tolist()))
        return y_val.sum().item()

    y = torch.arange(10)
    errors = cross_validate(error, y[:, None], y)
    assert seen[1] == ([0, 1, 4, 5, 6, 7, 8, 9], [2, 3])
    assert errors.tolist() == [1, 5, 9, 13, 17]


@settings(deadline=None, max_examples=30)
@given(S=st.integers(2, 20), N=st.integers(1, 20), seed=st.integers(0, 999))
def test_squared_bias_and_variance_sum_to_the_mean_squared_distance(
    S: int, N: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    predictions = 3 + torch.randn(S, N, dtype=torch.float64, generator=generator)
    truth = torch.randn(N, dtype=torch.float64, generator=generator)
    squared_bias, variance = bias_variance(predictions, truth)
    assert squared_bias.shape == variance.shape == (N,)
    distance = ((predictions - truth) ** 2).mean(dim=0)
    torch.testing.assert_close(squared_bias + variance, distance)
    np.testing.assert_allclose(variance, predictions.numpy().var(axis=0), atol=1e-12)


def test_bias_and_variance_by_hand() -> None:
    predictions = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    squared_bias, variance = bias_variance(predictions, torch.tensor([0.0, 8.0]))
    assert squared_bias.tolist() == [4, 9]
    assert variance.tolist() == [1, 0]


def test_predictions_and_truth_must_be_at_the_same_points() -> None:
    message = (
        r"^predictions \(4, 3\) and truth \(4,\): they must be \(fits, N\) and \(N,\)$"
    )
    with pytest.raises(ValueError, match=message):
        bias_variance(torch.zeros(4, 3), torch.zeros(4))


def test_one_fit_has_neither_bias_nor_variance() -> None:
    message = (
        "^one fit has an error, neither bias nor variance: "
        "fit at least two training sets$"
    )
    with pytest.raises(ValueError, match=message):
        bias_variance(torch.zeros(1, 3), torch.zeros(3))
