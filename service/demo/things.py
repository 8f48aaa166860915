"""The demo's pictures: 3-D renders of Fluent Emoji and drawings of OpenMoji, two pictures of each thing.

`benchmarks/demo_pictures.py` chose and converted them. `service/demo/things/` has their licences.
"""

import json
import shutil
from pathlib import Path

from service.galleries.bulk import PhotoFile

SHIPPED = Path(__file__).parent / "things"
SETS = ("fluent", "openmoji")
CREDIT = "Fluent Emoji, Microsoft, MIT; OpenMoji, openmoji.org, CC BY-SA 4.0"


def copy_things(folder: Path) -> list[PhotoFile]:
    """Copy the pictures into a folder, where they stay if the package is updated or removed.

    Returns:
        The copies, with what they show as labels. Files that are there already are kept.
    """
    names: dict[str, str] = json.loads((SHIPPED / "things.json").read_text())
    found: list[PhotoFile] = []
    for kind in SETS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for code, name in names.items():
            target = folder / kind / f"{code}.webp"
            if not target.exists():
                part = target.with_suffix(".part")
                shutil.copyfile(SHIPPED / kind / target.name, part)
                part.replace(target)
            found.append(PhotoFile(target.resolve(), name, {"emoji": chr(int(code, 16)), "set": kind}))
    return found
