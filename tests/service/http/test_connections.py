"""The limit of open connections."""

import resource

import pytest

from service.http.connections import connection_limit


@pytest.mark.parametrize(
    ("soft", "hard", "limit", "raised"),
    [
        (65_536, 65_536, 1000, None),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 1000, None),
        (1024, 65_536, 1000, 1256),
        (256, resource.RLIM_INFINITY, 1000, 1256),
        (1024, 1024, 768, 1024),
        (64, 64, 32, 64),
    ],
)
def test_connections_leave_file_descriptors_to_the_service(monkeypatch, soft, hard, limit, raised):
    new = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: new.append(limits))
    assert connection_limit(1000) == limit
    assert new == ([] if raised is None else [(raised, hard)])
