import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlnotes.train.history import History


def history_of(*steps: tuple[float, int, int]) -> History:
    history = History()
    for loss, epoch, count in steps:
        history.record(loss, epoch, count)
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


@pytest.mark.parametrize("last", [0, -1])
def test_the_mean_of_no_step_is_told(last: int) -> None:
    with pytest.raises(ValueError, match=rf"^1 steps: no last {last} to average$"):
        history_of((1.0, 0, 2)).mean(last)
    with pytest.raises(ValueError, match=r"^0 steps: no last 5 to average$"):
        History().mean(5)


def test_it_shows_where_it_is() -> None:
    assert repr(History()) == "History(no step yet)"
    history = history_of((1.0, 0, 2), (0.7, 1, 2), (0.123456, 2, 2))
    assert repr(history) == "History(step 3, epoch 3, loss 0.1235)"


def test_a_stream_ends_after_so_many_steps_and_no_item_is_lost() -> None:
    history, stream = History(), iter(range(10))
    for item in history.until(3, stream):
        history.record(float(item), 0, 1)
    assert history.losses == [0, 1, 2]
    assert list(history.until(2, stream)) == []
    assert next(stream) == 3


def test_or_when_a_hook_says_so_and_all_are_asked() -> None:
    asked = []
    hooks = [
        lambda history: history.step == 2,
        lambda history: asked.append(history.step),
    ]
    history = History()
    for _ in history.until(5, iter(range(10))):
        history.record(1.0, 0, 1)
        history.ask(hooks)
    assert history.step == 2
    assert history.stopped is True
    assert asked == [1, 2]
    history.ask([])
    assert history.stopped is False


@pytest.mark.parametrize("answer", [0.5, 0.0, 1, "no"])
def test_a_hook_that_answers_something_else_is_told(answer: object) -> None:
    """Such as the loss that it has measured, which is true of most numbers."""
    message = rf"^a hook returned {answer!r}: True stops the run, False or nothing lets"
    with pytest.raises(TypeError, match=message):
        History().ask([lambda history: answer])


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
