"""Fine-tune a backbone on seen classes: sketches and photos of one class get similar features.

Three losses train it (`model.sketch.fine_tuning.losses`): cross-entropy on scaled cosines with one classifier
for both domains, a supervised contrastive loss over the batch, and distillation of the network's own ImageNet
predictions. Distillation preserves what the network knows of other classes. For the same reason batch norms
keep ImageNet's statistics, and the resulting weights are a mixture of the fine-tuned weights and ImageNet's.
"""

import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from model.data.pairs import fingerprint_of
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.serving_form import precision
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.fine_tuning.chunks import backward_in_chunks
from model.sketch.fine_tuning.heads import BackboneWithHeads
from model.sketch.fine_tuning.losses import fine_tuning_loss
from model.sketch.fine_tuning.recipe import Recipe
from model.sketch.fine_tuning.training_set import TrainingSet, check_batch, imagenet_targets
from model.sketch.further_pictures import FurtherPictures
from model.sketch.pictures import Pictures
from model.storage import read_tensors, write_tensors
from model.training.errors import TrainingError
from model.training.optimiser_state import load_optimiser, optimiser_tensors

SEED_STRIDE = 1_000
"""Difference between the seeds of consecutive runs."""
SHORTEST_CYCLE = 6
"""Fewest steps of a learning rate's cycle. With 5 of them, a fifth, in which the rate rises, is one step, and
`OneCycleLR` divides by zero."""
CHUNK = 32
"""Pictures whose activations are in memory at a time, on a CPU; those of 96 take 7 GB."""
STATE = "backbone-state.safetensors"
AFTER_RUNS = frozenset({"runs", "imagenet"})
"""Fields of a recipe that make no difference to a single run."""

Report = Callable[[int, int, float], None]
"""Called after each step with the step, the number of steps, and the loss."""


def fine_tune(
    folder: Path,
    backbone: Backbone,
    imagenet: dict[str, Tensor],
    photos: Pictures,
    sketches: Pictures,
    image_size: int,
    recipe: Recipe,
    *,
    further: FurtherPictures | None = None,
    report: Report | None = None,
    resume: bool = False,
    device: torch.device = CPU,
) -> None:
    """Fine-tune a backbone's network in place, and set its classifier to ImageNet's. It ends on the CPU.

    Each run saves its state after each epoch. All randomness is a function of (seed, run, step), so a resumed
    training ends with the same weights as an uninterrupted one.

    Args:
        folder: receives the state of each run.
        backbone: the backbone to fine-tune.
        imagenet: published weights, with the classifier (`efficientnet.imagenet_weights`).
        photos, sketches: pictures of seen classes.
        image_size: side of the pictures that search uses; the crops are a share of it.
        recipe: the hyperparameters.
        further: doodles and icons, of classes with and without photos.
        report: receives the progress over all runs.
        resume: continue from the saved states.
        device: where to train.

    Raises:
        DataError: there are fewer photos than one batch holds.
        TrainingError: the saved states are of another recipe, or of pictures of other classes.
    """
    check_batch(photos, recipe.batch)
    backbone.load_network(imagenet)
    backbone.load_classifier(imagenet)
    photo_targets, class_targets = imagenet_targets(backbone, imagenet, photos, device)
    doodles = icons = None
    if further is not None:
        class_targets = torch.cat([class_targets, further.targets])
        doodles, icons = further.doodles, further.icons
    data = TrainingSet(photos, sketches, photo_targets, class_targets, doodles, icons)
    run_weights: list[dict[str, Tensor]] = []
    for number in range(recipe.runs):
        seeded = replace(recipe, seed=recipe.seed + SEED_STRIDE * number)
        model = _model(backbone, imagenet, data, seeded.seed, device)
        run = _Run(folder / f"run-{number}", model, data, recipe.crop_size(image_size), seeded)
        if resume:
            run.resume()
        run.train(None if report is None else partial(_report_run, report, number, recipe.runs))
        run_weights.append(
            {name: weight.detach().cpu().double() for name, weight in backbone.network.named_parameters()}
        )
    backbone.to(CPU)
    with torch.no_grad():
        for name, weight in backbone.network.named_parameters():
            mean = torch.stack([weights[name] for weights in run_weights]).mean(0)
            weight.copy_(torch.lerp(mean, imagenet[name].double(), recipe.imagenet))


