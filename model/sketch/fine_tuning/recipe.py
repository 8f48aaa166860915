"""Hyperparameters of fine-tuning a backbone; docs/results.md reports the results."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a backbone is fine-tuned.

    Attributes:
        epochs: passes over the photos.
        cycle: length of the learning rate's cycle, as a multiple of the training. Above 1, training ends
            before the rate has fallen to zero.
        batch: photos per step; each step also takes as many sketches, `doodles` and `icons`.
        learning_rate: the peak of the cycle, of AdamW.
        weight_decay: of AdamW.
        scale: multiplies the cosines before the softmax of the cross-entropy.
        label_smoothing: of the cross-entropy.
        contrast: weight of the supervised contrastive loss.
        temperature: of the supervised contrastive loss.
        distillation: weight of distilling ImageNet's class probabilities, for photos.
        sketch_distillation: the same for sketches, whose targets are the mean of their class's photos.
        crop_share: side of the training crops, as a share of `image_size`. Cropping magnifies the objects, so
            search uses larger pictures than training does (Touvron et al., 2019).
        doodle_rate: share of the sketches that a doodle of the same class replaces, if there is one.
        doodles: further doodles per step, of classes with and without photos.
        icons: icons per step.
        jitter: largest deviation of a jittered sketch's points, as a share of half a side. Half of the
            sketches are jittered.
        ink_dropout: largest share of a sketch's ink to erase.
        runs: number of fine-tuning runs with different seeds. The mean of their weights generalises better
            than any single run (model soups; Wortsman et al., 2022).
        imagenet: share of ImageNet's own weights in the result, the rest being that mean. The mixture
            generalises better than either (WiSE-FT; Wortsman et al., 2022).
        seed: decides everything random.
    """

    epochs: int = 3
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
    doodles: int = 96
    icons: int = 40
    jitter: float = 0.03
    ink_dropout: float = 0.4
    runs: int = 2
    imagenet: float = 0.3
    seed: int = 0

    def crop_size(self, image_size: int) -> int:
        """Side of the training crops in pixels, a multiple of 16."""
        return max(16, round(image_size * self.crop_share / 16) * 16)
