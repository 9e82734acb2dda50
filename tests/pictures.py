"""Pictures for photos."""

import io

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (48, 40), colour: str = "red") -> bytes:
    """A picture of one colour. ``kind``: a format of Pillow's; ``size``: in pixels."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def jpeg(colour: str) -> bytes:
    """One of more than one pixel, which passes for none at Microsoft."""
    return picture(colour=colour)
