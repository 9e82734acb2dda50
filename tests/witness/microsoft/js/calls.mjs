// Every call that the sandbox serves, by Microsoft's client for JavaScript as it comes: the same calls as in ../calls.py,
// which see. node calls.mjs URL TOKEN RECEIVER

import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  GraphError,
  PageIterator,
} from "@microsoft/microsoft-graph-client";

const PIXEL = Buffer.from(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////" +
    "////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAAB" +
    "AAEDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEB" +
    "AAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AR//Z",
  "base64",
);
const NAME = "String {3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f} Name Witness";
const IMMUTABLE = 'IdType="ImmutableId"';
const [url, token, receiver] = process.argv.slice(2);
const seen = {};
let gone;

function clientOf(secret) {
  return Client.init({
    baseUrl: url,
    defaultVersion: "v1.0",
    customHosts: new Set(["127.0.0.1"]),
    authProvider: (done) => done(null, secret),
  });
}

const client = clientOf(token);
const api = (path) => client.api(path);
const sorted = (values) => [...values].sort();

/** Status and code of an error, which has to be one that the client knows. */
async function refused(call) {
  try {
    await call;
  } catch (error) {
    if (error instanceof GraphError && error.requestId) return [error.statusCode, error.code];
    throw error;
  }
  throw new Error("was not refused");
}

/** The members that are no annotations: an open extension's own. */
function data(extension) {
  const own = ([name]) => !name.includes("@odata.") && name !== "id" && name !== "extensionName";
  return Object.fromEntries(Object.entries(extension).filter(own));
}

async function user() {
  const me = await api("/me").get();
  seen["me"] = [me.mail, me.displayName];
  const other = await api(`/users/${me.mail}`).get();
  seen["users"] = other.id === me.id;
  return me.mail;
}

async function contacts(mail) {
  const made = await api("/me/contacts").post({
    givenName: "Ada",
    surname: "Lovelace",
    displayName: "Ada Lovelace",
    fileAs: "Lovelace, Ada",
    birthday: "1815-12-10T11:59:00Z",
    emailAddresses: [{ name: "Ada", address: "ada@example.org" }],
    businessPhones: ["+44 1"],
    homeAddress: { city: "London" },
    categories: ["Friends"],
  });
  const got = await api(`/me/contacts/${made.id}`).get();
  seen["create"] = [
    got.givenName, got.surname, got.displayName, got.fileAs, got.birthday.slice(0, 10), got.emailAddresses[0].address,
    got.businessPhones, got.homeAddress.city, got.categories,
  ];
  const etag = got["@odata.etag"];
  seen["etag"] = etag === `W/"${got.changeKey}"`;
  const path = `/me/contactFolders/contacts/contacts/${made.id}`;
  const change = { surname: "King", displayName: "Ada King", fileAs: "King, Ada", mobilePhone: "+44 2" };
  const changed = await api(path).header("If-Match", etag).patch(change);
  seen["update"] = [changed.surname, changed.displayName, changed.mobilePhone, changed.changeKey !== got.changeKey];
  seen["stale"] = await refused(api(path).header("If-Match", etag).patch({ surname: "No" }));
  seen["as user"] = (await api(`/users/${mail}/contacts/${made.id}`).get()).surname;
  await api(path).delete();
  seen["deleted"] = await refused(api(path).get());
  gone = (await api("/me/contacts").post({ givenName: "Gone" })).id;
  await api(`/me/contacts/${gone}/permanentDelete`).post();
  seen["permanently deleted"] = await refused(api(`/me/contacts/${gone}`).get());
}

async function lists() {
  for (const name of ["Bob", "Cay", "Dan", "Eve"]) {
    await api("/me/contacts").post({ givenName: name, surname: "Lister", emailAddresses: [] });
  }
  const query = api("/me/contacts").select("id,givenName").orderby("givenName desc").top(3).count(true);
  const page = await query.get();
  const names = [];
  const [count, surname] = [page["@odata.count"], page.value[0].surname ?? null];
  await new PageIterator(client, page, (one) => names.push(one.givenName) > 0).iterate();
  seen["list"] = [names, count, surname];
  const cays = await api("/me/contacts").filter("givenName eq 'Cay'").get();
  seen["filter"] = cays.value.map((one) => one.givenName);
  const rest = await api("/me/contacts").select("givenName").orderby("givenName").top(2).skip(2).get();
  seen["skip"] = rest.value.map((one) => one.givenName);
}

