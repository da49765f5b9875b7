"""What the chapter on fine-tuning says in words."""

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from statistics import mean

import pytest
import torch
from torch.nn.functional import cross_entropy

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.letters import FACES, load_letters
from dlnotes.finetune import freeze, replace_head
from dlnotes.looking import feature_maps, grad_cam
from dlnotes.vision.resnet import small_resnet

Runs = Callable[[str], Run]
METHODS = HEAD, TUNED, SCRATCH = "new head alone", "all layers", "from scratch"
RATE, THREE_TIMES, A_THIRD = 0.027, 0.081, 0.009
FIRST_TWO = ("gradient × input", "occlusion")
GRAD_CAM = ("Grad-CAM, 7 × 7", "Grad-CAM, 4 × 4")


@pytest.fixture(scope="module")
def two_runs(both_draws: Callable[[str], list[Run]]) -> list[Run]:
    """Return the run with two sets of seeds, for what is true on the whole only."""
    return both_draws("fine_tuning")


def mean_accuracy_val(runs: list[Run], k: int) -> dict[float, float]:
    """Return by rate what all layers reach, as a mean over the sets of seeds."""
    rows = [held(run, "accuracy_val")[k][TUNED] for run in runs]
    return {rate: mean(r[rate] for r in rows) for rate in (A_THIRD, RATE, THREE_TIMES)}


def mean_share(runs: list[Run], name: str, ways: tuple[str, ...], method: str) -> float:
    """Return a score of a network as a mean over ways to ask and sets of seeds."""
    return mean(held(run, name)[way][method] for run in runs for way in ways)


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
        run = vision_run("fine_tuning")
        accuracy = held(run, "accuracy")
        untrained = held(run, "accuracy_untrained")
        assert min(accuracy[HEAD][5]) > max(accuracy[SCRATCH][5])
        assert mean(accuracy[HEAD][5]) > 2 * mean(accuracy[SCRATCH][5])
        assert max(accuracy[SCRATCH][5]) < 0.25
        assert min(accuracy[TUNED][5]) > max(accuracy[SCRATCH][5])
        assert 0.07 < min(untrained) < max(untrained) < 0.15

    def test_with_five_images_the_head_alone_is_a_little_ahead(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("fine_tuning"), "accuracy")
        head, tuned = accuracy[HEAD], accuracy[TUNED]
        pairs = zip(head[5], tuned[5], strict=True)
        assert all(alone > every for alone, every in pairs)
        lead = mean(head[5]) - mean(tuned[5])
        assert 0.02 < lead < mean(tuned[50]) - mean(head[50])

    def test_with_fifty_fine_tuning_wins_and_scratch_is_last(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("fine_tuning"), "accuracy")
        assert min(accuracy[TUNED][50]) > max(accuracy[HEAD][50])
        assert min(accuracy[HEAD][50]) > max(accuracy[SCRATCH][50])

    def test_more_images_are_better_for_every_method(self, vision_run: Runs) -> None:
        for name, row in held(vision_run("fine_tuning"), "accuracy").items():
            means = [mean(row[k]) for k in (5, 10, 50)]
            assert means == sorted(means), name

    def test_from_fifty_images_scratch_names_three_digits_in_ten(
        self, book_run: Runs
    ) -> None:
        accuracy = held(book_run("fine_tuning"), "accuracy")
        assert mean(accuracy[SCRATCH][50]) == pytest.approx(0.3, abs=0.05)


