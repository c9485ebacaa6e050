"""An app of several parts, made by a factory, whose front ends are named in the environment.

    FLASK_CORS_ORIGINS=https://app.example python docs/examples/factory.py

It answers on port 5000, or on the one that PORT names. Without FLASK_CORS_ORIGINS a front end on
this machine may call it, at http://localhost:3000. `test_rules.py` has tests of its rules.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

from flask import Blueprint, Flask, request, session
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from flask_cors import CORS, cross_origin

# For our own front ends, with their users' cookies. Which they are, the app's configuration says.
account = Blueprint("account", __name__, url_prefix="/account")
CORS(account, supports_credentials=True, max_age=600)


@account.post("/login")
def log_in() -> ResponseReturnValue:
    """Take a name as JSON, which no other site can send without being asked."""
    session["name"] = request.get_json()["name"]
    return {"name": session["name"]}


@account.get("/me")
def me() -> ResponseReturnValue:
    """Say who is logged in."""
    return {"name": session.get("name")}


# For our own front ends too, but without cookies, and no page may delete.
api = Blueprint("api", __name__, url_prefix="/api")
CORS(api, methods=["GET", "PUT"], expose_headers="X-Total")

STOCK = ("tea", "cake")


class Items(MethodView):
    """A list of items, and each of them."""

    def get(self, name: str | None = None) -> ResponseReturnValue:
        """Return all items, or whether there is one."""
        if name is None:
            return {"items": [*STOCK]}, {"X-Total": str(len(STOCK))}
        return {"name": name, "there": name in STOCK}

    def put(self, name: str) -> ResponseReturnValue:
        """Take an item."""
        return {"name": name, "stored": request.get_json()}

    def delete(self, name: str) -> ResponseReturnValue:
        """Remove an item."""
        return {"name": name, "removed": True}


items = Items.as_view("items")
api.add_url_rule("/items", view_func=items, methods=["GET"])
api.add_url_rule("/items/<name>", view_func=items)


# For everyone, whatever the rest of the app allows: a class-based view with a rule of its own.
@cross_origin(origins="*", send_wildcard=True, methods="GET")
class Status(MethodView):
    """The state of the app: it is up."""

    def get(self) -> ResponseReturnValue:
        """Say so."""
        return {"status": "up"}


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Return the app.

    Args:
        config: the configuration; without it, what the environment says in `FLASK_…`.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        CORS_ORIGINS="http://localhost:3000",
        SECRET_KEY=secrets.token_hex(),  # who is logged in stays so until the next start
        SESSION_COOKIE_SAMESITE="None",  # to go with requests of other sites,
        SESSION_COOKIE_SECURE=True,  # and browsers demand this with it
    )
    if config is None:
        app.config.from_prefixed_env()
    else:
        app.config.from_mapping(config)
    # Blueprints read the `CORS_…` keys when they are registered, so these have to be there now.
    app.register_blueprint(account)
    app.register_blueprint(api)
    app.add_url_rule("/status", view_func=Status.as_view("status"))
    return app


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "5000")))
