"""A world in virtual time for real libraries: clock, scheduler, network and guard."""
