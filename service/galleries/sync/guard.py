"""Refuse a sync that would remove most photos of a folder: its disk is probably not mounted."""

from pathlib import Path

from service.galleries.sync.plan import Plan
from service.galleries.sync.records import RemovalRefused

MANY = 20
"""Up to this number, any share of a folder's photos may vanish, but not all."""


def check_removals(folder: Path, plan: Plan, photos: set[int]) -> None:
    """Raise RemovalRefused if all files that the last sync saw are gone, or many and more than half.

    Args:
        photos: ids of the gallery's photos.
    """
    gone = sum(record.photo in photos for record in plan.gone)
    replaced = sum(each.before is not None for each in plan.to_read)
    there = plan.unchanged + len(plan.touched) + len(plan.moved) + plan.unreachable + replaced
    if gone and (there == 0 or (gone > MANY and gone > there)):
        which = f"all {gone}" if there == 0 else f"{gone} of {gone + there}"
        raise RemovalRefused(
            f"{which} photos of {folder} are gone, so nothing was changed. Is its disk mounted?"
            " --force removes them from the gallery, --keep keeps them"
        )
