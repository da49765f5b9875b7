"""What the introduction says in words."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits

Runs = Callable[[str], Run]
SNIPPET = Path(__file__).parents[2] / "snippets" / "introduction_diagram.py"


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
    def test_who_wins_on_the_test_set(self, book_run: Runs) -> None:
        values = book_run("introduction").values
        assert values["accuracy[(0, 1)][1]"] > values["accuracy[(0, 1)][0]"]
        assert values["accuracy[(3, 8)][1]"] < values["accuracy[(3, 8)][0]"]

    @staticmethod
    def contests(run: Run, pair: str) -> list[tuple[float, float]]:
        """The written and the learned rule, on 20 divisions of the images."""
        name = f"accuracy_again[{pair}]"
        return [
            (run.values[f"{name}[{n}][0]"], run.values[f"{name}[{n}][1]"])
            for n in range(20)
        ]

    def test_on_zero_and_one_the_learned_rule_is_never_the_worse(
        self, any_run: Runs
    ) -> None:
        found = self.contests(any_run("introduction"), "(0, 1)")
        assert all(by_hand <= learned for by_hand, learned in found)
        assert sum(by_hand < learned for by_hand, learned in found) >= 10

    def test_on_three_and_eight_the_two_are_close(self, any_run: Runs) -> None:
        run = any_run("introduction")
        found = self.contests(run, "(3, 8)")
        gap = sum(by_hand - learned for by_hand, learned in found) / 20
        on_the_test_set = (
            run.values["accuracy[(3, 8)][0]"] - run.values["accuracy[(3, 8)][1]"]
        )
        assert 0 < gap < on_the_test_set / 2
        better = sum(by_hand > learned for by_hand, learned in found)
        worse = sum(by_hand < learned for by_hand, learned in found)
        assert better > worse

    def test_one_image_is_more_than_a_hundredth(self, book_run: Runs) -> None:
        values = book_run("introduction").values
        assert 1 / values["images[(0, 1)]"] > 0.01
        assert 1 / values["images[(3, 8)]"] > 0.01

    def test_most_of_the_images_are_for_training(self) -> None:
        digits = load_digits()
        sizes = [len(y) for _, y in digits[:3]]
        assert sum(sizes) == 1797
        assert sizes[0] > sum(sizes) / 2


class TestMoreExamples:
    @staticmethod
    def errors(run: Run, rule: str) -> dict[int, float]:
        """The mean errors over 20 divisions, by the number of examples."""
        sizes = (2, 4, 8, 16, 32, 64, 128, 256)
        assert [run.values[f"sizes[{i}]"] for i in range(8)] == list(sizes)
        return {n: run.values[f"error_{rule}[{i}]"] for i, n in enumerate(sizes)}

    def test_with_one_example_of_each_both_rules_are_the_same(
        self, any_run: Runs
    ) -> None:
        run = any_run("introduction")
        assert self.errors(run, "average")[2] == self.errors(run, "similar")[2] > 0.1

    def test_the_most_similar_example_goes_on_and_overtakes(
        self, any_run: Runs
    ) -> None:
        run = any_run("introduction")
        similar = self.errors(run, "similar")
        assert list(similar.values()) == sorted(similar.values(), reverse=True)
        assert similar[8] > run.values["error_by_hand"] > similar[64]
        assert similar[256] < similar[32] / 10

    def test_with_128_it_is_never_the_worse(self, any_run: Runs) -> None:
        values = any_run("introduction").values
        assert [values[f"count_worse[{i}]"] for i in (6, 7)] == [0, 0]
        assert values["count_worse[0]"] >= 19

    def test_the_average_has_learned_what_it_can(self, any_run: Runs) -> None:
        run = any_run("introduction")
        average = self.errors(run, "average")
        assert average[2] > 2 * average[32]
        assert average[256] > 0.75 * average[32]
        assert average[256] > run.values["error_by_hand"]


class TestTheFourKinds:
    @pytest.mark.settles("unsupervised-has-samples")
    def test_structure_is_found_in_samples_without_labels(self, any_run: Runs) -> None:
        """Guessing names gives about 0.1; k-means is given no label."""
        run = any_run("introduction")
        assert "1077 images, 10 groups, no label used" in run.log("unsupervised")
        assert run.values["share_named"] > 0.6

    def test_some_digits_share_a_group_and_others_are_split(
        self, any_run: Runs
    ) -> None:
        values = any_run("introduction").values
        groups = [[values[f"counts[{g}][{d}]"] for d in range(10)] for g in range(10)]
        names = [group.index(max(group)) for group in groups]
        assert len(set(names)) < 10  # one name twice: a digit that is split
        digits = zip(*groups, strict=True)
        homes = [max(range(10), key=of_digit.__getitem__) for of_digit in digits]
        assert len(set(homes)) < 10  # two digits that are mostly in one group

    @pytest.mark.settles("semi-supervised-baseline")
    def test_unlabelled_images_help_the_labelled_part_and_no_more(
        self, any_run: Runs
    ) -> None:
        values = any_run("introduction").values
        assert values["accuracy_few"] < values["accuracy_half"] < values["accuracy_ten"]
        assert values["count_helped"] > 14

    def test_the_path_is_the_shortest(self, any_run: Runs) -> None:
        run = any_run("introduction")
        assert run.values["steps"] == 9
        assert "→→→→→→→↓" in run.log("path")

    def test_the_learner_improves_and_still_falls_now_and_then(
        self, any_run: Runs
    ) -> None:
        values = any_run("introduction").values
        assert values["reward_early"] < values["reward_late"] < -values["steps"]

    def test_what_the_table_expects_at_the_start(self, any_run: Runs) -> None:
        """Up, down, left, right: 9 steps, a step lost and 9 more twice, a fall."""
        values = any_run("introduction").values
        expected = [values[f"reward_expected[{way}]"] for way in range(4)]
        assert expected == pytest.approx([-9, -10, -10, -100], abs=0.5)


class TestExercises:
    def test_the_most_similar_example_beats_the_bar_of_the_seven(
        self, book_run: Runs
    ) -> None:
        values = book_run("introduction_exercises").values
        assert values["accuracy_learned"] > values["accuracy_by_hand"] + 0.05

    def test_the_starts_of_k_means_differ(self, any_run: Runs) -> None:
        assert any_run("introduction_exercises").values["gap_starts"] > 0.05

    @pytest.mark.settles("semi-supervised-baseline")
    def test_few_labels_gain_and_twenty_a_digit_lose(self, any_run: Runs) -> None:
        values = any_run("introduction_exercises").values
        gains = {n: values[f"gains[{n}][0]"] for n in (1, 2, 5, 20)}
        errors = {n: values[f"gains[{n}][1]"] for n in (1, 2, 5, 20)}
        assert all(gains[n] > 3 * errors[n] for n in (1, 2))
        assert gains[5] < errors[5]
        assert gains[20] < -3 * errors[20]