class TestRates:
    @pytest.mark.parametrize("k", [5, 50])
    def test_every_rate_is_bracketed(self, vision_run: Runs, k: int) -> None:
        run = vision_run("fine_tuning")
        for name, found in held(run, "accuracy_val")[k].items():
            best = list(found).index(held(run, "rate_best")[k][name])
            assert 0 < best < len(found) - 1

    @pytest.mark.parametrize("k", [5, 50])
    def test_the_head_does_not_mind(self, vision_run: Runs, k: int) -> None:
        head = held(vision_run("fine_tuning"), "accuracy_val")[k][HEAD].values()
        assert max(head) - min(head) < 0.04

    @pytest.mark.parametrize("k", [5, 50])
    def test_three_times_the_first_rate_is_too_much_for_all_layers(
        self, two_runs: list[Run], k: int
    ) -> None:
        found = mean_accuracy_val(two_runs, k)
        assert found[THREE_TIMES] < max(found[RATE], found[A_THIRD]) - 0.02

    def test_a_third_is_no_better_with_fifty_and_as_good_with_five(
        self, two_runs: list[Run]
    ) -> None:
        five, fifty = (mean_accuracy_val(two_runs, k) for k in (5, 50))
        assert fifty[A_THIRD] < fifty[RATE] + 0.01
        assert abs(five[A_THIRD] - five[RATE]) < 0.06

    def test_from_scratch_no_rate_helps_with_five(self, vision_run: Runs) -> None:
        found = held(vision_run("fine_tuning"), "accuracy_val")[5]
        assert max(found[SCRATCH].values()) < 0.25

    def test_letters_in_new_faces_are_told_apart_to_a_degree(
        self, vision_run: Runs
    ) -> None:
        accuracy = vision_run("fine_tuning").values["accuracy_source"]
        assert 10 / 52 < accuracy < 0.7


class TestBatchNorm:
    def test_vectors_move_unless_frozen(self, vision_run: Runs) -> None:
        values = vision_run("fine_tuning").values
        assert values["distance_careless"] > 0.2
        assert values["distance_frozen"] == 0


class TestLooking:
    def test_grad_cam_of_the_last_stage_is_a_class_activation_map(self) -> None:
        torch.manual_seed(0)
        model = small_resnet(8, width=4).eval()
        X, labels = torch.rand(3, 1, 28, 28), torch.tensor([1, 5, 5])
        last = model.features.stage3
        logits, A = feature_maps(model, last, X)
        dense = model.head[-1]
        w = dense.weight[labels][:, :, None, None]
        z = logits.gather(1, labels[:, None])[:, 0]
        cam = (w * A).sum(dim=1)
        torch.testing.assert_close(cam.mean(dim=(1, 2)) + dense.bias[labels], z)
        H, W = A.shape[2:]
        found = grad_cam(model, last, X, labels)
        torch.testing.assert_close(found * H * W, cam.relu())

    def test_all_ways_point_at_their_own_digit_rather(
        self, two_runs: list[Run]
    ) -> None:
        seconds = []
        for way in (*FIRST_TWO, *GRAD_CAM):
            rows = [
                [mean_share(two_runs, name, (way,), method) for method in METHODS]
                for name in ("share_inside", "share_other")
            ]
            assert mean(rows[0]) > mean(rows[1]) + 0.03, way
            seconds += rows[1]
        assert sum(share > 0.5 for share in seconds) >= 9  # of twelve

    def test_the_middle_is_always_in_the_box(self, vision_run: Runs) -> None:
        values = vision_run("fine_tuning").values
        assert values["share_middle"] == 1
        assert 0.35 < values["share_of_canvas"] < 0.5

    def test_a_bad_network_scores_high_by_the_first_two(
        self, two_runs: list[Run]
    ) -> None:
        accuracy = [held(run, "accuracy")[SCRATCH][50] for run in two_runs]
        assert mean(map(mean, accuracy)) < 0.35
        bad, good = (
            mean_share(two_runs, "share_inside", FIRST_TWO, method)
            for method in (SCRATCH, TUNED)
        )
        assert bad > good - 0.05
        for way in FIRST_TWO:
            assert mean_share(two_runs, "share_inside", (way,), SCRATCH) > 0.85

    @pytest.mark.parametrize("other", [HEAD, TUNED])
    def test_grad_cam_tells_the_bad_network_apart(
        self, two_runs: list[Run], other: str
    ) -> None:
        bad = mean_share(two_runs, "share_inside", GRAD_CAM, SCRATCH)
        assert bad < mean_share(two_runs, "share_inside", GRAD_CAM, other) - 0.02

    @pytest.mark.parametrize("other", [HEAD, TUNED])
    def test_but_in_part_because_it_points_to_the_middle_less_often(
        self, two_runs: list[Run], other: str
    ) -> None:
        bad = mean_share(two_runs, "share_other", GRAD_CAM, SCRATCH)
        assert bad < mean_share(two_runs, "share_other", GRAD_CAM, other) - 0.02


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
