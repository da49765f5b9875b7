from collections import Counter

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from compared import numbers
from dlnotes.seq2seq.pairs import (
    END,
    GROUP,
    PAD,
    SPECIALS,
    START,
    PairBatches,
    masked_cross_entropy,
    pad_rows,
)


def sentences(N: int, seed: int = 0) -> tuple[list[Tensor], list[Tensor]]:
    """Return N sources that differ, and targets that tell of which each is."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, 9, (2, N), generator=generator).tolist()
    sources = [torch.arange(3, 4 + S) + n for n, S in enumerate(lengths[0])]
    targets = [torch.full((T,), 3 + n) for n, T in enumerate(lengths[1])]
    return sources, targets


def whole(row: Tensor) -> list[int]:
    """Return the tokens of a row without its padding, all of which is at its end."""
    kept = row[row != PAD].tolist()
    assert row.tolist() == kept + [PAD] * (len(row) - len(kept))
    return kept


class TestPairBatches:
    @pytest.mark.parametrize("batch_size", [1, 4, 50, 70])
    def test_every_pair_comes_once_and_whole(self, batch_size: int) -> None:
        sources, targets = sentences(50)
        batches = PairBatches(sources, targets, batch_size, seed=0)
        found = []
        sizes = []
        for source, target_in, target in batches:
            sizes.append(len(source))
            assert target_in.shape == target.shape
            for s, t_in, t in zip(source, target_in, target, strict=True):
                said = whole(t)
                assert said[-1] == END
                assert t_in.tolist()[: len(said)] == [START, *said[:-1]]
                found.append((tuple(whole(s)), tuple(said[:-1])))
        expected = [
            (tuple(s.tolist()), tuple(t.tolist()))
            for s, t in zip(sources, targets, strict=True)
        ]
        assert Counter(found) == Counter(expected)
        assert len(batches) == len(sizes) == -(-50 // batch_size)
        assert sorted(sizes)[1:] == [batch_size] * (len(sizes) - 1)

    def test_are_padded_to_their_own_longest(self) -> None:
        sources, targets = sentences(100)
        for source, target_in, target in PairBatches(sources, targets, 3, seed=1):
            assert source.shape[1] == max(len(whole(row)) for row in source)
            assert target.shape[1] == max(len(whole(row)) for row in target)
            assert target_in.shape[1] == target.shape[1]

    def test_like_lengths_come_together(self) -> None:
        sources, targets = sentences(2_000)
        B = 10
        found = []
        for source, _, target in PairBatches(sources, targets, B, seed=0):
            S, T = (source != PAD).sum(1).tolist(), (target != PAD).sum(1).tolist()
            found.append(list(zip(T, S, strict=True)))
        groups = [found[k : k + GROUP] for k in range(0, len(found), GROUP)]
        assert [len(group) for group in groups] == [GROUP] * 10
        for group in groups:  # sorted by target, then source; then shuffled
            flat = [lengths for batch in sorted(group) for lengths in batch]
            assert flat == sorted(flat)
            assert sorted(group) != group
            mean = sum(T for T, _ in flat) / len(flat)
            assert mean == pytest.approx(5, abs=0.7)  # of all: drawn from everywhere
        orders = [[sorted(group).index(batch) for batch in group] for group in groups]
        assert orders[0] != orders[1]

    def test_orders_differ_by_epoch_and_seed_alone(self) -> None:
        def epochs(seed: int | None) -> list[list[int]]:
            batches = PairBatches(*sentences(60), 7, seed)
            found = []
            for _ in range(2):
                torch.rand(3)  # what else draws does not matter
                found.append([int(s[0, 0]) for s, _, _ in batches])
            return found

        first, second = epochs(0)
        assert first != second
        assert epochs(0) == [first, second]
        assert epochs(1)[0] != first
        torch.manual_seed(1)
        assert epochs(None) == epochs(1)

    def test_tells_what_it_is(self) -> None:
        batches = PairBatches(*sentences(1_200), 64)
        assert repr(batches) == "PairBatches(1,200 pairs, batch_size=64)"

    def test_says_what_is_wrong(self) -> None:
        sources, targets = sentences(4)
        with pytest.raises(ValueError, match="4 sources and 3 targets: give each"):
            PairBatches(sources, targets[:3], 2)
        with pytest.raises(ValueError, match="the data set is empty: there are no"):
            PairBatches([], [], 2)
        with pytest.raises(ValueError, match="batch_size is 0: at least 1 pair"):
            PairBatches(sources, targets, 0)
        sources[2] = sources[2][:0]
        with pytest.raises(ValueError, match="source 2 has no tokens: leave it out"):
            PairBatches(sources, targets, 2)


def test_specials_have_the_first_numbers() -> None:
    assert [SPECIALS[n] for n in (PAD, START, END)] == ["<pad>", "<start>", "<end>"]


def test_rows_are_padded_behind_their_ends() -> None:
    rows = [torch.tensor([5, 6]), torch.tensor([7]), torch.tensor([8, 9, 4])]
    assert pad_rows(rows).tolist() == [[5, 6, PAD], [7, PAD, PAD], [8, 9, 4]]


class TestMaskedCrossEntropy:
    target = torch.tensor([[3, 4, PAD], [1, PAD, PAD], [2, 5, 6]])

    @pytest.mark.parametrize("pad", [PAD, 5])
    def test_equals_pytorchs_with_gradients(self, pad: int) -> None:
        logits = numbers(3, 3, 7)
        found = []
        for ours in (True, False):
            z = logits.clone().requires_grad_()
            if ours:
                loss = masked_cross_entropy(z, self.target, pad)
            else:
                loss = functional.cross_entropy(
                    z.transpose(1, 2), self.target, ignore_index=pad
                )
            found.append((loss, *torch.autograd.grad(loss, z)))
        torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
        if pad == PAD:
            assert torch.equal(
                masked_cross_entropy(logits, self.target),
                masked_cross_entropy(logits, self.target, PAD),
            )

    def test_padding_changes_neither_the_loss_nor_the_gradients(self) -> None:
        padded = self.target == PAD
        found = []
        for noise in (0, 100):
            logits = numbers(3, 3, 7)
            logits[padded] += noise * numbers(int(padded.sum()), 7, seed=1)
            logits.requires_grad_()
            loss = masked_cross_entropy(logits, self.target)
            (slopes,) = torch.autograd.grad(loss, logits)
            assert (slopes[padded] == 0).all()
            assert (slopes[~padded] != 0).all()
            found.append((loss, slopes))
        assert torch.equal(found[0][0], found[1][0])
        assert torch.equal(found[0][1], found[1][1])

    def test_is_a_mean_over_tokens(self) -> None:
        logits = numbers(3, 3, 7)
        wider = torch.cat([logits, numbers(3, 4, 7, seed=2)], 1)
        more = functional.pad(self.target, (0, 4), value=PAD)
        torch.testing.assert_close(
            masked_cross_entropy(wider, more), masked_cross_entropy(logits, self.target)
        )
        total = sum(
            masked_cross_entropy(logits[b : b + 1], self.target[b : b + 1]) * n
            for b, n in enumerate((2, 1, 3))
        )
        loss = masked_cross_entropy(logits, self.target)
        torch.testing.assert_close(loss, torch.as_tensor(total) / 6)

    @pytest.mark.parametrize("smoothing", [0.1, 0.6, 1.0])
    def test_smoothed_it_is_pytorchs_with_gradients(self, smoothing: float) -> None:
        found = []
        for ours in (True, False):
            z = numbers(3, 3, 7).requires_grad_()
            if ours:
                loss = masked_cross_entropy(z, self.target, label_smoothing=smoothing)
            else:
                loss = functional.cross_entropy(
                    z.transpose(1, 2),
                    self.target,
                    ignore_index=PAD,
                    label_smoothing=smoothing,
                )
            found.append((loss, *torch.autograd.grad(loss, z)))
        torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
        (slopes,) = found[0][1:]
        assert (slopes[self.target == PAD] == 0).all()

    def test_a_share_is_from_0_to_1(self) -> None:
        for wrong in (-0.1, 1.1):
            with pytest.raises(ValueError, match="a share from 0 to 1"):
                masked_cross_entropy(numbers(3, 3, 7), self.target, PAD, wrong)
