"""What a training run leaves behind: the loss of every step."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from dlnotes.train.batches import Stream


class History:
    """Keep the loss of every step, its epoch and its count.

    The lists `losses`, `epochs` and `counts` have one entry per step;
    epochs count from 0. A loss is a mean over `count` rows, or tokens, of
    its batch. `stopped` tells that a hook ended the run.
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.epochs: list[int] = []
        self.counts: list[int] = []
        self.stopped = False

    def __repr__(self) -> str:
        if not self.losses:
            return "History(no step yet)"
        epoch, loss = self.epochs[-1] + 1, self.losses[-1]
        return f"History(step {self.step}, epoch {epoch}, loss {loss:.4g})"

    @property
    def step(self) -> int:
        """The number of steps taken."""
        return len(self.losses)

    def until(self, steps: int, stream: Stream) -> Stream:
        """Hand on a stream until there are `steps`, or the run is stopped."""
        while len(self.losses) < steps and not self.stopped:
            yield next(stream)

    def record(self, loss: float, epoch: int, count: int) -> None:
        """Append one step."""
        self.losses.append(loss)
        self.epochs.append(epoch)
        self.counts.append(count)

    def ask(self, hooks: Sequence[Callable[["History"], bool | None]]) -> None:
        """Call every hook; the run stops if one of them returns True.

        Raises:
            TypeError: one returns something else than True, False or None.
        """
        self.stopped = False
        for hook in hooks:
            answer = hook(self)
            if not isinstance(answer, bool | None):
                raise TypeError(
                    f"a hook returned {answer!r}: True stops the run, "
                    "False or nothing lets it go on"
                )
            if answer:
                self.stopped = True

    def mean(self, last: int) -> float:
        """Return the loss per row, or token, over the `last` steps.

        Raises:
            ValueError: that is no step at all.
        """
        losses, counts = self.losses[-last:], self.counts[-last:]
        if last < 1 or not losses:
            raise ValueError(f"{self.step} steps: no last {last} to average")
        total = sum(x * n for x, n in zip(losses, counts, strict=True))
        return total / sum(counts)

    def epoch_means(self) -> list[float]:
        """Return each epoch's loss per row, or token, finished or not."""
        total: dict[int, float] = defaultdict(float)
        counts: dict[int, int] = defaultdict(int)
        steps = zip(self.epochs, self.losses, self.counts, strict=True)
        for epoch, loss, n in steps:
            total[epoch] += loss * n
            counts[epoch] += n
        return [total[epoch] / counts[epoch] for epoch in total]
