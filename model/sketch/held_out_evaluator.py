"""Evaluation on held-out classes: which weights to keep, figures for the manifest, and calibration."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from model.data.pairs import DataError
from model.iiae import IIAE
from model.metrics import cosine_map, precision_at, ranked_relevance
from model.presets import DRAWN_KIND, QueryKind
from model.sketch.backbone.backbone import Backbone
from model.sketch.backbone.features import labelled_features
from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import CalibrationError, SearchHits, fit_to_kinds, sample_searches
from model.sketch.expansion import expanded_scores
from model.sketch.feature_pairs import LabelledFeatures
from model.sketch.fine_tuning.augmentation import CPU
from model.sketch.pictures import SIDE_OF, PictureKind, Pictures
from model.sketch.search_codes import search_codes, similarities

Score = Callable[[Tensor, Tensor], Tensor]
"""Scores [q, n] of queries' search codes [q, s] and photos' [n, s]."""
Codes = dict[PictureKind, LabelledFeatures]
Shown = Literal["photos", "icons"]
"""What a gallery has."""
Found = tuple[PictureKind, list[SearchHits]]
"""The kind of some queries, and their searches."""
DRAWINGS: tuple[PictureKind, ...] = ("sketches", "doodles")


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
        """Fit a calibration curve for each kind of query, among photos and, if there are icons, among these.

        Users search for things that the training had pictures of, and for others. So there are two groups of
        searches, as many of each: for held-out classes, among pictures of these and of the classes trained
        on; and for classes trained on, by pictures and among pictures that were held back from training. The
        limits of the grades keep their promise for sketches and for doodles, over both groups together.

        Args:
            iiae: the trained model.
            trained: features of the photos, and of icons if there are any, of the classes trained on.
            seed: decides the galleries.
        """
        curves = self._curves(iiae, trained, "photos", seed)
        if "icons" in self.features and "icons" in trained:
            drawn = self._curves(iiae, trained, "icons", seed)
            curves |= {DRAWN_KIND[kind]: curve for kind, curve in drawn.items()}
        return curves

    def _curves(
        self, iiae: IIAE, trained: Mapping[PictureKind, LabelledFeatures], shown: Shown, seed: int
    ) -> dict[QueryKind, Calibration]:
        """The curves among photos, or among icons. Those among icons are left out if there are too few."""
        shown_in_training: dict[PictureKind, LabelledFeatures] = {shown: trained[shown]}
        held_out, held_back, others = (
            _codes(iiae, features, drawn=shown == "icons")
            for features in (self.features, self.held_back_features, shown_in_training)
        )
        classes = 1 + max(int(each.labels.max()) for each in held_out.values())
        held_back, others = (
            {kind: LabelledFeatures(each.features, each.labels + classes) for kind, each in codes.items()}
            for codes in (held_back, others)
        )
        groups = [_Group(held_out, shown, LabelledFeatures.together([held_out[shown], others[shown]]), seed)]
        if shown in held_back:
            gallery = LabelledFeatures.together([held_back[shown], held_out[shown]])
            groups.append(_Group(held_back, shown, gallery, seed))
        searches: dict[QueryKind, list[list[SearchHits]]] = {
            "x": _by_kind(found for group in groups for found in group.photo_searches()),
            "y": _by_kind(found for group in groups for found in group.searches(similarities)),
            "y_expanded": _by_kind(found for group in groups for found in group.searches(expanded_scores)),
        }
        curves = {}
        for kind, found in searches.items():
            try:
                curves[kind] = fit_to_kinds(found)
            except CalibrationError:
                if shown == "photos":
                    raise
        return curves


class _Group:
    """Searches for some classes, by each kind of query.

    Args:
        pictures: search codes of the classes' pictures, to search with.
        shown: the kind of the gallery's pictures.
        gallery: search codes of the pictures to search; some of them are in `pictures`.
        seed: decides the galleries.
    """

    def __init__(self, pictures: Codes, shown: Shown, gallery: LabelledFeatures, seed: int) -> None:
        self._pictures, self._shown = pictures, pictures[shown]
        self._gallery, self._seed = gallery, seed

    def searches(self, score: Score) -> Iterator[Found]:
        """By sketches, and by doodles."""
        for drawing in DRAWINGS:
            if drawing in self._pictures:
                queries = self._pictures[drawing]
                classes: list[int] = np.intersect1d(queries.labels, self._shown.labels).tolist()
                yield drawing, self._searches(score, queries, classes)

    def photo_searches(self) -> Iterator[Found]:
        """By the gallery's pictures, among its other pictures."""
        classes = np.flatnonzero(np.bincount(self._shown.labels) > 1).tolist()  # a query is no hit of its own
        yield "photos", self._searches(similarities, self._gallery, classes, by_photo=True)

    def _searches(
        self, score: Score, queries: LabelledFeatures, classes: list[int], *, by_photo: bool = False
    ) -> list[SearchHits]:
        if not classes:
            return []
        return sample_searches(
            score,
            queries.features,
            queries.labels,
            classes,
            self._gallery.features,
            self._gallery.labels,
            self._seed,
            query_by_photo=by_photo,
        )


def _by_kind(found: Iterable[Found]) -> list[list[SearchHits]]:
    """The searches of each kind of query that has some."""
    kinds: dict[PictureKind, list[SearchHits]] = {}
    for kind, searches in found:
        kinds.setdefault(kind, []).extend(searches)
    return [searches for searches in kinds.values() if searches]


def _shared(iiae: IIAE, features: Mapping[PictureKind, LabelledFeatures]) -> Codes:
    """The means of r(zs|.) for features of each kind."""
    with torch.inference_mode():
        return {
            kind: LabelledFeatures(iiae.eval().shared(SIDE_OF[kind], each.features).mean, each.labels)
            for kind, each in features.items()
        }


def _codes(iiae: IIAE, features: Mapping[PictureKind, LabelledFeatures], *, drawn: bool = False) -> Codes:
    """The search codes for features of each kind, in galleries of drawn pictures or of others."""
    weight = iiae.preset.require_sketch().weight_of_things(drawn=drawn)
    return {
        kind: LabelledFeatures(search_codes(each.features, features[kind].things, weight), each.labels)
        for kind, each in _shared(iiae, features).items()
    }


def _map(codes: Mapping[PictureKind, LabelledFeatures]) -> float:
    """mAP@all of the sketches among the photos."""
    photos, sketches = codes["photos"], codes["sketches"]
    return cosine_map(photos.features, photos.labels, sketches.features, sketches.labels)
