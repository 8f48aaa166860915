"""The TypeScript client compiles with `strict`. Every call and problem works in Node and in Chromium."""

import base64
import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright
from serving import png
from world import ADMIN, CLIENTS, DAMAGED, OUTDATED, PROBLEMS, READER, huge_png, operations, without_node

from clients import generate

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOOLS = CLIENTS / "typescript/node_modules"
COMPILER = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "module": "NodeNext",
    "target": "ES2022",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "types": ["node"],
    "typeRoots": [str(TOOLS / "@types")],
}

pytestmark = [
    pytest.mark.skipif(bool(without_node()), reason=without_node()),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A compiled project that has the client installed, `calls.ts` and the README's example."""
    try:
        generate.install_typescript_tools()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm could not install the packages of package-lock.json: {error}")
    folder = tmp_path_factory.mktemp("program")
    client = folder / "node_modules/iiae-client"
    client.mkdir(parents=True)
    shutil.copy(CLIENTS / "typescript/package.json", client)
    compiled(CLIENTS / "typescript", "--outDir", str(client / "dist"))
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER, "include": ["*.ts"]}))
    shutil.copy(Path(__file__).parent / "calls.ts", folder)
    (folder / "example.ts").write_text(example())
    compiled(folder)
    return folder


def test_another_version_of_the_api_is_a_warning(program):
    """Once, however many calls are made."""
    script = """
        import { Client } from "iiae-client";
        const newer = async () => new Response('{"models": [], "rejected": []}', {
            headers: { "Content-Type": "application/json", "X-API-Version": "2" },
        });
        const client = new Client({ baseUrl: "http://127.0.0.1:9", fetch: newer });
        await client.models.list();
        await client.models.list();
    """
    words = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(words, cwd=program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("version 2 of its API, but this client is of version 1") == 1


def compiled(folder: Path, *more: str) -> None:
    run = subprocess.run([TOOLS / ".bin/tsc", "--project", folder, *more], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def example() -> str:
    (code,) = re.findall(r"```ts\n(.*?)```", (CLIENTS / "typescript/README.md").read_text(), re.DOTALL)
    return code


@pytest.fixture(scope="module")
def world(open_server, pictures):
    files = {path.name: path.read_bytes() for path in pictures.iterdir()} | {"huge.png": huge_png()}
    encoded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return {"baseUrl": open_server.url, "files": encoded, "outdated": OUTDATED, "damaged": DAMAGED}


class Node:
    """Calls a function of `calls.ts` in Node."""

    def __init__(self, program: Path) -> None:
        self.program = program

    def __call__(self, function: str, *arguments: object, origin: str) -> object:
        code = f"""import {{ {function} as call }} from "./calls.js";
            const chunks = []; for await (const chunk of process.stdin) chunks.push(chunk);
            console.log(JSON.stringify(await call(...JSON.parse(Buffer.concat(chunks)))));"""
        return json.loads(
            node(self.program, "--input-type=module", "--eval", code, stdin=json.dumps(arguments))
        )


def node(program: Path, *arguments: str, stdin: str = "") -> str:
    run = subprocess.run(
        ["node", *arguments], cwd=program, input=stdin, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


class Browser:
    """Calls a function of `calls.ts` in a page with the origin of the service."""

    def __init__(self, program: Path, page: Page) -> None:
        self.page = page
        page.route("**/program/**", lambda route: self._fulfil(program, route))

    def __call__(self, function: str, *arguments: object, origin: str) -> object:
        self.page.goto(f"{origin}/program/")
        return self.page.evaluate(
            "async ([name, sent]) => (await import('/program/calls.js'))[name](...sent)",
            [function, list(arguments)],
        )

    @staticmethod
    def _fulfil(program: Path, route: Route) -> None:
        name = route.request.url.partition("/program/")[2]
        if name:
            route.fulfill(body=(program / name).read_text(), content_type="text/javascript")
        else:
            imports = json.dumps(
                {"imports": {"iiae-client": "/program/node_modules/iiae-client/dist/index.js"}}
            )
            route.fulfill(
                body=f'<!doctype html><script type="importmap">{imports}</script>', content_type="text/html"
            )


@pytest.fixture(scope="module")
def browser(program):
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is not installed at {CHROMIUM}; run apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Browser(program, chromium.new_page())
        chromium.close()


@pytest.fixture(scope="module", params=["node", "chromium"])
def run(request, program):
    return Node(program) if request.param == "node" else request.getfixturevalue("browser")


def test_every_call_returns_its_answer(run, world, open_server):
    answers = run("answers", world, origin=open_server.url)
    others = {"several sketches differ", "hits of some photos", "outcomes of files"}
    assert {name.removesuffix("Image") for name in answers} - others == operations()
    created = answers.pop("galleries.create")
    assert (created["name"], created["model"], created["photos"], created["credit"]) == (
        "typed",
        "drawn",
        0,
        None,
    )
    metadata = {"sku": 12, "deep": ["☂"]}
    assert answers.pop("photos.add") == [
        ["noise", metadata, sha256(png(seed)).hexdigest()] for seed in range(6)
    ]
    assert answers.pop("reindex.cancel") in {
        "cancelled",
        "reindex_not_found",
    }  # the reindex may be complete already
    assert answers == {
        "sbir.search": ["drawn", 4],
        "several sketches differ": True,
        "outcomes of files": [["blob", "added"], ["2.png", "added"]],
        "hits of some photos": [2, 0, 3, 0],
        "images.retrieve": [True, True],
        "images.translate": [[7, 8], True, list(b"PNG")],
        "images.translateImage": [True, "image/webp", list(b"WEBP")],
        "images.analogy": ["photo", "photo", True],
        "images.analogyImage": "image/jpeg",
        "images.embed": ["exclusive", [8], 8],
        "images.search": [6, True],
        "images.preview": "image/webp",
        "galleries.list": True,
        "galleries.get": 6,
        "galleries.choose": ["retrieve", "sbir"],
        "galleries.export": ["application/vnd.apache.parquet", list(b"PAR1")],
        "galleries.delete": False,
        "photos.list": [4, True],
        "photos.get": ["image/png", True, "image/webp"],
        "photos.similar": 5,
        "photos.update": [None, {"sku": 13}],
        "photos.labels": [{"label": "noise", "photos": 5}, {"label": None, "photos": 1}],
        "photos.delete": 5,
        "photos.purge": {"removed": 1},
        "reindex.start": 6,
        "reindex.get": ["drawn", 6, []],
        "models.get": ["photo", "label"],
        "models.choose": ["embed"],
        "models.list": True,
        "models.reload": [],
        "service.live": "live",
        "service.ready": {"status": "ready", "degraded": []},
        "service.metrics": True,
    }


def test_hits_have_grades_and_a_smallest_score(run, world, open_server, graded):
    assert run("grades", world, graded, origin=open_server.url) == {
        "grades": ["strong", "possible", "possible", "weak", "weak", "weak"],
        "limited": 3,
        "none": [],
        "near": [[4, "strong"]],
        "similar": [],
    }


def test_every_problem_throws_problem_error(run, world, open_server):
    problems = run("problems", world, origin=open_server.url)
    assert set(problems) == set(PROBLEMS)
    for code, problem in problems.items():
        assert (problem.get("name"), problem.get("code"), problem.get("status")) == (
            "ProblemError",
            code,
            PROBLEMS[code],
        ), problem
        assert problem["message"] == f"{problem['status']} {code}: {problem['detail']}"
        assert re.fullmatch(r"[0-9a-f]{32}", problem["requestId"])
        assert problem["errors"] == (["k"] if code == "parameter_invalid" else [])


def test_client_sends_its_key(run, closed_server):
    reports = run("keys", closed_server.url, READER, ADMIN, origin=closed_server.url)
    assert [report.get("code", "allowed") for report in reports] == [
        "key_missing",
        "key_refused",
        "allowed",
        "allowed",
        "key_missing",
        "key_refused",
        "key_refused",
        "allowed",
    ]


def test_overload_throws_429_with_retry_after(run, full_server, pictures):
    server, make_room = full_server
    picture = base64.b64encode((pictures / "0.png").read_bytes()).decode()
    refused = run("overload", server.url, READER, picture, origin=server.url)
    assert {(report["status"], report["code"]) for report in refused} == {(429, "overloaded")}
    assert all(report["retryAfter"] >= 1 for report in refused)
    make_room()
    answered = run("overload", server.url, READER, picture, origin=server.url)
    assert answered == [{"answered": "made"}] * len(refused)


def test_no_answer_throws_the_error_of_fetch(run, open_server):
    unreachable, aborted = run("silence", open_server.url, origin=open_server.url)
    assert unreachable["other"].startswith("TypeError")
    assert aborted["other"].startswith("AbortError")


def test_page_of_another_origin_is_rejected(browser, open_server, closed_server, world):
    with pytest.raises(Exception, match="Failed to fetch"):  # the browser hides the 403 from the page
        browser("answers", world, origin=closed_server.url)


def test_other_host_name_throws_origin_refused(program, open_server, world):
    problem = Node(program)("problems", world | {"baseUrl": f"http://0.0.0.0:{open_server.port}"}, origin="")[
        "gallery_not_found"
    ]
    assert (problem["status"], problem["code"]) == (403, "origin_refused")


def test_readme_example_runs(program, open_server, pictures):
    assert "http://127.0.0.1:8000" in example()
    assert len(example().strip().splitlines()) <= 12
    name = "of-the-example"
    open_server.client.post("/galleries", json={"name": name, "model": "drawn"}).raise_for_status()
    try:
        open_server.client.post(
            f"/galleries/{name}/photos",
            files=[("image", png(seed)) for seed in range(6)],
            data={"label": "noise"},
        ).raise_for_status()
        (program / "sketch.png").write_bytes((pictures / "3.png").read_bytes())
        script = program / "example.js"
        script.write_text(script.read_text().replace("http://127.0.0.1:8000", open_server.url))
        *hits, blob = node(program, "example.js").splitlines()
    finally:
        open_server.client.delete(f"/galleries/{name}")
    assert len(hits) == 5
    assert re.fullmatch(rf"\d\.\d{{3}} noise /galleries/{name}/photos/\d\?v=[0-9a-f]{{12}}", hits[0])
    assert re.fullmatch(r"Blob \{ size: \d+, type: 'image/webp' \}", blob)
