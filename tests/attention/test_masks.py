import pytest
import torch

from dlnotes.attention.masks import causal_mask, check_mask, padding_mask


def test_a_causal_mask_lets_no_query_see_what_comes_after_it() -> None:
    assert causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert causal_mask(1).tolist() == [[True]]
    assert causal_mask(2).device.type == "cpu"
    assert causal_mask(2, torch.device("meta")).device.type == "meta"


def test_a_padding_mask_is_one_row_for_all_queries() -> None:
    tokens = torch.tensor([[5, 7, 0], [0, 7, 7]])
    assert padding_mask(tokens, 0).tolist() == [
        [[True, True, False]],
        [[False, True, True]],
    ]
    assert padding_mask(tokens, 7).tolist() == [
        [[True, False, True]],
        [[True, False, False]],
    ]


@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (1, 5), (4, 1), (1, 4, 5)])
def test_masks_expand_to_the_scores(shape: tuple[int, ...]) -> None:
    check_mask(torch.ones(shape, dtype=torch.bool), (3, 4, 5))


@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 4, 5), (1, 3, 4, 5)])
def test_others_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="the mask has shape ") as error:
        check_mask(torch.ones(shape, dtype=torch.bool), (3, 4, 5))
    assert str(error.value) == (
        f"the mask has shape {shape}, the scores (3, 4, 5): give one value for each "
        "query and key, or 1 along an axis where all are alike"
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.uint8])
def test_numbers_are_refused(dtype: torch.dtype) -> None:
    words = f"^the mask is {dtype}: make it torch.bool, true where a key may be looked"
    with pytest.raises(TypeError, match=words):
        check_mask(torch.ones(4, 5, dtype=dtype), (4, 5))
