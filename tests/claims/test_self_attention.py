"""What the chapter on self-attention says in words."""

from collections.abc import Callable
from math import log, sqrt
from statistics import mean, stdev

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from containers import held
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.score import attention, scaled_dot_product
from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.progress import Report
from dlnotes.book.storage.store import Run
from dlnotes.position import Learned, frequencies, rotary, sinusoidal
from operations import operations

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2]


@pytest.fixture(scope="module")
def third_run(book: Book) -> Run:
    """Return the task with the third set of seeds, of which the page speaks."""
    name, settings = "self_attention_order", Settings(seed_offset=2)
    with Runner(book) as runner:
        outcome = runner.update([name], settings, Report(book))
    assert not outcome.failures
    return outcome.runs[name]


@pytest.fixture(scope="module")
def three_runs(both_draws: Callable[[str], list[Run]], third_run: Run) -> list[Run]:
    """Return the task with three sets of seeds: nine networks of each kind."""
    return [*both_draws("self_attention_order"), third_run]


def number(run: Run, name: str) -> float:
    value = run.values[name]
    assert isinstance(value, int | float)
    return value


def drawn(seed: int, T: int, d: int) -> tuple[Tensor, nn.Linear]:
    torch.manual_seed(seed)
    X = torch.randn(T, d, dtype=torch.float64)
    return X, nn.Linear(d, 3 * d, bias=False).double()


class TestOneMatrix:
    @given(seed=st.integers(0, 10_000))
    def test_its_scores_are_symmetric_and_favour_the_token_itself(
        self, seed: int
    ) -> None:
        X, _ = drawn(seed, 7, 5)
        scores = scaled_dot_product(X, X)
        torch.testing.assert_close(scores, scores.mT)
        X = X / X.norm(dim=1, keepdim=True)  # of one norm
        scores = scaled_dot_product(X, X)
        assert (scores <= scores.diagonal()[:, None] + 1e-12).all()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_with_two_matrices_they_are_not(self, seed: int) -> None:
        X, W = drawn(seed, 7, 8)
        Q, K, _ = W(X).chunk(3, dim=-1)
        scores = scaled_dot_product(Q, K)
        assert (scores - scores.mT).abs().max() > 0.1

    def test_equal_words_have_equal_rows(self, vision_run: Runs) -> None:
        run = vision_run("self_attention")
        weights, permuted = held(run, "weights"), held(run, "weights_permuted")
        assert weights[0] == pytest.approx(weights[3], abs=1e-15)  # the, the
        # what “bites” gives to “dog”, and “the man bites the dog”
        assert weights[2][1] == pytest.approx(permuted[2][4], abs=1e-15)

    def test_the_row_by_hand_is_the_row_of_the_layer(self, vision_run: Runs) -> None:
        run = vision_run("self_attention")
        weights, alpha = held(run, "weights"), held(run, "alpha")
        assert alpha == pytest.approx(weights[2], abs=1e-15)


class TestOrder:
    @given(seed=st.integers(0, 10_000), T=st.integers(1, 9))
    def test_permuting_the_input_permutes_the_output(self, seed: int, T: int) -> None:
        X, W = drawn(seed, T, 6)
        order = torch.randperm(T)
        Y, weights = attention(*W(X).chunk(3, dim=-1))
        Z, permuted = attention(*W(X[order]).chunk(3, dim=-1))
        torch.testing.assert_close(Z, Y[order], atol=1e-12, rtol=0)
        torch.testing.assert_close(
            permuted, weights[order][:, order], atol=1e-12, rtol=0
        )
        torch.testing.assert_close(Z.mean(0), Y.mean(0), atol=1e-12, rtol=0)

    def test_the_sentence_in_the_other_order(self, vision_run: Runs) -> None:
        run = vision_run("self_attention")
        for name in ("by_hand", "permuted", "weights", "mean"):
            assert number(run, f"difference_{name}") < 1e-15
        rivals = held(run, "difference_order")
        assert rivals["self-attention"] < 1e-15
        assert rivals["dense layer, token by token"] < 1e-15
        assert min(rivals["recurrent network"], rivals["convolution, plain"]) > 0.1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_with_a_causal_mask_it_is_not_equivariant(self, seed: int) -> None:
        X, W = drawn(seed, 6, 8)
        order = [1, 0, 2, 3, 4, 5]
        Y, _ = attention(*W(X).chunk(3, dim=-1), causal_mask(6))
        Z, _ = attention(*W(X[order]).chunk(3, dim=-1), causal_mask(6))
        assert (Z - Y[order]).abs().max() > 0.1
        assert torch.allclose(Z[2:], Y[2:])  # in one layer, later ones see a set

    def test_a_stack_with_residual_connections(self, vision_run: Runs) -> None:
        assert (
            number(vision_run("self_attention_exercises"), "difference_stack") < 1e-14
        )

    def test_the_parameters_do_not_depend_on_the_length(self, book_run: Runs) -> None:
        assert number(book_run("self_attention"), "count_parameters") == 3 * 8 * 8


