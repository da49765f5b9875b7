"""What the chapter on fine-tuning says in words."""

from collections.abc import Callable
from copy import deepcopy
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
