// ews-javascript-api as it comes, the port of Microsoft's EWS Managed API, works with contacts.
// node calls.mjs URL ADDRESS PASSWORD AUTH (basic or NTLM). Writes one JSON object: what was observed, by the names that
// ../test_javascript.py has.

import ews from "ews-javascript-api";
import xhr from "@ewsjs/xhr";

const {
  BodyType,
  ConfigurationApi,
  ConflictResolutionMode,
  Contact,
  ContactSchema,
  ContactsFolder,
  DateTime,
  DefaultExtendedPropertySet,
  DeleteMode,
  EmailAddress,
  EmailAddressKey,
  ExchangeService,
  ExchangeVersion,
  ExtendedPropertyDefinition,
  FileAsMapping,
  Folder,
  FolderId,
  FolderView,
  Guid,
  ImAddressKey,
  ItemSchema,
  ItemView,
  MapiPropertyType,
  MessageBody,
  PhoneNumberKey,
  PhysicalAddressEntry,
  PhysicalAddressKey,
  PropertySet,
  BasePropertySet,
  SearchFilter,
  ServiceError,
  ServiceResponseException,
  SortDirection,
  StringList,
  SyncFolderItemsScope,
  Uri,
  WebCredentials,
  WellKnownFolderName,
} = ews;

const PIXEL =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////" +
  "////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAAB" +
  "AAEDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEB" +
  "AAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AR//Z";
const [url, address, password, auth] = process.argv.slice(2);
const seen = {};

if (auth === "NTLM") ConfigurationApi.ConfigureXHR(new xhr.XhrApi().useNtlmAuthentication(address, password));
const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
service.Url = new Uri(url);
service.Credentials = new WebCredentials(address, password);

const CONTACTS = new FolderId(WellKnownFolderName.Contacts);
const HOBBIES = new ExtendedPropertyDefinition(0x3a43, MapiPropertyType.String);
const FAX = new ExtendedPropertyDefinition(DefaultExtendedPropertySet.Address, 0x80b2, MapiPropertyType.String);
const MARK = new ExtendedPropertyDefinition(
  new Guid("3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f"),
  "Mark",
  MapiPropertyType.String,
);
const PHONES = Object.keys(PhoneNumberKey)
  .filter((name) => Number.isNaN(Number(name)))
  .sort();

/** All that a contact has, the extended properties, and its note as text. */
function everything() {
  const found = new PropertySet(BasePropertySet.FirstClassProperties, [HOBBIES, FAX, MARK, ItemSchema.Body]);
  found.RequestedBodyType = BodyType.Text;
  return found;
}

/** Code of an error, which has to be one that the client knows. */
async function refused(call) {
  try {
    await call;
  } catch (error) {
    if (error instanceof ServiceResponseException) return ServiceError[error.Response.ErrorCode];
    throw error;
  }
  throw new Error("was not refused");
}

function value(contact, definition) {
  const out = { outValue: null };
  return contact.TryGetProperty(definition, out) ? out.outValue : null;
}

async function folder() {
  const found = await Folder.Bind(service, WellKnownFolderName.Contacts);
  seen["folder"] = [found instanceof ContactsFolder, found.FolderClass, found.TotalCount];
  const inside = await service.FindFolders(CONTACTS, new FolderView(10));
  seen["child"] = inside.Folders.some((one) => one.DisplayName === "Choir");
}

async function save() {
  const made = new Contact(service);
  made.GivenName = "Ada";
  made.MiddleName = "Augusta";
  made.Surname = "Lovelace";
  made.FileAsMapping = FileAsMapping.SurnameCommaGivenName;
  made.DisplayName = "Ada Lovelace";
  made.CompanyName = "Engines";
  made.JobTitle = "Analyst";
  made.Department = "Analysis";
  made.NickName = "Countess";
  made.BusinessHomePage = "https://example.com/";
  made.Birthday = new DateTime("1815-12-10T11:59:00Z");
  made.Body = new MessageBody(BodyType.Text, "Two lines\nof a note");
  made.Categories = new StringList(["Friends"]);
  made.Children = new StringList(["Byron", "Annabella"]);
  made.EmailAddresses._setItem(EmailAddressKey.EmailAddress1, new EmailAddress("ada@example.com"));
  made.EmailAddresses._setItem(EmailAddressKey.EmailAddress3, new EmailAddress("ada@example.org"));
  made.ImAddresses._setItem(ImAddressKey.ImAddress1, "xmpp:ada");
  PHONES.forEach((name, at) => made.PhoneNumbers._setItem(PhoneNumberKey[name], `+44 ${at}`));
  const home = new PhysicalAddressEntry();
  home.Street = "Main Street 1";
  home.City = "London";
  home.PostalCode = "W1";
  made.PhysicalAddresses._setItem(PhysicalAddressKey.Home, home);
  made.SetExtendedProperty(HOBBIES, "Engines");
  made.SetExtendedProperty(FAX, "ada@fax.example.com");
  made.SetExtendedProperty(MARK, "one");
  await made.Save(CONTACTS);
  seen["saved"] = [made.Id.UniqueId !== "", made.Id.ChangeKey !== ""];
  return made.Id;
}

