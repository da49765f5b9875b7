"""The layers against PyTorch's: outputs, states, gradients, refusals."""

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from compared import numbers
from dlnotes.recurrent.gru import GRU, GRUCell
from dlnotes.recurrent.lengths import flipped
from dlnotes.recurrent.lstm import LSTM, LSTMCell
from dlnotes.recurrent.rnn import RNN, RNNCell
from dlnotes.regularize import dropout

KINDS: list[Any] = [
    (RNN, nn.RNN, {}),
    (RNN, nn.RNN, {"nonlinearity": "relu"}),
    (GRU, nn.GRU, {}),
    (LSTM, nn.LSTM, {}),
]
KIND = pytest.mark.parametrize(("ours", "theirs", "settings"), KINDS)
SHAPES = list(product((1, 2, 3), (False, True)))  # layers, both ways
LENGTHS = torch.tensor([3, 6, 1, 6])


def both(ours: Any, theirs: Any, *sizes: int, **settings: Any) -> list[nn.Module]:
    """Return both layers with the same weights, in double."""
    torch.manual_seed(0)
    mine = ours(*sizes, **settings).double()
    other = theirs(*sizes, **settings, batch_first=True).double()
    mine.load_state_dict(other.state_dict())
    return [mine, other]


def first_state(layer: nn.Module, B: int) -> Any:
    """Return a state as leaves that have gradients."""
    shape = layer.num_layers * (2 if layer.bidirectional else 1), B, layer.hidden_size
    parts = 2 if isinstance(layer, LSTM | nn.LSTM) else 1
    state = [numbers(*shape, seed=5 + n).requires_grad_() for n in range(parts)]
    return tuple(state) if parts == 2 else state[0]


def leaves(state: Any) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else list(state)


def answers(layer: nn.Module, X: Tensor, with_state: bool, run: Any) -> list[Tensor]:
    """Return the outputs, the last state, and all gradients."""
    X = X.clone().requires_grad_()
    state = first_state(layer, len(X)) if with_state else None
    Y, last = run(layer, X, state)
    inputs = [X, *layer.parameters(), *(leaves(state) if with_state else [])]
    results = [Y, *leaves(last)]
    slopes = [numbers(*found.shape, seed=20 + n) for n, found in enumerate(results)]
    return [*results, *torch.autograd.grad(results, inputs, slopes)]


def call(layer: nn.Module, X: Tensor, state: Any) -> Any:
    return layer(X, state)


def packed(layer: nn.Module, X: Tensor, state: Any) -> Any:
    rows = pack_padded_sequence(X, LENGTHS, batch_first=True, enforce_sorted=False)
    Y, last = layer(rows, state)
    assert torch.equal(Y.batch_sizes, rows.batch_sizes)
    assert torch.equal(Y.sorted_indices, rows.sorted_indices)
    assert torch.equal(Y.unsorted_indices, rows.unsorted_indices)
    return pad_packed_sequence(Y, batch_first=True)[0], last


def with_lengths(layer: nn.Module, X: Tensor, state: Any) -> Any:
    """Ours takes lengths; torch's takes a packed batch."""
    if type(layer).__module__.startswith("dlnotes."):
        return layer(X, state, LENGTHS)
    return packed(layer, X, state)


