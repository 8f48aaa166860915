"""Evaluation on held-out classes: which weights to keep, figures for the manifest, and calibration."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import DataError
from model.iiae import IIAE
from model.metrics import cosine, cosine_map, precision_at, ranked_relevance
from model.presets import QueryKind
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import labelled_features
from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import SearchHits, fit_to_kinds, sample_searches
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.pictures import SIDE_OF, PictureKind, Pictures

Score = Callable[[Tensor, Tensor], Tensor]
"""Scores [q, n] of query codes [q, d] and photo codes [n, d]."""
DRAWN: tuple[PictureKind, ...] = ("sketches", "doodles")
SHOWN: tuple[PictureKind, ...] = ("photos", "icons")


class HeldOutEvaluator:
    """Evaluates sketch search on classes that were held out of training.

    Args:
        pictures: photos and sketches of the held-out classes, and doodles and icons if there are any. All are
            numbered alike.

    Attributes:
        features: backbone features of each kind; empty before `set_features`.

    Raises:
        DataError: no class has two photos; the calibration of photo queries needs two.
    """

    def __init__(self, pictures: Mapping[PictureKind, Pictures]) -> None:
        self.pictures = pictures
        self.features: dict[PictureKind, LabelledFeatures] = {}
        if (most := np.bincount(pictures["photos"].labels).max()) < 2:
            raise DataError(
                "calibration needs held-out classes with at least 2 readable photos; "
                f"found at most {most} in a class; add photos, or train with --hold-out 0"
            )

    def set_features(self, backbone: Backbone, device: torch.device = CPU) -> None:
        """Compute the backbone features that the other methods use."""
        for kind, pictures in self.pictures.items():
            self.features[kind] = labelled_features(backbone, pictures, device)

    def validate(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all of the means of r(zs|.); training keeps the weights with the best `validation`.

        Returns:
            Also doodles' P@10 among the photos, if there are doodles.
        """
        codes = _codes(iiae, self.features)
        found = _map(codes)
        figures = {"held_out_map_all": found, "validation": found}
        if "doodles" in codes:
            photos, doodles = codes["photos"], codes["doodles"]
            hits = ranked_relevance(
                cosine(doodles.features, photos.features),
                torch.from_numpy(doodles.labels),
                torch.from_numpy(photos.labels),
            )
            figures["held_out_doodles_precision_10"] = precision_at(hits, 10)
        return figures

    def feature_metrics(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all without IIAE: of the features, and of the features that IIAE's first layer standardises."""
        with torch.no_grad():
            standardised = {
                kind: LabelledFeatures(iiae.fe[SIDE_OF[kind]].eval()(each.features), each.labels)
                for kind, each in self.features.items()
            }
        return {
            "held_out_map_all_features": _map(self.features),
            "held_out_map_all_standardised": _map(standardised),
        }

    def calibrate(
        self, iiae: IIAE, trained: Mapping[PictureKind, LabelledFeatures], seed: int
    ) -> dict[QueryKind, Calibration]:
        """Fit a calibration curve for each kind of query.

        Queries are of held-out classes. Galleries have photos of held-out classes and of the classes trained
        on, or icons of both.

        Args:
            iiae: the trained model.
            trained: features of the photos, and of icons if there are any, of the classes trained on.
            seed: decides the galleries.
        """
        codes, trained_codes = _codes(iiae, self.features), _codes(iiae, trained)
        classes = 1 + max(int(each.labels.max()) for each in codes.values())
        galleries = {
            kind: LabelledFeatures.together(
                [
                    codes[kind],
                    LabelledFeatures(trained_codes[kind].features, trained_codes[kind].labels + classes),
                ]
            )
            for kind in SHOWN
            if kind in codes and kind in trained_codes
        }

        def searches(
            score: Score, queries: LabelledFeatures, shown: PictureKind, *, by_photo: bool = False
        ) -> list[SearchHits]:
            gallery, own = galleries[shown], codes[shown]
            query_classes = np.intersect1d(queries.labels, own.labels).tolist()
            return sample_searches(
                score,
                queries.features,
                queries.labels,
                query_classes,
                gallery.features,
                gallery.labels,
                seed,
                query_by_photo=by_photo,
            )

        def of_drawings(score: Score) -> Calibration:
            drawn = [codes[kind] for kind in DRAWN if kind in codes]
            return fit_to_kinds(
                [
                    searches(score, queries, shown)
                    for queries in drawn
                    for shown in galleries
                    if np.intersect1d(queries.labels, codes[shown].labels).size
                ]
            )

        def of_photos() -> Calibration:
            return fit_to_kinds(
                [searches(cosine, galleries[shown], shown, by_photo=True) for shown in galleries]
            )

        return {"x": of_photos(), "y": of_drawings(cosine), "y_expanded": of_drawings(expanded_scores)}


def _codes(
    iiae: IIAE, features: Mapping[PictureKind, LabelledFeatures]
) -> dict[PictureKind, LabelledFeatures]:
    """The means of r(zs|.) for features of each kind."""
    with torch.inference_mode():
        return {
            kind: LabelledFeatures(iiae.eval().shared(SIDE_OF[kind], each.features).mean, each.labels)
            for kind, each in features.items()
        }


def _map(codes: Mapping[PictureKind, LabelledFeatures]) -> float:
    """mAP@all of the sketches among the photos."""
    photos, sketches = codes["photos"], codes["sketches"]
    return cosine_map(photos.features, photos.labels, sketches.features, sketches.labels)
