// Runs in every page of the tests: makes the requests of a test and returns the results.

async function fetched({ url, wait, ...options }) {
  if (wait) await new Promise((done) => setTimeout(done, wait * 1000));
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(8000) });
    const headers = [...response.headers];
    return { status: response.status, headers, body: await response.text() };
  } catch (error) {
    return { blocked: String(error) };
  }
}

async function fetchedInTurn(fetches) {
  const verdicts = [];
  for (const each of fetches) verdicts.push(await fetched(each));
  return verdicts;
}

// Frames of other origins -------------------------------------------------------------------------

addEventListener("message", async ({ data, source }) => {
  if (data.fetches) source.postMessage({ verdicts: await fetchedInTurn(data.fetches) }, "*");
});

function messageFrom(frame, key) {
  return new Promise((done) => {
    addEventListener("message", function heard({ data, source }) {
      if (source !== frame.contentWindow || !(key in data)) return;
      removeEventListener("message", heard);
      done(data[key]);
    });
  });
}

async function framed(page) {
  const frame = document.createElement("iframe");
  const script = `<script src="${origin}/page.js"></` + "script>";
  if (page === "sandbox") {
    frame.sandbox = "allow-scripts";
    frame.srcdoc = script;
  } else {
    frame.src = page === "data" ? `data:text/html,${script}` : `${page}/page`;
  }
  const loaded = messageFrom(frame, "origin");
  document.body.append(frame);
  return [frame, await loaded];
}

if (parent !== window) parent.postMessage({ origin: window.origin }, "*");

// Requests other than `fetch`. Their URLs contain the case already. ---------------------------------

const kinds = {
  events: (url, withCredentials) =>
    new Promise((done) => {
      const source = new EventSource(url, { withCredentials });
      const say = (said) => () => (source.close(), done(said));
      source.onmessage = ({ data }) => say(data)();
      source.onerror = say("error");
    }),

  module: (url) =>
    import(url).then(
      ({ answer }) => answer,
      () => "error",
    ),

  script: (url, crossOrigin) => element("script", { src: url, crossOrigin }),

  async style(url, crossOrigin) {
    const link = { rel: "stylesheet", href: url, crossOrigin };
    const said = await element("link", link);
    if (said === "error") return said;
    try {
      return [...document.styleSheets].at(-1).cssRules[0].cssText;
    } catch (error) {
      return error.name;
    }
  },

  async image(url, crossOrigin) {
    const image = new Image();
    image.crossOrigin = crossOrigin;
    image.src = url;
    try {
      await image.decode();
    } catch {
      return "error";
    }
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.drawImage(image, 0, 0);
    try {
      return [...canvas.getImageData(0, 0, 1, 1).data];
    } catch (error) {
      return error.name;
    }
  },

  imageThenImage: async (url) => [await kinds.image(url, null), await kinds.image(url, "anonymous")],

  async stream(url, release) {
    const reader = (await fetch(url)).body.pipeThrough(new TextDecoderStream()).getReader();
    const first = (await reader.read()).value;
    await fetch(release, { method: "POST" });
    return [first, (await reader.read()).value];
  },

  upload: (url) =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      request.upload.onprogress = () => {}; // a listener makes the request need a preflight
      request.onload = () => done(request.status);
      request.onerror = () => done("error");
      request.open("POST", url);
      request.send("text");
    }),

  async pages(url, other, cache) {
    const [frame] = await framed(other);
    const here = await fetched({ url, cache });
    frame.contentWindow.postMessage({ fetches: [{ url, cache }] }, "*");
    const [there] = await messageFrom(frame, "verdicts");
    return [here, there].map(({ status }) => status ?? "blocked");
  },
};

function element(name, properties) {
  return new Promise((done) => {
    const element = document.createElement(name);
    element.onload = () => done("loaded");
    element.onerror = () => done("error");
    for (const [key, value] of Object.entries(properties))
      if (value !== null) element[key] = value;
    document.head.append(element);
  });
}

// All cases -----------------------------------------------------------------------------------------

async function everything(cases, others) {
  const verdicts = {};
  const frames = { [origin]: [null, origin] };
  for (const { id, page, fetches } of cases) {
    frames[page] ??= await framed(page);
    const [frame] = frames[page];
    if (frame) {
      frame.contentWindow.postMessage({ fetches }, "*");
      verdicts[id] = await messageFrom(frame, "verdicts");
    } else {
      verdicts[id] = await fetchedInTurn(fetches);
    }
  }
  for (const { id, kind, parameters } of others) verdicts[id] = await kinds[kind](...parameters);
  const origins = Object.fromEntries(Object.entries(frames).map(([page, [, own]]) => [page, own]));
  return { verdicts, origins };
}
