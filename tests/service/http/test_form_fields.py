"""Reading and checking of form fields."""

import asyncio
import hashlib
import threading
from io import BytesIO

from fastapi import UploadFile

from service.http.form_fields import read_uploads
from service.images import upload


def test_uploads_are_hashed_in_a_worker_thread(monkeypatch):
    threads = []

    def sha256(data: bytes):
        threads.append(threading.current_thread())
        return hashlib.sha256(data)

    monkeypatch.setattr(upload, "hashlib", type("Hashes", (), {"sha256": staticmethod(sha256)}))
    files = [UploadFile(BytesIO(data), filename="x") for data in (b"one", b"two")]
    uploads = asyncio.run(read_uploads(files, max_files=2, field="image"))
    assert [each.sha256 for each in uploads] == [
        hashlib.sha256(data).hexdigest() for data in (b"one", b"two")
    ]
    assert len(threads) == 2
    assert threading.main_thread() not in threads
