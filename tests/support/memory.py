"""What work leaves behind in memory, measured from outside."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable


def bytes_left(work: Callable[[], object], *, times: int) -> int:
    """Return by how much memory has grown after doing the same many times.

    Caches of Python and of the libraries fill up first, so a tenth is done before it is measured.
    """

    def held_after(rounds: int) -> int:
        for _ in range(rounds):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        return -held_after(times // 10) + held_after(times)
    finally:
        tracemalloc.stop()
