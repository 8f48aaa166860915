"""Import the package that lies beside `service`, and no other module of its name."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def import_own(package: str) -> None:
    """Import the package that lies beside this one.

    A plain import would take a `model.py` of the working directory or of PYTHONPATH.
    """
    folder = Path(__file__).parents[1] / package
    loaded = sys.modules.get(package)
    if loaded is not None and loaded.__file__ and Path(loaded.__file__).parent == folder:
        return
    spec = spec_from_file_location(package, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[package] = module
    spec.loader.exec_module(module)
