"""What the chapter on data augmentation says in words."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision.transforms import v2

from containers import held
from dlnotes.augment import Augment
from dlnotes.book.storage.store import Run
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.train.batches import Batches
from dlnotes.train.classifier import score
from dlnotes.train.seed import seed_everything

Runs = Callable[[str], Run]


class TestTheArithmetic:
    def test_a_mirrored_flower_is_far_away_as_a_vector(self, book_run: Runs) -> None:
        lines = book_run("augmentation").log("by-hand").splitlines()
        assert [line.split(": ")[1] for line in lines[:3]] == ["True"] * 3
        assert book_run("augmentation").values["pale_gap"] < 1e-6


class TestModes:
    def test_in_training_anew_and_in_evaluation_not_at_all(
        self, vision_run: Runs
    ) -> None:
        log = vision_run("augmentation").log("modes")
        assert "the same twice? False" in log
        assert "the photograph itself? True" in log

    def test_score_puts_the_module_into_evaluation_mode(self) -> None:
        """An image that training would black out is judged as it is."""
        images = ImageSet(torch.eye(4), torch.arange(4))
        model = nn.Sequential(Augment(lambda x: 0 * x), nn.Flatten(), nn.Linear(4, 4))
        nn.init.eye_(model[2].weight)
        nn.init.zeros_(model[2].bias)
        model.train()
        assert score(model, images) == 1


class TestRandomness:
    def test_a_seed_repeats_the_changes(self, vision_run: Runs) -> None:
        log = vision_run("augmentation").log("generator")
        assert "two calls agree: False" in log
        assert "the same seed agrees: True" in log

    @pytest.mark.parametrize("seed", range(3))
    def test_what_is_drawn_afterwards_comes_out_otherwise(self, seed: int) -> None:
        drawn = []
        for change in (v2.Identity(), v2.RandomCrop(28, padding=4)):
            seed_everything(seed)
            change(torch.zeros(1, 28, 28))
            drawn.append(torch.rand(1))
        assert drawn[0] != drawn[1]

    @pytest.mark.parametrize("seed", range(3))
    def test_the_order_of_the_images_does_not(self, seed: int) -> None:
        orders = []
        for change in (v2.Identity(), v2.RandomCrop(28, padding=4)):
            seed_everything(seed)
            batches = Batches(torch.arange(100.0), batch_size=10)
            order = []
            for _ in range(2):
                for (rows,) in batches:
                    change(torch.zeros(1, 28, 28))
                    order += rows.tolist()
            orders.append(order)
        assert orders[0] == orders[1]


class TestGain:
    def test_shifts_help_and_flips_cost(self, vision_run: Runs) -> None:
        """At each of three seeds."""
        found = held(vision_run("augmentation_training"), "accuracy_by_seed")
        alone, shifts, flips = (
            found[name] for name in ("as they are", "shifts", "shifts and flips")
        )
        pairs = zip(alone, shifts, flips, strict=True)
        assert all(b > a and c < b for a, b, c in pairs)
        assert sum(shifts) > sum(alone) + 3 * 0.05
        assert sum(flips) < sum(shifts) - 3 * 0.05
        assert abs(sum(flips) - sum(alone)) < 3 * 0.06  # within what seeds differ

    def test_todays_changes_are_in_torchvision(self) -> None:
        for name in ("RandomErasing", "MixUp", "RandAugment"):
            assert issubclass(getattr(v2, name), v2.Transform)

    def test_without_them_the_labels_are_learned_by_heart(
        self, vision_run: Runs
    ) -> None:
        seen = held(vision_run("augmentation_training"), "accuracy_seen")
        assert min(seen["as they are"]) > 0.95
        assert max(seen["shifts"]) < 0.9

    def test_each_rate_has_worse_neighbours(self, vision_run: Runs) -> None:
        run = vision_run("augmentation_training")
        for name, found in held(run, "accuracy_by_rate").items():
            rates = sorted(found)
            place = rates.index(held(run, "rate_best")[name])
            assert 0 < place < len(rates) - 1
            beside = found[rates[place - 1]], found[rates[place + 1]]
            assert found[rates[place]] > max(beside)


class TestPitfalls:
    def test_copies_on_both_sides_claim_too_much(self, vision_run: Runs) -> None:
        run = vision_run("augmentation_pitfalls")
        claimed, true = held(run, "claimed"), held(run, "true")
        pairs = zip(claimed["moved first"], true["moved first"], strict=True)
        assert all(claim > truth + 0.3 for claim, truth in pairs)
        gap = (
            held(run, "accuracy_claimed")["split first"]
            - held(run, "accuracy_true")["split first"]
        )
        assert abs(gap) < 0.1

    def test_a_small_validation_set_has_a_large_error(self) -> None:
        """Sixty images, and an accuracy of 0.35."""
        assert (0.35 * 0.65 / 60) ** 0.5 == pytest.approx(0.062, abs=0.001)

    def test_moved_validation_images_give_another_number_each_time(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("augmentation_pitfalls")
        for plain, again in zip(
            held(run, "plain"), held(run, "disturbed"), strict=True
        ):
            assert sum(again) / len(again) < plain
            assert len(set(again)) > 1
            assert max(again) - min(again) > 0.005

    def test_without_standardizing_the_accuracy_falls(self, vision_run: Runs) -> None:
        run = vision_run("augmentation_pitfalls")
        pairs = zip(
            held(run, "true")["split first"], held(run, "accuracy_raw"), strict=True
        )
        assert all(raw < standardized for standardized, raw in pairs)


class TestSounds:
    def test_the_ratio_is_what_was_asked_for_but_for_chance(
        self, vision_run: Runs
    ) -> None:
        for ratio, got in held(vision_run("augmentation"), "measured").items():
            assert abs(got - ratio) < 0.4


class TestExercises:
    def test_noise_at_ten_decibels(self, vision_run: Runs) -> None:
        ratio = vision_run("augmentation_exercises").values["ratio_size"]
        assert ratio == pytest.approx(10**-0.5, rel=0.02)

    def test_nine_views_help_a_little(self, vision_run: Runs) -> None:
        values = vision_run("augmentation_exercises").values
        assert 0 < values["accuracy_views"] - values["accuracy_alone"] < 0.05
        for accuracy in (values["accuracy_alone"], values["accuracy_views"]):
            error = (accuracy * (1 - accuracy) / 1000) ** 0.5
            assert error == pytest.approx(0.016, abs=0.001)

    def test_padding_after_standardizing_is_grey(self, book_run: Runs) -> None:
        values = book_run("augmentation_exercises").values
        assert values["before"] < -0.4
        assert values["after"] == 0

    def test_how_many_places_a_canvas_is_seen_in(self) -> None:
        assert 81 * (1 - (80 / 81) ** 20) == pytest.approx(18, abs=0.5)
        assert len(load_scenes().train.X[:300]) == 300