class TestPositions:
    @given(k=st.integers(0, 50), C=st.sampled_from([2, 8, 32]))
    def test_moving_on_is_turning(self, k: int, C: int) -> None:
        torch.set_default_dtype(torch.float64)
        try:
            P, angle = sinusoidal(100, C), k * frequencies(C)
        finally:
            torch.set_default_dtype(torch.float32)
        s, c = P.unflatten(1, (-1, 2)).unbind(-1)
        later = torch.stack(
            [
                angle.cos() * s + angle.sin() * c,
                -angle.sin() * s + angle.cos() * c,
            ],
            dim=-1,
        ).flatten(1)
        torch.testing.assert_close(later[: 100 - k], P[k:], atol=1e-12, rtol=0)
        product = (P[: 100 - k] * P[k:]).sum(1)
        expected = angle.cos().sum().expand_as(product)
        torch.testing.assert_close(product, expected, atol=1e-12, rtol=0)

    def test_the_hands_of_the_clock(self) -> None:
        omega = frequencies(32)
        assert omega[0] == 1
        assert 10_000 < 2 * torch.pi / omega[-1] < 100_000

    @given(seed=st.integers(0, 10_000), shift=st.integers(0, 500))
    def test_rotary_scores_depend_on_distances_alone(
        self, seed: int, shift: int
    ) -> None:
        torch.manual_seed(seed)
        Q, K = torch.randn(2, 7, 8, dtype=torch.float64)
        moved = rotary(Q, shift) @ rotary(K, shift).T
        torch.testing.assert_close(moved, rotary(Q) @ rotary(K).T, atol=1e-11, rtol=0)
        torch.testing.assert_close(rotary(Q, shift).norm(dim=1), Q.norm(dim=1))

    def test_the_run_agrees(self, vision_run: Runs) -> None:
        run = vision_run("self_attention_positions")
        for name in ("turned", "relative", "length"):
            assert number(run, f"difference_{name}") < 1e-13
        assert number(run, "spread") < 1e-13

    @pytest.mark.settles("positional-encoding-and-embedding")
    def test_one_has_no_parameters_and_the_other_an_end(self) -> None:
        learned = Learned(16, 8)
        assert sum(W.numel() for W in learned.parameters()) == 16 * 8
        with pytest.raises(ValueError, match="16 learned positions"):
            learned(torch.zeros(17, 8))
        assert not sinusoidal(17, 8).requires_grad
        assert torch.equal(sinusoidal(17, 8)[:16], sinusoidal(16, 8))

    @pytest.mark.settles("embeddings-are-scaled")
    def test_unscaled_embeddings_drown(self, vision_run: Runs) -> None:
        run = vision_run("self_attention_positions")
        plain, scaled = held(run, "cosine_plain"), held(run, "cosine_scaled")
        assert plain[32] > 0.9
        assert plain[512] > 0.99
        for found in scaled.values():
            assert found == pytest.approx(1 / 3, abs=0.03)

    @pytest.mark.parametrize("C", [32, 512])
    def test_scaled_embeddings_of_pytorch_drown_positions(self, C: int) -> None:
        torch.manual_seed(0)
        words = nn.Embedding(1000, C).weight.detach()
        assert words.norm(dim=1).mean() == pytest.approx(sqrt(C), rel=0.02)
        place = sinusoidal(11, C)[10]
        assert place.norm() == pytest.approx(sqrt(C / 2), rel=1e-5)
        X = sqrt(C) * words + place
        cosine = torch.cosine_similarity(X[0::2], X[1::2]).mean()
        assert abs(cosine) < 0.06

    def test_the_product_by_distance(self, book_run: Runs) -> None:
        product = held(book_run("self_attention_positions"), "product_by_distance")
        assert product[40] == pytest.approx(16)
        assert max(product) == product[40]
        assert product == pytest.approx(product[::-1], abs=1e-12)

    def test_the_angle_between_them_is_the_same(self, book_run: Runs) -> None:
        near, far = held(book_run("self_attention_positions"), "angle_between")
        assert near == pytest.approx(far, abs=1e-12)

    @pytest.mark.parametrize("k", [1, 5, 20])
    def test_the_product_does_not_tell_before_from_behind(self, k: int) -> None:
        P = sinusoidal(60, 32)
        torch.testing.assert_close(P[30] @ P[30 + k], P[30] @ P[30 - k])


