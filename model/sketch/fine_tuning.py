"""Fine-tuning a backbone on seen classes, so that sketches and photos of a class get features alike.

Cross-entropy on a scaled cosine with one classifier for both domains, supervised contrast over the batch, and
distillation of the network's own ImageNet logits, which keeps what it knew of other classes. For the same reason its
batch norms keep ImageNet's statistics, and the weights that are kept lie between those of fine-tuning and ImageNet's.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from model.data.sketchy import Pictures
from model.evaluation.metrics import cosine, mean_average_precision, ranked_relevance
from model.sketch.augmentation import CPU, crops
from model.sketch.backbones import Backbone
from model.sketch.efficientnet import FEATURES, IMAGENET_CLASSES
from model.sketch.serving_form import precision, serving_form
from model.storage import read_tensors, write_tensors

PROJECTION = 512
"""Size of what the losses see. The pooled features before it generalise better, and are what is kept."""
APART = 1_000
"""Between the seeds of two runs."""
STATE = "backbone-state.safetensors"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a backbone is fine-tuned; what it gives is in docs/results.md.

    Attributes:
        epochs: passes over the photos.
        cycle: how long the learning rate's cycle is, of all passes: beyond 1, it is cut before the rate has fallen to nothing.
        batch: photos of a step, and as many sketches.
        crop_share: side of the crops, of the side of the pictures that are searched later: cropping magnifies what
            is shown (Touvron et al., 2019).
        scale, label_smoothing: of the cosine's cross-entropy.
        contrast, temperature: weight and temperature of the supervised contrast.
        distillation, sketch_distillation: weights of the ImageNet shares taught.
        doodle_rate: share of the sketches that are drawn roughly.
        jitter: up to how far points of half of the sketches are moved, of half a side.
        ink_dropout: up to which share of a sketch's ink is taken away.
        runs: how often all of it is done, with another seed each time; the mean of their weights generalises better
            than any of them (model soups; Wortsman et al., 2022).
        imagenet: share of ImageNet's own weights in what is kept, beside that mean, which generalises better than
            either (WiSE-FT; Wortsman et al., 2022).
    """

    epochs: int = 4
    cycle: float = 1.5
    batch: int = 32
    learning_rate: float = 3e-4
    weight_decay: float = 1e-2
    scale: float = 16.0
    label_smoothing: float = 0.1
    contrast: float = 0.5
    temperature: float = 0.1
    distillation: float = 0.5
    sketch_distillation: float = 0.5
    crop_share: float = 0.85
    doodle_rate: float = 0.25
    jitter: float = 0.03
    ink_dropout: float = 0.4
    runs: int = 3
    imagenet: float = 0.3
    seed: int = 0

    def crop_size(self, image_size: int) -> int:
        """Pixels of a side in training; a multiple of 16."""
        return max(16, round(image_size * self.crop_share / 16) * 16)


Report = Callable[[int, int, float], None]
"""Told (step, steps, loss)."""


class _Trained(nn.Module):
    """The backbone's network with the heads that only training needs; its last layer is found afterwards."""

    def __init__(self, backbone: Backbone, imagenet: dict[str, Tensor], classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.imagenet = nn.Linear(FEATURES, IMAGENET_CLASSES)
        self.projection = nn.Linear(FEATURES, PROJECTION)
        self.classes = nn.Parameter(torch.randn(classes, PROJECTION) * 0.02)
        _untouched(backbone, imagenet)
        self.imagenet.load_state_dict(_classifier_of(imagenet))
        nn.init.orthogonal_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)

    def trained(self) -> list[nn.Parameter]:
        """All but the layer that is found afterwards."""
        layers = (self.backbone.network, self.imagenet, self.projection)
        return [self.classes, *(parameter for layer in layers for parameter in layer.parameters())]

    def train(self, mode: bool = True) -> "_Trained":
        """Batch norms go by ImageNet's statistics in training too: the two domains' own would be a mixture that neither has alone."""
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        return self

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        pooled = self.backbone.network(pixels)
        return self.projection(pooled), self.imagenet(pooled)


