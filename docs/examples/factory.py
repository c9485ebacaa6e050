"""An app of several blueprints, made by a factory. The environment names its front ends.

    FLASK_CORS_ORIGINS=https://app.example python docs/examples/factory.py

The port is 5000, or the one in the variable PORT. Without FLASK_CORS_ORIGINS, a front end at
http://localhost:3000 may call the app. `test_rules.py` has tests of its rules.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

from flask import Blueprint, Flask, request, session
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from flask_cors import CORS, cross_origin

# For our own front ends, with cookies. Their origins are in the app's configuration.
account = Blueprint("account", __name__, url_prefix="/account")
CORS(account, supports_credentials=True, max_age=600)


@account.post("/login")
def log_in() -> ResponseReturnValue:
    """Log in with a name as JSON, which other sites cannot send without a preflight."""
    session["name"] = request.get_json()["name"]
    return {"name": session["name"]}


@account.get("/me")
def me() -> ResponseReturnValue:
    """Return the name of the user who is logged in."""
    return {"name": session.get("name")}


# For our own front ends too, but without cookies, and without DELETE.
api = Blueprint("api", __name__, url_prefix="/api")
CORS(api, methods=["GET", "PUT"], expose_headers="X-Total")

STOCK = ("tea", "cake")


class Items(MethodView):
    """The list of items, and each item."""

    def get(self, name: str | None = None) -> ResponseReturnValue:
        """Return all items, or whether one exists."""
        if name is None:
            return {"items": [*STOCK]}, {"X-Total": str(len(STOCK))}
        return {"name": name, "there": name in STOCK}

    def put(self, name: str) -> ResponseReturnValue:
        """Store an item."""
        return {"name": name, "stored": request.get_json()}

    def delete(self, name: str) -> ResponseReturnValue:
        """Remove an item."""
        return {"name": name, "removed": True}


items = Items.as_view("items")
api.add_url_rule("/items", view_func=items, methods=["GET"])
api.add_url_rule("/items/<name>", view_func=items)


# For everyone, whatever the rest of the app allows: a class-based view with its own rules.
@cross_origin(origins="*", send_wildcard=True, methods="GET")
class Status(MethodView):
    """The status of the app."""

    def get(self) -> ResponseReturnValue:
        """Return that the app is up."""
        return {"status": "up"}


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Return the app.

    Args:
        config: the configuration; without it, the variables `FLASK_…` of the environment are read.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        CORS_ORIGINS="http://localhost:3000",
        SECRET_KEY=secrets.token_hex(),  # a new key at each start logs everyone out
        SESSION_COOKIE_SAMESITE="None",  # so that pages of other sites can send the cookie
        SESSION_COOKIE_SECURE=True,  # browsers require this for SameSite=None
    )
    if config is None:
        app.config.from_prefixed_env()
    else:
        app.config.from_mapping(config)
    # Blueprints read the `CORS_…` keys when they are registered, so the keys must be set before.
    app.register_blueprint(account)
    app.register_blueprint(api)
    app.add_url_rule("/status", view_func=Status.as_view("status"))
    return app


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "5000")))
