"""The comparison as a file, and whether it is still about the incidents as they are now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chaos import inputs
from chaos.errors import ChaosError
from chaos.incidents.catalogue import Incident
from chaos.incidents.comparison import Pair
from chaos.incidents.measures import Row

FORMAT = 1
_MEASURED_TIME = "real_s"


def dump(incidents: Sequence[Incident], rows: Sequence[Row]) -> str:
    """The rows as JSON, with a hash of each file they are about.

    Real time is left out: everything else is the same on every machine.
    """
    saved = {
        "format": FORMAT,
        "made_of": {incident.name: _hash(incident) for incident in incidents},
        "rows": [
            {key: value for key, value in asdict(row).items() if key != _MEASURED_TIME}
            for row in rows
        ],
    }
    return json.dumps(saved, indent=1, ensure_ascii=False) + "\n"


def load(path: Path) -> list[Row]:
    """The rows that `dump` wrote.

    Raises:
        ChaosError: It is no such file.
    """
    saved = _read(path)
    return [Row(**{_MEASURED_TIME: 0.0, **row}) for row in saved["rows"]]


def kept(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as JSON with all that is in them; for a shard."""
    return [asdict(row) for row in rows]


def rows_of(saved: Sequence[Mapping[str, Any]]) -> list[Row]:
    """What `kept` was given."""
    return [Row(**each) for each in saved]


def joined(parts: Sequence[Sequence[Row]], wanted: Sequence[Pair]) -> list[Row]:
    """The rows of all parts, in the order of the pairs.

    Raises:
        ChaosError: One is missing.
    """
    found = {(row.incident, row.target): row for part in parts for row in part}
    for pair in wanted:
        if (pair.incident, pair.target) not in found:
            raise ChaosError(
                f"no shard has played {pair}; expected every pair in one of the shards; play the "
                "shards again"
            )
    return [found[pair.incident, pair.target] for pair in wanted]


def outdated(path: Path, incidents: Sequence[Incident]) -> list[str]:
    """Names of incidents that are not as they were when the file was written, or are not in it.

    Raises:
        ChaosError: It is no such file.
    """
    then: dict[str, str] = _read(path)["made_of"]
    now = {incident.name: _hash(incident) for incident in incidents}
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def _read(path: Path) -> dict[str, Any]:
    try:
        saved: dict[str, Any] = inputs.parse_json(inputs.read_text(path))
        if saved["format"] == FORMAT:
            return saved
    except (inputs.UnreadableError, inputs.NotJsonError, KeyError, TypeError):
        pass
    raise ChaosError(
        f"{str(path)!r} is not a comparison; write it with: chaos incidents run --json {path}"
    )


def _hash(incident: Incident) -> str:
    """Identifies what is played; comments, among them facts and sources, are not."""
    lines = incident.path.read_text(encoding="utf-8").splitlines()
    played = [line for line in lines if not line.lstrip().startswith("#")]
    return hashlib.sha256("\n".join(played).encode()).hexdigest()[:16]
