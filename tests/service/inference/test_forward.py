"""One forward pass over several requests, compared with direct calls of the same function."""

from collections.abc import Callable
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor

from service.inference.forward import forward
from service.inference.queue import Request, RequestSlice

CPU = torch.device("cpu")


def whole(function: Callable[..., Tensor], *inputs: Tensor) -> RequestSlice:
    """Return a slice that covers all items of a new request."""
    request = Request(
        batch_key="a",
        function=function,
        inputs=inputs,
        items=len(inputs[0]),
        arrived=0,
        future=Mock(),  # `forward` does not answer requests
    )
    return RequestSlice(request, 0, request.items)


def picky(x: Tensor) -> Tensor:
    if (x < 0).any():
        raise ValueError("negative")
    return 2 * x


def column(*values: float) -> Tensor:
    return torch.tensor(values).unsqueeze(1)


def test_batch_results_equal_direct_calls() -> None:
    sizes = (5, 1, 3)
    inputs = [(torch.randn(size, 3), torch.randn(size, 3)) for size in sizes]
    calls: list[int] = []

    def add(x: Tensor, y: Tensor) -> Tensor:
        calls.append(len(x))
        return x + y

    results = forward([whole(add, *each) for each in inputs], CPU)
    assert calls == [9]
    for result, (x, y) in zip(results, inputs, strict=True):
        assert isinstance(result, Tensor)
        assert torch.equal(result, x + y)


def test_results_are_ordinary_detached_tensors_that_share_no_memory() -> None:
    weight = torch.ones(3, requires_grad=True)
    results = forward([whole(lambda x: x * weight, torch.randn(2, 3)) for _ in range(2)], CPU)
    for result in results:
        assert isinstance(result, Tensor)
        assert not result.is_inference()
        assert not result.requires_grad
        assert result.untyped_storage().nbytes() == result.numel() * result.element_size()


def test_a_failing_item_fails_only_its_own_request() -> None:
    misfit = torch.ones(1, 2)  # cannot be concatenated with the others
    results = forward([whole(picky, each) for each in (column(1), column(-1), misfit, column(2))], CPU)
    assert isinstance(results[1], ValueError)
    assert [each.tolist() for each in results if isinstance(each, Tensor)] == [[[2]], [[2, 2]], [[4]]]


def test_a_failing_batch_falls_back_to_each_requests_own_function() -> None:
    def fail(x: Tensor) -> Tensor:
        raise ValueError("bad function")

    first, second = forward([whole(fail, column(1)), whole(picky, column(2))], CPU)
    assert isinstance(first, ValueError)
    assert isinstance(second, Tensor)
    assert second.item() == 4


def test_a_wrong_number_of_results_is_an_error() -> None:
    (result,) = forward([whole(lambda x: x.sum(), column(1, 2))], CPU)
    assert isinstance(result, RuntimeError)
    assert "2 items gave a result of shape" in str(result)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), StopIteration(), MemoryError()])
def test_every_exception_is_returned(error: BaseException) -> None:
    def fail(x: Tensor) -> Tensor:
        raise error

    assert forward([whole(fail, column(1))], CPU) == [error]
