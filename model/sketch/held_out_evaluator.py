"""Evaluation on held-out classes: which weights to keep, figures for the manifest, and calibration."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import DataError
from model.iiae import IIAE
from model.metrics import cosine, cosine_map
from model.presets import SIDES, QueryKind, Side
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import pooled_features
from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import fit_to_kinds, sample_searches
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import FeaturePairs
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.pictures import Pictures


class HeldOutEvaluator:
    """Evaluates sketch search on classes that were held out of training.

    Args:
        pictures: photos and sketches of the held-out classes.

    Attributes:
        features: backbone features of both domains, [n, d]; empty before `set_features`.

    Raises:
        DataError: no class has two photos; the calibration of photo queries needs two.
    """

    def __init__(self, pictures: tuple[Pictures, Pictures]) -> None:
        self.pictures: dict[Side, Pictures] = dict(zip(SIDES, pictures, strict=True))
        self.features: dict[Side, Tensor] = {}
        if (most := np.bincount(self.pictures["x"].labels).max()) < 2:
            raise DataError(
                "calibration needs held-out classes with at least 2 readable photos; "
                f"found at most {most} in a class; add photos, or train with --hold-out 0"
            )

    def set_features(self, backbone: Backbone, device: torch.device = CPU) -> None:
        """Compute the backbone features that the other methods use."""
        with torch.no_grad():
            for side in SIDES:
                pooled = pooled_features(backbone, self.pictures[side], device)
                self.features[side] = backbone.feature(backbone.descriptor(pooled))

    def validate(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all of the means of r(zs|.); training keeps the weights with the best `validation`."""
        found = self._map(self._zs(iiae))
        return {"held_out_map_all": found, "validation": found}

    def feature_metrics(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all without IIAE: of the features, and of the features that IIAE's first layer standardises."""
        with torch.no_grad():
            standardised = {side: iiae.fe[side].eval()(self.features[side]) for side in SIDES}
        return {
            "held_out_map_all_features": self._map(self.features),
            "held_out_map_all_standardised": self._map(standardised),
        }

    def calibrate(self, iiae: IIAE, trained: FeaturePairs, seed: int) -> dict[QueryKind, Calibration]:
        """Fit a calibration curve for each kind of query.

        Queries are of held-out classes. Galleries have photos of held-out classes and of the classes trained
        on.

        Args:
            iiae: the trained model.
            trained: features of the classes trained on.
            seed: decides the galleries.
        """
        zs, labels = self._zs(iiae), {side: self.pictures[side].labels for side in SIDES}
        with torch.inference_mode():
            trained_zs = iiae.shared("x", trained.photos).mean
        photos = torch.cat([zs["x"], trained_zs])
        photo_labels = np.concatenate([labels["x"], trained.photo_labels + labels["x"].max() + 1])
        classes = np.unique(labels["y"]).tolist()

        gallery = (classes, photos, photo_labels, seed)

        def fitted(score: Callable[[Tensor, Tensor], Tensor]) -> Calibration:
            return fit_to_kinds([sample_searches(score, zs["y"], labels["y"], *gallery)])

        return {
            "x": fit_to_kinds([sample_searches(cosine, photos, photo_labels, *gallery, query_by_photo=True)]),
            "y": fitted(cosine),
            "y_expanded": fitted(expanded_scores),
        }

    def _zs(self, iiae: IIAE) -> dict[Side, Tensor]:
        with torch.inference_mode():
            return {side: iiae.eval().shared(side, self.features[side]).mean for side in SIDES}

    def _map(self, codes: dict[Side, Tensor]) -> float:
        return cosine_map(codes["x"], self.pictures["x"].labels, codes["y"], self.pictures["y"].labels)
