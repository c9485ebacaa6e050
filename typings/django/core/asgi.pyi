from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

class ASGIHandler:
    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None: ...

def get_asgi_application() -> ASGIHandler: ...
