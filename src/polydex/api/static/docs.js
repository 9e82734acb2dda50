// Shows openapi.json and sends requests to this server. Everything is put in as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const base = new URL(".", document.baseURI).pathname.replace(/\/$/, "");

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Plain text in which `code` is code.
function prose(tag, text, attributes) {
  const parts = (text || "").split("`");
  return make(tag, attributes, ...parts.map((part, at) => (at % 2 ? make("code", { text: part }) : part)));
}

function resolve(api, node) {
  let found = node;
  while (found && found.$ref) found = found.$ref.slice(2).split("/").reduce((at, key) => at[key], api);
  return found || {};
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.filter((each) => each !== null).join(" | ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].filter(Boolean).join(" or ");
  const types = [].concat(schema.type || "anything").filter((each) => each !== "null");
  return types.map((each) => (each === "array" ? "list of " + typeOf(schema.items || {}) : each)).join(" or ");
}

function references(schema) {
  const found = JSON.stringify(schema).match(/#\/components\/schemas\/\w+/g) || [];
  return [...new Set(found)].map((each) => each.split("/").pop());
}

function rows(...cells) {
  return make("tr", {}, ...cells.map((cell) => make("td", {}, ...[].concat(cell))));
}

function table(lines, kind) {
  return make("div", { class: "scroll" }, make("table", { class: kind }, make("tbody", {}, ...lines)));
}

function shape(api, name, seen) {
  const schema = api.components.schemas[name];
  const lines = Object.entries(schema.properties || {}).map(([member, part]) => {
    const real = part.$ref ? {} : part;
    const always = (schema.required || []).includes(member);
    return rows(
      [make("code", { text: member }), always ? make("span", { class: "required", text: "always" }) : ""],
      make("span", { class: "type", text: typeOf(part) }),
      prose("span", real.description || ""));
  });
  const box = make("details", { class: "shape" }, make("summary", {}, make("code", { text: name })));
  box.addEventListener("toggle", () => {
    if (box.children.length > 1) return;
    box.append(prose("p", schema.description || "", { class: "note" }), table(lines, "members"));
    for (const other of references(schema)) if (!seen.includes(other)) box.append(shape(api, other, [...seen, other]));
  });
  return box;
}

function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function credentials(operation) {
  const schemes = (operation.security || []).flatMap((each) => Object.keys(each));
  const token = byId("token").value.trim();
  const client = byId("client").value.trim();
  if (token && schemes.includes("AccountToken")) return { Authorization: "Bearer " + token };
  if (!client || !schemes.includes("AppAuth")) return {};
  const bytes = new TextEncoder().encode(client + ":" + byId("secret").value);
  const headers = { Authorization: "Basic " + btoa(String.fromCharCode(...bytes)) };
  const account = byId("account").value.trim();
  if (account && schemes.includes("AccountIdHeader")) headers["X-Aurinko-Account-Id"] = account;
  return headers;
}

function request(call, fields) {
  const query = new URLSearchParams();
  const headers = credentials(call.operation);
  let path = call.path;
  for (const [parameter, input] of fields.parameters) {
    const value = input.value;
    if (parameter.in === "path") path = path.replace("{" + parameter.name + "}", encodeURIComponent(value));
    else if (value !== "" && parameter.in === "query") query.append(parameter.name, value);
    else if (value !== "") headers[parameter.name] = value;
  }
  if (fields.body) headers["Content-Type"] = "application/json";
  const target = base + path + (query.size ? "?" + query : "");
  return { method: call.method.toUpperCase(), target, headers, body: fields.body ? fields.body.value : undefined };
}

function curl(sent) {
  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const lines = ["curl -X " + sent.method + " " + quote(location.origin + sent.target)];
  for (const [name, value] of Object.entries(sent.headers)) lines.push("-H " + quote(name + ": " + value));
  if (sent.body !== undefined) lines.push("--data " + quote(sent.body));
  return lines.join(" \\\n  ");
}

async function send(sent, output) {
  output.replaceChildren(make("p", { class: "note", text: "Waiting for the answer…" }));
  try {
    const { method, headers, body } = sent;
    const response = await fetch(sent.target, { method, headers, body, credentials: "omit", redirect: "manual" });
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    const good = response.status < 400;
    const names = [...response.headers].map(([name, value]) => name + ": " + value).join("\n");
    output.replaceChildren(
      make("div", { class: "bar" },
        make("span", { class: "status " + (good ? "good" : "bad"), text: response.status + " " + response.statusText }),
        make("span", { class: "type", text: method + " " + sent.target })),
      make("pre", { tabindex: "0", "aria-label": "Body of the answer", text: shown }),
      make("details", { class: "shape" }, make("summary", { text: "Headers" }), make("pre", { text: names })));
  } catch (error) {
    output.replaceChildren(make("p", { class: "status bad", text: String(error) }));
  }
}

function tryIt(call) {
  const { operation } = call;
  const fields = { parameters: [], body: null };
  const output = make("div", { "aria-live": "polite" });
  const form = make("form", { onsubmit: (event) => { event.preventDefault(); send(request(call, fields), output); } });
  const inputs = make("div", { class: "fields" });
  for (const parameter of operation.parameters || []) {
    const example = [].concat(parameter.example ?? "").join(",");
    const input = make("input", { spellcheck: "false", placeholder: String(example), required: parameter.required && "" });
    fields.parameters.push([parameter, input]);
    inputs.append(make("label", {}, make("code", { text: parameter.name }), input));
  }
  if (inputs.children.length) form.append(inputs);
  if (operation.requestBody) {
    const text = pretty(operation.requestBody.content["application/json"].example);
    fields.body = make("textarea", { rows: String(Math.min(18, text.split("\n").length)), spellcheck: "false" });
    fields.body.value = text;
    form.append(make("label", { text: "Body" }, fields.body));
  }
  const copy = make("button", { type: "button", class: "plain", text: "Show as curl", onclick: () => {
    output.replaceChildren(make("pre", { tabindex: "0", text: curl(request(call, fields)) }));
  } });
  form.append(make("div", { class: "bar" }, make("button", { text: "Send" }), copy));
  return make("div", { class: "try" }, make("h3", { text: "Try it" }), form, output);
}

function answers(api, operation) {
  const lines = Object.entries(operation.responses).map(([status, answer]) => {
    const real = resolve(api, answer);
    const [content] = Object.values(real.content || {});
    const cell = [prose("span", real.description)];
    if (content && content.schema.$ref && Number(status) < 300) {
      cell.push(make("pre", { text: pretty(content.example) }), shape(api, content.schema.$ref.split("/").pop(), []));
    }
    const good = Number(status) < 300;
    return rows(make("span", { class: "status " + (good ? "good" : "bad"), text: status }), cell);
  });
  return table(lines, "answers");
}

const NEEDS = { AccountToken: "an account's token", AppAuth: "an application's credentials", AccountIdHeader: "an account id" };

function content(api, call) {
  const { operation } = call;
  const needs = (operation.security || []).map((each) => Object.keys(each).map((name) => NEEDS[name] || name).join(" with "));
  const inside = make("div", {},
    prose("p", operation.description),
    make("p", { class: "note", text: needs.length ? "Needs " + needs.join(", or ") + "." : "Needs no credentials." }));
  const parameters = (operation.parameters || []).map((parameter) => rows(
    [make("code", { text: parameter.name }), parameter.required ? make("span", { class: "required", text: "always" }) : ""],
    make("span", { class: "type", text: (parameter.in === "query" ? "" : parameter.in + ", ") + typeOf(parameter.schema) }),
    prose("span", parameter.description)));
  if (parameters.length) inside.append(make("h3", { text: "Parameters" }), table(parameters, "members"));
  if (operation.requestBody) {
    const name = operation.requestBody.content["application/json"].schema.$ref.split("/").pop();
    inside.append(make("h3", { text: "Body" }), prose("p", operation.requestBody.description, { class: "note" }), shape(api, name, [name]));
  }
  inside.append(make("h3", { text: "Answers" }), answers(api, operation), tryIt(call));
  return inside;
}

function isServed(operation) {
  return Object.keys(operation.responses).some((status) => Number(status) < 400);
}

function methodLabel(method) {
  return make("span", { class: "method " + method, text: method.toUpperCase() });
}

function add(api, call, list, links) {
  const { method, path, operation } = call;
  const quiet = isServed(operation) ? "" : " absent";
  const summary = make("summary", {}, methodLabel(method), make("span", { class: "path" + quiet, text: path }),
    make("span", { class: "what", text: operation.summary }));
  const box = make("details", { class: "call", id: operation.operationId }, summary);
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(content(api, call)); });
  list.append(box);
  const words = make("span", { class: quiet.trim(), text: operation.summary.replace(" (not served)", "") });
  links.append(make("a", { href: "#" + operation.operationId }, methodLabel(method), words));
}

