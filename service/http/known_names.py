"""Refuse query parameters, form fields and JSON keys that an operation does not have.

A misspelled filter that is ignored gives a wrong answer that looks right.
"""

from collections.abc import Container, Iterable, Sequence

from starlette.datastructures import ImmutableMultiDict

from service.errors import ParameterInvalid

SHOWN = 80
"""Characters of an unknown name in a message."""


def check_names(sent: Iterable[str], accepted: Sequence[str], kind: str) -> None:
    """Refuse names that are not among the accepted ones.

    Args:
        kind: what the names are of, for the message: `field` or `query parameter`.

    Raises:
        ParameterInvalid: names all unknown ones, and what is accepted.
    """
    unknown = sorted({name for name in sent if name not in accepted})
    if unknown:
        raise ParameterInvalid(
            "; ".join(f"there is no {kind} {name[:SHOWN]!r}" for name in unknown)
            + f"; {accepted_names(accepted)}",
            tuple((name, f"unknown; {accepted_names(accepted)}") for name in unknown),
        )


def accepted_names(accepted: Sequence[str]) -> str:
    """Return the end of a sentence that lists the accepted names."""
    return f"accepted are: {', '.join(accepted)}" if accepted else "this operation accepts none"


def check_not_repeated(sent: ImmutableMultiDict[str, str], repeatable: Container[str]) -> None:
    """Refuse a query parameter that occurs twice. FastAPI would silently use the last value.

    Args:
        repeatable: parameters that may occur more than once.
    """
    for name in sent:
        if name not in repeatable and len(sent.getlist(name)) > 1:
            raise ParameterInvalid(
                f"the query parameter {name} was sent {len(sent.getlist(name))} times; send it once",
                ((name, "sent more than once"),),
            )