class TestTask:
    def test_without_positions_it_guesses(self, vision_run: Runs) -> None:
        run = vision_run("self_attention_order")
        assert 0.44 < number(run, "accuracy_none") < 0.56
        assert number(run, "difference_swapped") < 1e-6

    @pytest.mark.parametrize("seed", SEEDS)
    def test_without_positions_it_learns_what_the_order_does_not_decide(
        self, seed: int
    ) -> None:
        """Are there more of the symbol 0 than of the symbol 1?"""
        torch.manual_seed(seed)
        embedding, W, logits = nn.Embedding(4, 16), nn.Linear(16, 48), nn.Linear(16, 2)
        layers = nn.ModuleList([embedding, W, logits])
        optimizer = torch.optim.AdamW(layers.parameters(), 0.01)

        def share(N: int) -> tuple[Tensor, Tensor]:
            ids = torch.randint(4, (N, 15))
            label = ((ids == 0).sum(1) > (ids == 1).sum(1)).long()
            X = embedding(ids)
            X = X + attention(*W(X).chunk(3, dim=-1))[0]
            return logits(X.mean(1)), label

        for _ in range(200):
            loss = cross_entropy(*share(64))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        found, label = share(1000)
        assert (found.argmax(1) == label).float().mean() > 0.9

    def test_with_any_it_solves_the_task_or_nearly(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("self_attention_order"), "accuracy")
        for name in ("sinusoidal", "learned table", "rotary"):
            assert min(accuracy[name][16]) > 0.9
            assert mean(accuracy[name][16]) > 0.95

    def test_the_rates_are_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("self_attention_order")
        best = held(run, "rate_best")
        for name, row in held(run, "loss_by_rate").items():
            assert min(row) < best[name] < max(row)
            assert row[best[name]] == min(row.values())


def every(runs: list[Run], name: str, T: int) -> list[float]:
    return [value for run in runs for value in held(run, "accuracy")[name][T]]


class TestBeyond:
    def test_sinusoidal_and_learned_do_not_extrapolate(
        self, three_runs: list[Run]
    ) -> None:
        for run in three_runs:
            accuracy = held(run, "accuracy")
            for name in ("sinusoidal", "learned table"):
                assert max(accuracy[name][32]) < min(accuracy[name][16])
        for name in ("sinusoidal", "learned table"):
            assert mean(every(three_runs, name, 32)) < 0.85
            assert 0.42 < mean(every(three_runs, name, 64)) < 0.58

    def test_the_means_at_twice_the_length(self, three_runs: list[Run]) -> None:
        low = every(three_runs, "learned table", 32)
        for name in ("sinusoidal", "rotary"):
            high = every(three_runs, name, 32)
            error = sqrt((stdev(low) ** 2 + stdev(high) ** 2) / 9)
            assert mean(high) - mean(low) > 2 * error

    def test_rotary_positions_depend_on_the_seed_and_the_rate(
        self, three_runs: list[Run]
    ) -> None:
        slower = [held(run, "accuracy_slower") for run in three_runs]
        found = [value for row in slower for value in row[32]]
        assert mean(value for row in slower for value in row[16]) > 0.98
        assert max(found) - min(found) > 0.15
        faster = every(three_runs, "rotary", 32)
        pairs = zip(found, faster, strict=True)
        assert mean(abs(a - b) for a, b in pairs) > 0.03
        for run in three_runs:
            assert number(run, "rate_slower") < held(run, "rate_best")["rotary"]

    def test_learned_positions_guess_where_they_never_were(
        self, three_runs: list[Run]
    ) -> None:
        learned, waves = (
            [held(run, "accuracy_split")[name] for run in three_runs]
            for name in ("learned table", "sinusoidal")
        )
        for run in three_runs:
            assert 0.2 < number(run, "share_inside") < 0.3
        assert mean(value for rows in learned for value in rows["inside"]) > 0.85
        assert 0.44 < mean(value for rows in learned for value in rows["beyond"]) < 0.56
        for rows in waves:
            assert mean(rows["beyond"]) < mean(rows["inside"]) - 0.1

    def test_shifted_far_enough_the_waves_say_the_opposite(
        self, three_runs: list[Run]
    ) -> None:
        for run in three_runs:
            shifted = held(run, "accuracy_shifted")
            assert min(shifted[0]) > 0.95
            assert max(shifted[8]) < 0.8
            assert max(shifted[48]) < 0.5

    def test_scattered_training_helps(self, vision_run: Runs) -> None:
        found = held(vision_run("self_attention_exercises"), "accuracy_scattered")
        assert mean(found[16]) > 0.88
        assert mean(found[32]) > 0.75
        assert mean(found[64]) > 0.65


