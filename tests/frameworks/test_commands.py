"""`flask cors` on apps of frameworks that stand on Flask: no false alarm, and the truth."""

from __future__ import annotations

import json

import pytest

from ..support.commands import ORIGIN, explained
from ..support.commands import cors as cors

HEAD = f"""
from flask import Flask
from flask_cors import CORS
ORIGINS = [{ORIGIN!r}]
"""
RESTX = """
from flask_restx import Api, Resource
app = Flask(__name__)
CORS(app, origins=ORIGINS)
api = Api(app)
@api.route("/items/<int:number>")
class Item(Resource):
    def get(self, number): return {"number": number}
    def put(self, number): return {"number": number}
"""
SMOREST = """
from flask.views import MethodView
from flask_smorest import Api, Blueprint
app = Flask(__name__)
app.config.update(API_TITLE="a", API_VERSION="1", OPENAPI_VERSION="3.0.2")
CORS(app, resources={"/items/*": {"origins": ORIGINS}})
items = Blueprint("items", "items", url_prefix="/items")
@items.route("/<int:number>")
class Item(MethodView):
    def get(self, number): return {}
    @items.response(200)
    def put(self, number): return {}
Api(app).register_blueprint(items)
"""
APIFLASK = """
from apiflask import APIFlask
app = APIFlask(__name__)
CORS(app, origins=ORIGINS)
@app.get("/items/<int:number>")
def read(number): return {"number": number}
@app.put("/items/<int:number>")
def change(number): return {"number": number}
"""
OPENAPI3 = """
from flask_openapi3 import OpenAPI
from pydantic import BaseModel
app = OpenAPI(__name__)
CORS(app, origins=ORIGINS)
class Item(BaseModel):
    number: int
@app.get("/items/<int:number>")
def read(path: Item): return {"number": path.number}
@app.put("/items/<int:number>")
def change(path: Item): return {"number": path.number}
"""
RESTFUL = """
from flask_restful import Api, Resource
app = Flask(__name__)
CORS(app, origins=ORIGINS)
class Item(Resource):
    def get(self, number): return {"number": number}
    def put(self, number): return {"number": number}
Api(app).add_resource(Item, "/items/<int:number>")
"""
SOCKETIO = """
from flask_socketio import SocketIO
app = Flask(__name__)
CORS(app, origins=ORIGINS)
SocketIO(app, async_mode="threading", cors_allowed_origins=ORIGINS)
@app.route("/items/<int:number>", methods=["GET", "PUT"])
def item(number): return {"number": number}
"""
DASH = """
from dash import Dash, html
dash = Dash(__name__)
app = dash.server
CORS(app, origins=ORIGINS)
dash.layout = html.Div()
@app.route("/items/<int:number>", methods=["GET", "PUT"])
def item(number): return {"number": number}
"""
APPS = {
    "flask_restx": RESTX,
    "flask_smorest": SMOREST,
    "apiflask": APIFLASK,
    "flask_openapi3": OPENAPI3,
    "flask_restful": RESTFUL,
    "flask_socketio": SOCKETIO,
    "dash": DASH,
}


@pytest.mark.filterwarnings("ignore")  # what a framework says of itself
@pytest.mark.parametrize("module", APPS)
def test_an_app_of_a_framework_raises_no_alarm_and_is_read(cors, module):
    pytest.importorskip(module)
    source = HEAD + APPS[module]
    result = cors(source, "check", "--strict")
    assert (result.stdout, result.stderr) == ("0 errors, 0 warnings\n", "")
    rows = json.loads(cors(source, "routes", "--json").stdout)
    (source_of_put,) = {
        row["source"]
        for row in rows
        if row["rule"] == "/items/<int:number>" and "PUT" in row["methods"]
    }
    told = explained(cors, source, "-X", "PUT", path="/items/1")
    assert (told["status"], told["notes"]) == (200, [])
    assert told["events"][-2]["policy"] == source_of_put
