"""One app, two origins: see in a browser which calls CORS allows, which it does not, and why.

Run it and open the address that it prints: http://127.0.0.1:5000, or with another port if 5000 is
taken. To a browser, http://localhost:5000 is another origin, although the same server answers. The
page calls it, and shows the result of each call.

    python docs/examples/quickstart.py [PORT]

The port can also be set in the environment, as PORT.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections import deque
from typing import TYPE_CHECKING, TypedDict

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import run_simple

from flask_cors import CORS, cross_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = "http://127.0.0.1:*"  # the origin of the page, on any port

app = Flask(__name__)
CORS(
    app,
    resources={
        "/api/*": {"origins": [PAGE]},
        "/private/*": {"origins": [PAGE], "supports_credentials": True},
        "/partner/*": {"origins": ["https://partner.example"]},
    },
)


@app.get("/api/hello")
def hello() -> ResponseReturnValue:
    """Answer a call that needs no preflight."""
    return {"message": "Hello from the other origin"}


@app.put("/api/items/<int:number>")
def put_item(number: int) -> ResponseReturnValue:
    """Store JSON, for which browsers send a preflight."""
    return {"number": number, "stored": request.get_json()}


@app.get("/async")
@cross_origin(origins=[PAGE], expose_headers=["X-Waited"])
async def wait() -> ResponseReturnValue:
    """Answer after a short wait, with a header that scripts may read."""
    await asyncio.sleep(0.05)
    return {"message": "Hello from async def"}, {"X-Waited": "50 ms"}


@app.get("/private/profile")
def profile() -> ResponseReturnValue:
    """Answer a call that may include cookies."""
    return {"message": "Credentials are welcome here"}


@app.route("/partner/report", methods=["GET", "PUT"])
def report() -> ResponseReturnValue:
    """Return a report that only the partner's pages may read."""
    return {"message": "For the partner only"}


# The rest is not about CORS. It shows the requests and responses on the page, including preflights,
# which scripts cannot see.


class Exchange(TypedDict):
    """One request from another origin and its response, with only the CORS headers."""

    call: str
    request: str
    sent: dict[str, str]
    status: str
    answer: dict[str, str]


exchanges: deque[Exchange] = deque(maxlen=100)
SENT = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")


def watch(inner: WSGIApplication) -> WSGIApplication:
    """Return an app that answers like `inner`, and records the requests of other origins."""

    def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def noting(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            note(environ, status, headers)
            return start_response(status, headers, exc_info)

        return inner(environ, noting if "HTTP_ORIGIN" in environ else start_response)

    return watched


def note(environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]) -> None:
    """Record one exchange, which the page then asks for."""
    variables = {name: "HTTP_" + name.upper().replace("-", "_") for name in SENT}
    exchanges.append(
        {
            "call": environ["QUERY_STRING"],
            "request": f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
            "sent": {name: environ[key] for name, key in variables.items() if key in environ},
            "status": status,
            "answer": {name: value for name, value in headers if name.startswith("Access-Control")},
        }
    )


@app.get("/exchanges/<call>")
def exchanges_of(call: str) -> ResponseReturnValue:
    """Return the exchanges of one call of the page."""
    return [exchange for exchange in exchanges if exchange["call"] == call]


@app.get("/")
def page() -> ResponseReturnValue:
    """Return the page that makes the calls."""
    return HTML


HTML = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flask-CORS: what is allowed</title>
<link rel="icon" href="data:,">
<style>
  :root {
    color-scheme: light dark;
    --back: #f6f6f4; --card: #fff; --text: #1d2126; --soft: #5a626c; --line: #dcdfe3;
    --good: #12703a; --bad: #b3261e;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --back: #15181c; --card: #1e2227; --text: #e6e8ea; --soft: #a2aab4; --line: #353b43;
      --good: #63d192; --bad: #ff8f85;
    }
  }
  body { margin: 0; background: var(--back); color: var(--text);
         font: 16px/1.5 system-ui, sans-serif; }
  main { max-width: 48rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
  h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .5rem; }
  h2 { font-size: 1.05rem; margin: 0; }
  p { margin: .5rem 0; }
  code, pre { font: .85rem/1.5 ui-monospace, monospace; }
  pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
            padding: 1rem; margin-top: 1rem; }
  header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
  dl { display: grid; grid-template-columns: 5.5rem 1fr; gap: .5rem 1rem; margin: .75rem 0 0; }
  dt { color: var(--soft); }
  dd { margin: 0; min-width: 0; }
  .good { color: var(--good); font-weight: 600; white-space: nowrap; }
  .bad { color: var(--bad); font-weight: 600; white-space: nowrap; }
  button { font: inherit; padding: .25rem .75rem; cursor: pointer; }
  @media (max-width: 32rem) {
    dl { grid-template-columns: 1fr; gap: 0; }
    dd { margin-bottom: .5rem; }
  }
</style>
<main>
  <h1>What another origin allows</h1>
  <p>This page comes from <code id="here"></code> and calls <code id="there"></code>. It is the
    same server, but for a browser these are two origins. So the browser checks the CORS headers
    of each response before this page may read it. In the rules below, <code>PAGE</code> means
    <code>http://127.0.0.1:*</code>, the origin of this page with any port.</p>
  <p><button type="button">Repeat all calls</button></p>
  <noscript><p class="bad">This page needs JavaScript, which is disabled.</p></noscript>
  <div aria-live="polite"></div>