async function folders() {
  const base = "/me/contactFolders";
  const made = await api(base).post({ displayName: "Club" });
  const item = `${base}/${made.id}`;
  await api(item).patch({ displayName: "Choir" });
  const child = await api(`${item}/childFolders`).post({ displayName: "Basses" });
  seen["folders"] = (await api(base).get()).value.map((one) => one.displayName);
  seen["children"] = (await api(`${item}/childFolders`).get()).value.map((one) => one.displayName);
  const main = await api(`${base}/contacts`).get();
  seen["default"] = [main.displayName, main.id !== made.id, made.parentFolderId === main.id];
  const within = `${item}/childFolders/${child.id}`;
  seen["child"] = (await api(within).get()).parentFolderId === made.id;
  const kim = await api(`${within}/contacts`).post({ givenName: "Kim" });
  const there = await api(`${base}/${child.id}/contacts`).get();
  seen["contact in a folder"] = there.value.map((one) => one.givenName);
  seen["its folder"] = kim.parentFolderId === child.id;
  let page = await api(`${base}/delta`).get();
  seen["folder delta"] = sorted(page.value.map((one) => one.displayName));
  await api(within).delete();
  page = await api(page["@odata.deltaLink"]).get();
  seen["folder gone"] = page.value.map((one) => [one.id === child.id, "@removed" in one]);
  seen["no folder"] = await refused(api(within).get());
  await api(`${item}/permanentDelete`).post();
  seen["no folders"] = (await api(base).get()).value.length;
}

async function delta() {
  const base = "/me/contactFolders/contacts/contacts";
  const paged = (path) => api(path).header("Prefer", "odata.maxpagesize=2").get();
  const named = async (name) => (await api("/me/contacts").filter(`givenName eq '${name}'`).get()).value[0];
  let page = await paged(`${base}/delta`);
  const [sizes, names] = [[], []];
  for (;;) {
    sizes.push(page.value.length);
    names.push(...page.value.map((one) => one.givenName));
    if (!page["@odata.nextLink"]) break;
    page = await paged(page["@odata.nextLink"]);
  }
  seen["delta"] = [Math.max(...sizes), sizes.length > 1, sorted(names)];
  const found = await named("Bob");
  await api(`${base}/${found.id}`).patch({ nickName: "Bobby" });
  const other = await named("Eve");
  await api(`${base}/${other.id}`).delete();
  page = await paged(page["@odata.deltaLink"]);
  const changes = new Map();
  for (;;) {
    for (const one of page.value) changes.set(one.id, "@removed" in one ? "removed" : one.nickName);
    if (!page["@odata.nextLink"]) break;
    page = await paged(page["@odata.nextLink"]);
  }
  seen["changes"] = [changes.get(found.id), changes.get(other.id), changes.size - 2];
  page = await api("/me/contacts/delta").select("displayName").get();
  seen["selected delta"] = [page.value[0].displayName != null, page.value[0].surname ?? null];
}

async function properties() {
  const base = "/me/contacts";
  const given = [{ id: NAME, value: "some text" }, { id: "String 0x3A21", value: "+44 3" }];
  const made = await api(base).post({ givenName: "Fay", singleValueExtendedProperties: given });
  const expand = `singleValueExtendedProperties($filter=id eq '${NAME}' or id eq 'String 0x3A21')`;
  let got = await api(`${base}/${made.id}`).expand(expand).get();
  seen["properties"] = sorted(got.singleValueExtendedProperties.map((one) => [one.id.toLowerCase(), one.value]));
  const condition = `singleValueExtendedProperties/Any(ep: ep/id eq '${NAME}' and ep/value eq 'some text')`;
  seen["by property"] = (await api(base).filter(condition).get()).value.map((one) => one.givenName);
  const page = await api(base).expand(expand).top(50).get();
  const counts = page.value.map((one) => (one.singleValueExtendedProperties ?? []).length);
  seen["expanded list"] = sorted(counts).slice(-2);
  await api(`${base}/${made.id}`).patch({ singleValueExtendedProperties: [{ id: NAME, value: "other" }] });
  got = await api(`${base}/${made.id}`).expand(expand).get();
  seen["changed properties"] = sorted(got.singleValueExtendedProperties.map((one) => one.value));
  await api(`${base}/${made.id}`).delete();
}

async function extensions() {
  const made = await api("/me/contacts").post({ givenName: "Gil" });
  const item = `/me/contacts/${made.id}`;
  const extensionName = "com.example.witness";
  const type = { "@odata.type": "#microsoft.graph.openTypeExtension", extensionName };
  const posted = await api(`${item}/extensions`).post({ ...type, colour: "blue", size: 5 });
  seen["extension"] = [posted.extensionName, data(posted)];
  const one = `${item}/extensions/${extensionName}`;
  seen["read extension"] = data(await api(one).get());
  seen["all extensions"] = (await api(`${item}/extensions`).get()).value.map(data);
  await api(one).patch({ ...type, colour: "red" });
  const got = await api(item).expand(`extensions($filter=id eq '${extensionName}')`).get();
  seen["expanded extension"] = got.extensions.map((each) => each.colour);
  await api(one).delete();
  seen["no extension"] = (await refused(api(one).get()))[0];
  await api(item).delete();
}

async function photos() {
  const made = await api("/me/contacts").post({ givenName: "Hal" });
  const item = `/me/contacts/${made.id}`;
  seen["no photo"] = (await refused(api(`${item}/photo`).get()))[0];
  await api(`${item}/photo/$value`).header("Content-Type", "image/jpeg").put(PIXEL);
  const photo = await api(`${item}/photo`).get();
  seen["photo"] = [photo.width, photo.height, photo["@odata.mediaContentType"]];
  seen["picture"] = (await api(`${item}/photo/$value`).responseType("arraybuffer").get()).byteLength > 0;
  seen["delete photo"] = (await refused(api(`${item}/photo/$value`).delete()))[0];
  await api(item).delete();
}

