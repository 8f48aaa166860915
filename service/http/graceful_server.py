"""Stopping a server without failed requests: readiness first, then the port, then the running requests."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

CLOSE = (b"connection", b"close")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class GracefulServer(uvicorn.Server):
    """Uvicorn's server, which keeps accepting requests for some seconds after a stop signal.

    Uvicorn closes its port at once. A load balancer notices that later, at its next probe, and requests fail
    until then. This server first reports that it is not ready, and closes connections after each response.

    A second SIGINT skips all waiting. After SIGTERM the process ends with status 0, even if SIGTERM or
    SIGHUP follows.

    Args:
        delay: seconds between the signal and the closing of the port.
        on_signal: called at each signal, for example to change the readiness.
        on_stopped: called at the end.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        delay: float,
        on_signal: Callable[[], None],
        on_stopped: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._delay, self._on_signal, self._on_stopped = delay, on_signal, on_stopped

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal must not interrupt the stop
        self._on_signal()

    async def main_loop(self) -> None:
        await super().main_loop()
        loop, ticks = asyncio.get_running_loop(), 0
        closes_at = loop.time() + self._delay
        while loop.time() < closes_at and not self.force_exit:
            await self.on_tick(ticks)
            if CLOSE not in self.server_state.default_headers:
                self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
            await asyncio.sleep(0.1)
            ticks += 1

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle stop signals, as uvicorn does. Uvicorn also ends the process with the signal afterwards."""
        originals = {each: signal.signal(each, self.handle_exit) for each in STOP_SIGNALS}
        try:
            yield
        finally:
            # Python takes a moment to exit. Another signal must not change the exit status during that time.
            terminated = signal.SIGTERM in self._captured_signals
            for each, handler in originals.items():
                signal.signal(each, signal.SIG_IGN if terminated else handler)
            self._on_stopped()
