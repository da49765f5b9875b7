"""What the introduction says in words."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from dlnotes.book.store import Run
from dlnotes.data.digits import load_digits

Runs = Callable[[str], Run]
SNIPPET = Path(__file__).parents[2] / "snippets" / "introduction.py"


class TestNested:
    @pytest.mark.settles("nested-not-overlapping")
    def test_each_set_of_the_figure_lies_inside_the_next(self) -> None:
        """The ellipses as the snippet draws them: centre, width, height."""
        source = SNIPPET.read_text(encoding="utf-8")
        start = source.index("sets = [")
        scope: dict[str, list] = {}
        exec(source[start : source.index("]", start) + 1], scope)
        outer, middle, inner = scope["sets"]
        angles = [2 * math.pi * i / 360 for i in range(360)]
        for (y, width, height, *_), (Y, W, H, *_) in (
            (inner, middle),
            (middle, outer),
        ):
            for angle in angles:
                point = (width / 2 * math.cos(angle), y + height / 2 * math.sin(angle))
                assert (2 * point[0] / W) ** 2 + (2 * (point[1] - Y) / H) ** 2 < 1


class TestTheContest:
    def test_who_wins(self, book_run: Runs) -> None:
        values = book_run("introduction").values
        assert values["learned_01"] > values["by_hand_01"]
        assert values["learned_38"] < values["by_hand_38"]

    def test_one_image_is_more_than_a_hundredth(self, book_run: Runs) -> None:
        values = book_run("introduction").values
        assert 1 / values["n_01"] > 0.01
        assert 1 / values["n_38"] > 0.01

    def test_most_of_the_images_are_for_training(self) -> None:
        digits = load_digits()
        sizes = [len(y) for _, y in digits[:3]]
        assert sum(sizes) == 1797
        assert sizes[0] > sum(sizes) / 2

    def test_two_examples_often_lack_a_digit(self) -> None:
        _, y = load_digits().train
        n, m = (y == 3).sum().item(), (y == 8).sum().item()
        assert 1 - 2 * n * m / ((n + m) * (n + m - 1)) > 0.45

    def test_with_enough_examples_the_learned_rule_overtakes(
        self, book_run: Runs
    ) -> None:
        values = book_run("introduction").values
        assert values["error_of_two"] > values["error_by_hand"]
        assert values["error_of_all"] < values["error_by_hand"] / 2


class TestTheFourKinds:
    @pytest.mark.settles("unsupervised-has-samples")
    def test_structure_is_found_in_samples_without_labels(self, book_run: Runs) -> None:
        """Guessing names gives about 0.1; k-means is given no label."""
        run = book_run("introduction")
        assert "1077 images, 10 groups, no label used" in run.log("unsupervised")
        assert run.values["purity"] > 0.6

    @pytest.mark.settles("semi-supervised-baseline")
    def test_unlabelled_images_help_the_labelled_part_and_no_more(
        self, book_run: Runs
    ) -> None:
        values = book_run("introduction").values
        assert values["accuracy_few"] < values["accuracy_half"] < values["learned_ten"]
        assert values["helped"] > 10

    def test_the_path_is_the_shortest(self, book_run: Runs) -> None:
        run = book_run("introduction")
        assert run.values["steps"] == 9
        assert "→→→→→→→↓" in run.log("path")

    def test_the_learner_improves_and_still_falls_now_and_then(
        self, book_run: Runs
    ) -> None:
        values = book_run("introduction").values
        assert values["early"] < values["late"] < -values["steps"]


class TestExercises:
    def test_the_most_similar_example_beats_the_bar_of_the_seven(
        self, book_run: Runs
    ) -> None:
        values = book_run("introduction_exercises").values
        assert values["learned"] > values["by_hand"]

    @pytest.mark.settles("semi-supervised-baseline")
    def test_with_five_labels_a_digit_the_others_do_harm(self, book_run: Runs) -> None:
        values = book_run("introduction_exercises").values
        gains = [values[f"gain_of_{n}"] for n in (1, 2, 5, 20)]
        assert min(gains[:2]) > 0 > max(gains[2:])
