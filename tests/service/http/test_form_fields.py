"""Reading and checking of form fields."""

import asyncio
import hashlib
import threading
from io import BytesIO

from fastapi import UploadFile

from service.http.form_fields import read_uploads
from service.images import upload


def test_large_uploads_are_hashed_in_a_worker_thread(monkeypatch):
    threads = []

    def sha256(data: bytes):
        threads.append(threading.current_thread())
        return hashlib.sha256(data)

    monkeypatch.setattr(upload, "hashlib", type("Hashes", (), {"sha256": staticmethod(sha256)}))
    contents = [b"small", b"large" * 100_000]
    files = [UploadFile(BytesIO(data), size=len(data), filename="x") for data in contents]
    uploads = asyncio.run(read_uploads(files, max_files=2, field="image"))
    assert [each.sha256 for each in uploads] == [hashlib.sha256(data).hexdigest() for data in contents]
    assert [thread is threading.main_thread() for thread in threads] == [True, False]
    assert all(file.file.closed for file in files)
