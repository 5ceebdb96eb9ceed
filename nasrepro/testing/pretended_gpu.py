"""A GPU that is none: what computes on it computes on the CPU, under the rules that a GPU has.

Tensors say that they are on `cuda:0`. What a GPU refuses is refused: tensors of two devices in one operation, draws
from a generator of another device. What it does, but only after all its work so far is done, is counted as a wait: a
number that is asked for, a copy to the CPU, a copy from memory that is not pinned, an index that comes from the CPU.
Numbers are those of the CPU, so that a whole search can be held against one that was made there.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

import nasrepro

GPU = torch.device("cuda", 0)
_PACKAGE = str(Path(nasrepro.__file__).parent) + "/"
_CPU = torch.device("cpu")
_BOOKED = torch.device("meta")
"""Where PyTorch's own bookkeeping has the tensors, and makes others like them; of a GPU it would ask a driver."""
_ATEN = torch.ops.aten
_ASK = {_ATEN._local_scalar_dense.default, _ATEN.equal.default, _ATEN.nonzero.default, _ATEN.masked_select.default}
"""Operations that tell the CPU something, be it how many results there are."""
_TAKE_INDICES = {
    _ATEN.index.Tensor,
    _ATEN.index_put.default,
    _ATEN.index_put_.default,
    _ATEN._index_put_impl_.default,
    _ATEN._unsafe_index.Tensor,
}
"""Operations that fetch their indices from the CPU."""


class OnGpu(Tensor):
    """A tensor that says it is on the GPU; `numbers` are where it really is."""

    numbers: Tensor

    @staticmethod
    def __new__(cls, numbers: Tensor) -> OnGpu:
        made: OnGpu = Tensor._make_wrapper_subclass(
            cls,
            numbers.size(),
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=_BOOKED,
        )
        made.numbers = numbers
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return GPU

    @property
    def is_meta(self) -> bool:  # type: ignore[override]
        return False

    def __repr__(self) -> str:  # type: ignore[override]
        return f"OnGpu({self.numbers})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.numbers.__reduce_ex__(protocol)  # type: ignore[no-untyped-call]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        raise RuntimeError(f"{func} on the pretended GPU after it was switched off")


class _Moved(torch.autograd.Function):
    """A copy to another device, and of the gradient back."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, target: torch.device, non_blocking: bool) -> Tensor:
        ctx.origin = source.device
        return _copied(source, target, non_blocking)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return _copied(grads[0], ctx.origin, False), None, None


def _copied(source: Tensor, target: torch.device, non_blocking: bool) -> Tensor:
    found: Tensor = _ATEN._to_copy(source, device=target, non_blocking=non_blocking)
    return found


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Carries out what is asked of the GPU, and keeps its rules."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waits: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        tensors = [value for value in tree_flatten((args, given))[0] if isinstance(value, Tensor)]
        there = any(isinstance(value, OnGpu) for value in tensors)
        if func in (_ATEN.is_pinned.default, _ATEN._pin_memory.default):
            return False if func is _ATEN.is_pinned.default else args[0].clone()
        target = given.get("device")
        if target is not None:
            given["device"] = _CPU
        to_gpu = there if target is None else target.type != "cpu"
        if there or to_gpu:
            self._check(func, tensors, given, to_gpu)
        if any(value.device == _BOOKED for value in tensors):
            raise NotImplementedError(f"{func}: the pretended GPU does not know this way to make a tensor")
        plain_args, plain = tree_map(_plain, (args, given))
        found = func(*plain_args, **plain)
        if func is _ATEN.copy_.default:
            return args[0]
        if not to_gpu or func is _ATEN._local_scalar_dense.default:
            return found
        if not there or func is _ATEN._to_copy.default:
            return tree_map(_wrapped, found)
        made = tree_map(_wrapped, found)
        return return_and_correct_aliasing(func, args, kwargs or {}, made)  # type: ignore[no-untyped-call]

    def wait(self, what: str) -> None:
        """Note that the CPU stands still, and where."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (
            not frame.f_code.co_filename.startswith(_PACKAGE) or frame.f_code.co_filename == __file__
        ):
            frame = frame.f_back
        where = f" in {frame.f_code.co_filename.removeprefix(_PACKAGE)}, {frame.f_code.co_name}" if frame else ""
        self.waits[what + where] += 1

    def _check(self, func: Any, tensors: Sequence[Tensor], given: Mapping[str, Any], to_gpu: bool) -> None:
        if func in (_ATEN.copy_.default, _ATEN._to_copy.default):
            arrives = isinstance(tensors[0], OnGpu) if func is _ATEN.copy_.default else to_gpu
            if isinstance(tensors[-1], OnGpu) and not arrives:
                self.wait("copy to the CPU")
            elif arrives and not isinstance(tensors[-1], OnGpu) and not given.get("non_blocking"):
                self.wait("copy to the GPU")
            return
        if func in _ASK:
            self.wait(func.__name__.partition(".")[0])
        if func in _TAKE_INDICES and any(value.dtype == torch.bool for value in tensors[1:]):
            self.wait("index by a mask")  # which tells how many there are
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise RuntimeError(f"{func} draws on the GPU, from a generator of its own")
        if not any(value.ndim for value in tensors if not isinstance(value, OnGpu)):
            return  # single numbers come with the operation
        if func not in _TAKE_INDICES or not isinstance(tensors[0], OnGpu):
            raise RuntimeError(f"{func}: expected all tensors to be on the same device, but found two, cuda:0 and cpu")
        self.wait("index from the CPU")


