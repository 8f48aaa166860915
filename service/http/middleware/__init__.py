"""ASGI middleware, one class a file. `service.http.middleware_stack` lists them in order."""
