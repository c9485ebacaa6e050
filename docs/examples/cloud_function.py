"""One function on a functions host, with its own rules.

    functions-framework --source docs/examples/cloud_function.py --target prices

It needs functions-framework. The port is 8080.
"""

from __future__ import annotations

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from flask_cors import cross_origin


@functions_framework.http  # pyright: ignore[reportUnknownMemberType]  # it has no type
@cross_origin(origins="https://app.example", methods=["GET", "PUT"], max_age=600)
def prices(request: Request) -> ResponseReturnValue:
    """Return the prices, or store one."""
    if request.method == "PUT":
        return {"stored": request.get_json()}
    return {"tea": 2, "cake": 4}