</main>
<script>
const here = location.origin;
const there = here.replace("//127.0.0.1", "//localhost");
if (location.hostname === "localhost") location.replace(here.replace("//localhost", "//127.0.0.1"));

const API = '"/api/*": {"origins": [PAGE]}';
const PRIVATE = '"/private/*": {"origins": [PAGE], "supports_credentials": True}';
const PARTNER = '"/partner/*": {"origins": ["https://partner.example"]}';
const JSON_PUT = {method: "PUT", headers: {"Content-Type": "application/json"}, body: '{"tea": 2}'};
const CALLS = [
  {title: "A simple GET", rule: API, path: "/api/hello"},
  {title: "A PUT with JSON", rule: API, path: "/api/items/1", init: JSON_PUT},
  {title: "An async view with its own rule", path: "/async", reads: "X-Waited",
   rule: '@cross_origin(origins=[PAGE], expose_headers=["X-Waited"])'},
  {title: "Credentials, if they are allowed", rule: PRIVATE, path: "/private/profile",
   init: {credentials: "include"}},
  {title: "Credentials, if they are not allowed", rule: API, path: "/api/hello",
   init: {credentials: "include"}},
  {title: "A GET that only another website may read", rule: PARTNER, path: "/partner/report"},
  {title: "A PUT that only another website may send", rule: PARTNER, path: "/partner/report",
   init: JSON_PUT},
];

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function lines(fields) {
  return Object.entries(fields).map(([name, value]) => `    ${name}: ${value}\\n`).join("");
}

function transcript(exchanges) {
  return exchanges.flatMap(({request, sent, status, answer}) => [
    `\\u2192 ${request.replace(" /", ` ${there}/`)}\\n`, lines(sent),
    `\\u2190 ${status}\\n`, lines(answer),
  ]).join("").trimEnd();
}

function reason(call, readable, exchanges) {
  const last = exchanges.at(-1);
  if (!last) return `No request reached the server. Is ${there} this server?`;
  const preflight = last.request.startsWith("OPTIONS ");
  const origin = last.answer["Access-Control-Allow-Origin"];
  const credentials = call.init?.credentials === "include";
  if (readable) {
    return (exchanges.length > 1 ? "The preflight was allowed. " : "")
      + "The response names the origin of this page"
      + (credentials ? " and allows credentials" : "") + ", so the script may read it.";
  }
  if (!origin) {
    return "The response does not name the origin of this page. "
      + (preflight ? `It was the preflight, so the ${call.init.method} was never sent.`
                   : "The view ran, but the browser hides its response from the script.");
  }
  if (credentials && last.answer["Access-Control-Allow-Credentials"] !== "true") {
    return "The response names the origin of this page, but there is no "
      + "Access-Control-Allow-Credentials: true, which a call with credentials needs.";
  }
  return "The browser's console (F12) shows which check failed.";
}

async function make(call) {
  const id = crypto.randomUUID();  // also makes the URL new, so that no cached preflight is used
  let outcome, readable = true;
  try {
    const response = await fetch(`${there}${call.path}?${id}`, call.init);
    const extra = call.reads ? `, ${call.reads}: ${response.headers.get(call.reads)}` : "";
    outcome = `The script read ${response.status}${extra}, ${(await response.text()).trim()}`;
  } catch (error) {
    readable = false;
    outcome = `The script got only ${error.name}: ${error.message}`;
  }
  const exchanges = await (await fetch(`/exchanges/${id}`)).json();
  return {outcome, readable, exchanges};
}

function card(call, {outcome, readable, exchanges}) {
  const made = document.createElement("article");
  made.dataset.outcome = readable ? "allowed" : "blocked";
  const header = document.createElement("header");
  header.append(element("h2", call.title),
                element("span", made.dataset.outcome, readable ? "good" : "bad"));
  const list = document.createElement("dl");
  for (const [term, tag, text] of [
    ["Rule", "pre", call.rule],
    ["Traffic", "pre", transcript(exchanges)],
    ["Result", "span", outcome],
    ["Why", "span", reason(call, readable, exchanges)],
  ]) {
    const cell = document.createElement("dd");
    cell.append(element(tag, text));
    list.append(element("dt", term), cell);
  }
  made.append(header, list);
  return made;
}

const button = document.querySelector("button");
async function makeAll() {
  button.disabled = true;
  const cards = [];
  for (const call of CALLS) cards.push(card(call, await make(call)));
  document.querySelector("[aria-live]").replaceChildren(...cards);
  button.disabled = false;
}

document.querySelector("#here").textContent = here;
document.querySelector("#there").textContent = there;
button.addEventListener("click", makeAll);
makeAll();
</script>
"""


def is_taken(port: int) -> bool:
    """Return whether another program uses a port, on either address of `localhost`."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False


def port_to_use(wanted: int) -> int:
    """Return the wanted port, or the next free one; print a line if it is another."""
    port = next(port for port in range(wanted, 65536) if not is_taken(port))
    if port != wanted:
        print(f"Port {wanted} is taken by another program. This one uses {port}.", flush=True)
    return port


if __name__ == "__main__":
    port = port_to_use(int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "5000")))
    print(f"Open http://127.0.0.1:{port} (Ctrl+C ends it)", flush=True)
    run_simple("127.0.0.1", port, watch(app), threaded=True)
