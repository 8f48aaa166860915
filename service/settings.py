"""Settings of a deployment, read from the environment. `iiae serve --help` lists them."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from model.home import default_home
from model.images.formats import MAX_PIXELS
from service.api_keys import ApiKey, check_distinct, parse_keys
from service.hosts import parse_hosts
from service.origins import ANY as ANY_ORIGIN
from service.origins import parse_origins

_LIMIT = re.compile(r"[1-9]\d{0,8}/([1-9]\d{0,3} ?)?(second|minute|hour|day|month)s?")
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """The settings of one service. The field `x` is the environment variable `IIAE_X`."""

    model_config = SettingsConfigDict(
        env_prefix="IIAE_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # it may be a key
        validate_by_name=True,
        validate_by_alias=True,
    )

    home: Path = Field(
        default_factory=default_home,
        description="Folder with checkpoints/ and galleries/; the platform's folder for user data if unset.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 chooses a free port.")
    device: str = Field("auto", description="Device that runs the models: auto, cpu, cuda or cuda:N.")
    redis_url: str | None = Field(
        None,
        description="URL of a Redis that caches embeddings, e.g. redis://host:port/db; memory only if unset.",
    )

    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = Field(
        (),
        description="API keys, separated by commas, each as value or name:value. "
        "If any key is set, requests need one.",
    )
    admin_keys: Annotated[tuple[ApiKey, ...], NoDecode] = Field(
        (), description="API keys that may also change galleries and models, in the same form."
    )
    allow_open: bool = Field(False, description="Serve other machines without API keys.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Host names that the service answers to besides loopback names, separated by commas; "
        "*.example.org is every subdomain, * every host. If unset, a service with API keys accepts any host.",
    )

    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins whose web pages may call the service, separated by commas, "
        "e.g. https://shop.example.org; * is every origin, and needs API keys. None if unset.",
    )
    root_path: str = Field(
        "",
        description="Path below which a proxy publishes the service, e.g. /iiae. "
        "The proxy may remove it or not.",
    )

    rate_limit: str | None = Field(
        None,
        description="Requests of each API key, or of each address without a key, in a short time, "
        "e.g. 20/second; others get 429. No limit if unset.",
    )
    quota: str | None = Field(
        None, description="The same for a longer time, e.g. 100000/day. No limit if unset."
    )

    default_model: str | None = Field(
        None,
        description="Model for requests that name none, if it can answer them. If unset, "
        "`iiae models default` or PUT /models/ID/default chooses it; the first one stays the default "
        "until then.",
    )
    default_gallery: str | None = Field(
        None,
        description="Gallery for searches that name none. If unset, `iiae galleries default` or "
        "PUT /galleries/NAME/default chooses it; the first one stays the default until then.",
    )
    store_poll_seconds: float = Field(1.0, gt=0, description="Seconds between checks for new checkpoints.")

    max_upload_mb: float = Field(16.0, gt=0, description="Largest request body, in MB (10^6 bytes).")
    held_mb: float = Field(
        256.0,
        gt=0,
        description="Largest size of all request bodies in progress, in MB (10^6 bytes); others get 429.",
    )
    max_connections: int = Field(
        1000, gt=0, description="Maximum number of open connections; idle ones are closed for new ones."
    )
    upload_seconds: float = Field(
        300.0, gt=0, description="Longest duration of a request's body, or of reading a response, in seconds."
    )
    idle_seconds: int = Field(
        30,
        gt=0,
        description="Longest pause of a client in seconds: within headers, a body or a response, "
        "and between requests.",
    )
    max_pixels: int = Field(
        MAX_PIXELS, gt=0, description="Maximum number of pixels of an image, checked before decoding."
    )
    decoded_mb: float = Field(
        512.0,
        gt=0,
        description="Memory of all images that are decoded at one time, in MB (10^6 bytes); others wait.",
    )
    max_images: int = Field(64, gt=0, description="Maximum number of images in a request that adds photos.")
    deadline_seconds: float = Field(
        10.0,
        gt=0,
        description="Seconds in which a request must be answered once its body is complete. A request that "
        "would take longer gets 429 at once. Clients may shorten it with `Prefer: wait=SECONDS`.",
    )
    change_seconds: float = Field(
        120.0,
        gt=0,
        description="The same for requests that change something, such as adding photos.",
    )
    queue_items: int = Field(
        1024, gt=0, description="Maximum number of items that wait for the device; further ones get 429."
    )
    batch_items: int = Field(32, gt=0, description="Maximum number of items in a forward pass.")
    batch_wait_ms: float = Field(
        2.0, ge=0, description="Longest time to wait for a batch to fill, in milliseconds."
    )
    threads: int | None = Field(
        None, gt=0, description="CPU threads of a forward pass; PyTorch's default if unset."
    )
    cache_mb: float = Field(
        64.0, ge=0, description="Size of the memory cache of embeddings, in MB (10^6 bytes)."
    )
    redis_timeout_ms: float = Field(
        50.0,
        gt=0,
        description="Timeout of a Redis command in milliseconds; then the request continues without Redis.",
    )
    min_free_mb: float = Field(
        200.0,
        ge=0,
        description="Free space on the disk of the galleries, in MB (10^6 bytes), below which requests that "
        "add something get 507. Searches go on.",
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="Seconds that running requests have to finish after a stop signal."
    )
    shutdown_delay_seconds: float = Field(
        0.0,
        ge=0,
        description="Seconds between a stop signal, when /health/ready turns 503, and the closing port. "
        "With a load balancer: more than the time between two probes.",
    )
    access_log: bool = Field(True, description="Log one entry for each request, except probes and metrics.")
    traces_url: str | None = Field(
        None,
        validation_alias=AliasChoices("IIAE_TRACES_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="URL of an OpenTelemetry collector that receives traces (OTLP over HTTP), "
        "e.g. http://collector:4318; OTEL_EXPORTER_OTLP_ENDPOINT does the same. No traces if unset.",
    )
    log_json: bool = Field(False, description="Log one JSON object per line instead of text.")

    @field_validator("api_keys", mode="before")
    @classmethod
    def _parse_api_keys(cls, value: object) -> object:
        return parse_keys(value, "IIAE_API_KEYS", "key") if isinstance(value, str) else value

    @field_validator("admin_keys", mode="before")
    @classmethod
    def _parse_admin_keys(cls, value: object) -> object:
        return parse_keys(value, "IIAE_ADMIN_KEYS", "admin") if isinstance(value, str) else value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _parse_hosts(cls, value: object) -> object:
        return parse_hosts(value, "IIAE_ALLOWED_HOSTS") if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _parse_origins(cls, value: object) -> object:
        return parse_origins(value, "IIAE_CORS_ORIGINS") if isinstance(value, str) else value

    @field_validator("root_path")
    @classmethod
    def _check_root_path(cls, value: str) -> str:
        if value and not _ROOT_PATH.fullmatch(value):
            raise ValueError(f"{value!r} is not a path such as /iiae or /apps/iiae; it may end with /")
        return value.rstrip("/")

    @field_validator("rate_limit", "quota")
    @classmethod
    def _check_limit(cls, value: str | None) -> str | None:
        if value is not None and not _LIMIT.fullmatch(value):
            raise ValueError(
                f"{value!r} is not a limit; write a number of requests and a time, "
                "such as 20/second, 600/minute or 100000/day"
            )
        return value

    @model_validator(mode="after")
    def _check_that_keys_differ(self) -> Self:
        check_distinct((*self.api_keys, *self.admin_keys))
        return self

    @model_validator(mode="after")
    def _require_keys_for_other_machines(self) -> Self:
        if self.host not in LOOPBACK and self.keyless and not self.allow_open:
            raise ValueError(
                f"IIAE_HOST={self.host} is reachable from other machines, but no API key is set; "
                "set IIAE_API_KEYS (and IIAE_ADMIN_KEYS), "
                "or IIAE_ALLOW_OPEN=true and IIAE_ALLOWED_HOSTS to serve anyone"
            )
        return self

    @model_validator(mode="after")
    def _require_keys_for_every_origin(self) -> Self:
        if ANY_ORIGIN in self.cors_origins and self.keyless:
            raise ValueError(
                "IIAE_CORS_ORIGINS=* lets every web page that a user visits change galleries; "
                "set IIAE_API_KEYS (and IIAE_ADMIN_KEYS), or name the origins"
            )
        return self

    @model_validator(mode="after")
    def _check_that_one_upload_fits(self) -> Self:
        if self.held_mb < self.max_upload_mb:
            raise ValueError(
                f"IIAE_HELD_MB={self.held_mb:g} is less than IIAE_MAX_UPLOAD_MB={self.max_upload_mb:g}; "
                "raise IIAE_HELD_MB, because all uploads together need room for one"
            )
        return self

    @property
    def keyless(self) -> bool:
        """Whether no API key is set."""
        return not (self.api_keys or self.admin_keys)

    @property
    def checkpoints(self) -> Path:
        """Folder of the published checkpoints, `<name>/<version>/`."""
        return self.home / "checkpoints"

    @property
    def galleries(self) -> Path:
        """Folder of the galleries, one sub-folder each."""
        return self.home / "galleries"
