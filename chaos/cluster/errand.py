"""What a worker of dask is sent to do. Scheduler and workers get it as text.

So a scheduler need not have chaos at all, and a worker that lacks it can say so itself.
"""


def errand(command, about, setting, slice_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Let a player of the worker do a slice; says which worker, and what came of it."""
    from distributed import get_worker  # noqa: PLC0415 - it is read elsewhere, as text

    worker = get_worker().address
    try:
        from chaos.cluster.players import do  # noqa: PLC0415 - the same
    except ImportError as error:
        return worker, "unfit", f"cannot import chaos: {error}"
    return (worker, *do(command, about, setting, slice_))
