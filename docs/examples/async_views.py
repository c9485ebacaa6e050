"""Async views, and origins that an async function looks up.

    python docs/examples/async_views.py

The port is 5000, or the one in the variable PORT.
"""

from __future__ import annotations

import asyncio
import os

from flask import Flask
from flask.typing import ResponseReturnValue

from flask_cors import CORS, cross_origin

PRICES = {"tea": 2, "cake": 4}
PARTNERS = {"https://tea.example", "https://cake.example"}


async def is_partner(origin: str) -> bool:
    """Return whether an origin is a partner's; a real app would ask a database or a service."""
    await asyncio.sleep(0.01)
    return origin in PARTNERS


async def price(name: str) -> int:
    """Return a price; a real app would ask a database or a service."""
    await asyncio.sleep(0.01)
    return PRICES[name]


app = Flask(__name__)
CORS(app, resources={"/api/*": {"origins": ["https://app.example", is_partner], "max_age": 600}})


@app.get("/api/prices")
async def prices() -> ResponseReturnValue:
    """Return all prices, which are looked up at the same time."""
    found = await asyncio.gather(*map(price, PRICES))
    return dict(zip(PRICES, found, strict=True))


@app.put("/partner/prices/<name>")
@cross_origin(origins=is_partner, methods="PUT", expose_headers="X-Price")
async def put_price(name: str) -> ResponseReturnValue:
    """Confirm a price; only partners may call this."""
    return {"name": name}, {"X-Price": str(await price(name))}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
