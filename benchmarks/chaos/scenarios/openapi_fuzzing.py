"""schemathesis reads the OpenAPI document of a running server, and tries to break what it says.

It sends examples, edge cases, and random valid and invalid requests, one by one and in sequences that use the
answers of earlier requests.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmarks.chaos.report import Row
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch, publish_tiny

ROOT = Path(__file__).parents[3]
CONFIGURATION = ROOT / "benchmarks" / "chaos" / "schemathesis.toml"
NAME = "schemathesis against the OpenAPI document"
PROMISE = "no 5xx, and every answer is as documented"
MAX_DETAIL = 20_000
"""Characters of schemathesis' output that are shown if it finds something."""
KEY = "an-administrators-key-0123456789"


def run(trial: Trial) -> list[Row]:
    """Run schemathesis for some seconds."""
    home = trial.home()
    publish_tiny(home)
    publish_sketch(home)
    with Server(home, IIAE_ADMIN_KEYS=KEY) as server:
        server.ready()
        headers = {"X-API-Key": KEY}
        for name in ("g", "catalogue", "things"):
            new = {"name": name, "model": "drawn"}
            server.client.post("/galleries", json=new, headers=headers).raise_for_status()
            photos = [("image", png(seed)) for seed in range(3)]
            server.client.post(f"/galleries/{name}/photos", files=photos, headers=headers).raise_for_status()
        report = run_schemathesis(trial, server.url)
        alive = server.process.poll() is None
    return [report if alive else Row(report.scenario, "the service keeps running", "it ended", False)]


def run_schemathesis(trial: Trial, url: str) -> Row:
    """Run schemathesis against a server, and summarise its report."""
    file = trial.folder / "report.json"
    options = {
        "--seed": str(trial.seed),
        "--max-time": str(max(1, int(3 * trial.seconds))),
        "--max-examples": str(max(1, int(2 * trial.seconds))),
        "--header": f"X-API-Key:{KEY}",
        "--report-json-path": str(file),
    }
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(CONFIGURATION), "run"]
    command += [f"{url}/openapi.json", "--continue-on-failure", "--no-shrink", "--warnings", "off"]
    ended = subprocess.run(
        [*command, *(word for option in options.items() for word in option)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        cwd=trial.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    row = summary(ended.returncode, file, ended.stdout + ended.stderr)
    if not row.ok:  # how to reproduce each failure
        print(ended.stdout[-MAX_DETAIL:], file=sys.stderr)
    return row


def summary(status: int, file: Path, output: str) -> Row:
    """Return the row of a run."""
    if not file.exists():
        return Row(NAME, PROMISE, f"no report: {output[-200:]!r}", False)
    report = json.loads(file.read_text())
    found = Counter[str]()
    for failure in report["failures"]:
        found[f"{failure['title']} at {', '.join(failure['operations'])}"] += failure["count"]
    findings = "; ".join(f"{what} × {count}" for what, count in found.items()) or "nothing found"
    phases = ", ".join(name for name, phase in report["phases"].items() if phase["status"] != "skip")
    tested, cases = report["operations"]["tested"], report["test_cases"]["generated"]
    return Row(
        NAME,
        PROMISE,
        f"{findings} in {cases:,} requests to {tested} operations ({phases})",
        status == 0 and not found,
    )
