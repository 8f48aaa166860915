"""Evaluation on held-out classes: which weights to keep, figures for the manifest, and calibration."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import DataError
from model.iiae import IIAE
from model.metrics import cosine_map, precision_at, ranked_relevance
from model.presets import QueryKind
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import labelled_features
from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import SearchHits, fit_to_kinds, sample_searches
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.pictures import SIDE_OF, PictureKind, Pictures
from model.sketch.search_codes import search_codes, similarities

Score = Callable[[Tensor, Tensor], Tensor]
"""Scores [q, n] of queries' search codes [q, s] and photos' [n, s]."""
Codes = dict[PictureKind, LabelledFeatures]
DRAWN: tuple[PictureKind, ...] = ("sketches", "doodles")
SHOWN: tuple[PictureKind, ...] = ("photos", "icons")


class HeldOutEvaluator:
    """Evaluates sketch search on classes that were held out of training.

    Args:
        pictures: photos and sketches of the held-out classes, and doodles and icons if there are any. All are
            numbered alike.
        held_back: further pictures of the classes trained on, for the calibration; numbered as these.

    Attributes:
        features: backbone features of each kind; empty before `set_features`.
        held_back_features: those of the pictures held back.

    Raises:
        DataError: no class has two photos; the calibration of photo queries needs two.
    """

    def __init__(
        self, pictures: Mapping[PictureKind, Pictures], held_back: Mapping[PictureKind, Pictures]
    ) -> None:
        self.pictures, self.held_back = pictures, held_back
        self.features: dict[PictureKind, LabelledFeatures] = {}
        self.held_back_features: dict[PictureKind, LabelledFeatures] = {}
        if (most := np.bincount(pictures["photos"].labels).max()) < 2:
            raise DataError(
                "calibration needs held-out classes with at least 2 readable photos; "
                f"found at most {most} in a class; add photos, or train with --hold-out 0"
            )

    def set_features(self, backbone: Backbone, device: torch.device = CPU) -> None:
        """Compute the backbone features that the other methods use."""
        for kind, pictures in self.pictures.items():
            self.features[kind] = labelled_features(backbone, pictures, device)
        for kind, pictures in self.held_back.items():
            self.held_back_features[kind] = labelled_features(backbone, pictures, device)

    def validate(self, iiae: IIAE) -> dict[str, float]:
        """mAP@all of the means of r(zs|.); training keeps the weights with the best `validation`.

        Returns:
            Also the P@10 of doodles among the photos by search codes, if there are doodles.
        """
        codes = _codes(iiae, self.features)
        found = _map(_shared(iiae, self.features))
        figures = {"held_out_map_all": found, "validation": found}
        if "doodles" in codes:
            photos, doodles = codes["photos"], codes["doodles"]
            hits = ranked_relevance(
                similarities(doodles.features, photos.features),
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

        Users search for things that the training had pictures of, and for others. So there are two groups of
        searches: for held-out classes, among pictures of these and of the classes trained on; and for classes
        trained on, by pictures and among pictures that were held back from training.

        Args:
            iiae: the trained model.
            trained: features of the photos, and of icons if there are any, of the classes trained on.
            seed: decides the galleries.
        """
        held_out, held_back = _codes(iiae, self.features), _codes(iiae, self.held_back_features)
        classes = 1 + max(int(each.labels.max()) for each in held_out.values())
        held_back, shown_in_training = (
            {kind: LabelledFeatures(each.features, each.labels + classes) for kind, each in codes.items()}
            for codes in (held_back, _codes(iiae, trained))
        )
        groups = (
            _Group(held_out, _galleries(held_out, shown_in_training), seed),
            _Group(held_back, _galleries(held_back, held_out), seed),
        )
        return {
            "x": fit_to_kinds([kind for group in groups for kind in group.photo_searches()]),
            "y": fit_to_kinds([kind for group in groups for kind in group.searches(similarities)]),
            "y_expanded": fit_to_kinds(
                [kind for group in groups for kind in group.searches(expanded_scores)]
            ),
        }


class _Group:
    """Searches for some classes: one kind for each kind of query and of gallery.

    Args:
        queries: search codes of the pictures to search with.
        galleries: search codes of the pictures to search; some of them are the queries.
        seed: decides the galleries.
    """

    def __init__(self, queries: Codes, galleries: Codes, seed: int) -> None:
        self._queries, self._galleries, self._seed = queries, galleries, seed

    def searches(self, score: Score) -> Iterator[list[SearchHits]]:
        """By sketches and by doodles, among photos and among icons."""
        for drawn, shown in product(DRAWN, SHOWN):
            if drawn in self._queries and shown in self._galleries:
                queries, gallery = self._queries[drawn], self._galleries[shown]
                yield from self._searches(score, queries, gallery, self._classes(drawn, shown))

    def photo_searches(self) -> Iterator[list[SearchHits]]:
        """By the pictures of each gallery, among its other pictures."""
        for shown, gallery in self._galleries.items():
            counts = np.bincount(self._queries[shown].labels)
            classes = np.flatnonzero(counts > 1).tolist()  # a query is no hit of its own
            yield from self._searches(similarities, gallery, gallery, classes, by_photo=True)

    def _classes(self, queries: PictureKind, shown: PictureKind) -> list[int]:
        if shown not in self._queries:
            return []
        common: list[int] = np.intersect1d(
            self._queries[queries].labels, self._queries[shown].labels
        ).tolist()
        return common

    def _searches(
        self,
        score: Score,
        queries: LabelledFeatures,
        gallery: LabelledFeatures,
        classes: list[int],
        *,
        by_photo: bool = False,
    ) -> Iterator[list[SearchHits]]:
        if classes:
            yield sample_searches(
                score,
                queries.features,
                queries.labels,
                classes,
                gallery.features,
                gallery.labels,
                self._seed,
                query_by_photo=by_photo,
            )


def _galleries(own: Codes, others: Codes) -> Codes:
    """Pictures of the classes that are searched for, and of others."""
    return {
        kind: LabelledFeatures.together([own[kind], others[kind]])
        for kind in SHOWN
        if kind in own and kind in others
    }


def _shared(iiae: IIAE, features: Mapping[PictureKind, LabelledFeatures]) -> Codes:
    """The means of r(zs|.) for features of each kind."""
    with torch.inference_mode():
        return {
            kind: LabelledFeatures(iiae.eval().shared(SIDE_OF[kind], each.features).mean, each.labels)
            for kind, each in features.items()
        }


def _codes(iiae: IIAE, features: Mapping[PictureKind, LabelledFeatures]) -> Codes:
    """The search codes for features of each kind."""
    weight = iiae.preset.require_sketch().thing_weight
    return {
        kind: LabelledFeatures(search_codes(each.features, features[kind].things, weight), each.labels)
        for kind, each in _shared(iiae, features).items()
    }


def _map(codes: Mapping[PictureKind, LabelledFeatures]) -> float:
    """mAP@all of the sketches among the photos."""
    photos, sketches = codes["photos"], codes["sketches"]
    return cosine_map(photos.features, photos.labels, sketches.features, sketches.labels)
