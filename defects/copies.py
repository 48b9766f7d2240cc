"""Defects of the copy on disk: what is believed of it, and what becomes of a damaged one."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_CACHE = "helpdesk.index_cache:IndexCache"
_LIVE = "helpdesk.live_index:LiveIndex"

DEFECTS = (
    Defect(
        name="age-from-the-file-time",
        hazard=48,
        doc="Whoever copies the cache folder makes the index young again.",
        tags=("index", "time", "cache"),
        edits=(
            Rewrite(
                _CACHE,
                """
                - return CachedCopy(manifest, files, pointer.fetched_at)
                + return CachedCopy(manifest, files, (folder / MANIFEST_FILE).stat().st_mtime)
                """,
            ),
        ),
    ),
    Defect(
        name="copy-is-always-new",
        hazard=47,
        doc="Each start takes the copy on disk for one that was fetched just now.",
        tags=("index", "time", "restart"),
        edits=(
            Rewrite(
                _CACHE,
                """
                - return CachedCopy(manifest, files, pointer.fetched_at)
                + return CachedCopy(manifest, files, time.time())
                """,
            ),
        ),
    ),
    Defect(
        name="damaged-copy-is-served",
        hazard=61,
        doc="What is on the disk is believed: a flipped bit finds the wrong article.",
        tags=("cache", "index"),
        edits=(
            Rewrite(
                _CACHE,
                """
                - manifest.verify(files)
                - return CachedCopy(manifest, files, pointer.fetched_at)
                + return CachedCopy(manifest, files, pointer.fetched_at)
                """,
            ),
            Rewrite(
                "helpdesk.knowledge_index:KnowledgeIndex.load",
                """
                - manifest.verify(files)
                + pass
                """,
            ),
        ),
    ),
    Defect(
        name="damaged-copy-is-not-set-aside",
        hazard=60,
        doc="A damaged copy stays where it is; nobody learns of it, and each start trips over it.",
        tags=("cache", "index"),
        edits=(
            Rewrite(
                f"{_CACHE}.read",
                """
                - self.quarantine(str(error))
                + logger.error("%s", error)
                """,
            ),
        ),
    ),
    Defect(
        name="damaged-copy-is-a-crash",
        hazard=60,
        doc="A truncated file, and the service does not start.",
        tags=("cache", "index"),
        edits=(
            Rewrite(
                f"{_CACHE}.read",
                """
                - self.quarantine(str(error))
                + raise
                """,
            ),
            Rewrite(
                _LIVE,
                """
                - self._cache.quarantine(str(error))
                - return None
                + raise
                """,
            ),
        ),
    ),
    Defect(
        name="missing-file-is-not-damage",
        hazard=60,
        doc="A copy that lacks a file is not set aside, and nobody learns of it.",
        tags=("cache", "damage"),
        edits=(
            Rewrite(
                _CACHE,
                """
                - except (FileNotFoundError, NotADirectoryError) as error:
                + except NotADirectoryError as error:
                """,
            ),
        ),
    ),
    Defect(
        name="copy-is-never-read",
        doc="Every start downloads the index, and none can start without storage.",
        tags=("restart", "cache"),
        edits=(
            Rewrite(
                _LIVE,
                """
                - found = self._cache.read()
                + found = None
                """,
            ),
        ),
    ),
    Defect(
        name="pointer-not-moved",
        hazard=45,
        doc="The new generation lies on the disk, and the pointer names the old one.",
        tags=("restart", "cache", "generations"),
        edits=(
            Rewrite(
                f"{_CACHE}.install",
                """
                - self._write_pointer(pointer)
                + self._write_pointer(replaced or pointer)
                """,
            ),
        ),
    ),
    Defect(
        name="new-copy-is-pruned",
        doc="Tidying up drops the copy that was just installed; the next start finds a hole.",
        tags=("restart", "cache", "generations"),
        edits=(
            Rewrite(
                _CACHE,
                """
                - if folder.name in {current.folder, current.previous}:
                -     continue
                + if folder.name == current.folder:
                +     shutil.rmtree(folder)
                +     continue
                """,
            ),
        ),
    ),
)
