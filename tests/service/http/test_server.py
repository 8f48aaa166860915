"""The process that serves the app."""

import subprocess
import sys

PROGRAM = """
import gc, sys, time
from pathlib import Path
from service.http import server
from service.settings import Settings

def run(self):
    began = time.thread_time()
    gc.collect()
    print(time.thread_time() - began)
    self.started = True

server.GracefulServer.run = run
server.serve(Settings(home=Path(sys.argv[1]), device="cpu"))
"""


def test_a_full_garbage_collection_does_not_stop_the_server(tmp_path):
    result = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < 0.05
