"""The real clocks, kept from before a simulation takes their place.

For the harness itself: how long a run took, and whether a thread is alive. They have to be asked
for by name: whoever keeps one of them gets a substitute, as any service does.
"""

from __future__ import annotations

import time

asctime = time.asctime
ctime = time.ctime
gmtime = time.gmtime
localtime = time.localtime
monotonic = time.monotonic
monotonic_ns = time.monotonic_ns
perf_counter = time.perf_counter
perf_counter_ns = time.perf_counter_ns
process_time = time.process_time
sleep = time.sleep
strftime = time.strftime
time_s = time.time
time_ns = time.time_ns

clock_gettime = getattr(time, "clock_gettime", None)
clock_gettime_ns = getattr(time, "clock_gettime_ns", None)
process_time_ns = time.process_time_ns
thread_time = getattr(time, "thread_time", None)
thread_time_ns = getattr(time, "thread_time_ns", None)
