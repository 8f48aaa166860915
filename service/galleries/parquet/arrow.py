"""Import pyarrow when it is needed: it is an optional package, and takes a while to load."""

from types import ModuleType

from service.errors import ExtraMissing


def load_arrow() -> tuple[ModuleType, ModuleType]:
    """Return the modules `pyarrow` and `pyarrow.parquet`. Raises ExtraMissing."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ExtraMissing(
            "Parquet files need the package pyarrow; install it with: pip install 'iiae[parquet]'"
        ) from error
    return pyarrow, pyarrow.parquet
