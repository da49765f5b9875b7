import torch

from dlnotes.nested import map_tensors


def test_a_tensor_and_tuples_of_tuples() -> None:
    one = torch.ones(1)
    assert map_tensors(torch.neg, one) == -1
    found = map_tensors(torch.neg, (one, (2 * one, (3 * one,)), [4 * one]))
    assert found == (-1, (-2, (-3,)), [-4])


def test_what_is_no_tensor_stays() -> None:
    """Some layers return None beside their output, and data sets names."""
    found = map_tensors(torch.neg, ({"x": torch.ones(1), "name": "a"}, None, 3))
    assert found == ({"x": -1, "name": "a"}, None, 3)