async function batches() {
  const made = await api("/me/contacts").post({ givenName: "Ida" });
  const item = `${url}/me/contacts/${made.id}`;
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ givenName: "Jon" });
  // The client strips the host alone, so the version is left out here.
  let content = new BatchRequestContent([
    { id: "0", request: new Request(`${item}?$select=givenName`) },
    { id: "1", request: new Request(`${url}/me/contacts/${gone}`) },
    { id: "2", request: new Request(`${url}/me/contacts`, { method: "POST", headers, body }) },
  ]);
  const answer = new BatchResponseContent(await api("/$batch").post(await content.getContent()));
  seen["batch"] = ["0", "1", "2"].map((name) => answer.getResponseById(name).status);
  const added = await answer.getResponseById("2").json();
  const found = await api("/me/contacts").filter("givenName eq 'Jon'").get();
  seen["made in a batch"] = found.value.map((one) => one.id === added.id);
  content = new BatchRequestContent([{ id: "d", request: new Request(item, { method: "DELETE" }) }]);
  const removed = await api("/$batch").post(await content.getContent());
  seen["delete in a batch"] = removed.responses[0].status;
  await api(`/me/contacts/${added.id}`).delete();
}

async function subscriptions() {
  const day = 86_400_000;
  const at = (days) => new Date(Date.now() + days * day).toISOString();
  const [first, second] = [at(2), at(3)];
  const body = {
    changeType: "created,updated,deleted",
    notificationUrl: `${receiver}?a=b`,
    lifecycleNotificationUrl: receiver,
    resource: "/me/contacts",
    expirationDateTime: first,
    clientState: "secret",
  };
  const made = await api("/subscriptions").header("Prefer", IMMUTABLE).post(body);
  seen["subscription"] = [made.changeType, made.resource, made.clientState];
  const item = `/subscriptions/${made.id}`;
  seen["read subscription"] = (await api(item).get()).notificationUrl === body.notificationUrl;
  seen["all subscriptions"] = (await api("/subscriptions").get()).value.map((one) => one.id === made.id);
  const renewed = await api(item).patch({ expirationDateTime: second });
  const gained = Date.parse(renewed.expirationDateTime) - Date.parse(made.expirationDateTime);
  seen["renewed"] = gained === Date.parse(second) - Date.parse(first);
  await api(`${item}/reauthorize`).post();
  await api("/me/contacts").post({ givenName: "Lea" });
  seen["notified"] = await notified();
  await api(item).delete();
  seen["no subscription"] = await refused(api(item).get());
  seen["other resource"] = (await refused(api("/subscriptions").post({ ...body, resource: "/me/messages" })))[0];
}

/** The changes that the receiver was told of, as soon as there is one. */
async function notified() {
  for (let tries = 0; tries < 200; tries++) {
    const found = await (await fetch(receiver)).json();
    if (found.length) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  return [];
}

async function ids() {
  const made = await api("/me/contacts").post({ givenName: "Moe" });
  const item = `/me/contacts/${made.id}`;
  const immutable = await api(item).header("Prefer", IMMUTABLE).get();
  seen["immutable"] = immutable.id !== made.id;
  const body = { inputIds: [made.id], sourceIdType: "restId", targetIdType: "restImmutableEntryId" };
  const [translated] = (await api("/me/translateExchangeIds").post(body)).value;
  seen["translated"] = [translated.sourceId === made.id, translated.targetId === immutable.id];
  await api(item).delete();
}

async function errors(mail) {
  seen["not found"] = await refused(api(`/me/contacts/${gone}`).get());
  const emailAddresses = [0, 1, 2, 3].map((number) => ({ address: `${number}@example.org` }));
  seen["too many"] = (await refused(api("/me/contacts").post({ emailAddresses })))[0];
  seen["bad filter"] = (await refused(api("/me/contacts").filter("nothing eq 'x'").get()))[0];
  seen["unauthorized"] = await refused(clientOf("nobody").api("/me").get());
  let page = await api("/me/contacts/delta").get();
  while (page["@odata.nextLink"]) page = await api(page["@odata.nextLink"]).get();
  const quirk = `${url}/control/accounts/${mail}/quirks/graph-sync-state-expired`;
  const told = await fetch(quirk, { method: "PUT", body: '{"count": 1}' });
  if (!told.ok) throw new Error(await told.text());
  seen["gone"] = await refused(api(page["@odata.deltaLink"]).get());
}

const mail = await user();
await contacts(mail);
await lists();
await folders();
await delta();
await properties();
await extensions();
await photos();
await batches();
await subscriptions();
await ids();
await errors(mail);
process.stdout.write(JSON.stringify({ seen, unknown: [] }));
