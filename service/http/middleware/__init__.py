"""ASGI middleware, one class a file. `service.http.app` lists them in order."""