async function get(id) {
  const read = await Contact.Bind(service, id, everything());
  seen["names"] = [read.GivenName, read.MiddleName, read.Surname, read.FileAs, read.DisplayName, read.NickName];
  seen["company"] = [read.CompanyName, read.JobTitle, read.Department, read.BusinessHomePage];
  seen["birthday"] = read.Birthday.MomentDate.toISOString().slice(0, 10);
  seen["note"] = read.Body.Text.replaceAll("\r\n", "\n").trim();
  seen["lists"] = [read.Categories.GetEnumerator(), read.Children.GetEnumerator()];
  seen["emails"] = [1, 3].map((at) => read.EmailAddresses._getItem(EmailAddressKey[`EmailAddress${at}`]).Address);
  seen["im"] = read.ImAddresses._getItem(ImAddressKey.ImAddress1);
  seen["phones"] = PHONES.every((name, at) => read.PhoneNumbers._getItem(PhoneNumberKey[name]) === `+44 ${at}`);
  const home = read.PhysicalAddresses._getItem(PhysicalAddressKey.Home);
  seen["address"] = [home.Street, home.City, home.PostalCode];
  seen["extended"] = [value(read, HOBBIES), value(read, FAX), value(read, MARK)];
  return read;
}

async function find() {
  const view = new ItemView(10);
  view.OrderBy.Add(ContactSchema.GivenName, SortDirection.Ascending);
  const found = await service.FindItems(CONTACTS, new SearchFilter.IsEqualTo(ContactSchema.Surname, "Lovelace"), view);
  seen["found"] = [found.TotalCount, found.Items.map((one) => one.GivenName)];
  const none = await service.FindItems(CONTACTS, new SearchFilter.IsEqualTo(HOBBIES, "Horses"), new ItemView(10));
  seen["not found"] = none.TotalCount;
}

async function update(read) {
  const before = read.Id.ChangeKey;
  const stale = await Contact.Bind(service, read.Id, everything());
  read.Surname = "King";
  read.CompanyName = null;
  read.PhoneNumbers._setItem(PhoneNumberKey.Pager, "+44 99");
  read.PhoneNumbers._setItem(PhoneNumberKey.Isdn, null);
  read.SetExtendedProperty(MARK, "two");
  read.RemoveExtendedProperty(HOBBIES);
  await read.Update(ConflictResolutionMode.NeverOverwrite);
  const again = await Contact.Bind(service, read.Id, everything());
  seen["updated"] = [again.Surname, again.CompanyName ?? null, again.PhoneNumbers._getItem(PhoneNumberKey.Pager)];
  seen["cleared entry"] = again.PhoneNumbers.Contains(PhoneNumberKey.Isdn);
  seen["updated extended"] = [value(again, HOBBIES), value(again, MARK), again.Id.ChangeKey !== before];
  stale.Surname = "Byron";
  seen["stale"] = await refused(stale.Update(ConflictResolutionMode.NeverOverwrite));
}

async function picture(id) {
  const contact = await Contact.Bind(service, id, new PropertySet(BasePropertySet.IdOnly, [ItemSchema.Attachments]));
  contact.SetContactPicture(PIXEL, "ContactPicture.jpg");
  await contact.Update(ConflictResolutionMode.AlwaysOverwrite);
  const shape = new PropertySet(BasePropertySet.FirstClassProperties, [ItemSchema.Attachments]);
  const read = await Contact.Bind(service, id, shape);
  const attached = read.GetContactPictureAttachment();
  await attached.Load();
  seen["picture"] = [read.HasPicture, attached.Name, attached.Base64Content === PIXEL];
}

async function changes(id) {
  const shape = new PropertySet(BasePropertySet.FirstClassProperties);
  const ask = (state) =>
    service.SyncFolderItems(CONTACTS, shape, null, 10, SyncFolderItemsScope.NormalItems, state);
  const first = await ask(null);
  seen["first sync"] = [first.Count, first.MoreChangesAvailable, first._getItem(0).Item.Surname];
  const contact = await Contact.Bind(service, id);
  contact.JobTitle = "Countess";
  await contact.Update(ConflictResolutionMode.AlwaysOverwrite);
  const second = await ask(first.SyncState);
  seen["changed"] = [second.Count, second._getItem(0).ChangeType, second._getItem(0).Item.JobTitle];
  await contact.Delete(DeleteMode.MoveToDeletedItems);
  const third = await ask(second.SyncState);
  seen["deleted"] = [third.Count, third._getItem(0).ChangeType, third._getItem(0).ItemId.UniqueId === id.UniqueId];
  seen["gone"] = await refused(Contact.Bind(service, id));
  const fourth = await ask(third.SyncState);
  seen["no change"] = fourth.Count;
  seen["bad state"] = await refused(ask("not a state"));
}

await folder();
const id = await save();
await find();
await update(await get(id));
await picture(id);
await changes(id);
console.log(JSON.stringify(seen));
