// What the landing page does beyond being read: it asks its own server and shows what came back.
// Without this script every link still works and the curl lines say the same.

// Names and ports: the page may be served elsewhere than the text assumes.

for (const at of document.querySelectorAll(".at")) at.textContent = location.host;

const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
for (const link of document.querySelectorAll("a[data-site]")) {
  if (!loopback) continue; // elsewhere the relative link is the one that is sure to work
  link.href = `//${link.dataset.site}.localhost${location.port && `:${location.port}`}/`;
}

// Questions: each is a list of lines, written as soon as they are known.

const names = { etag: "ETag", "www-authenticate": "WWW-Authenticate" };
const written = (name) => names[name] ?? name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());

const send = async (say, method, path, fields = {}) => {
  const url = new URL(path, document.baseURI);
  say(">", `${method} ${url.pathname} HTTP/1.1`);
  for (const [name, value] of Object.entries(fields)) say(">", `${name}: ${value}`, "key");
  const response = await fetch(url, { method, headers: fields, cache: "no-store" });
  if (response.redirected) {
    say("*", "A redirect, which the browser followed", "note");
    say(">", `${method} ${new URL(response.url).pathname} HTTP/1.1`);
  }
  say("<", `HTTP/1.1 ${response.status} ${response.statusText}`, "status");
  return response;
};

const show = (say, response, ...wanted) => {
  for (const name of wanted) {
    const value = response.headers.get(name);
    if (value !== null) say("<", `${name}: ${value}`, "key");
  }
};

const questions = {
  async head(say) {
    const response = await send(say, "HEAD", "./");
    for (const [name, value] of response.headers) say("<", `${written(name)}: ${value}`);
  },

  async conditional(say) {
    const first = await send(say, "GET", "thread.svg");
    show(say, first, "ETag", "Last-Modified");
    say("*", `${(await first.arrayBuffer()).byteLength} bytes of content`, "note");
    const tag = first.headers.get("ETag");
    const since = first.headers.get("Last-Modified");
    const second = await send(say, "GET", "thread.svg", tag ? { "If-None-Match": tag } : { "If-Modified-Since": since });
    show(say, second, "ETag");
    say("*", `${(await second.arrayBuffer()).byteLength} bytes of content`, "note");
  },

  async range(say) {
    const response = await send(say, "GET", "part.txt", { Range: "bytes=0-15" });
    show(say, response, "Content-Range", "Content-Length");
    say("*", `“${(await response.text()).slice(0, 64)}”`, "note");
  },

  async options(say) {
    show(say, await send(say, "OPTIONS", "./"), "Allow");
  },

  async slash(say) {
    show(say, await send(say, "HEAD", "docs"), "Content-Type");
  },
};

for (const article of document.querySelectorAll("[data-ask]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "send";
  button.textContent = "Send";
  button.setAttribute("aria-label", `Send: ${article.querySelector("h3").textContent}`);

  const said = document.createElement("pre");
  said.className = "said";
  said.setAttribute("role", "status");

  button.addEventListener("click", async () => {
    const lines = [];
    const say = (sign, text, kind = "") => {
      const line = document.createElement("span");
      line.className = kind;
      line.textContent = `${sign} ${text}`;
      lines.push(line);
    };
    button.disabled = true;
    try {
      await questions[article.dataset.ask](say);
    } catch (error) {
      say("*", `No answer: ${error.message}`, "note");
    }
    said.replaceChildren(...lines);
    button.disabled = false;
    button.textContent = "Send again";
  });

  const [asked, wire] = article.children;
  asked.append(button);
  wire.append(said);
}

// Commands to copy, where the browser lets a page do so.

for (const command of navigator.clipboard ? document.querySelectorAll(".cmd") : []) {
  const text = command.textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${text}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  command.classList.add("with-copy");
  command.append(button);
}
