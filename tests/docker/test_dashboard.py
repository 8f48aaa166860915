"""The Grafana dashboard queries only metrics and labels that a running service exports."""

import json
import re
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from serving import Server, png, publish_tiny

MONITORING = Path(__file__).parents[2] / "docker" / "monitoring"
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "iiae.json").read_text())
TARGETS = [(panel["title"], target) for panel in DASHBOARD["panels"] for target in panel["targets"]]
IDS = [f"{title}-{target['refId']}" for title, target in TARGETS]
PROMETHEUS_NAMES = {"up", "job"}
PROMQL_WORDS = {"sum", "by", "rate", "increase", "histogram_quantile", "vector", "or"}
RATED = re.compile(r"(?:rate|increase)\((\w+)")


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    """The metric families of a running service."""
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    server = Server(home).ready()
    try:
        answer = server.client.post("/translate", files={"image": png()}, data={"model": "tiny"})
        assert answer.status_code == 200
        assert server.client.get("/nowhere").status_code == 404  # so that there is a problem to count
        text = server.client.get("/metrics").text
    finally:
        server.stop()
    return list(text_string_to_metric_families(text))


@pytest.fixture(scope="module")
def labels(families):
    """The names of the labels of each sample name."""
    found: dict[str, set[str]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.fixture(scope="module")
def types(families):
    """The type of each sample name, such as counter or gauge."""
    return {sample.name: family.type for family in families for sample in family.samples}


def names(expression: str) -> set[str]:
    """Return the metric and label names of a query."""
    unquoted = re.sub(r'"[^"]*"|\[[^\]]*\]', "", expression)
    return set(re.findall(r"[a-zA-Z_]\w*", unquoted)) - PROMQL_WORDS


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=IDS)
def test_queries_use_exported_metrics_and_labels(labels, title, target):
    used = names(target["expr"]) - PROMETHEUS_NAMES
    metrics = used & set(labels)
    assert metrics or target["expr"] == 'up{job="iiae"}'
    their_labels = set().union(*(labels[name] for name in metrics)) if metrics else set()
    assert used - metrics <= their_labels, f"{title}: neither a metric nor a label"
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= their_labels


@pytest.mark.parametrize(("title", "target"), TARGETS, ids=IDS)
def test_queries_rate_counters_and_nothing_else(types, title, target):
    rated = set(RATED.findall(target["expr"]))
    for name in names(target["expr"]) & set(types):
        counts = types[name] in {"counter", "histogram"}
        assert (name in rated) == counts, f"{title}: {name} is a {types[name]}"


def test_every_metric_is_shown(labels):
    def without_suffix(name: str) -> str:
        return re.sub(r"_(bucket|sum|count|total|created)$", "", name)

    shown = {without_suffix(name) for _, target in TARGETS for name in names(target["expr"])}
    exported = {without_suffix(name) for name in labels if name.startswith("iiae_")}
    assert exported - shown <= {"iiae_cache_entries"}


def test_panels_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_compose_connects_grafana_prometheus_and_the_service():
    compose = yaml.safe_load((MONITORING.parents[1] / "docker-compose.yml").read_text())["services"]
    (job,) = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    alias, port = job["static_configs"][0]["targets"][0].split(":")
    assert [alias] == compose["service"]["networks"]["default"]["aliases"]
    assert compose["service"]["ports"][0].endswith(f":{port}")
    sources = yaml.safe_load((MONITORING / "grafana" / "datasources" / "prometheus.yml").read_text())
    (source,) = sources["datasources"]
    assert httpx.URL(source["url"]).host in compose
    assert {target["datasource"]["uid"] for _, target in TARGETS} == {source["uid"]}
    providers = yaml.safe_load((MONITORING / "grafana" / "dashboards" / "dashboards.yml").read_text())
    (provider,) = providers["providers"]
    mounted = [mount.split(":")[1] for mount in compose["grafana"]["volumes"] if mount.startswith("./docker")]
    assert provider["options"]["path"].startswith(mounted[0])
    assert job["http_headers"]["X-API-Key"]["files"] == ["/tmp/key"]
    assert "/tmp/key" in compose["prometheus"]["command"][0]
