"""What type checkers have to refuse of `cross_origin` and of what it decorated; nothing else."""

from __future__ import annotations

from flask import Flask
from flask.views import MethodView

from flask_cors import CrossOriginOptions, cross_origin

app = Flask(__name__)


@cross_origin()
def view(number: int) -> str:
    return str(number)


@cross_origin
def bare(number: int) -> str:
    return str(number)


@cross_origin()
async def async_view(number: int) -> str:
    return str(number)


@cross_origin
class Items(MethodView):
    @cross_origin()
    def get(self, number: int) -> str:
        return str(number)


# Options
cross_origin(origin="https://a.example")  # expect: call-overload
cross_origin(supports_credentials="yes")  # expect: call-overload
cross_origin(max_age=[600])  # expect: call-overload
cross_origin(origins=None)  # expect: call-overload
cross_origin(resources="/*")  # expect: call-overload
cross_origin(intercept_exceptions=False)  # expect: call-overload
misspelt: CrossOriginOptions = {"origin": "*"}  # expect: typeddict-unknown-key
of_the_app: CrossOriginOptions = {"resources": "/*"}  # expect: typeddict-unknown-key

# What is no view
cross_origin("https://a.example")  # expect: call-overload
cross_origin(["https://a.example"])  # expect: call-overload
cross_origin({"origins": "*"})  # expect: call-overload
cross_origin(view, origins="*")  # expect: call-overload
cross_origin()("https://a.example")  # expect: call-overload
cross_origin()()  # expect: call-overload

# Arguments of a decorated view
view("one")  # expect: arg-type
view()  # expect: call-arg
view(1, 2)  # expect: call-arg
view(word="one")  # expect: call-arg
bare("one")  # expect: arg-type
Items().get("one")  # expect: arg-type
Items(1)  # expect: call-arg
Items().put()  # expect: attr-defined

# What it returns
text: str = view(1)  # expect: assignment


async def awaiting() -> str:
    await view(1)  # expect: misc
    await bare(1)  # expect: misc
    await Items().get(1)  # expect: misc
    await async_view("one")  # expect: arg-type
    len(async_view(1))  # expect: arg-type
    return await async_view(1)  # expect: return-value
