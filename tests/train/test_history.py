import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.train.history import History


def history_of(*steps: tuple[float, int, int]) -> History:
    history = History()
    for loss, epoch, rows in steps:
        history.record(loss, epoch, rows)
    return history


def test_step_counts_what_was_recorded() -> None:
    assert History().step == 0
    assert history_of((1.0, 0, 4), (2.0, 0, 4)).step == 2


def test_the_mean_weighs_each_step_by_its_rows() -> None:
    history = history_of((9.0, 0, 5), (1.0, 0, 3), (5.0, 0, 1))
    assert history.mean(last=2) == pytest.approx((1 * 3 + 5 * 1) / 4)


def test_a_mean_over_more_steps_than_there_are_takes_all() -> None:
    assert history_of((1.0, 0, 2), (3.0, 0, 2)).mean(last=100) == 2


def test_epoch_means_are_per_row_and_keep_an_unfinished_epoch() -> None:
    history = history_of((1.0, 0, 3), (5.0, 0, 1), (2.0, 1, 3))
    assert history.epoch_means() == pytest.approx([2.0, 2.0])


def test_nothing_recorded_gives_no_epoch() -> None:
    assert History().epoch_means() == []


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(0, 1e3), st.integers(1, 50)), min_size=1, max_size=5
        ),
        min_size=1,
        max_size=5,
    )
)
def test_epoch_means_weighted_by_rows_give_the_mean_of_everything(
    epochs: list[list[tuple[float, int]]],
) -> None:
    history = history_of(
        *((loss, i, rows) for i, epoch in enumerate(epochs) for loss, rows in epoch)
    )
    rows = [sum(n for _, n in epoch) for epoch in epochs]
    total = sum(m * n for m, n in zip(history.epoch_means(), rows, strict=True))
    assert total / sum(rows) == pytest.approx(history.mean(last=history.step))
