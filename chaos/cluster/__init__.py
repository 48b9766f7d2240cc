"""Jobs done by the workers of a cluster, through dask.distributed.

A worker of dask has threads that must go on while a run plays, and mostly may not have children
of the usual kind. So it plays nothing itself: each of its threads keeps a *player*, a process that
is begun anew for each command, in the folder of the worker.
"""
