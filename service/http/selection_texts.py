"""Limits and descriptions of the fields that select hits and photos, in forms, queries and JSON bodies."""

MAX_VALUES = 100
"""Labels of a filter, or values of one condition on the metadata."""
MAX_CONDITIONS = 16
"""Conditions on the metadata."""
MAX_OFFSET = 10_000
MAX_TEXT = 20_000
"""Characters of the conditions on the metadata."""

K = "Number of hits to return."
OFFSET = "Number of the first hits to leave out: for the next page, add `k`."
MIN_SCORE = (
    "Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a "
    "lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left "
    "out."
)
LABEL = (
    "Only photos with this label; an empty text is for photos without a label. Send it several times for "
    "photos with one of several labels."
)
FOLDER = (
    "Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata "
    "starts with it. `iiae index` notes the path of each file there."
)
METADATA = (
    "Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. "
    'A value is what the photo must have (`{"colour": "red"}`), a list of what it may have '
    '(`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` '
    '(`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.'
)
LABELS = (
    "Only photos with one of these labels; an empty text is for photos without a label. If there are none, "
    "photos with any label."
)
