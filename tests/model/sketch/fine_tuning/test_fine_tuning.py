"""Fine-tuning: the learning rate's cycle, the mean of runs, frozen batch-norm statistics, and resuming."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_sketch import RECIPE, noise_pictures

from model.data.pairs import DataError
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.efficientnet import imagenet_weights
from model.sketch.fine_tuning import fine_tuning
from model.sketch.fine_tuning.fine_tuning import fine_tune
from model.sketch.fine_tuning.recipe import Recipe
from model.storage import read_tensors
from model.training.errors import TrainingError

State = dict[str, torch.Tensor]


def state_of(backbone: Backbone) -> State:
    return {key: value.clone() for key, value in backbone.network.state_dict().items()}


def test_a_cycle_longer_than_the_training_equals_the_start_of_a_longer_training(tmp_path, weights):
    states: dict[str, list[State]] = {}

    def train(name: str, recipe: Recipe) -> None:
        backbone = Backbone(weights[0], 64)

        def record(*_: object) -> None:
            states.setdefault(name, []).append(state_of(backbone))

        fine_tune(
            tmp_path / name,
            backbone,
            imagenet_weights(*weights),
            noise_pictures(),
            noise_pictures(),
            64,
            replace(recipe, runs=1),
            report=record,
        )

    train("whole", replace(RECIPE, epochs=3, cycle=1.0))
    train("cut", replace(RECIPE, epochs=2, cycle=1.5))
    assert [len(steps) for steps in states.values()] == [6, 4]
    assert all(torch.equal(value, states["whole"][3][key]) for key, value in states["cut"][3].items())
    assert not torch.equal(states["cut"][2]["_conv_head.weight"], states["cut"][3]["_conv_head.weight"])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_result_mixes_the_mean_of_different_runs_with_imagenets_weights(tmp_path, weights, share):
    backbone, imagenet = Backbone(weights[0], 64), imagenet_weights(*weights)
    progress: list[tuple[int, int]] = []
    run_weights: list[State] = []

    def report(step: int, steps: int, loss: float) -> None:
        progress.append((step, steps))
        if step % 2 == 0:  # the last step of a run
            run_weights.append(
                {name: weight.detach().clone() for name, weight in backbone.network.named_parameters()}
            )

    recipe = replace(RECIPE, epochs=1, runs=3, imagenet=share)
    fine_tune(tmp_path, backbone, imagenet, noise_pictures(), noise_pictures(), 64, recipe, report=report)
    assert progress == [(step, 6) for step in range(1, 7)]
    distinct = {float(each["_conv_head.weight"].double().sum()) for each in run_weights}
    assert len(distinct) == len(run_weights) == 3
    for name, weight in backbone.network.named_parameters():
        mean = torch.stack([each[name] for each in run_weights]).mean(0)
        torch.testing.assert_close(weight.detach(), (1 - share) * mean + share * imagenet[name])


def test_batch_norms_keep_imagenets_statistics_in_training(tmp_path, weights):
    backbone, imagenet = Backbone(weights[0], 64), imagenet_weights(*weights)
    training: list[bool] = []
    hook = backbone.network._bn1.register_forward_hook(
        lambda norm, inputs, outputs: training.append(norm.training)
    )
    recipe = replace(RECIPE, epochs=1, runs=1, imagenet=0.0)
    fine_tune(tmp_path, backbone, imagenet, noise_pictures(), noise_pictures(), 64, recipe)
    hook.remove()
    assert len(training) >= 2
    assert not any(training)
    state = backbone.network.state_dict()
    assert all(torch.equal(state[key], imagenet[key]) for key in state if "running" in key)
    assert not torch.equal(state["_bn1.weight"], imagenet["_bn1.weight"])


def test_too_few_photos_for_a_batch_are_reported_before_training(tmp_path, weights):
    with pytest.raises(DataError, match=r"at least 33 readable photos.*found 32"):
        fine_tune(
            tmp_path,
            Backbone(weights[0], 64),
            imagenet_weights(*weights),
            noise_pictures(32),
            noise_pictures(32),
            64,
            replace(RECIPE, batch=33),
        )


class KilledError(Exception):
    pass


def resumed_and_uninterrupted(folder: Path, weights: tuple[str, Path]) -> tuple[State, State]:
    """The network after a training that was killed and resumed, and after one that was not."""
    recipe, pictures = replace(RECIPE, epochs=2), noise_pictures()

    def train(name: str, **options: object) -> State:
        backbone = Backbone(weights[0], 64)
        fine_tune(
            folder / name, backbone, imagenet_weights(*weights), pictures, pictures, 64, recipe, **options
        )
        return state_of(backbone)

    def kill(step: int, steps: int, loss: float) -> None:
        if step == steps - 1:
            raise KilledError

    uninterrupted = train("uninterrupted")
    with pytest.raises(KilledError):
        train("killed", report=kill)
    assert read_tensors(folder / "killed" / "run-0" / fine_tuning.STATE)[1]["step"] == 2
    return train("killed", resume=True), uninterrupted


def test_a_resumed_training_ends_with_the_weights_of_an_uninterrupted_one(tmp_path, weights, recwarn):
    resumed, uninterrupted = resumed_and_uninterrupted(tmp_path, weights)
    assert all(torch.equal(resumed[key], uninterrupted[key]) for key in resumed)
    assert [str(each.message) for each in recwarn if "lr_scheduler" in str(each.message)] == []


def test_training_resumes_with_parameters_that_have_no_optimiser_state(tmp_path, weights, monkeypatch):
    """A parameter without a gradient gets no Adam state, so the saved state has none."""

    def frozen_projection(*given: torch.Tensor) -> torch.Tensor:
        return original(given[0].detach(), *given[1:])

    original = fine_tuning.fine_tuning_loss
    monkeypatch.setattr(fine_tuning, "fine_tuning_loss", frozen_projection)
    resumed, uninterrupted = resumed_and_uninterrupted(tmp_path, weights)
    assert all(torch.equal(resumed[key], uninterrupted[key]) for key in resumed)


def test_a_fine_tuning_of_another_recipe_is_not_resumed(tmp_path, weights):
    """What is applied after the runs may change, such as the mixture with ImageNet's weights."""

    def train(recipe: Recipe) -> None:
        pictures, imagenet = noise_pictures(), imagenet_weights(*weights)
        fine_tune(tmp_path, Backbone(weights[0], 64), imagenet, pictures, pictures, 64, recipe, resume=True)

    recipe = replace(RECIPE, epochs=1)
    train(recipe)
    train(replace(recipe, imagenet=0.9))
    for other in (replace(recipe, learning_rate=1e-4), replace(recipe, crop_share=0.5)):
        with pytest.raises(TrainingError, match="another recipe"):
            train(other)


def test_every_length_of_training_has_a_cycle(tmp_path, weights):
    """With a cycle of five steps, torch's own schedule would divide by zero."""
    backbone, pictures = Backbone(weights[0], 64), noise_pictures()
    recipe = replace(RECIPE, epochs=1, cycle=2.5)
    fine_tune(tmp_path, backbone, imagenet_weights(*weights), pictures, pictures, 64, recipe)
