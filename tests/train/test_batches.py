import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.train.batches import Batches, epochs, rows, tokens


class TestBatches:
    @settings(deadline=None)
    @given(n=st.integers(1, 30), batch_size=st.integers(1, 40))
    def test_one_pass_gives_every_row_once_and_its_own_target(
        self, n: int, batch_size: int
    ) -> None:
        X = torch.arange(n)
        batches = Batches(X[:, None], 10 * X, batch_size=batch_size)
        seen = list(batches)
        assert len(seen) == len(batches)
        assert torch.equal(torch.cat([y for _, y in seen]).sort().values, 10 * X)
        assert all(torch.equal(10 * x[:, 0], y) for x, y in seen)
        assert all(len(y) == batch_size for _, y in seen[:-1])
        assert 1 <= len(seen[-1][1]) <= batch_size

    def test_each_pass_has_a_new_order(self) -> None:
        torch.manual_seed(0)
        batches = Batches(torch.arange(50), torch.arange(50), batch_size=50)
        (first,), (second,) = list(batches), list(batches)
        assert not torch.equal(first[0], second[0])

    def test_the_seed_decides_the_orders(self) -> None:
        orders = []
        for seed in (7, 7, 8):
            torch.manual_seed(seed)
            batches = Batches(torch.arange(50), torch.arange(50), batch_size=50)
            orders.append(torch.cat([X for _ in range(3) for X, _ in batches]))
        assert torch.equal(orders[0], orders[1])
        assert not torch.equal(orders[0], orders[2])

    def test_other_random_numbers_do_not_change_the_orders(self) -> None:
        orders = []
        for draws in (0, 3):
            torch.manual_seed(7)
            batches = Batches(torch.arange(50), torch.arange(50), batch_size=50)
            torch.rand(draws)
            orders.append(next(iter(batches))[0])
        assert torch.equal(*orders)

    def test_no_rows(self) -> None:
        with pytest.raises(ValueError, match="the data set is empty"):
            Batches(torch.zeros(0, 3), torch.zeros(0), batch_size=4)

    def test_rows_that_do_not_match(self) -> None:
        with pytest.raises(
            ValueError, match=r"the tensors have \[5, 4\] rows: make them equal"
        ):
            Batches(torch.zeros(5, 1), torch.zeros(4), batch_size=2)

    @pytest.mark.parametrize("batch_size", [0, -1])
    def test_a_batch_has_a_row(self, batch_size: int) -> None:
        message = f"^batch_size is {batch_size}: at least 1 row$"
        with pytest.raises(ValueError, match=message):
            Batches(torch.zeros(5), torch.zeros(5), batch_size=batch_size)

    @pytest.mark.parametrize("tensors", [1, 3, 4])
    def test_as_many_tensors_as_are_given(self, tensors: int) -> None:
        columns = [10**i * torch.arange(7) for i in range(tensors)]
        for batch in Batches(*columns, batch_size=3):
            assert len(batch) == tensors
            assert all(torch.equal(t, 10**i * batch[0]) for i, t in enumerate(batch))

    def test_a_seed_of_its_own(self) -> None:
        """It does not depend on PyTorch's, and is the same as that seed there."""
        rows, orders = torch.arange(50), []
        for own, shared in [(3, 0), (3, 1), (None, 3), (4, 3)]:
            torch.manual_seed(shared)
            (order,) = Batches(rows, batch_size=50, seed=own)
            orders.append(order[0])
        assert torch.equal(orders[0], orders[1])
        assert torch.equal(orders[0], orders[2])
        assert not torch.equal(orders[0], orders[3])

    def test_it_shows_its_size(self) -> None:
        assert repr(Batches(torch.zeros(1077, 2), batch_size=32)) == (
            "Batches(1,077 rows, batch_size=32)"
        )


class TestShards:
    @settings(deadline=None)
    @given(n=st.integers(1, 30), batch_size=st.integers(1, 12), ranks=st.integers(1, 4))
    def test_together_they_are_each_batch(
        self, n: int, batch_size: int, ranks: int
    ) -> None:
        X = torch.arange(n)
        least = min(n % batch_size or batch_size, n)
        if least < ranks:
            message = f"^a batch has {least} rows for {ranks} ranks: choose a"
            with pytest.raises(ValueError, match=message):
                Batches(X, batch_size=batch_size, shard=(0, ranks))
            return
        shards = [
            Batches(X, batch_size=batch_size, seed=0, shard=(rank, ranks))
            for rank in range(ranks)
        ]
        batches = Batches(X, batch_size=batch_size, seed=0)
        for whole, *parts in zip(batches, *shards, strict=True):
            together = torch.cat([part[0] for part in parts])
            assert sorted(together.tolist()) == sorted(whole[0].tolist())
            sizes = [len(part[0]) for part in parts]
            assert max(sizes) - min(sizes) <= 1

    def test_every_shard_has_as_many_batches(self) -> None:
        X = torch.arange(11)
        shards = [
            Batches(X, batch_size=4, seed=0, shard=(rank, 2)) for rank in range(2)
        ]
        assert [len(shard) for shard in shards] == [3, 3]
        assert [len(list(shard)) for shard in shards] == [3, 3]

    def test_a_shard_without_a_seed_would_have_rows_of_another(self) -> None:
        X = torch.arange(8)
        message = "^shards need a seed, the same for every rank$"
        with pytest.raises(ValueError, match=message):
            Batches(X, batch_size=4, shard=(0, 2))
        assert len(Batches(X, batch_size=4, shard=(0, 1))) == 2

    @pytest.mark.parametrize("rank", [-1, 2])
    def test_ranks_count_from_0(self, rank: int) -> None:
        message = f"^rank {rank} of 2 ranks: they count from 0$"
        with pytest.raises(ValueError, match=message):
            Batches(torch.arange(8), batch_size=4, seed=0, shard=(rank, 2))


def test_rows_are_counted_without_looking() -> None:
    assert rows(torch.zeros(5, 3, device="meta")) == 5


def test_tokens_are_those_that_are_not_ignored() -> None:
    assert tokens(0)(torch.tensor([[1, 2, 0], [3, 0, 0]])) == 3
    assert tokens(-100)(torch.tensor([[1, 2, 0], [3, -100, 0]])) == 5


class TestEpochs:
    def test_counts_the_epochs(self) -> None:
        endless = epochs([(torch.tensor(0), torch.tensor(1))] * 2)
        assert [next(endless)[0] for _ in range(5)] == [0, 0, 1, 1, 2]

    def test_an_empty_data_set(self) -> None:
        with pytest.raises(ValueError, match="epoch 0 gave no batch"):
            next(epochs([]))

    def test_an_iterator_that_is_used_up(self) -> None:
        once = iter([(torch.tensor(0), torch.tensor(1))])
        endless = epochs(once)
        next(endless)
        with pytest.raises(ValueError, match=r"epoch 1 gave no batch.*only once"):
            next(endless)
