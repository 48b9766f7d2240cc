"""The fault that flips bits."""

from __future__ import annotations

from dataclasses import replace

from chaos.choices import Choices
from chaos.faults.behaviour import AlteringFault
from chaos.http import Response
from chaos.scenario.faults import CorruptFault

_BITS = 8


class Corrupt(AlteringFault[CorruptFault]):
    """Bytes differ from what the headers vouch for; their number does not."""

    model = CorruptFault

    def alter(self, response: Response) -> Response:
        """Flip the bits; a body too short to have a byte ``at`` stays as it is."""
        bits = len(response.body) * _BITS
        if self.fault.at is None:
            places = draw_distinct(
                self.choices, f"bits/{self.id}", min(self.fault.flip, bits), bits
            )
        elif self.fault.at < len(response.body):
            places = {self.fault.at * _BITS + self.choices.pick(f"bits/{self.id}", _BITS)}
        else:
            return response
        body = bytearray(response.body)
        for place in places:
            body[place // _BITS] ^= 1 << place % _BITS
        return replace(response, body=bytes(body))


def draw_distinct(choices: Choices, label: str, count: int, options: int) -> set[int]:
    """``count`` different numbers below ``options``, each set of them equally likely.

    It takes exactly ``count`` choices (Floyd's method), where drawing until all differ would
    take any number of them, and make the recording of a run depend on luck.

    Example:
        >>> from chaos.choices import Seeded
        >>> sorted(draw_distinct(Seeded(7), "bits", 3, 3))
        [0, 1, 2]
    """
    drawn: set[int] = set()
    for largest in range(options - count, options):
        number = choices.pick(label, largest + 1)
        drawn.add(largest if number in drawn else number)
    return drawn