function openFromAddress() {
  const box = byId(decodeURIComponent(location.hash.slice(1)));
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (!box || !box.matches("details.call")) return;
  box.open = true;
  box.firstChild.focus();
  box.scrollIntoView();
}

function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const group of document.querySelectorAll("nav section, #calls section")) {
    let shown = 0;
    for (const item of group.querySelectorAll("a, details.call")) {
      const text = (item.matches("a") ? byId(item.hash.slice(1)) : item).firstChild.textContent.toLowerCase();
      item.hidden = !wanted.every((word) => text.includes(word));
      shown += item.hidden ? 0 : 1;
    }
    group.hidden = shown === 0;
    any = any || shown > 0;
  }
  byId("none").hidden = any;
}

async function start() {
  const api = await (await fetch("openapi.json", { credentials: "omit" })).json();
  byId("about").replaceWith(prose("p", api.info.description, { id: "about", class: "lead" }));
  byId("version").textContent = api.info.version;
  const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  for (const tag of api.tags) {
    const links = make("section", {}, make("h2", { text: tag.name }));
    const list = make("section", {}, make("h2", { text: tag.name }), prose("p", tag.description, { class: "note" }));
    for (const call of calls) if (call.operation.tags.includes(tag.name)) add(api, call, list, links);
    byId("nav").append(links);
    byId("calls").append(list);
  }
  openFromAddress();
}

const narrow = matchMedia("(max-width: 56rem)");
const fold = () => { byId("menu").open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();
addEventListener("hashchange", openFromAddress);
byId("nav").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (link && link.hash === location.hash) openFromAddress();
  if (link && narrow.matches) byId("menu").open = false;
});
byId("find").addEventListener("input", (event) => find(event.target.value));
byId("credentials").addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, textarea")) return;
  event.preventDefault();
  byId("menu").open = true;
  byId("find").focus();
});
start().catch((error) => { byId("about").textContent = "The description could not be loaded: " + error; });
