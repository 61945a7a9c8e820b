"""Pictures given one by one or as folders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from edge.errors import PictureUnreadable

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


def files_in(source: Path, kinds: Collection[str] = PICTURES) -> list[Path]:
    """A file as it is given, or the files of these kinds in and below a folder, in the order of their names.

    Raises PictureUnreadable for a folder that cannot be read or holds none.
    """
    try:
        if not source.is_dir():
            return [source]
        found = sorted(path for path in source.rglob("*") if path.suffix.lower() in kinds)
    except OSError as error:
        raise PictureUnreadable(f"{source} cannot be read: {error.strerror}") from None
    if not found:
        raise PictureUnreadable(f"no pictures in the folder {source}; they end in {', '.join(sorted(kinds))}")
    return found


def pictures_in(sources: Sequence[Path]) -> list[Path]:
    """All pictures of files and folders. Raises PictureUnreadable."""
    return [path for source in sources for path in files_in(source)]