def _model(
    backbone: Backbone, imagenet: dict[str, Tensor], data: TrainingSet, seed: int, device: torch.device
) -> BackboneWithHeads:
    torch.manual_seed(seed)
    model = BackboneWithHeads(backbone, imagenet, len(data.class_targets))
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return model


def _report_run(report: Report, run: int, runs: int, step: int, steps: int, loss: float) -> None:
    """Report one run's progress as a part of all runs."""
    report(run * steps + step, runs * steps, loss)


class _Run:
    """One fine-tuning run.

    Args:
        folder: receives the state.
        model: the network and its heads.
        data: the pictures and the targets.
        crop: side of the crops, in pixels.
        recipe: the hyperparameters, with this run's seed.
    """

    def __init__(
        self, folder: Path, model: BackboneWithHeads, data: TrainingSet, crop: int, recipe: Recipe
    ) -> None:
        self.folder, self.model, self.data, self.crop, self.recipe = folder, model, data, crop, recipe
        self.epoch_steps = len(data.photos.labels) // recipe.batch
        self.steps = recipe.epochs * self.epoch_steps
        self.step = 0
        self.optimiser = torch.optim.AdamW(
            model.trained_parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser,
            recipe.learning_rate,
            total_steps=max(SHORTEST_CYCLE, round(recipe.cycle * self.steps)),
            pct_start=0.2,
        )

    def train(self, report: Report | None) -> None:
        """Train to the last step; save the state after each epoch."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model.train()
        while self.step < self.steps:
            loss = self._train_step()
            self.schedule.step()
            self.step += 1
            if self.step % self.epoch_steps == 0:
                self._save()
            if report is not None:
                report(self.step, self.steps, loss)

    def _train_step(self) -> float:
        device = self.model.classes.device
        batch = self.data.batch(self.step, self.crop, self.recipe, device)

        def network(pixels: Tensor) -> tuple[Tensor, Tensor]:
            with torch.autocast(device.type, torch.bfloat16, enabled=precision(device) == torch.bfloat16):
                projected, imagenet_logits = self.model(pixels)
            return projected.float(), imagenet_logits.float()

        def loss(projected: Tensor, imagenet_logits: Tensor) -> Tensor:
            return fine_tuning_loss(projected, imagenet_logits, self.model.classes, batch, self.recipe)

        self.optimiser.zero_grad(set_to_none=True)
        chunk = CHUNK if device.type == "cpu" else len(batch.pixels)
        value = backward_in_chunks(network, batch.pixels, loss, chunk)
        self.optimiser.step()
        return float(value)

    def _save(self) -> None:
        tensors = {f"model.{key}": value for key, value in self.model.trained_state().items()}
        tensors |= optimiser_tensors(self.optimiser)
        write_tensors(self.folder / STATE, tensors, {"step": self.step, "identity": self._identity()})

    def _identity(self) -> dict[str, object]:
        """The settings, and the pictures' classes, that must be the same for a run to be resumed."""
        recipe = {key: value for key, value in asdict(self.recipe).items() if key not in AFTER_RUNS}
        pictures = (self.data.photos, self.data.sketches, self.data.doodles, self.data.icons)
        labels = fingerprint_of(str(None if each is None else each.labels.tolist()) for each in pictures)
        return {"recipe": recipe, "crop": self.crop, "labels": labels}

    def resume(self) -> None:
        """Load the saved state, if there is one.

        Raises:
            TrainingError: it is of another recipe, or of pictures of other classes.
        """
        if not (self.folder / STATE).exists():
            return
        tensors, note = read_tensors(self.folder / STATE)
        if note.get("identity", self._identity()) != self._identity():  # older saves have none
            raise TrainingError(
                f"{self.folder} holds a fine-tuning with another recipe, or of pictures of other classes; "
                "use another name, or leave out --resume"
            )
        self.model.load_trained_state(
            {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
        )
        load_optimiser(self.optimiser, tensors)
        self.step = int(str(note["step"]))
        with warnings.catch_warnings():
            # The optimiser took its steps in an earlier process, which the schedule cannot know.
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step", UserWarning)
            for _ in range(self.step):
                self.schedule.step()
