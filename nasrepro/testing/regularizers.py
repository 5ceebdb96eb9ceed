"""What every regularizer has to get right."""

from __future__ import annotations

import copy
import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasrepro import benchmarks
from nasrepro.benchmarks import Benchmark
from nasrepro.methods import regularizing
from nasrepro.methods.method import Method
from nasrepro.methods.resolving import resolve
from nasrepro.supernets.norm import BatchNormMode
from nasrepro.testing import CheckResult, refused, require, run_checks
from nasrepro.testing.small_steps import WARM_UP, Play, watched
from nasrepro.testing.small_training import SmallTraining
from nasrepro.training import checkpoint
from nasrepro.training.settings import source

_RADIUS = 1e-6
_TOLERANCE = 1e-3
_WEIGHTS = 12
_LEARNED = 0.05  # nats, of 20 short epochs in which each path trains its own few weights


def check_regularizer(name: str, benchmark: str = "nb201-digits") -> list[CheckResult]:
    """All requirements on a regularizer, each with what was seen, with its default settings on a tiny supernet of the
    benchmark's space.

    Takes seconds. Raises `UserError` for a regularizer or benchmark that does not exist.
    """
    return run_checks(requirements(name, benchmark).items())


def requirements(name: str, benchmark: str = "nb201-digits") -> dict[str, Callable[[], str]]:
    """The single checks by what they require; raises `UserError` for a regularizer or benchmark that does not exist."""
    battery = _RegularizerBattery(name, benchmarks.get(benchmark))
    return {
        "description": battery.description,
        "every setting is described and says where it was published": battery.settings,
        "unknown settings are refused": battery.unknown_settings,
        "mixtures are refused": battery.no_mixtures,
        "the loss contains the path's own": battery.own_loss,
        "the gradient is not a multiple of the plain one": battery.other_gradient,
        "the gradient agrees with finite differences": battery.finite_differences,
        "same seed, same losses": battery.same_seed,
        "the state round-trips": battery.state,
        "interrupted and resumed, same weights": battery.resume,
        "every path is run on the training batch and counted": battery.counts,
        "alpha and validation images stay untouched": battery.untouched,
        "only the optimizer moves weights": battery.weights_stay,
        "works in bfloat16 and with running averages": battery.other_networks,
        "the path's own loss goes down": battery.learns,
    }


