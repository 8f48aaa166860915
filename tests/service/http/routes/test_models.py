"""Routes of models."""


def test_models_are_listed_with_their_capabilities(client):
    models = {model["id"]: model for model in client.get("/models").json()["models"]}
    assert models["tiny"]["domains"] == ["photo", "label"]
    assert models["tiny"]["capabilities"] == ["analogy", "embed", "retrieve", "styles", "translate"]
    assert models["drawn"]["capabilities"] == ["embed", "retrieve", "sbir"]
    assert models["drawn"]["device"] == "cpu"
    assert client.get("/models/tiny").json() == models["tiny"]
