"""Requests: overload is retried, and aborted requests show nothing."""

from browsing import PHOTOS, upload
from playwright.sync_api import Page, Route, expect


def test_overload_is_shown_and_retried(page: Page) -> None:
    problem = {
        "type": "about:blank",
        "title": "Too many",
        "status": 429,
        "detail": "many are waiting",
        "code": "overloaded",
    }
    refusals = [problem]

    def answer(route: Route) -> None:
        if refusals:
            route.fulfill(status=429, json=refusals.pop(), headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route("**/sbir/search", answer)
    page.set_input_files("#sketch-file", upload(1))
    expect(page.locator("#sketch-notice")).to_have_text("Many are waiting. The page tries again in 1 s.")
    expect(page.locator("#hits li")).to_have_count(PHOTOS)
    expect(page.locator("#sketch-notice")).to_be_hidden()


def test_retry_sends_the_newest_request(page: Page) -> None:
    script = """async () => {
        const { LatestRequest } = await import("/static/shell/latest-request.js");
        const [started, shown, requests] = [[], [], new LatestRequest()];
        const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
        const overloaded = Object.assign(new Error("busy"), { retryAfter: 0.05 });
        let refuse;
        const refused = new Promise((_, reject) => { refuse = () => reject(overloaded); });
        const request = (name) => ({
            run: () => {
                started.push(name);
                return started.length === 1 ? refused : Promise.resolve(name);
            },
            show: (answer) => shown.push(answer),
            fail: () => {},
        });
        requests.submit(request("older"));
        await pause(20);
        requests.submit(request("newer"));
        refuse();
        await pause(500);
        return [started, shown];
    }"""
    assert page.evaluate(script) == [["older", "newer"], ["newer"]]


def test_aborted_request_shows_no_answer(page: Page) -> None:
    script = """async () => {
        const { LatestRequest } = await import("/static/shell/latest-request.js");
        const [shown, requests] = [[], new LatestRequest()];
        const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
        const show = (answer) => shown.push(answer);
        const callbacks = { show, fail: (error) => shown.push(String(error)) };
        let answer;
        const late = new Promise((resolve) => { answer = resolve; });
        requests.submit({ run: () => late, ...callbacks });
        requests.submit({ run: async () => "newer", urgent: true, ...callbacks });
        await pause(50);
        answer("older");
        await pause(50);
        return shown;
    }"""
    assert page.evaluate(script) == ["newer"]