def fine_tune(
    folder: Path,
    backbone: Backbone,
    imagenet: dict[str, Tensor],
    photos: Pictures,
    sketches: Pictures,
    image_size: int,
    recipe: Recipe,
    *,
    doodles: NDArray[np.uint8] | None = None,
    report: Report | None = None,
    resume: bool = False,
    device: torch.device = CPU,
) -> None:
    """Fine-tunes on decoded pictures of seen classes and leaves in `backbone` what is kept of the runs, on the CPU.

    `doodles` are rough forms of the sketches, in their order and size.

    Saves after each epoch; all randomness is a function of (seed, run, step), so a resumed run repeats an undisturbed one.
    """
    _untouched(backbone, imagenet)
    classify(backbone, imagenet)
    material = _Material(photos, sketches, doodles, *_taught(backbone, imagenet, photos, device))
    ends: list[dict[str, Tensor]] = []
    for run in range(recipe.runs):
        seeded = replace(recipe, seed=recipe.seed + APART * run)
        told = None if report is None else partial(_of_all, report, run, recipe.runs)
        _run(
            folder / f"run-{run}",
            backbone,
            imagenet,
            material,
            image_size,
            seeded,
            report=told,
            resume=resume,
            device=device,
        )
        ends.append(
            {name: weight.detach().cpu().double() for name, weight in backbone.network.named_parameters()}
        )
    backbone.to(CPU)
    with torch.no_grad():
        for name, weight in backbone.network.named_parameters():
            mean = torch.stack([end[name] for end in ends]).mean(0)
            weight.copy_(torch.lerp(mean, imagenet[name].double(), recipe.imagenet))


@dataclass(frozen=True)
class _Material:
    """What is trained on, and the ImageNet shares that are taught: of each photo [n, 1000] and of each class [c, 1000]."""

    photos: Pictures
    sketches: Pictures
    doodles: NDArray[np.uint8] | None
    of_photos: Tensor
    of_classes: Tensor