@KIND
class TestEqualTorchs:
    @pytest.mark.parametrize("bias", [True, False])
    @pytest.mark.parametrize("with_state", [True, False])
    @pytest.mark.parametrize(("layers", "both_ways"), SHAPES)
    @pytest.mark.parametrize("run", [call, packed, with_lengths])
    def test_in_double(
        self,
        ours: Any,
        theirs: Any,
        settings: Any,
        layers: int,
        both_ways: bool,
        bias: bool,
        with_state: bool,
        run: Any,
    ) -> None:
        shape = {"bidirectional": both_ways, "bias": bias, **settings}
        pair = both(ours, theirs, 3, 5, layers, **shape)
        results = [answers(layer, numbers(4, 6, 3), with_state, run) for layer in pair]
        torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)

    @pytest.mark.parametrize(("B", "T"), [(1, 1), (1, 9), (7, 1), (3, 40), (0, 4)])
    def test_for_other_sizes_of_the_batch(
        self, ours: Any, theirs: Any, settings: Any, B: int, T: int
    ) -> None:
        pair = both(ours, theirs, 3, 5, 2, bidirectional=True, **settings)
        if B:
            results = [answers(layer, numbers(B, T, 3), True, call) for layer in pair]
            torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)
        else:
            assert pair[0](numbers(B, T, 3))[0].shape == (0, T, 10)

    def test_in_single_precision(self, ours: Any, theirs: Any, settings: Any) -> None:
        pair = both(ours, theirs, 3, 16, 2, bidirectional=True, **settings)
        X = numbers(4, 20, 3).float()
        results = [layer.float()(X) for layer in pair]
        torch.testing.assert_close(*results, rtol=1e-6, atol=1e-6)
        assert results[0][0].dtype == torch.float32

    def test_for_a_single_sequence(self, ours: Any, theirs: Any, settings: Any) -> None:
        pair = both(ours, theirs, 3, 5, 2, bidirectional=True, **settings)
        X = numbers(6, 3)
        states = [first_state(layer, 1) for layer in pair]
        for single in (True, False):
            results = []
            for layer, state in zip(pair, states, strict=True):
                parts = [part[:, 0] for part in leaves(state)]
                inside = tuple(parts) if len(parts) == 2 else parts[0]
                results.append(layer(X, inside) if single else layer(X))
            torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)

    def test_draws_the_weights_that_torch_draws(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        drawn = []
        for layer in (ours, theirs):
            torch.manual_seed(3)
            drawn.append(layer(3, 5, 2, bidirectional=True, **settings).state_dict())
        assert list(drawn[0]) == list(drawn[1])
        torch.testing.assert_close(*drawn, rtol=0, atol=0)

    def test_a_state_can_be_handed_on(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        layer = both(ours, theirs, 3, 5, 2, **settings)[0]
        X = numbers(4, 9, 3)
        Y, last = layer(X)
        first, state = layer(X[:, :4])
        second, state = layer(X[:, 4:], state)
        torch.testing.assert_close(torch.cat([first, second], 1), Y)
        torch.testing.assert_close(state, last)


CELLS: list[Any] = [(RNN, RNNCell), (GRU, GRUCell), (LSTM, LSTMCell)]


@pytest.mark.parametrize(("layer", "cell"), CELLS)
def test_a_layer_is_its_cell_over_time(layer: Any, cell: Any) -> None:
    layer, cell = layer(3, 5).double(), cell(3, 5).double()
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    cell.load_state_dict({n: layer.state_dict()[f"{n}_l0"] for n in names})
    X, state, outputs = numbers(4, 6, 3), None, []
    for x in X.unbind(1):
        state = cell(x, state)
        outputs.append(leaves(state)[0])
    Y, last = layer(X)
    torch.testing.assert_close(Y, torch.stack(outputs, 1))
    for part, expected in zip(leaves(last), leaves(state), strict=True):
        torch.testing.assert_close(part[0], expected)


@KIND
class TestPadding:
    @pytest.mark.parametrize("both_ways", [True, False])
    def test_what_lies_behind_the_end_changes_nothing(
        self, ours: Any, theirs: Any, settings: Any, both_ways: bool
    ) -> None:
        layer = both(ours, theirs, 3, 5, 2, bidirectional=both_ways, **settings)[0]
        behind = (torch.arange(6) >= LENGTHS[:, None])[..., None]
        results = []
        for filling in (0.0, 7.0):
            X = numbers(4, 6, 3).masked_fill(behind, filling)
            results.append(answers(layer, X, True, with_lengths))
        torch.testing.assert_close(*results, rtol=0, atol=0)
        Y, slopes = results[0][0], results[0][2 if ours is not LSTM else 3]
        for found in (Y, slopes):
            assert found.shape[:2] == (4, 6)
            assert not found.masked_select(behind).any()
            share = (found != 0).any(-1)[~behind[..., 0]].double().mean()
            assert share > 0.8  # a ReLU may give 0 to all units

    def test_each_row_is_as_if_it_were_alone(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        layer = both(ours, theirs, 3, 5, 2, bidirectional=True, **settings)[0]
        X, state = numbers(4, 6, 3), first_state(layer, 4)
        Y, last = layer(X, state, LENGTHS)
        for row, length in enumerate(LENGTHS.tolist()):
            own = [part[:, [row]] for part in leaves(state)]
            inside = tuple(own) if len(own) == 2 else own[0]
            expected, end = layer(X[[row], :length], inside)
            torch.testing.assert_close(Y[[row], :length], expected)
            for part, its in zip(leaves(last), leaves(end), strict=True):
                torch.testing.assert_close(part[:, [row]], its)

    def test_sorted_packs_have_no_order_of_their_own(
        self, ours: Any, theirs: Any, settings: Any
    ) -> None:
        pair = both(ours, theirs, 3, 5, **settings)
        lengths = LENGTHS.sort(descending=True).values
        rows = pack_padded_sequence(numbers(4, 6, 3), lengths, batch_first=True)
        assert rows.sorted_indices is None
        (Y, last), (expected, end) = (layer(rows) for layer in pair)
        torch.testing.assert_close(Y.data, expected.data)
        torch.testing.assert_close(last, end)
        assert Y.sorted_indices is None


class TestDropout:
    @pytest.mark.parametrize("layer", [RNN, GRU, LSTM])
    def test_lies_between_the_layers(self, layer: Any) -> None:
        deep = layer(3, 5, 3, dropout=0.4).double()
        singles = [layer(features, 5).double() for features in (3, 5, 5)]
        for n, single in enumerate(singles):
            weights = {
                name: deep.state_dict()[name.replace("_l0", f"_l{n}")]
                for name in single.state_dict()
            }
            single.load_state_dict(weights)
        Y = X = numbers(4, 6, 3)
        torch.manual_seed(1)
        found, _ = deep(X)
        torch.manual_seed(1)
        for n, single in enumerate(singles):
            if n:
                Y = dropout(Y.transpose(0, 1), 0.4).transpose(0, 1)
            Y, _ = single(Y)
        torch.testing.assert_close(found, Y)
        assert not torch.equal(found, deep.eval()(X)[0])

    @KIND
    def test_not_in_evaluation(self, ours: Any, theirs: Any, settings: Any) -> None:
        pair = both(ours, theirs, 3, 5, 2, dropout=0.4, **settings)
        X = numbers(4, 6, 3)
        torch.testing.assert_close(*(layer.eval()(X) for layer in pair))

    def test_is_a_probability(self) -> None:
        with pytest.raises(ValueError, match="a probability below 1 is needed"):
            GRU(3, 5, 2, dropout=1.0)


class TestRefusals:
    @pytest.mark.parametrize(
        ("shape", "words"),
        [
            ((4, 6, 2), "3 features are needed"),
            ((6, 2), "3 features are needed"),
            ((4, 0, 3), r"\(B, T, C\) or \(T, C\) with at least one step is needed"),
            ((2, 4, 6, 3), r"\(B, T, C\) or \(T, C\) with at least one step is needed"),
            ((3,), r"\(B, T, C\) or \(T, C\) with at least one step is needed"),
        ],
    )
    def test_inputs(self, shape: tuple[int, ...], words: str) -> None:
        with pytest.raises(ValueError, match=rf"^X has shape \(.*\): {words}$"):
            GRU(3, 5)(torch.zeros(shape))

    @pytest.mark.parametrize(
        ("layer", "state", "words"),
        [
            (GRU, torch.zeros(1, 4, 5), r"shape \(1, 4, 5\): h of \(2, 4, 5\) is"),
            (GRU, torch.zeros(2, 3, 5), r"shape \(2, 3, 5\): h of \(2, 4, 5\) is"),
            (GRU, torch.zeros(2, 4, 6), r"shape \(2, 4, 6\): h of \(2, 4, 5\) is"),
            (
                LSTM,
                torch.zeros(2, 4, 5),
                r"shape \(2, 4, 5\): a pair \(h, c\) of \(2, 4, 5\) is",
            ),
            (
                GRU,
                (torch.zeros(2, 4, 5),) * 2,
                r"shape \(2, 4, 5\), \(2, 4, 5\): h of \(2, 4, 5\) is",
            ),
            (
                LSTM,
                (torch.zeros(2, 4, 5), torch.zeros(2, 4, 6)),
                r"shape \(2, 4, 5\), \(2, 4, 6\): a pair \(h, c\) of \(2, 4, 5\) is",
            ),
        ],
    )
    def test_states(self, layer: Any, state: Any, words: str) -> None:
        message = (
            rf"^the state has {words} needed \(layers and directions, rows, hidden\)$"
        )
        with pytest.raises(ValueError, match=message):
            layer(3, 5, 2)(torch.zeros(4, 6, 3), state)

    @pytest.mark.parametrize(
        ("lengths", "words"),
        [
            ([1, 2, 3], r"\(3,\) of torch.int64: a whole number for each of the 4"),
            ([1.0] * 4, r"\(4,\) of torch.float32: a whole number for each of the 4"),
            ([0, 1, 2, 3], "go from 0 to 3: the rows of X have 1 to 6 steps"),
            ([1, 7, 2, 3], "go from 1 to 7: the rows of X have 1 to 6 steps"),
        ],
    )
    def test_lengths(self, lengths: Any, words: str) -> None:
        with pytest.raises(ValueError, match=f"^lengths (are )?{words}"):
            GRU(3, 5)(torch.zeros(4, 6, 3), None, torch.tensor(lengths))

    def test_settings(self) -> None:
        with pytest.raises(ValueError, match=r"^num_layers is 0: 1 is the least$"):
            GRU(3, 5, 0)
        with pytest.raises(ValueError, match=r"^sizes are 3 inputs and 0 hidden units"):
            LSTM(3, 0)
        with pytest.raises(ValueError, match=r"^sizes are 0 inputs and 3 hidden units"):
            LSTM(0, 3)
        assert LSTM(1, 1)(torch.zeros(2, 3, 1))[0].shape == (2, 3, 1)
        with pytest.raises(ValueError, match=r"^nonlinearity is 'sin': 'tanh' or"):
            RNN(3, 5, nonlinearity="sin")


def test_flipped_turns_the_rows_and_leaves_the_padding_where_it_is() -> None:
    X = torch.tensor([[1, 5], [2, 6], [3, 7], [4, 8]])  # (T, B)
    found = flipped(X, torch.tensor([4, 2]))
    assert found.T.tolist() == [[4, 3, 2, 1], [6, 5, 7, 8]]
    assert flipped(X).T.tolist() == [[4, 3, 2, 1], [8, 7, 6, 5]]


@settings(max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=5),
    both_ways=st.booleans(),
)
def test_lengths_equal_torchs_packs(lengths: list[int], both_ways: bool) -> None:
    ours, theirs = both(LSTM, nn.LSTM, 2, 3, 2, bidirectional=both_ways)
    rows = torch.tensor(lengths)
    X = numbers(len(lengths), max(lengths), 2)
    pack = pack_padded_sequence(X, rows, batch_first=True, enforce_sorted=False)
    Y, end = theirs(pack)
    expected = pad_packed_sequence(Y, batch_first=True)[0], end
    torch.testing.assert_close(ours(X, None, rows), expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours(pack)[0].data, Y.data, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("layer", [RNN, GRU, LSTM])
def test_learns_to_say_the_first_number(layer: Any) -> None:
    torch.manual_seed(0)
    X = torch.randn(16, 5, 1)
    model, head = layer(1, 16), nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        loss = (head(model(X)[0][:, -1]) - X[:, 0]).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02
