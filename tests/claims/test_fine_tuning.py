"""What the chapter on fine-tuning says in words."""

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from statistics import mean

import pytest
import torch
from torch.nn.functional import cross_entropy

from containers import held
from dlnotes.book.store import Run
from dlnotes.data.letters import FACES, load_letters
from dlnotes.finetune import freeze, replace_head
from dlnotes.vision.resnet import small_resnet

Runs = Callable[[str], Run]
TUNED = "all layers, η = 0.1"


class TestTheIdea:
    @pytest.mark.settles("probe-is-not-fine-tuning")
    def test_feature_extraction_trains_ten_logits_and_fine_tuning_everything(
        self, book_run: Runs
    ) -> None:
        values = book_run("fine_tuning_exercises").values
        assert values["parameters_head"] == 64 * 10 + 10
        assert values["parameters_all"] == 77_754

    @pytest.mark.settles("probe-is-not-fine-tuning")
    @pytest.mark.parametrize("frozen", [True, False])
    def test_what_a_step_moves(self, frozen: bool) -> None:
        torch.manual_seed(0)
        model = small_resnet(8, width=4, classes=52)
        replace_head(model, 10)
        if frozen:
            freeze(model)
        before = deepcopy(model.state_dict())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        cross_entropy(
            model(torch.rand(20, 1, 28, 28)), torch.arange(20) % 10
        ).backward()
        optimizer.step()
        moved = {
            name
            for name, value in model.named_parameters()
            if not torch.equal(value, before[name])
        }
        head = {"head.2.weight", "head.2.bias"}
        everything = {name for name, _ in model.named_parameters()}
        assert moved == (head if frozen else everything)

    def test_twelve_faces_train_and_four_bold_italics_test(self) -> None:
        assert len(load_letters().y) == len(FACES) * 52 == 16 * 52
        bold = [face for n, face in enumerate(FACES) if n % 4 == 3]
        assert all(face.endswith(":italic:bold") for face in bold)
        assert len(bold) == 4


class TestImages:
    def test_with_five_images_the_features_do_it(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("fine_tuning"), "accuracy")
        probe = accuracy["new head alone"][5]
        assert min(probe) > max(accuracy["from scratch"][5])
        assert min(probe) > max(accuracy["untrained features"][5])
        assert mean(probe) > 1.5 * mean(accuracy["from scratch"][5])
        assert mean(accuracy["from scratch"][5]) < 0.25
        assert mean(accuracy["untrained features"][5]) < 0.25

    def test_with_fifty_fine_tuning_at_the_large_rate_wins(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("fine_tuning"), "accuracy")
        best = accuracy["all layers, η = 0.1"][50]
        for name, row in accuracy.items():
            if name != "all layers, η = 0.1":
                assert min(best) > max(row[50]), name

    def test_more_images_are_better_for_every_method_with_trained_features(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("fine_tuning"), "accuracy")
        for name, row in accuracy.items():
            if name != "untrained features":
                means = [mean(row[k]) for k in (5, 20, 50)]
                assert means == sorted(means), name

    def test_with_five_images_the_rate_matters_little_where_one_began(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("fine_tuning"), "accuracy_val")[5]
        assert min(found["new head alone"]) > max(found["from scratch"])
        for row in found.values():
            assert max(row) - min(row) < 0.12

    def test_two_rates_lie_between_the_two(self, vision_run: Runs) -> None:
        run = vision_run("fine_tuning")
        accuracy = held(run, "accuracy")
        two = mean(held(run, "accuracy_two"))
        assert two < mean(accuracy[TUNED][20])
        assert two > mean(accuracy["all layers, η = 0.01"][20]) - 0.02

    def test_with_fifty_the_rate_matters_up_to_a_tenth(self, vision_run: Runs) -> None:
        row = held(vision_run("fine_tuning"), "accuracy_val")[50]["all layers"]
        assert row[3] > row[2] > row[1] > row[0]
        assert row[4] < row[3] + 0.03

    def test_letters_in_new_faces_are_told_apart_to_a_degree(
        self, vision_run: Runs
    ) -> None:
        accuracy = vision_run("fine_tuning").values["accuracy_source"]
        assert 10 / 52 < accuracy < 0.7


class TestBatchNorm:
    def test_running_means_move_unless_frozen(self, vision_run: Runs) -> None:
        values = vision_run("fine_tuning").values
        assert values["distance_careless"] > 0.02
        assert values["distance_frozen"] == 0


class TestLooking:
    def test_all_ways_point_into_the_box_more_often_than_chance(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("fine_tuning")
        chance = run.values["share_of_canvas"]
        assert 0.2 < chance < 0.35
        for shares in held(run, "share_inside").values():
            assert min(shares.values()) > 1.5 * chance
            assert max(shares.values()) == shares[TUNED]

    def test_a_bad_network_scores_high_by_the_first_two(self, vision_run: Runs) -> None:
        run = vision_run("fine_tuning")
        shares = held(run, "share_inside")
        assert mean(held(run, "accuracy")["from scratch"][50]) < 0.35
        for way in ("gradient × input", "occlusion"):
            assert shares[way]["from scratch"] > shares[way][TUNED] - 0.12

    def test_grad_cam_tells_networks_apart_and_the_coarse_map_is_worse(
        self, vision_run: Runs
    ) -> None:
        shares = held(vision_run("fine_tuning"), "share_inside")
        for way in ("Grad-CAM, 7 × 7", "Grad-CAM, 4 × 4"):
            row = shares[way]
            assert row["from scratch"] < row["new head alone"] < row[TUNED]
        for name, fine in shares["Grad-CAM, 7 × 7"].items():
            assert shares["Grad-CAM, 4 × 4"][name] < fine


class TestTorchvision:
    def test_ten_logits_of_512_features(self, book_run: Runs) -> None:
        values = book_run("fine_tuning_torchvision").values
        assert values["count_head"] == 512 * 10 + 10
        assert values["count_all"] == 11_689_512 - 513_000 + 5_130


class TestExercises:
    def test_features_once_are_the_same_logits(self, vision_run: Runs) -> None:
        assert vision_run("fine_tuning_exercises").values["difference"] < 1e-5

    def test_nine_batch_normalizations_have_three_entries(
        self, vision_run: Runs
    ) -> None:
        changed = held(vision_run("fine_tuning_exercises"), "changed")
        assert changed == {"training": 27, "evaluation": 0}

    def test_each_part_has_a_rate_smaller_by_2_6(self, book_run: Runs) -> None:
        log = book_run("fine_tuning_exercises").log("solution-4")
        rates = [float(line.split()[1]) for line in log.splitlines()]
        assert len(rates) == 5
        for high, low in pairwise(rates):
            assert high / low == pytest.approx(2.6, rel=0.02)

    def test_a_head_of_zeros_sends_no_gradient(self, vision_run: Runs) -> None:
        gradient = held(vision_run("fine_tuning_exercises"), "gradient")
        assert gradient["zero"] == 0
        assert gradient["drawn"] > 0.05