def _run(
    folder: Path,
    backbone: Backbone,
    imagenet: dict[str, Tensor],
    material: _Material,
    image_size: int,
    recipe: Recipe,
    *,
    report: Report | None,
    resume: bool,
    device: torch.device,
) -> None:
    """One of the runs; its end is in `backbone` then."""
    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    model = _Trained(backbone, imagenet, len(material.of_classes))
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has it, its stubs do not
    crop = recipe.crop_size(image_size)
    epoch_steps = len(material.photos.labels) // recipe.batch
    steps = recipe.epochs * epoch_steps
    optimiser = torch.optim.AdamW(model.trained(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=round(recipe.cycle * steps), pct_start=0.2
    )
    step = _resume(folder, model, optimiser, schedule) if resume and (folder / STATE).exists() else 0
    model.train()
    while step < steps:
        loss = _step(model, optimiser, material, crop, recipe, step)
        schedule.step()
        step += 1
        if step % epoch_steps == 0:
            _save(folder, model, optimiser, step)
        if report is not None:
            report(step, steps, loss)


def _of_all(report: Report, run: int, runs: int, step: int, steps: int, loss: float) -> None:
    """Tells of one of the runs as a part of all."""
    report(run * steps + step, runs * steps, loss)


def _step(
    model: _Trained,
    optimiser: torch.optim.Optimizer,
    material: _Material,
    size: int,
    recipe: Recipe,
    step: int,
) -> float:
    photos, sketches, doodles, device = (
        material.photos,
        material.sketches,
        material.doodles,
        model.classes.device,
    )
    rng = np.random.default_rng((recipe.seed, step))
    chosen_photos, chosen_sketches = _draw(photos.labels, sketches.labels, recipe, step, rng)
    drawn = sketches.pixels[chosen_sketches]
    if doodles is not None:
        roughly = rng.random(len(drawn)) < recipe.doodle_rate
        drawn[roughly] = doodles[chosen_sketches[roughly]]
    views = (
        crops(photos.pixels[chosen_photos], size, rng, device),
        crops(drawn, size, rng, device, sketch=True, jitter=recipe.jitter, ink_dropout=recipe.ink_dropout),
    )
    pixels = torch.cat(views).contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(
        np.concatenate([photos.labels[chosen_photos], sketches.labels[chosen_sketches]])
    ).to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision(device) == torch.bfloat16):
        features, logits = model(pixels)
    features, logits = F.normalize(features.float()), logits.float()
    scores = recipe.scale * features @ F.normalize(model.classes).T
    loss = F.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
    loss = loss + recipe.contrast * supervised_contrast(features, labels, recipe.temperature)
    said_of_photos, said_of_sketches = logits.log_softmax(1).split(recipe.batch)
    of_photos, of_classes = (
        material.of_photos[torch.from_numpy(chosen_photos)],
        material.of_classes[torch.from_numpy(sketches.labels[chosen_sketches])],
    )
    loss = loss + recipe.distillation * F.kl_div(said_of_photos, of_photos.to(device), reduction="batchmean")
    loss = loss + recipe.sketch_distillation * F.kl_div(
        said_of_sketches, of_classes.to(device), reduction="batchmean"
    )
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def _draw(
    photo_labels: NDArray[np.int64],
    sketch_labels: NDArray[np.int64],
    recipe: Recipe,
    step: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Photos in shuffled epochs; for each a sketch of its class, so that every batch holds pairs to contrast."""
    epoch_steps = len(photo_labels) // recipe.batch
    order = np.random.default_rng((recipe.seed, step // epoch_steps, 1)).permutation(len(photo_labels))
    place = step % epoch_steps * recipe.batch
    chosen = order[place : place + recipe.batch]
    return chosen, np.array(
        [rng.choice(np.flatnonzero(sketch_labels == label)) for label in photo_labels[chosen]]
    )


def supervised_contrast(features: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Khosla et al. 2020's loss over unit features [n, d]: the mean log-share of each item's own class, negated."""
    itself = torch.eye(len(features), dtype=torch.bool, device=features.device)
    logits = (features @ features.T / temperature).masked_fill(itself, -torch.inf)
    log_share = logits.log_softmax(1).masked_fill(itself, 0)
    alike = (labels[:, None] == labels[None]) & ~itself
    return -((log_share * alike).sum(1) / alike.sum(1).clamp_min(1)).mean()


def _untouched(backbone: Backbone, imagenet: dict[str, Tensor]) -> None:
    """Sets the network back to ImageNet's weights."""
    backbone.network.load_state_dict(
        {key: value for key, value in imagenet.items() if not key.startswith("_fc")}
    )


def classify(backbone: Backbone, imagenet: dict[str, Tensor]) -> None:
    """Sets the backbone's classifier, where it has one, to ImageNet's."""
    if backbone.classifier is not None:
        backbone.classifier.load_state_dict(_classifier_of(imagenet))


def _classifier_of(imagenet: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"weight": imagenet["_fc.weight"], "bias": imagenet["_fc.bias"]}


@torch.inference_mode()
def _taught(
    backbone: Backbone, imagenet: dict[str, Tensor], photos: Pictures, device: torch.device
) -> tuple[Tensor, Tensor]:
    """What the untouched network says of the photos: shares of ImageNet's classes, of each photo [n, 1000] and of each class [c, 1000]."""
    said = F.linear(
        pooled_of(backbone.eval(), photos, device), imagenet["_fc.weight"], imagenet["_fc.bias"]
    ).softmax(1)
    return said, torch.stack(
        [
            said[torch.from_numpy(photos.labels == label)].mean(0)
            for label in range(int(photos.labels.max()) + 1)
        ]
    )


@torch.inference_mode()
def pooled_of(backbone: Backbone, pictures: Pictures, device: torch.device = CPU) -> Tensor:
    """The pooled features, [n, 1280] on the CPU, of whole pictures at their size, in evaluation mode."""
    quick = serving_form(backbone, device)
    size = pictures.pixels.shape[1]
    parts = (
        _whole(pictures.pixels[start : start + 32], size) for start in range(0, len(pictures.pixels), 32)
    )
    return torch.cat([quick.pooled(part.to(device)).cpu() for part in parts])


def _whole(pixels: NDArray[np.uint8], size: int) -> Tensor:
    whole = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    if whole.shape[-1] != size:
        whole = F.interpolate(whole, (size, size), mode="bicubic", antialias=True).clamp(-1, 1)
    return whole.contiguous(memory_format=torch.channels_last)


def mean_average_precision_of(
    photos: Tensor, photo_labels: NDArray[np.int64], sketches: Tensor, sketch_labels: NDArray[np.int64]
) -> float:
    """mAP@all of sketches against photos by cosine."""
    return mean_average_precision(
        ranked_relevance(
            cosine(sketches, photos), torch.from_numpy(sketch_labels), torch.from_numpy(photo_labels)
        )
    )


def _save(folder: Path, model: _Trained, optimiser: torch.optim.Optimizer, step: int) -> None:
    tensors = {f"model.{key}": value for key, value in model.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{field}": torch.as_tensor(value) for field, value in state.items()}
    write_tensors(folder / STATE, tensors, {"step": step})


def _resume(
    folder: Path,
    model: _Trained,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.OneCycleLR,
) -> int:
    tensors, note = read_tensors(folder / STATE)
    model.load_state_dict(
        {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
    )
    state = optimiser.state_dict()
    for index in range(len(state["param_groups"][0]["params"])):
        state["state"][index] = {
            field: tensors[f"adam.{index}.{field}"] for field in ("step", "exp_avg", "exp_avg_sq")
        }
    optimiser.load_state_dict(state)
    step = int(str(note["step"]))
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Detected call of `lr_scheduler.step", UserWarning
        )  # the optimiser's steps were another process's
        for _ in range(step):
            schedule.step()
    return step
