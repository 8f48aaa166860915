"""What a deployment may choose, read from the environment; `iiae serve --help` lists it all."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """Every field `x` is the environment variable `IIAE_X`."""

    model_config = SettingsConfigDict(env_prefix="IIAE_", frozen=True, extra="ignore")

    home: Path = Field(Path("var"), description="folder with checkpoints/ and galleries/")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="port to listen on; 0 takes a free one")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    redis_url: str | None = Field(
        None, description="redis://host:port/db to share embeddings; none keeps them in the process"
    )

    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="comma-separated keys; when set, every call needs one"
    )
    admin_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="comma-separated keys that may also write"
    )
    allow_open: bool = Field(False, description="serve beyond this machine without any key")

    default_model: str | None = Field(
        None, description="model for translate and analogy when a request names none"
    )
    default_gallery: str | None = Field(None, description="gallery to search when a request names none")
    store_poll_seconds: float = Field(
        1.0, gt=0, description="how often the store is looked at for new checkpoints"
    )

    max_upload_mb: float = Field(16.0, gt=0, description="bytes of one request's body, in MB (10^6)")
    held_mb: float = Field(
        256.0, gt=0, description="bytes of all requests' bodies together, in MB (10^6), before 429"
    )
    upload_seconds: float = Field(300.0, gt=0, description="how long one request's body may take")
    idle_seconds: int = Field(
        30,
        gt=0,
        description="how long a client may let us wait: for the rest of a body or of headers, and between requests",
    )
    max_pixels: int = Field(40_000_000, gt=0, description="pixels of one image, read from its header")
    max_images: int = Field(64, gt=0, description="images in one request that adds photos")
    queue_items: int = Field(256, gt=0, description="items that may wait for the device before 429")
    batch_items: int = Field(32, gt=0, description="items in one forward pass")
    batch_wait_ms: float = Field(2.0, ge=0, description="how long a batch waits for company, in milliseconds")
    threads: int | None = Field(
        None, gt=0, description="CPU threads of a forward pass; none leaves it to torch"
    )
    cache_mb: float = Field(64.0, ge=0, description="embeddings kept in the process, in MB (10^6)")
    redis_timeout_ms: float = Field(
        50.0, gt=0, description="how long Redis may take before we go on without it"
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="how long running requests may take after a stop signal"
    )
    log_json: bool = Field(False, description="one JSON object a log line instead of text")

    @field_validator("api_keys", "admin_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(SecretStr(part.strip()) for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _closed_unless_told(self) -> Self:
        if self.host not in LOOPBACK and self.keyless and not self.allow_open:
            raise ValueError(
                f"IIAE_HOST={self.host} is reachable from other machines but no key is set: "
                "set IIAE_API_KEYS (and IIAE_ADMIN_KEYS), or IIAE_ALLOW_OPEN=true to serve anyone"
            )
        return self

    @model_validator(mode="after")
    def _one_upload_fits(self) -> Self:
        if self.held_mb < self.max_upload_mb:
            raise ValueError(
                f"IIAE_HELD_MB={self.held_mb:g} is less than one body may have, IIAE_MAX_UPLOAD_MB={self.max_upload_mb:g}"
            )
        return self

    @property
    def keyless(self) -> bool:
        return not (self.api_keys or self.admin_keys)

    @property
    def checkpoints(self) -> Path:
        return self.home / "checkpoints"

    @property
    def galleries(self) -> Path:
        return self.home / "galleries"
