"""The seen and the unseen classes divide the classes of a folder."""

from model.cli.unseen import measured_classes, seen_classes
from model.data.sketchy import read_sketchy


def test_seen_and_unseen_classes_share_no_file_and_are_all_files(shapes_folder, tmp_path):
    (tmp_path / "unseen.txt").write_text("star\ndisc\n")
    unseen = str(tmp_path / "unseen.txt")
    seen, measured = seen_classes(shapes_folder, unseen), measured_classes(shapes_folder, unseen)
    assert set(measured.classes) == {"disc", "star"}
    assert set(seen.classes) == {"bar", "cross", "triangle"}
    catalogue = read_sketchy(shapes_folder)
    assert {label for _, label in measured.photos} == {"disc", "star"}
    assert sorted([*seen.photos, *measured.photos]) == sorted(catalogue.photos)
    assert sorted([*seen.sketches, *measured.sketches]) == sorted(catalogue.sketches)


def test_without_a_split_all_classes_are_trained_on_and_measured(shapes_folder):
    classes = read_sketchy(shapes_folder).classes
    assert seen_classes(shapes_folder, None).classes == classes
    assert measured_classes(shapes_folder, None).classes == classes
