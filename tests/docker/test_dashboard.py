"""The dashboard asks for what /metrics of a running service really has."""

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
OF_PROMETHEUS = {"up", "job"}
WORDS = {"sum", "by", "rate", "increase", "histogram_quantile", "vector", "or"}


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """Of each sample's name, the names of its labels."""
    home = tmp_path_factory.mktemp("home")
    publish_tiny(home)
    server = Server(home).ready()
    try:
        assert (
            server.client.post("/translate", files={"image": png()}, data={"model": "tiny"}).status_code
            == 200
        )
        text = server.client.get("/metrics").text
    finally:
        server.stop()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def names(expression: str) -> set[str]:
    """Identifiers of a query that are neither functions nor inside of quotation marks or ranges."""
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]', "", expression)
    return set(re.findall(r"[a-zA-Z_]\w*", bare)) - WORDS


@pytest.mark.parametrize(
    ("title", "target"), TARGETS, ids=[f"{title}-{target['refId']}" for title, target in TARGETS]
)
def test_what_a_query_names_is_there(labels, title, target):
    asked = names(target["expr"]) - OF_PROMETHEUS
    metrics = asked & set(labels)
    assert metrics or target["expr"] == 'up{job="iiae"}'
    of_them = set().union(*(labels[name] for name in metrics)) if metrics else set()
    assert asked - metrics <= of_them, f"{title}: neither a metric nor a label"
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= of_them


def test_what_is_counted_is_shown(labels):
    shown = set().union(*(names(target["expr"]) for _, target in TARGETS))
    ours = {
        re.sub(r"_(bucket|sum|count|total|created)$", "", name) for name in labels if name.startswith("iiae_")
    }
    assert ours - {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in shown} <= {
        "iiae_cache_entries"
    }


def test_panels_do_not_lie_on_each_other():
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


def test_prometheus_grafana_and_the_service_find_each_other():
    compose = yaml.safe_load((MONITORING.parents[1] / "docker-compose.yml").read_text())["services"]
    (job,) = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    alias, port = job["static_configs"][0]["targets"][0].split(":")
    assert [alias] == compose["service"]["networks"]["default"]["aliases"]
    assert compose["service"]["ports"][0].endswith(f":{port}")
    (source,) = yaml.safe_load((MONITORING / "grafana" / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    assert httpx.URL(source["url"]).host in compose
    assert {target["datasource"]["uid"] for _, target in TARGETS} == {source["uid"]}
    (provider,) = yaml.safe_load((MONITORING / "grafana" / "dashboards" / "dashboards.yml").read_text())[
        "providers"
    ]
    mounted = [mount.split(":")[1] for mount in compose["grafana"]["volumes"] if mount.startswith("./docker")]
    assert provider["options"]["path"].startswith(mounted[0])
    assert (
        job["http_headers"]["X-API-Key"]["files"] == ["/tmp/key"]
        and "/tmp/key" in compose["prometheus"]["command"][0]
    )