class _RegularizerBattery:
    def __init__(self, name: str, benchmark: Benchmark) -> None:
        self.name, self.kind, self.benchmark = name, regularizing.get(name), benchmark

    def _play(self, **how: Any) -> Play:
        return Play(self.kind, self.benchmark.space, **how)

    def _training(self, **how: Any) -> SmallTraining:
        return SmallTraining(self.kind, benchmark=self.benchmark.name, **how)

    def description(self) -> str:
        text = " ".join((self.kind.__dict__.get("__doc__") or "").split())
        require(bool(text), "the class has no docstring, and `nasrepro show` has nothing to say")
        return inspect.cleandoc(text)

    def settings(self) -> str:
        fields = self.kind.Settings.model_fields
        self.kind.Settings()
        for name, field in fields.items():
            require(bool(field.description), f"setting '{name}' has no description")
            require(source(self.kind.Settings, name) != "not stated", f"setting '{name}' has no source")
        return ", ".join(f"{name} ({source(self.kind.Settings, name)})" for name in fields) or "nothing to choose"

    def unknown_settings(self) -> str:
        unknown = {"regularizer": {"no_such_setting": 1}}
        where = self.benchmark
        resolve(self._method("uniform"), where, "smoke")
        return refused(
            lambda: resolve(self._method("uniform"), where, "smoke", unknown), "a setting 'regularizer.no_such_setting'"
        )

    def no_mixtures(self) -> str:
        return refused(self._method("mixture").parts, "a regularizer for mixtures")

    def own_loss(self) -> str:
        play = self._play()
        step = play.begun()
        loss = play.regularizer.loss(step)
        require(loss.shape == (), f"the loss has shape {tuple(loss.shape)}")
        require(step.paths_run > 0, "no cross-entropy was asked for")
        (weight,) = torch.autograd.grad(loss, [step.cross_entropy(play.path)], allow_unused=True)
        require(weight is not None and weight.item() > 0, f"the path's own cross-entropy has weight {weight}")
        return f"with weight {weight.item():.3g}"

    def other_gradient(self) -> str:
        """A replay that is a number, not a tensor, would scale the plain gradient or leave it as it is."""
        play = self._play()
        found = play.gradient(play.regularizer.loss(play.begun()))
        plain = play.gradient(play.begun().cross_entropy(play.path))
        along = (found @ plain) / (plain @ plain)
        beside = float((found - along * plain).norm() / found.norm())
        require(beside > _TOLERANCE, f"it is {along.item():.6g} times the plain one, up to {beside:.1e}")
        return f"{100 * beside:.0f} % of its length are beside the plain one"

    def finite_differences(self) -> str:
        """Weight by weight, those with the largest gradients and some others."""
        play = self._play()
        state = copy.deepcopy(play.regularizer.state_dict())

        def loss() -> Tensor:
            play.regularizer.load_state_dict(copy.deepcopy(state))
            return play.regularizer.loss(play.begun())

        slope = play.gradient(loss())
        order = slope.abs().argsort(descending=True)
        apart = max(1, int((slope != 0).sum()) // _WEIGHTS)
        chosen = sorted({*order[: _WEIGHTS // 2].tolist(), *order[::apart][:_WEIGHTS].tolist()})
        worst, scale = 0.0, float(slope.abs().max())
        for at in chosen:
            measured = self._difference(play, at, loss)
            error = abs(measured - float(slope[at])) / max(abs(float(slope[at])), _TOLERANCE * scale)
            require(error < _TOLERANCE, f"weight {at}: {float(slope[at]):.6g}, measured {measured:.6g}")
            worst = max(worst, error)
        return f"relative error at most {worst:.1e} over {len(chosen)} weights"

    @staticmethod
    def _difference(play: Play, at: int, loss: Callable[[], Tensor]) -> float:
        """Central difference of the loss along weight number `at`."""
        for weight in play.network.parameters():
            if at < weight.numel():
                break
            at -= weight.numel()
        sides = []
        flat = weight.detach().view(-1)
        before = float(flat[at])
        for shift in (_RADIUS, -_RADIUS):
            flat[at] = before + shift
            sides.append(loss().item())
        flat[at] = before
        return (sides[0] - sides[1]) / (2 * _RADIUS)

    def same_seed(self) -> str:
        first, second = self._play().losses, self._play().losses
        require(first == second, f"{first} and then {second}")
        return f"{len(first)} steps, up to {first[-1]:.4f}"

    def state(self) -> str:
        """Through a file, and the losses that follow are the same."""
        longer, shorter = self._play(steps=2 * WARM_UP), self._play()
        with tempfile.TemporaryDirectory() as folder:
            file = FilePath(folder) / "state.pt"
            checkpoint.save(file, {"state": shorter.regularizer.state_dict()})
            read = checkpoint.load(file)
        assert read is not None
        shorter.regularizer = self._play(seed=1, steps=0).regularizer
        shorter.regularizer.load_state_dict(read["state"])
        for _ in range(WARM_UP):
            shorter.step()
        require(shorter.losses == longer.losses, f"{shorter.losses} instead of {longer.losses}")
        return f"{WARM_UP} steps, a file, {WARM_UP} more"

    def resume(self) -> str:
        whole = self._training().finish()
        with tempfile.TemporaryDirectory() as folder:
            stops = [2, whole.steps // 2, whole.steps - 1]
            for stop in stops:
                self._training().finish(FilePath(folder), stop)
            resumed = self._training().finish(FilePath(folder))
        require(resumed.losses == whole.losses, f"losses {resumed.losses} instead of {whole.losses}")
        require(resumed.path_steps == whole.path_steps, f"{resumed.path_steps} paths instead of {whole.path_steps}")
        same = all(torch.equal(a, b) for a, b in zip(resumed.weights(), whole.weights(), strict=True))
        require(same, "the weights differ")
        return f"stopped after {stops} of {whole.steps} steps"

    def counts(self) -> str:
        play = self._play()
        with watched(play.network) as seen:
            step = play.begun()
            play.regularizer.loss(step)
            step.weights_moved()
            play.regularizer.after_step(step)
        require(len(seen) == step.paths_run, f"{len(seen)} passes, but {step.paths_run} were counted")
        foreign = [args for args in seen if args[0] is not play.batch[0]]
        require(not foreign, f"{len(foreign)} of {len(seen)} passes are on other images than the batch's")
        return f"{len(seen)} in a step"

    def untouched(self) -> str:
        training = self._training(sampler="gumbel")
        before = training.of_validation()
        with watched(training.network) as seen:
            training.weight_steps(WARM_UP)
        require(all(len(args) < 3 for args in seen), "a pass was given gates")
        require(training.alpha.grad is None, "alpha has a gradient after weight steps")
        require(training.of_validation() == before, "validation images were drawn")
        return f"after {WARM_UP} weight steps"

    def weights_stay(self) -> str:
        play = self._play()
        before = copy.deepcopy(play.network.state_dict())
        step = play.begun()
        play.regularizer.loss(step)
        step.weights_moved()
        play.regularizer.after_step(step)
        moved = [name for name, value in play.network.state_dict().items() if not torch.equal(value, before[name])]
        require(not moved, f"moved: {', '.join(moved[:3])}")
        require(play.network.training, "the network was left in evaluation mode")
        return f"{len(before)} tensors as they were"

    def other_networks(self) -> str:
        seen = {
            "bfloat16": self._play(precision="bf16"),
            "running averages": self._play(mode=BatchNormMode.RUNNING),
        }
        for name, play in seen.items():
            require(bool(np.isfinite(play.losses).all()), f"{name}: losses {play.losses}")
            finite = all(w.isfinite().all() and w.dtype == torch.float32 for w in play.network.parameters())
            require(finite, f"{name}: the weights are no longer finite or no longer float32")
        return ", ".join(f"{name}: {play.losses[-1]:.3f}" for name, play in seen.items())

    def learns(self) -> str:
        losses = self._training(epochs=20, lr=0.1).finish().losses
        late = sum(losses[-5:]) / 5
        require(late < losses[0] - _LEARNED, f"from {losses[0]:.3f} in the first epoch to {late:.3f} in the last five")
        return f"from {losses[0]:.3f} to {late:.3f}"

    def _method(self, sampler: str) -> Method:
        selector = "argmax" if sampler == "mixture" else "rs"
        return Method("battery", "", "", sampler=sampler, regularizer=self.name, selector=selector)
