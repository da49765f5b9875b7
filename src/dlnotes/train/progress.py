"""A progress bar for long runs."""

from tqdm.auto import tqdm

from dlnotes.train.history import History


class Progress:
    """A hook that shows the steps taken, the time left and the loss.

    `steps` is the length of the run; `with Progress(steps) as progress:`
    closes the bar however the run ends. It is shown in a terminal and in a
    notebook, and nowhere else.
    """

    def __init__(self, steps: int) -> None:
        self.bar = tqdm(total=steps, unit="step", disable=None)

    def __call__(self, history: History) -> None:
        """Move the bar on to the last step."""
        self.bar.set_postfix(loss=f"{history.losses[-1]:.4f}", refresh=False)
        self.bar.update(history.step - self.bar.n)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()
