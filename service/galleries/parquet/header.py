"""What the file says of its gallery as a whole: a JSON object in the metadata of the Parquet file."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from model.checkpoint import NAME
from model.sealed_json import seal, unseal
from service.galleries.parquet.refused import GalleryFileRefused
from service.galleries.records import GallerySpec
from service.galleries.schema import MAX_ID

KEY = b"iiae"
"""Key of the JSON object."""
FORMAT: Literal[1] = 1
"""Version of the file's format. A change that earlier versions of the program cannot read raises it."""
MAX_DIM = 65_536
MAX_BYTES = 100_000


@dataclass(frozen=True, kw_only=True)
class Header:
    """The gallery of a file.

    Attributes:
        format: `FORMAT` of the program that wrote it.
        gallery: its name.
        model, digest, domain, distance, dim, credit, drawn, expand: as in `GallerySpec`.
        last_id: no photo that the gallery had got a higher id. Ids are never given again.
        photos: whether the file has the original files, where they could be read.
        created: when it was exported, in ISO 8601.
        version: of the program that wrote it.
    """

    format: Literal[1]
    gallery: str
    model: Annotated[str, Field(pattern=f"^(?:{NAME.pattern})$")]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]
    domain: str
    distance: str
    dim: Annotated[int, Field(gt=0, le=MAX_DIM)]
    credit: str | None
    drawn: bool
    expand: bool
    last_id: Annotated[int, Field(ge=0, le=MAX_ID)]
    photos: bool
    created: str
    version: str

    @property
    def checkpoint(self) -> str:
        """The checkpoint that made the embeddings, for messages."""
        return f"{self.model} {self.digest[:12]}"


_HEADER = TypeAdapter(Header)


@dataclass(frozen=True)
class _FormatOnly:
    format: int


_FORMAT_ONLY = TypeAdapter(_FormatOnly)


def header_of(
    name: str, spec: GallerySpec, *, last_id: int, photos: bool, created: str, version: str
) -> Header:
    """Return the header for the file of a gallery."""
    return Header(
        format=FORMAT,
        gallery=name,
        model=spec.model,
        digest=spec.digest,
        domain=spec.domain,
        distance=spec.distance,
        dim=spec.dim,
        credit=spec.credit,
        drawn=spec.drawn,
        expand=spec.expand,
        last_id=last_id,
        photos=photos,
        created=created,
        version=version,
    )


def to_metadata(header: Header) -> dict[bytes, bytes]:
    """Return a header as metadata of a Parquet file, with a checksum."""
    return {KEY: json.dumps(seal(asdict(header))).encode()}


def from_metadata(metadata: dict[bytes, bytes] | None) -> Header:
    """Return the header of a Parquet file. Raises GalleryFileRefused."""
    text = (metadata or {}).get(KEY)
    if text is None:
        raise GalleryFileRefused(
            "it has no metadata of a gallery; export one with `iiae galleries export`."
            " Programs that rewrite a file must keep its metadata"
        )
    try:
        if len(text) > MAX_BYTES:
            raise ValueError("it is too long")
        document = unseal(text)
        found = _FORMAT_ONLY.validate_python(document).format
        if found > FORMAT:
            raise GalleryFileRefused(
                f"its format is {found}, and this version reads {FORMAT}; upgrade this program"
            )
        return _HEADER.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise GalleryFileRefused(f"its metadata is damaged ({where}: {first['msg']})") from error
    except ValueError as error:
        raise GalleryFileRefused(f"its metadata is damaged ({error})") from error
