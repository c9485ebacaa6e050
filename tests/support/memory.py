"""How much memory repeated work keeps, measured with tracemalloc."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable


def bytes_left(work: Callable[[], object], *, times: int) -> int:
    """Return by how many bytes memory grows when the same work is done many times.

    A tenth of the work is done before the measurement, to fill the caches of Python and libraries.
    """

    def traced_after(rounds: int) -> int:
        for _ in range(rounds):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        return -traced_after(times // 10) + traced_after(times)
    finally:
        tracemalloc.stop()
