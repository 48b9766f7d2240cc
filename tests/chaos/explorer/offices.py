"""Three ways to sell one last seat to many threads; only one of them is right."""

from __future__ import annotations

import threading


class UnlockedOffice:
    """Looks, then acts."""

    def __init__(self) -> None:
        self.seats = 1

    def sell(self) -> bool:
        """Whether the caller got a seat."""
        if self.seats > 0:
            self.seats = self.seats - 1
            return True
        return False


class TwoStepOffice:
    """Locks while it looks, and again while it acts, but not in between."""

    def __init__(self) -> None:
        self.seats = 1
        self.lock = threading.Lock()

    def sell(self) -> bool:
        """Whether the caller got a seat."""
        with self.lock:
            is_free = self.seats > 0
        if is_free:
            with self.lock:
                self.seats -= 1
        return is_free


class SoundOffice:
    """Looks and acts under one lock."""

    def __init__(self) -> None:
        self.seats = 1
        self.lock = threading.Lock()

    def sell(self) -> bool:
        """Whether the caller got a seat."""
        with self.lock:
            if self.seats > 0:
                self.seats -= 1
                return True
            return False