class TestPaths:
    def test_they_are_counted(self, book_run: Runs) -> None:
        paths = held(book_run("self_attention_cost"), "path_length")
        for n, T in enumerate((9, 81, 729)):
            assert paths["self-attention"][n] == 1
            assert paths["recurrent network"][n] == T
            assert paths["convolution, plain"][n] == (T - 1) / 2
            assert paths["convolution, dilated"][n] == round(log(T, 3))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_one_layer_reaches_every_place(self, seed: int) -> None:
        X, W = drawn(seed, 40, 4)
        X.requires_grad_()
        attention(*W(X).chunk(3, dim=-1))[0][-1].sum().backward()
        assert X.grad is not None
        assert X.grad.any(dim=1).all()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_so_it_does_at_three_seeds(self, seed: int) -> None:
        torch.manual_seed(seed)
        X = torch.randn(1, 60, 64, requires_grad=True)
        direction = torch.randn(64)
        Y, _ = nn.RNN(64, 64, batch_first=True)(X)
        (vanished,) = torch.autograd.grad(Y[0, -1] @ direction, X)
        W = nn.Linear(64, 192, bias=False)
        Y, _ = attention(*W(X).chunk(3, dim=-1))
        (kept,) = torch.autograd.grad(Y[0, -1] @ direction, X)
        assert vanished[0, 0].norm() < 1e-15
        assert kept[0, :-1].norm(dim=1).max() < 10 * kept[0, :-1].norm(dim=1).min()

    def test_the_gradient_vanishes_in_one_and_not_in_the_other(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("self_attention_cost")
        assert number(run, "norm_first_rnn") < 1e-15
        assert number(run, "ratio_gradient") < 10


class TestCost:
    def test_multiplications(self, book_run: Runs) -> None:
        values = book_run("self_attention_exercises").values
        assert values["count_measured"] == values["count_formula"]
        count = held(book_run("self_attention_cost"), "count_products")
        for T, products in count["attention"].items():
            assert products > count["RNN"][T]
            assert count["LSTM"][T] == 4 * count["RNN"][T]
            assert count["convolution, plain"][T] < products
        assert count["attention"][64] == 2.5 * count["RNN"][64]

    def test_few_products_or_many(self) -> None:
        W, rnn = nn.Linear(8, 24, bias=False), nn.RNN(8, 8, batch_first=True)
        asked: dict[str, list[int]] = {"attention": [], "RNN": []}
        for B, T in ((1, 64), (1, 128), (32, 128)):
            X = torch.randn(B, T, 8, requires_grad=True)
            for name, layer in (
                ("attention", lambda X: attention(*W(X).chunk(3, dim=-1))),
                ("RNN", rnn),
            ):
                asked[name].append(
                    operations(lambda X=X, layer=layer: layer(X)[0].sum().backward())
                )
        assert max(asked["attention"]) < 64
        short, long, with_rows = asked["RNN"]
        assert short > 64
        assert long > 1.9 * short
        assert with_rows < 1.1 * long

    @pytest.mark.settles("self-attention-cost")
    def test_the_square_wins(self, vision_run: Runs) -> None:
        run = vision_run("self_attention_cost")
        count = held(run, "count_products")
        assert count["RNN"][2048] == 4 * count["RNN"][512]
        ratio = number(run, "ratio_products")
        assert ratio == count["attention"][2048] / count["attention"][512]
        assert ratio > 8  # the geometric middle of 4 and 16

    def test_memory_is_exact(self, vision_run: Runs) -> None:
        kept = held(vision_run("self_attention_cost"), "count_kept")
        for T in (64, 512, 2048):
            assert kept["attention, written out"][T] == T * T + 4 * T * 64
            assert kept["attention, fused"][T] == 5 * T * 64 + T
            fused = kept["attention, fused"][T]
            assert (kept["attention, written out"][T] <= fused) == (T <= 64)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_both_ways_give_the_same(self, seed: int) -> None:
        X, W = drawn(seed, 30, 8)
        Q, K, V = W(X).chunk(3, dim=-1)
        torch.testing.assert_close(fused_attention(Q, K, V)[0], attention(Q, K, V)[0])


class TestExercises:
    def test_the_weights_by_hand(self) -> None:
        X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        Y, weights = attention(X, X, X)
        assert (weights[2, 2] / weights[2, 0]).item() == pytest.approx(2.028, abs=1e-3)
        assert weights[2].tolist() == pytest.approx([0.248, 0.248, 0.503], abs=1e-3)
        assert Y[2].tolist() == pytest.approx([0.752, 0.752], abs=1e-3)

    def test_keys_moved_alone_change_the_scores(self, vision_run: Runs) -> None:
        run = vision_run("self_attention_exercises")
        assert number(run, "difference_both") < 1e-12
        assert number(run, "difference_keys") > 1