class _Requests(TorchFunctionMode):
    """What PyTorch answers without an operation: moves between devices, and numbers as Python has them."""

    def __init__(self, operations: _Operations) -> None:
        super().__init__()
        self._operations = operations

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (Tensor.to, Tensor.cpu, Tensor.cuda):
            return _to(func, *args, **kwargs)
        if func in (Tensor.tolist, Tensor.numpy) and isinstance(args[0], OnGpu):
            if func is Tensor.numpy:
                raise TypeError("a tensor on cuda:0 cannot become an array; copy it to the CPU first")
            self._operations.wait("numbers asked for")
            return args[0].numbers.tolist()
        if func is Tensor.pin_memory and isinstance(args[0], OnGpu):
            raise RuntimeError("cannot pin a tensor that is on cuda:0")
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") is not None:
            target = torch.device(kwargs.pop("device"))
            return _to(Tensor.to, func(*args, **kwargs), target)
        if func in (Tensor.__getitem__, Tensor.__setitem__) and isinstance(args[0], OnGpu):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            fetched = tuple(torch.tensor(one) if isinstance(one, list) else one for one in index)
            args = (args[0], fetched if isinstance(args[1], tuple) else fetched[0], *args[2:])
        args, kwargs = tree_map(lambda value: GPU if _is_cuda(value) else value, (args, kwargs))
        return func(*args, **kwargs)


def _to(func: Any, source: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """`Tensor.to` and its short forms, in two steps: kind and layout of the numbers, then the device."""
    target = kwargs.pop("device", None) or {Tensor.cpu: _CPU, Tensor.cuda: GPU}.get(func)
    non_blocking = kwargs.pop("non_blocking", False)
    kinds: list[Any] = []
    for value in args:
        if isinstance(value, Tensor):
            target, kinds = value.device, [value.dtype]
        elif isinstance(value, torch.device | str):
            target = value
        elif isinstance(value, bool):
            non_blocking = value
        elif value is not None:
            kinds.append(value)
    kwargs = {name: value for name, value in kwargs.items() if value is not None}
    made = source.to(*kinds, **kwargs) if kinds or kwargs else source
    arrives = _CPU if torch.device(target or source.device).type == "cpu" else GPU
    moved: Tensor = made if made.device == arrives else _Moved.apply(made, arrives, non_blocking)  # type: ignore[no-untyped-call]
    return moved


@contextmanager
def pretended_gpu() -> Iterator[Counter[str]]:
    """Inside, `cuda` is a device that works; yields how often it was waited for so far, by what and where.

    Constants that are kept between computations are forgotten before and after.
    """
    operations = _Operations()
    conversion = torch.__future__
    before = conversion.get_overwrite_module_params_on_conversion()
    conversion.set_overwrite_module_params_on_conversion(True)  # a weight that moves is a new one
    _forget()
    try:
        with (
            patch.object(torch.cuda, "_lazy_init", lambda: None),
            patch.object(torch.inference_mode, "__enter__", _without_gradients),
            patch.object(torch._C, "_group_tensors_by_device_and_dtype", _grouped),
            _Requests(operations),
            operations,
        ):
            yield operations.waits
    finally:
        conversion.set_overwrite_module_params_on_conversion(before)
        _forget()


def _without_gradients(self: Any) -> None:
    """Inference mode, which tensors of such a kind as ours do not know."""
    self._inference_mode_context = torch.no_grad() if self.mode else nullcontext()
    self._inference_mode_context.__enter__()


def _grouped(
    lists: Sequence[Sequence[Tensor]],
    with_indices: bool = False,
    find: Any = torch._C._group_tensors_by_device_and_dtype,
) -> Any:
    """As optimizers ask for it, by the devices that tensors say they are on."""
    found = find(lists, with_indices)
    return {(tensors[0][0].device, kind): (tensors, places) for (_, kind), (tensors, places) in found.items()}


def _forget() -> None:
    from nasrepro import placement
    from nasrepro.supernets import pool

    for kept in (placement.constant, pool._ones, pool._one_over_count):
        kept.cache_clear()


def _is_cuda(value: Any) -> bool:
    if isinstance(value, str):
        return value == "cuda"
    return isinstance(value, torch.device) and value.type == "cuda" and value.index is None


def _plain(value: Any) -> Any:
    return value.numbers if isinstance(value, OnGpu) else value


def _wrapped(value: Any) -> Any:
    return OnGpu(value) if isinstance(value, Tensor) else value
