"""QR codes: written as pictures and into the terminal, and read from pictures."""

from __future__ import annotations

from pathlib import Path

import typer

_SIZES = (1.0, 0.5, 0.75, 1.5)


def write(text: str, beside: Path) -> list[str]:
    """Write `<beside>.png` and `.svg` for their owner alone; return their paths, none without segno."""
    from io import BytesIO

    from edge.whole_file import write_whole

    try:
        import segno
    except ImportError:
        typer.echo("no QR code: install Ostiary with the extra hub", err=True)
        return []
    code, written = segno.make(text, error="m", micro=False), []
    for kind, scale in (("png", 8), ("svg", 4)):
        picture = BytesIO()
        code.save(picture, kind=kind, scale=scale)
        path = beside.with_name(f"{beside.name}.{kind}")
        write_whole(path, picture.getvalue())
        written.append(str(path))
    return written


def draw(text: str) -> None:
    """Print the code, dark on light, to the terminal."""
    try:
        import segno
    except ImportError:
        return
    segno.make(text, error="l", micro=False).terminal(compact=True)


def read(picture: Path) -> str:
    """The text of the one QR code in a picture. Raises PictureUnreadable."""
    import cv2

    from edge.errors import PictureUnreadable

    image = cv2.imread(str(picture))
    if image is None:
        raise PictureUnreadable(
            f"{picture} is no picture that can be read; give a PNG or JPEG of the QR code"
        )
    # Each of the two misses some codes that are perfectly drawn, at one size and not at another.
    readers = (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco())
    for size in _SIZES:
        scaled = cv2.resize(image, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
        for reader in readers:
            text = reader.detectAndDecode(scaled)[0]
            if text:
                return str(text)
    raise PictureUnreadable(f"no QR code can be read in {picture}; take a sharper picture of it")
