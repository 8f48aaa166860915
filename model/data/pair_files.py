"""Find the files of paired pictures, and the split of each pair.

DIR/{train,val,test}/12.jpg              X on the left half, Y on the right, as pix2pix's Facades and Maps
DIR/{train,val,test}/<domain>/name.png   your own pairs; the two folders have the domains' names, or A and B
DIR/<domain>/{train,val,test}/name.png   the same
DIR/{train,val,test}{A,B}/name.png       the same, as CycleGAN names them; A is X
DIR/<domain>/name.png                    the same without splits: a tenth of the names is val, a tenth test

Two files are a pair if their names without suffix are equal; case, spaces, `-` and `_` do not matter.

The best training step is chosen on `val`, so figures must be reported on other pairs. With
folders train, val and test, each split is its folder. With only one of val and test, that folder is the split
`test`, as in the published Maps, which has only val/. The split `val` is then the tenth of train/ whose names
have the smallest hashes, and the split `train` leaves that tenth out.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model.data.pairs import DataError, Split, describe_folder, pictures_in
from model.data.thing_names import joined_words

Files = tuple[Path, Path | None]
"""One pair: a file with both side by side and None, or X's file and Y's."""
NAMED = 5
"""Files that are named in a sentence; of the others only the number."""


@dataclass(frozen=True)
class PairFiles:
    """The pairs of one folder, and the files that have no partner.

    Attributes:
        files: the pairs.
        unpaired: files of one domain without a file of the same name in the other.
    """

    files: tuple[Files, ...] = ()
    unpaired: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)


def find_pairs(folder: Path, split: Split, domains: tuple[str, str]) -> PairFiles:
    """Return the files of one split's pairs.

    Raises:
        DataError: the folder has no pair of this split; the text says why.
    """
    forms = [_with_folders(folder, split, domains), _without_folders(folder, split, domains)]
    for found in forms:
        if found:
            return found
    if unpaired := [path for form in forms for path in form.unpaired]:
        names = name_some(path.relative_to(folder).as_posix() for path in unpaired)
        raise DataError(
            f"no two files of {split} in {folder} have the same name, so there is no pair; "
            f"without a partner: {names}"
        )
    raise DataError(
        f"looked for pairs of {split} in {folder}: side-by-side pictures in train/, val/ and test/, "
        f"or pictures in folders named {domains[0]} and {domains[1]}, or A and B; {describe_folder(folder)}"
    )


def name_some(names: Iterable[str]) -> str:
    """Return the first names as text, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - NAMED:,} more" if len(listed) > NAMED else ""
    return ", ".join(listed[:NAMED]) + more


def _with_folders(folder: Path, split: Split, domains: tuple[str, str]) -> PairFiles:
    """Return a split's pairs where the data has folders for train and perhaps for others."""
    train, val, test = (_pairs_of(folder, name, domains) for name in ("train", "val", "test"))
    if val and test:
        return {"train": train, "val": val, "test": test}[split]
    if split == "test":
        return test or val
    if len(train.files) == 1:
        raise DataError(f"{folder} has one training pair; at least 2 are needed, one of them for validation")
    hashes = sorted(_hash(files[0].stem) for files in train.files)
    first = set(hashes[: max(1, len(train.files) // 10)])
    chosen = (files for files in train.files if (_hash(files[0].stem) in first) == (split == "val"))
    return PairFiles(tuple(chosen), train.unpaired)


def _without_folders(folder: Path, split: Split, domains: tuple[str, str]) -> PairFiles:
    """Return a split's pairs where the domains' folders lie directly in the data's folder.

    The hash of its name decides a pair's split, so that it stays when pairs are added. In a set so small that
    a split would be empty, the order of the hashes decides.
    """
    found = next((each for each in _domain_folders(folder, domains) if each), PairFiles())
    if not found:
        return found
    if len(found.files) < 3:
        raise DataError(
            f"{folder} has {len(found.files)} pairs; at least 3 are needed, for train, val and test"
        )
    by_hash: dict[int, Split] = {0: "val", 1: "test"}
    splits = [by_hash.get(_hash(files[0].stem) % 10, "train") for files in found.files]
    if len(set(splits)) < 3:
        order = sorted(range(len(splits)), key=lambda index: _hash(found.files[index][0].stem))
        share = max(1, len(splits) // 10)
        for place, index in enumerate(order):
            splits[index] = "val" if place < share else "test" if place < 2 * share else "train"
    chosen = (files for files, own in zip(found.files, splits, strict=True) if own == split)
    return PairFiles(tuple(chosen), found.unpaired)


def _pairs_of(folder: Path, split: str, domains: tuple[str, str]) -> PairFiles:
    """Return the pairs of a split's folders in the first form that has some."""
    own = folder / split
    if own.is_dir() and (files := pictures_in(own)):
        return PairFiles(tuple((path, None) for path in files))
    forms = [*_domain_folders(own, domains)]
    for first, second in _domain_names(domains):
        forms.append(_matched(folder / first / split, folder / second / split))
    forms.append(_matched(folder / f"{split}A", folder / f"{split}B"))
    return next(
        (form for form in forms if form), next((form for form in forms if form.unpaired), PairFiles())
    )


def _domain_folders(folder: Path, domains: tuple[str, str]) -> Iterator[PairFiles]:
    for first, second in _domain_names(domains):
        yield _matched(folder / first, folder / second)


def _domain_names(domains: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (domains, ("A", "B"))


def _matched(first: Path, second: Path) -> PairFiles:
    """Return the pairs of two folders: files of one name, then those whose names differ in case or spaces.

    Raises:
        DataError: two pictures of a folder have the same name.
    """
    if not (first.is_dir() and second.is_dir()):
        return PairFiles()
    xs, ys = pictures_in(first), pictures_in(second)
    partners = _by_exact_name(ys)
    _by_exact_name(xs)
    pairs = {path: partners[path.stem] for path in xs if path.stem in partners}
    taken = set(pairs.values())
    rest = _by_unique_words([path for path in ys if path not in taken])
    for words, path in _by_unique_words([path for path in xs if path not in pairs]).items():
        if words in rest:
            pairs[path] = rest[words]
    taken = set(pairs.values())
    unpaired = [path for path in xs if path not in pairs] + [path for path in ys if path not in taken]
    return PairFiles(tuple((path, pairs[path]) for path in xs if path in pairs), tuple(unpaired))


def _by_exact_name(paths: list[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise DataError(
                f"{path.parent} has {found[path.stem].name} and {path.name}, so their partner is not clear; "
                "rename one of them"
            )
        found[path.stem] = path
    return found


def _by_unique_words(paths: list[Path]) -> dict[str, Path]:
    """Return files by their names without spaces and capitals, but not those that share one."""
    counts = Counter(joined_words(path.stem) for path in paths)
    return {words: path for path in paths if counts[words := joined_words(path.stem)] == 1}


def _hash(stem: str) -> int:
    """Return a number that depends on a file's name only."""
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:4], "big")
