"""Hooks for the build backend: the README as description, and sdists that can be reproduced."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

from pdm.backend.hooks import Context

PICTURE = re.compile(r"<!-- picture: begin -->.*?<!-- picture: end -->\n\n", re.DOTALL)


def pdm_build_initialize(context: Context) -> None:
    """Use the README as the description, without its pictures: an index does not host them."""
    text = PICTURE.sub("", (context.root / "README.md").read_text("utf-8"))
    context.config.metadata["readme"] = {"text": text, "content-type": "text/markdown"}


def pdm_build_finalize(context: Context, artifact: Path) -> None:
    """Write `SOURCE_DATE_EPOCH` into the gzip header of the sdist (RFC 1952, section 2.3.1).

    Otherwise the header has the time of the build, and two builds of the same source differ.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if context.target == "sdist" and epoch is not None:
        with artifact.open("r+b") as archive:
            archive.seek(4)
            archive.write(struct.pack("<I", int(epoch)))
