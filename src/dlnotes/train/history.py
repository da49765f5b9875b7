"""What a training run leaves behind: the loss of every step."""

from collections import defaultdict


class History:
    """Keep the loss of every step, its epoch and its number of rows.

    The lists `losses`, `epochs` and `rows` have one entry per step;
    epochs count from 0. A loss is a mean over the rows of its batch.
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.epochs: list[int] = []
        self.rows: list[int] = []

    @property
    def step(self) -> int:
        """The number of steps taken."""
        return len(self.losses)

    def record(self, loss: float, epoch: int, rows: int) -> None:
        """Append one step."""
        self.losses.append(loss)
        self.epochs.append(epoch)
        self.rows.append(rows)

    def mean(self, last: int) -> float:
        """Return the loss per row over the `last` steps (at least 1)."""
        rows = self.rows[-last:]
        losses = zip(self.losses[-last:], rows, strict=True)
        return sum(loss * n for loss, n in losses) / sum(rows)

    def epoch_means(self) -> list[float]:
        """Return the loss per row of each epoch, finished or not."""
        total: dict[int, float] = defaultdict(float)
        rows: dict[int, int] = defaultdict(int)
        steps = zip(self.epochs, self.losses, self.rows, strict=True)
        for epoch, loss, n in steps:
            total[epoch] += loss * n
            rows[epoch] += n
        return [total[epoch] / rows[epoch] for epoch in total]
