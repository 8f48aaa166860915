"""Health probes, metrics and documentation."""


def test_probes_metrics_and_documentation_answer(client):
    assert client.get("/health/live").json()["status"] == "live"
    assert client.get("/health/ready").json() == {"status": "ready", "degraded": []}
    client.get("/models")
    assert 'route="/models"' in client.get("/metrics").text
    assert client.get("/docs").status_code == 200
