"""The photo of a contact: https://learn.microsoft.com/graph/api/profilephoto-get."""

from __future__ import annotations

from polydex_sandbox.microsoft import errors, pictures, query
from polydex_sandbox.microsoft.call import Answer, Call
from polydex_sandbox.microsoft.contact import Photo
from polydex_sandbox.microsoft.views.contacts import found

_PROPERTIES = ("id", "height", "width")


def get(call: Call) -> Answer:
    """What is known of the photo. Which size the id names is that of the picture."""
    photo = _photo(call)
    select = query.select(call.options, _PROPERTIES, "microsoft.graph.profilePhoto")
    shown = {"id": f"{photo.width}X{photo.height}", "width": photo.width, "height": photo.height}
    return Answer(
        body={
            "@odata.context": call.context(f"contacts('{call.place.contact}')/photo/$entity"),
            "@odata.mediaContentType": photo.media_type,
            "@odata.mediaEtag": f'"{photo.tag}"',
            **{name: value for name, value in shown.items() if not select or name in select},
        }
    )


def download(call: Call) -> Answer:
    photo = _photo(call)
    return Answer(body=photo.data, headers={"Content-Type": photo.media_type, "ETag": f'"{photo.tag}"'})


def _photo(call: Call) -> Photo:
    photo = call.mailbox.photos.get(found(call).key)
    if photo is None:
        raise errors.not_found()
    return photo


def upload(call: Call) -> Answer:
    """JPEG or PNG, under 4 MB; nothing at all removes the photo."""
    contact = found(call)
    call.mailbox.set_photo(contact, pictures.photo(call.asked.body))
    return Answer(200)
