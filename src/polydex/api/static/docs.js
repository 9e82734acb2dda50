// Shows openapi.json and sends requests to this server. Everything is put in as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function resolve(api, node) {
  let found = node;
  while (found && found.$ref) found = found.$ref.slice(2).split("/").reduce((at, key) => at[key], api);
  return found || {};
}

function typeOf(api, schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map((each) => typeOf(api, each)).join(" or ");
  if (schema.enum) return schema.enum.filter((each) => each !== null).join(" | ");
  if (schema.type === "array" || (Array.isArray(schema.type) && schema.type.includes("array"))) {
    return "list of " + typeOf(api, schema.items || {});
  }
  return [].concat(schema.type || "anything").join(" or ");
}

function example(api, schema, depth) {
  const real = resolve(api, schema);
  if (depth > 4) return null;
  if (real.anyOf) return example(api, real.anyOf[0], depth);
  if (real.enum) return real.enum[0];
  const type = [].concat(real.type || "object")[0];
  if (type === "array") return [example(api, real.items || {}, depth + 1)];
  if (type === "object") {
    const entries = Object.entries(real.properties || {});
    return Object.fromEntries(entries.map(([name, part]) => [name, example(api, part, depth + 1)]));
  }
  if (type === "boolean") return true;
  return type === "integer" ? 1 : "";
}

function shape(api, name, seen) {
  const schema = api.components.schemas[name];
  const box = make("details", {}, make("summary", {}, make("code", { text: name })));
  const rows = Object.entries(schema.properties || {}).map(([member, part]) => {
    const required = (schema.required || []).includes(member) ? " (always)" : "";
    const about = make("td", { text: (resolve(api, part).description || "") });
    return make("tr", {}, make("td", { text: member }), make("td", { text: typeOf(api, part) + required }), about);
  });
  if (schema.description) box.append(make("p", { class: "note", text: schema.description }));
  box.append(make("table", {}, ...rows));
  for (const inner of new Set(JSON.stringify(schema).match(/#\/components\/schemas\/\w+/g) || [])) {
    const other = inner.split("/").pop();
    if (!seen.includes(other)) box.append(shape(api, other, [...seen, other]));
  }
  return box;
}

function credentials(security) {
  const headers = {};
  const schemes = security.flatMap((each) => Object.keys(each));
  const token = byId("token").value.trim();
  const client = byId("client").value.trim();
  if (token && schemes.includes("AccountToken")) headers.Authorization = "Bearer " + token;
  else if (client && schemes.includes("AppAuth")) {
    const bytes = new TextEncoder().encode(client + ":" + byId("secret").value);
    headers.Authorization = "Basic " + btoa(String.fromCharCode(...bytes));
    const account = byId("account").value.trim();
    if (account && schemes.includes("AccountIdHeader")) headers["X-Aurinko-Account-Id"] = account;
  }
  return headers;
}

async function send(method, path, operation, fields, output) {
  const query = new URLSearchParams();
  const headers = credentials(operation.security || []);
  let url = path;
  for (const [parameter, input] of fields.parameters) {
    const value = input.value;
    if (parameter.in === "path") url = url.replace("{" + parameter.name + "}", encodeURIComponent(value));
    else if (value !== "" && parameter.in === "query") query.append(parameter.name, value);
    else if (value !== "") headers[parameter.name] = value;
  }
  const options = { method: method.toUpperCase(), headers, credentials: "omit", redirect: "manual" };
  if (fields.body) {
    options.body = fields.body.value;
    headers["Content-Type"] = "application/json";
  }
  const base = new URL(".", document.baseURI).pathname.replace(/\/$/, "");
  const target = base + url + (query.size ? "?" + query : "");
  output.textContent = "…";
  try {
    const response = await fetch(target, options);
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    const lines = [...response.headers].map(([name, value]) => name + ": " + value);
    output.textContent = [options.method + " " + target, "", String(response.status), ...lines, "", shown].join("\n");
  } catch (error) {
    output.textContent = String(error);
  }
}

function tryIt(api, method, path, operation) {
  const fields = { parameters: [], body: null };
  const output = make("pre", { "aria-live": "polite", text: "No answer yet." });
  const form = make("form", { onsubmit: (event) => {
    event.preventDefault();
    send(method, path, operation, fields, output);
  } });
  for (const parameter of operation.parameters || []) {
    const input = make("input", { spellcheck: "false", placeholder: typeOf(api, parameter.schema || {}) });
    fields.parameters.push([parameter, input]);
    form.append(make("label", {}, make("code", { text: parameter.name }), input));
  }
  if (operation.requestBody) {
    const schema = operation.requestBody.content["application/json"].schema;
    fields.body = make("textarea", { rows: "10", spellcheck: "false", "aria-label": "Body" });
    fields.body.value = JSON.stringify(example(api, schema, 0), null, 2);
    form.append(fields.body);
  }
  form.append(make("p", {}, make("button", { text: "Send" })));
  return make("div", {}, form, output);
}

function show(api, method, path, operation) {
  const inside = make("div", {});
  if (operation.description) inside.append(make("p", { text: operation.description }));
  const schemes = (operation.security || []).map((each) => Object.keys(each).join(" + "));
  inside.append(make("p", { class: "note", text: schemes.length ? "Needs " + schemes.join(", or ") : "Needs no credentials" }));
  const rows = (operation.parameters || []).map((parameter) => make("tr", {},
    make("td", { text: parameter.name }), make("td", { text: parameter.in }),
    make("td", { text: typeOf(api, parameter.schema || {}) }), make("td", { text: parameter.description || "" })));
  if (rows.length) inside.append(make("table", {}, ...rows));
  const body = operation.requestBody && operation.requestBody.content["application/json"].schema;
  if (body) {
    const name = body.$ref.split("/").pop();
    inside.append(make("h4", { text: "Body" }), shape(api, name, [name]));
  }
  inside.append(make("h4", { text: "Answers" }));
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const real = resolve(api, answer);
    const schema = Object.values(real.content || {}).map((each) => each.schema)[0] || {};
    const cell = make("td", {});
    if (schema.$ref && Number(status) < 300) cell.append(shape(api, schema.$ref.split("/").pop(), []));
    return make("tr", {}, make("td", { text: status }), make("td", { text: real.description }), cell);
  });
  inside.append(make("table", {}, ...answers), make("h4", { text: "Try it" }), tryIt(api, method, path, operation));
  return inside;
}

async function start() {
  const api = await (await fetch("openapi.json", { credentials: "omit" })).json();
  const main = byId("main");
  main.replaceChildren();
  for (const tag of api.tags) {
    byId("nav").append(make("h2", { text: tag.name }));
    main.append(make("h2", { text: tag.name }));
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (!operation.tags.includes(tag.name)) continue;
        const summary = make("summary", {}, make("span", { class: "method", text: method.toUpperCase() }),
          make("span", { class: "path", text: path }), " ", make("span", { text: operation.summary }));
        const box = make("details", { class: "operation", id: operation.operationId }, summary);
        const fill = () => { if (box.children.length === 1) box.append(show(api, method, path, operation)); };
        box.addEventListener("toggle", fill);
        const open = () => { box.open = true; };
        main.append(box);
        byId("nav").append(make("a", { href: "#" + operation.operationId, text: operation.summary, onclick: open }));
        if (location.hash === "#" + operation.operationId) open();
      }
    }
  }
}

start().catch((error) => { byId("main").textContent = "The description could not be loaded: " + error; });
