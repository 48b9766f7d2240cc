"""The worlds a run can happen in: simulated, in virtual time; wire, over real sockets."""
