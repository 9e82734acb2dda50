"""Pictures for photos."""

import io

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (48, 40), colour: str = "red", mode: str = "RGB") -> bytes:
    """A picture of one colour. ``kind``: a format of Pillow's; ``size``: in pixels; ``mode``: of Pillow's."""
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind)
    return out.getvalue()


def jpeg(colour: str) -> bytes:
    return picture(colour=colour)
