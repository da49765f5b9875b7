import torch

from dlnotes.nested import map_tensors


def test_a_tensor_and_tuples_of_tuples() -> None:
    one = torch.ones(1)
    assert map_tensors(torch.neg, one) == -1
    found = map_tensors(torch.neg, (one, (2 * one, (3 * one,)), [4 * one]))
    assert found == (-1, (-2, (-3,)), (-4,))
