"""What gunicorn serves: the same app without CORS, and with it."""

from __future__ import annotations

from scenarios import CASES

bare = CASES["allowed"].app(with_cors=False)
cors = CASES["allowed"].app(with_cors=True)
