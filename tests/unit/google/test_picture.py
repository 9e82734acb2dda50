import pytest

from polydex.connectors.google.picture import large

HOST = "https://lh3.googleusercontent.com"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{HOST}/contacts/AKfycbx=s100", f"{HOST}/contacts/AKfycbx=s1024"),
        (f"{HOST}/contacts/AKfycbx=s100-p-k-rw-no", f"{HOST}/contacts/AKfycbx=s1024"),
        (f"{HOST}/a/b/s100/photo.jpg", f"{HOST}/a/b/s1024/photo.jpg"),
        (f"{HOST}/a/b/s100-c/photo.jpg", f"{HOST}/a/b/s1024/photo.jpg"),
        (f"{HOST}/a/photo.jpg", f"{HOST}/a/photo.jpg?sz=1024"),
        (f"{HOST}/a/photo.jpg?x=1", f"{HOST}/a/photo.jpg?x=1&sz=1024"),
    ],
)
def test_a_large_picture_is_asked_for(url: str, expected: str) -> None:
    assert large(url) == expected
