"""Gives the package's readme absolute links, because a package index shows it without the repository's files.

The project's address is not in the repository. `IIAE_PROJECT_URL=https://host/owner/name hatchling build`
names it: links lead to `/blob/HEAD/…` there, and pictures to `/raw/HEAD/…`. Without it, links become plain
text and pictures are left out, so that nothing is broken.
"""

import os
import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "IIAE_PROJECT_URL"
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)\s]+)\)")
"""A picture or link whose target is a file of the repository."""
FENCE = re.compile(r"(```.*?```)", re.DOTALL)


class ReadmeLinks(MetadataHookInterface):
    """The hook that hatchling calls for the dynamic metadata `readme` and `urls`."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, object]) -> None:
        """Add the readme, and the project's address if it is known."""
        project = os.environ.get(VARIABLE, "").rstrip("/")
        if project and not project.startswith(("https://", "http://")):
            raise ValueError(
                f"{VARIABLE} is {project!r}; give a whole address, such as https://host/owner/name"
            )
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, project)}
        urls: dict[str, str] = dict(self.config["urls"])
        if project:
            urls |= {"Repository": project, "Changelog": f"{project}/blob/HEAD/CHANGELOG.md"}
        metadata["urls"] = urls


def absolute(text: str, project: str) -> str:
    """Return Markdown whose links to files lead to a project. Code blocks stay as they are."""

    def replace(match: re.Match[str]) -> str:
        is_picture, words, target = match.groups()
        if project:
            return f"{is_picture}[{words}]({project}/{'raw' if is_picture else 'blob'}/HEAD/{target})"
        return "" if is_picture else words

    parts = FENCE.split(text)
    parts[::2] = [LINK.sub(replace, part) for part in parts[::2]]
    return re.sub(r"\n{3,}", "\n\n", "".join(parts))
