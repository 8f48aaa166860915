"""One caller exceeds its limits. Redis counts for two servers, and is killed."""

from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.redis_process import RedisProcess
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

GREEDY, OTHER = "greedy-key-0123456789", "other-key-0123456789"
QUOTA = 30


def run(trial: Trial) -> list[Row]:
    """Exceed a quota on two servers that share Redis, kill Redis, and go on."""
    home = trial.home()
    publish_tiny(home)
    redis = RedisProcess(trial.folder)
    settings = {
        "IIAE_API_KEYS": f"greedy:{GREEDY},other:{OTHER}",
        "IIAE_QUOTA": f"{QUOTA}/day",
        "IIAE_REDIS_URL": redis.url,
        "IIAE_REDIS_TIMEOUT_MS": f"{50 * trial.patience:g}",
    }
    try:
        with (
            Server(home, shipped_defaults=False, **settings) as first,
            Server(home, shipped_defaults=False, **settings) as second,
        ):
            servers = [first.ready(), second.ready()]
            shared = [ask(servers[number % 2], GREEDY) for number in range(2 * QUOTA)]
            other = [ask(servers[number % 2], OTHER) for number in range(QUOTA // 2)]
            redis.kill()
            without = [ask(servers[number % 2], OTHER) for number in range(2 * QUOTA)]
    finally:
        redis.kill()
    answered = without.count(200)
    return [
        Row(
            f"{2 * QUOTA} requests to two servers, quota {QUOTA}",
            "both servers together keep the quota",
            counts(shared),
            shared.count(200) == QUOTA and set(shared) == {200, 429},
        ),
        Row("another key at the same time", "it is not refused", counts(other), set(other) == {200}),
        Row(
            "Redis is killed",
            "no request fails; each server counts in memory",
            counts(without),
            set(without) == {200, 429} and answered <= 2 * QUOTA - len(other),
        ),
    ]


def ask(server: Server, key: str) -> int:
    """Return the status of a request."""
    return server.client.get("/models", headers={"X-API-Key": key}).status_code
